//! Rows of tables, read from where they lie.

use std::ffi::{CStr, CString};
use std::ops::ControlFlow;

use pgrx::pg_sys;

use super::memory;
use super::portal::Portal;
use super::row::Row;
use crate::error::{Refused, refuse};

/// The size of a `ctid`.
const TUPLE: i16 = 6;

/// Where a row lies, and its id.
#[derive(Debug, Clone, Copy)]
pub struct Address {
    pub id: i64,
    table: pg_sys::Oid,
    tuple: pg_sys::ItemPointerData,
}

impl Address {
    /// The address that a query gives as a `bigint`, a `tableoid` and a `ctid`.
    pub fn of(row: &Row) -> Option<Self> {
        let table = u32::try_from(row.datum(1, 4)?.value()).ok()?;
        // SAFETY: a value of six bytes is a pointer to an item pointer, in memory that lives as long as the row.
        let tuple = unsafe { *row.datum(2, TUPLE)?.cast_mut_ptr::<pg_sys::ItemPointerData>() };
        Some(Self { id: row.int8(0)?, table: table.into(), tuple })
    }
}

/// Hands `columns`, names with types, of the rows at some addresses to `each`, in this order, until that has enough. How many there
/// were. A portal that is open still has found them; the rows are as it sees them. It has locked the tables and seen to the
/// caller's rights.
pub fn read(
    addresses: &[Address],
    portal: &Portal,
    columns: &[(&str, &str)],
    mut each: impl FnMut(&Row) -> ControlFlow<()>,
) -> usize {
    let snapshot = portal.snapshot();
    let unpacked = memory::Batch::new();
    let count = unpacked.run(|| {
        let (mut open, mut count): (Option<Table>, usize) = (None, 0);
        for address in addresses {
            if let Some(other) = open.take_if(|table| table.oid != address.table) {
                other.close();
            }
            let table = open.get_or_insert_with(|| Table::open(address.table, columns, unpacked.context()));
            table.read(address.tuple, snapshot);
            count += 1;
            if each(&table.row).is_break() {
                break;
            }
        }
        if let Some(table) = open {
            table.close();
        }
        count
    });
    unpacked.end();
    count
}

/// A table, and the row of it that was read last.
struct Table {
    oid: pg_sys::Oid,
    relation: pg_sys::Relation,
    /// Keeps the page of the row that it has found last: those of one page need it looked up but once.
    fetch: *mut pg_sys::IndexFetchTableData,
    slot: *mut pg_sys::TupleTableSlot,
    row: Row,
}

impl Table {
    fn open(oid: pg_sys::Oid, columns: &[(&str, &str)], unpacked: pg_sys::MemoryContext) -> Self {
        // SAFETY: the query has locked the table to the end of the transaction.
        unsafe {
            let relation = pg_sys::table_open(oid, pg_sys::NoLock as pg_sys::LOCKMODE);
            let table = CStr::from_ptr((*(*relation).rd_rel).relname.data.as_ptr()).to_string_lossy();
            if (*relation).rd_tableam.is_null() {
                refuse(Refused::ForeignTable, &table);
            }
            let number = |(column, kind): &(&str, &str)| {
                let name = CString::new(*column).unwrap_or_default();
                let number = pg_sys::get_attnum(oid, name.as_ptr());
                if number <= 0 {
                    refuse(Refused::NoColumn, &format!("{table}.{column}"));
                }
                if own_type(kind).is_some_and(|kind| pg_sys::get_atttype(oid, number) != kind) {
                    refuse(Refused::ColumnType, &format!("{table}.{column}"));
                }
                usize::try_from(number - 1).unwrap_or(0)
            };
            Self {
                oid,
                relation,
                fetch: guarded((*(*relation).rd_tableam).index_fetch_begin, |begin| begin(relation)),
                slot: pg_sys::table_slot_create(relation, std::ptr::null_mut()),
                row: Row::of((*relation).rd_att, columns.iter().map(number), unpacked),
            }
        }
    }

    /// Reads the row at an address. What it holds lies in the table's page, which stays until the next is read.
    fn read(&mut self, tuple: pg_sys::ItemPointerData, snapshot: pg_sys::Snapshot) {
        // SAFETY: the address is a `ctid` of this table, as are the fetch and the slot, and the query, whose portal keeps the
        // snapshot, has found it there.
        unsafe {
            let (methods, fetch, relation, slot) =
                (&*(*self.relation).rd_tableam, self.fetch, self.relation, self.slot);
            let (mut at, mut has_more) = (tuple, false);
            // As an index has it: finds all but those that an update has put beside their predecessors.
            let is_found = guarded(methods.index_fetch_tuple, |find| {
                find(fetch, &raw mut at, snapshot, slot, &raw mut has_more, std::ptr::null_mut())
            });
            let mut at = tuple;
            if !is_found
                && !guarded(methods.tuple_fetch_row_version, |find| find(relation, &raw mut at, snapshot, slot))
            {
                pgrx::error!("a row of the data set is not where it was");
            }
            self.row.take(slot);
        }
    }

    fn close(self) {
        // SAFETY: all three were made by this value, which is used up.
        unsafe {
            pg_sys::ExecDropSingleTupleTableSlot(self.slot);
            guarded((*(*self.relation).rd_tableam).index_fetch_end, |end| end(self.fetch));
            pg_sys::table_close(self.relation, pg_sys::NoLock as pg_sys::LOCKMODE);
        }
    }
}

/// Calls a method that every table has.
///
/// # Safety
/// The call is allowed, and holds nothing that would have to be dropped: it may raise.
unsafe fn guarded<M: Copy, T>(method: Option<M>, call: impl FnOnce(M) -> T) -> T {
    let Some(method) = method else { pgrx::error!("a table of the data set lacks a method") };
    // SAFETY: as the caller promises.
    unsafe { pg_sys::ffi::pg_guard_ffi_boundary(|| call(method)) }
}

/// A type of the server's own by its name. Others are those of extensions.
fn own_type(name: &str) -> Option<pg_sys::Oid> {
    Some(match name {
        "integer" => pg_sys::INT4OID,
        "bigint" => pg_sys::INT8OID,
        "timestamptz" => pg_sys::TIMESTAMPTZOID,
        "text" => pg_sys::TEXTOID,
        "jsonb" => pg_sys::JSONBOID,
        _ => return None,
    })
}
