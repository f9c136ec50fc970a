//! Rows of tables, read from where they lie.

use std::ffi::{CStr, CString};
use std::ops::ControlFlow;

use pgrx::pg_sys;

use super::memory;
use super::portal::{self, Portal, Row};
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
    pub fn of(row: &Row<'_>) -> Option<Self> {
        let table = u32::try_from(row.datum(1, 4)?.value()).ok()?;
        // SAFETY: a value of six bytes is a pointer to an item pointer, in memory that lives as long as the row.
        let tuple = unsafe { *row.datum(2, TUPLE)?.cast_mut_ptr::<pg_sys::ItemPointerData>() };
        Some(Self { id: row.int8(0)?, table: table.into(), tuple })
    }
}

/// Hands `columns`, names with types, of the rows at some addresses to `each`, in this order, until that has enough. How many there were. A portal that
/// is open still has found them; the rows are as it sees them. It has locked the tables and seen to the caller's rights.
pub fn read(
    addresses: &[Address],
    portal: &Portal,
    columns: &[(&str, &str)],
    mut each: impl FnMut(&Row<'_>) -> ControlFlow<()>,
) -> usize {
    let snapshot = portal.snapshot();
    memory::given_back(|| {
        let (mut open, mut count): (Option<Table>, usize) = (None, 0);
        for address in addresses {
            if let Some(other) = open.take_if(|table| table.oid != address.table) {
                other.close();
            }
            let table = open.get_or_insert_with(|| Table::open(address.table, columns));
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
    fn open(oid: pg_sys::Oid, columns: &[(&str, &str)]) -> Self {
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
                i32::from(number)
            };
            let numbers: Vec<i32> = columns.iter().map(number).collect();
            Self {
                oid,
                relation,
                slot: pg_sys::table_slot_create(relation, std::ptr::null_mut()),
                columns: numbers.iter().map(|number| usize::try_from(number - 1).unwrap_or(0)).collect(),
                width: numbers.iter().copied().max().unwrap_or(0),
                row: Row::of(numbers.iter().map(|number| portal::size((*relation).rd_att, number - 1))),
            }
        }
    }

    /// Reads the row at an address. What it holds lies in the table's page, which stays until the next is read.
    fn read(&mut self, mut tuple: pg_sys::ItemPointerData, snapshot: pg_sys::Snapshot) {
        // SAFETY: the address is a `ctid` of this table that the query has found under the same snapshot. The call into the table's
        // access method may raise, so it is guarded and holds nothing that would have to be dropped. The slot has at least
        // `width` columns, and each number in `columns` is below that.
        unsafe {
            let (relation, slot, tuple) = (self.relation, self.slot, &raw mut tuple);
            let read = (*(*relation).rd_tableam).tuple_fetch_row_version;
            let found =
                read.is_some_and(|read| pg_sys::ffi::pg_guard_ffi_boundary(|| read(relation, tuple, snapshot, slot)));
            if !found {
                pgrx::error!("a row of the data set is not where it was");
            }
            pg_sys::slot_getsomeattrs_int(slot, self.width);
            for (to, from) in self.columns.iter().enumerate() {
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
