//! One bytea by its bigint key, through a unique index, without a query.

use std::num::NonZeroUsize;

use pgrx::pg_sys;

/// The operator strategy of a btree that finds what equals a key.
const EQUAL: pg_sys::StrategyNumber = 3;

/// Looks up values in a table whose key and value are bigint and bytea columns.
pub struct Lookup {
    table: pg_sys::Relation,
    index: pg_sys::Oid,
    value_column: NonZeroUsize,
}

impl Lookup {
    /// `value_column` counts from 1. Raises unless the current user may read the table, as a query would.
    pub fn open(table: pg_sys::Oid, index: pg_sys::Oid, value_column: NonZeroUsize) -> Self {
        // SAFETY: the lock is kept to the end of the transaction; the name lives as long as the open table.
        unsafe {
            let relation = pg_sys::table_open(table, pg_sys::AccessShareLock as pg_sys::LOCKMODE);
            let right = pg_sys::pg_class_aclcheck(table, pg_sys::GetUserId(), pg_sys::ACL_SELECT as pg_sys::AclMode);
            if right != pg_sys::AclResult::ACLCHECK_OK {
                let name = (*(*relation).rd_rel).relname.data.as_ptr();
                pg_sys::aclcheck_error(right, pg_sys::ObjectType::OBJECT_TABLE, name);
            }
            Self { table: relation, index, value_column }
        }
    }

    /// Puts the value for a key into `into`, or says that there is none.
    pub fn get(&self, key: i64, into: &mut Vec<u8>) -> bool {
        into.clear();
        // SAFETY: the index belongs to the table and has a bigint as its first column; the tuple is used before the
        // next step of the scan; the detoasted copy, if one was made, is freed.
        unsafe {
            let mut keys = std::mem::zeroed::<pg_sys::ScanKeyData>();
            pg_sys::ScanKeyInit(&raw mut keys, 1, EQUAL, pg_sys::Oid::from(pg_sys::F_INT8EQ), pg_sys::Datum::from(key));
            let scan =
                pg_sys::systable_beginscan(self.table, self.index, true, pg_sys::GetActiveSnapshot(), 1, &raw mut keys);
            let tuple = pg_sys::systable_getnext(scan);
            let found = !tuple.is_null();
            if found && let Some(value) = pgrx::htup::heap_getattr_raw(tuple, self.value_column, (*self.table).rd_att) {
                let stored = value.cast_mut_ptr::<pg_sys::varlena>();
                let plain = pg_sys::pg_detoast_datum_packed(stored);
                into.extend_from_slice(pgrx::varlena_to_byte_slice(plain));
                if plain != stored {
                    pg_sys::pfree(plain.cast());
                }
            }
            pg_sys::systable_endscan(scan);
            found
        }
    }

    /// Closes the table.
    pub fn close(self) {
        // SAFETY: the value is used up.
        unsafe { pg_sys::table_close(self.table, pg_sys::NoLock as pg_sys::LOCKMODE) };
    }
}
