//! Rows of tables, fetched from where they lie.

use std::ffi::CString;
use std::ops::ControlFlow;

use pgrx::pg_sys;

use super::memory;
use super::portal::{Portal, Row};

/// Where a row lies, and the number that the query gives it.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    number: pg_sys::Datum,
    table: pg_sys::Oid,
    row: pg_sys::ItemPointerData,
}

/// Up to `count` more places of a query that tells a number, a `tableoid` and a `ctid` each; fewer only at the end.
///
/// The query has locked the tables and seen to the caller's rights.
pub fn places(portal: &Portal, count: i64) -> Vec<Place> {
    let mut places = Vec::new();
    portal.fetch(count, |row| {
        places.extend(row.datum(0).zip(row.datum(1)).zip(row.datum(2)).map(|((number, table), place)| Place {
            number,
            table: pg_sys::Oid::from(u32::try_from(table.value()).unwrap_or_default()),
            // SAFETY: a `ctid` is an item pointer, which lives as long as the row of the query.
            row: unsafe { *place.cast_mut_ptr() },
        }));
    });
    places
}

/// Hands the number and `columns` of what lies at places, as their query's snapshot sees it, to `each`, until that has enough.
/// How many there were.
pub fn read(
    portal: &Portal,
    places: &mut impl Iterator<Item = Place>,
    columns: &[&str],
    mut each: impl FnMut(&Row<'_>) -> ControlFlow<()>,
) -> usize {
    // What is unpacked of the rows goes at the end.
    memory::given_back(|| {
        let snapshot = portal.snapshot();
        let (mut open, mut count): (Option<Table>, usize) = (None, 0);
        for place in places {
            if let Some(other) = open.take_if(|table| table.oid != place.table) {
                other.close();
            }
            let table = open.get_or_insert_with(|| Table::open(place.table, columns));
            table.read(place, snapshot);
            count += 1;
            if each(&table.row).is_break() {
                break;
            }
        }
        if let Some(table) = open {
            table.close();
        }
        count
    })
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
    fn read(&mut self, mut place: Place, snapshot: pg_sys::Snapshot) {
        // SAFETY: the place is a `ctid` of this table that the query has found under the same snapshot. The call into the table's
        // access method may raise, so it is guarded and holds nothing that would have to be dropped. The slot has at least
        // `width` columns, and each number in `columns` is below that.
        unsafe {
            let (relation, slot) = (self.relation, self.slot);
            let tid = &raw mut place.row;
            let read = (*(*relation).rd_tableam).tuple_fetch_row_version;
            let found =
                read.is_some_and(|read| pg_sys::ffi::pg_guard_ffi_boundary(|| read(relation, tid, snapshot, slot)));
            if !found {
                pgrx::error!("a row of the data set is not where it was");
            }
            pg_sys::slot_getsomeattrs_int(slot, self.width);
            self.row.put(0, place.number, false);
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
