//! Rows of tables, fetched from where they lie.

use std::ffi::CString;

use pgrx::pg_sys;

use super::portal::{Portal, Row};

/// Fetches up to `count` rows of a query that says where rows lie: a number, a `tableoid` and a `ctid` each. `each` gets
/// the number and `columns` of what lies there, as the query's snapshot sees it. How many there were; fewer than asked for
/// only at the end.
///
/// The query has locked the tables and seen to the caller's rights.
pub fn fetch(portal: &Portal, count: i64, columns: &[&str], mut each: impl FnMut(&Row<'_>)) -> usize {
    let snapshot = portal.snapshot();
    let mut open: Option<Table> = None;
    let fetched = portal.fetch(count, |place| {
        let oid = place
            .datum(1)
            .map_or(pg_sys::InvalidOid, |oid| pg_sys::Oid::from(u32::try_from(oid.value()).unwrap_or_default()));
        if let Some(other) = open.take_if(|table| table.oid != oid) {
            other.close();
        }
        let table = open.get_or_insert_with(|| Table::open(oid, columns));
        table.read(place, snapshot);
        each(&table.row);
    });
    if let Some(table) = open {
        table.close();
    }
    fetched
}

/// A table, and the row of it that was read last.
struct Table {
    oid: pg_sys::Oid,
    relation: pg_sys::Relation,
    slot: *mut pg_sys::TupleTableSlot,
    /// Which columns of the table are wanted, counted from 0.
    columns: Vec<usize>,
    /// How many columns of the table have to be looked at for these.
    width: i32,
    row: Row<'static>,
}

impl Table {
    fn open(oid: pg_sys::Oid, columns: &[&str]) -> Self {
        // SAFETY: the query has locked the table to the end of the transaction. The slot is made in the transaction's context,
        // for the caller's is that of the rows being fetched.
        unsafe {
            let relation = pg_sys::table_open(oid, pg_sys::NoLock as pg_sys::LOCKMODE);
            let number = |name: &&str| {
                let name = CString::new(*name).unwrap_or_default();
                i32::from(pg_sys::get_attnum(oid, name.as_ptr()))
            };
            let numbers: Vec<i32> = columns.iter().map(number).collect();
            let before = pg_sys::MemoryContextSwitchTo(pg_sys::TopTransactionContext);
            let slot = pg_sys::table_slot_create(relation, std::ptr::null_mut());
            pg_sys::MemoryContextSwitchTo(before);
            Self {
                oid,
                relation,
                slot,
                // A column that is missing was refused by the query.
                columns: numbers.iter().map(|number| usize::try_from(number - 1).unwrap_or(0)).collect(),
                width: numbers.iter().copied().max().unwrap_or(0),
                row: Row::of_width(1 + columns.len()),
            }
        }
    }

    /// Reads the row at a place. What it holds lies in the table's page, which stays until the next is read.
    fn read(&mut self, place: &Row<'_>, snapshot: pg_sys::Snapshot) {
        // SAFETY: the place is a `ctid` of this table that the query has found under the same snapshot. The call into the table's
        // access method may raise, so it is guarded and holds nothing that would have to be dropped. The slot has at least
        // `width` columns, and each number in `columns` is below that.
        unsafe {
            let (relation, slot) = (self.relation, self.slot);
            let tid = place.datum(2).map_or(std::ptr::null_mut(), |place| place.cast_mut_ptr());
            let read = (*(*relation).rd_tableam).tuple_fetch_row_version;
            let found =
                read.is_some_and(|read| pg_sys::ffi::pg_guard_ffi_boundary(|| read(relation, tid, snapshot, slot)));
            if !found {
                pgrx::error!("a row of the data set is not where it was");
            }
            pg_sys::slot_getsomeattrs_int(slot, self.width);
            self.row.put(0, place.datum(0).unwrap_or(pg_sys::Datum::null()), false);
            for (to, from) in (1..).zip(&self.columns) {
                self.row.put(to, *(*slot).tts_values.add(*from), *(*slot).tts_isnull.add(*from));
            }
        }
    }

    fn close(self) {
        // SAFETY: both were made by this value, which is used up.
        unsafe {
            pg_sys::ExecDropSingleTupleTableSlot(self.slot);
            pg_sys::table_close(self.relation, pg_sys::NoLock as pg_sys::LOCKMODE);
        }
    }
}
