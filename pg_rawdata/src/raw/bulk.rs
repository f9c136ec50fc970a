//! Rows into a fresh table, many at a time.

use pgrx::pg_sys;

/// One value of a row.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    Null,
    Int4(i32),
    Int8(i64),
    /// Microseconds since 2000-01-01 UTC.
    Timestamp(i64),
    /// The content of any varlena type: text, bytea, jsonb, geometry, array. The length word is added here.
    Bytes(&'a [u8]),
}

const ROWS_A_BATCH: usize = 1000;
const BYTES_A_BATCH: usize = 1 << 20;

/// The part of the server's buffers that a table may fill before its pages go through a ring of few. What stays in the
/// buffers need not be read again for its indexes; beyond that other tables' pages would have to go.
const BUFFERS_A_TABLE: i32 = 16;

/// Writes rows into a table that this transaction made and that nobody else can see.
///
/// They are written as frozen: once the storage is swapped in and committed, every snapshot sees them all, also one
/// taken before, so that no reader meets an empty table.
pub struct BulkInsert {
    relation: pg_sys::Relation,
    /// A copy, because the server counts every slot's use of the relation's own, more slowly with each.
    columns: pg_sys::TupleDesc,
    slots: Vec<*mut pg_sys::TupleTableSlot>,
    filled: usize,
    bytes: usize,
    /// Null at first, see [`BUFFERS_A_TABLE`].
    ring: pg_sys::BulkInsertState,
    batch: pg_sys::MemoryContext,
    rows: u64,
}

impl BulkInsert {
    pub fn open(table: pg_sys::Oid) -> Self {
        // SAFETY: the lock is taken here and kept to the end of the transaction; the context is a child of the
        // transaction's, so an abort frees it.
        unsafe {
            let relation = pg_sys::table_open(table, pg_sys::RowExclusiveLock as pg_sys::LOCKMODE);
            Self {
                relation,
                columns: in_transaction_context(|| pg_sys::CreateTupleDescCopy((*relation).rd_att)),
                slots: Vec::with_capacity(ROWS_A_BATCH),
                filled: 0,
                bytes: 0,
                ring: std::ptr::null_mut(),
                batch: pg_sys::AllocSetContextCreateExtended(
                    pg_sys::TopTransactionContext,
                    c"rawdata rows of a batch".as_ptr(),
                    pg_sys::ALLOCSET_DEFAULT_MINSIZE as usize,
                    pg_sys::ALLOCSET_DEFAULT_INITSIZE as usize,
                    pg_sys::ALLOCSET_DEFAULT_MAXSIZE as usize,
                ),
                rows: 0,
            }
        }
    }

    /// Adds a row: one value for each column, in the table's order and of its types.
    pub fn row(&mut self, values: &[Value<'_>]) {
        let slot = self.next_slot();
        // SAFETY: the slot was made for this relation; `values` is checked to be as long as its row, and every datum
        // is by value or lies in the batch's context, which outlives the slot's content.
        unsafe {
            let width = (*(*slot).tts_tupleDescriptor).natts;
            assert_eq!(usize::try_from(width).ok(), Some(values.len()), "row of another width than its table");
            pg_sys::ExecClearTuple(slot);
            for (i, value) in values.iter().enumerate() {
                *(*slot).tts_isnull.add(i) = matches!(value, Value::Null);
                *(*slot).tts_values.add(i) = match value {
                    Value::Null => pg_sys::Datum::null(),
                    Value::Int4(v) => pg_sys::Datum::from(*v),
                    Value::Int8(v) | Value::Timestamp(v) => pg_sys::Datum::from(*v),
                    Value::Bytes(content) => self.varlena(content),
                };
            }
            pg_sys::ExecStoreVirtualTuple(slot);
        }
        self.filled += 1;
        self.rows += 1;
        if self.filled == ROWS_A_BATCH || self.bytes >= BYTES_A_BATCH {
            self.flush();
        }
    }

    /// Writes what is left and closes the table. How many rows were written.
    pub fn finish(mut self) -> u64 {
        self.flush();
        // SAFETY: all of these were made by this value and are used no more.
        unsafe {
            for slot in &self.slots {
                pg_sys::ExecDropSingleTupleTableSlot(*slot);
            }
            pg_sys::FreeTupleDesc(self.columns);
            if !self.ring.is_null() {
                pg_sys::FreeBulkInsertState(self.ring);
            }
            pg_sys::MemoryContextDelete(self.batch);
            pg_sys::table_close(self.relation, pg_sys::NoLock as pg_sys::LOCKMODE);
        }
        self.rows
    }

    fn next_slot(&mut self) -> *mut pg_sys::TupleTableSlot {
        if let Some(slot) = self.slots.get(self.filled) {
            return *slot;
        }
        // SAFETY: the relation is open, and the columns outlive the slot.
        let slot = unsafe {
            let kind = pg_sys::table_slot_callbacks(self.relation);
            in_transaction_context(|| pg_sys::MakeSingleTupleTableSlot(self.columns, kind))
        };
        self.slots.push(slot);
        slot
    }

    /// Copies a value into the batch's context, with its length word.
    ///
    /// # Safety
    /// The batch's context must be alive.
    unsafe fn varlena(&mut self, content: &[u8]) -> pg_sys::Datum {
        let size = content.len() + pg_sys::VARHDRSZ;
        self.bytes += size;
        // SAFETY: palloc gives `size` bytes or raises; the length word is that of an uncompressed 4-byte header.
        unsafe {
            let place = pg_sys::MemoryContextAlloc(self.batch, size).cast::<u8>();
            pgrx::set_varsize_4b(place.cast(), i32::try_from(size).unwrap_or(i32::MAX));
            std::ptr::copy_nonoverlapping(content.as_ptr(), place.add(pg_sys::VARHDRSZ), content.len());
            pg_sys::Datum::from(place)
        }
    }

    fn flush(&mut self) {
        if self.filled == 0 {
            return;
        }
        // SAFETY: `filled` slots hold rows; what the insert allocates goes to the batch's context and is freed with it.
        unsafe {
            let pages = pg_sys::RelationGetNumberOfBlocksInFork(self.relation, pg_sys::ForkNumber::MAIN_FORKNUM);
            if self.ring.is_null() && i64::from(pages) > i64::from(pg_sys::NBuffers / BUFFERS_A_TABLE) {
                self.ring = in_transaction_context(|| pg_sys::GetBulkInsertState());
            }
            let before = pg_sys::MemoryContextSwitchTo(self.batch);
            pg_sys::table_multi_insert(
                self.relation,
                self.slots.as_mut_ptr(),
                i32::try_from(self.filled).unwrap_or(i32::MAX),
                pg_sys::GetCurrentCommandId(true),
                (pg_sys::TABLE_INSERT_SKIP_FSM | pg_sys::TABLE_INSERT_FROZEN) as i32,
                self.ring,
            );
            pg_sys::MemoryContextSwitchTo(before);
            for slot in self.slots.iter().take(self.filled) {
                pg_sys::ExecClearTuple(*slot);
            }
            pg_sys::MemoryContextReset(self.batch);
        }
        self.filled = 0;
        self.bytes = 0;
        super::interrupts::check();
    }
}

/// Runs a call whose result must outlive the current, shorter-lived memory context.
unsafe fn in_transaction_context<T>(call: impl FnOnce() -> T) -> T {
    // SAFETY: the context lives as long as the transaction that we are in.
    unsafe {
        let before = pg_sys::MemoryContextSwitchTo(pg_sys::TopTransactionContext);
        let made = call();
        pg_sys::MemoryContextSwitchTo(before);
        made
    }
}
