//! Tables of packed values by key, written from rows that threads made: `node_places`, `way_nodes`, `relation_members`.

use std::num::NonZeroUsize;
use std::sync::Arc;

use rawdata_core::packed::kept::Kept;

use super::fresh::Fresh;
use crate::raw::bulk::{BulkInsert, Value};
use crate::raw::lookup::Lookup;

/// Rows on their way to such a table, in order of keys.
#[derive(Default)]
pub struct PackedRows {
    rows: Vec<Row>,
    bytes: Vec<u8>,
}

struct Row {
    key: i64,
    version: Option<i32>,
    /// Where the value ends in [`PackedRows::bytes`].
    end: usize,
}

impl PackedRows {
    /// Adds a row whose value `pack` appends.
    pub fn add(&mut self, key: i64, version: Option<i32>, pack: impl FnOnce(&mut Vec<u8>)) {
        pack(&mut self.bytes);
        self.rows.push(Row { key, version, end: self.bytes.len() });
    }

    pub fn size(&self) -> usize {
        self.bytes.len() + self.rows.len() * size_of::<Row>()
    }
}

/// What the columns of a table are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    KeyValue,
    KeyVersionValue,
}

/// Such a table while it is written, and its values in memory as far as the budget goes.
pub struct PackedTable {
    name: &'static str,
    columns: Columns,
    table: BulkInsert,
    kept: Kept,
}

/// Such a table when it is written: its values in memory, and where the rest is looked up.
pub struct Stored {
    pub kept: Arc<Kept>,
    pub rest: Option<Lookup>,
}

impl PackedTable {
    /// Opens the fresh table for writing; `budget` bytes of values are kept.
    pub fn open(fresh: Fresh, name: &'static str, columns: Columns, budget: usize) -> Self {
        Self { name, columns, table: fresh.open(name), kept: Kept::new(budget) }
    }

    pub fn write(&mut self, packed: &PackedRows) {
        let mut start = 0;
        for row in &packed.rows {
            let value = packed.bytes.get(start..row.end).unwrap_or_default();
            start = row.end;
            let (key, version) = (Value::Int8(row.key), row.version.map_or(Value::Null, Value::Int4));
            match self.columns {
                Columns::KeyValue => self.table.row(&[key, Value::Bytes(value)]),
                Columns::KeyVersionValue => self.table.row(&[key, version, Value::Bytes(value)]),
            }
            self.kept.keep(row.key, value);
        }
    }

    /// Ends the writing of values that nobody looks up.
    pub fn close(self) {
        self.table.finish();
    }

    /// Ends the writing; the values can be looked up from now on.
    pub fn finish(self, fresh: Fresh) -> Stored {
        self.table.finish();
        let rest = self.kept.is_full().then(|| {
            fresh.index_early(self.name);
            fresh.lookup(self.name, self.columns.value())
        });
        Stored { kept: Arc::new(self.kept), rest }
    }
}

impl Columns {
    /// Which column holds the value, from 1.
    fn value(self) -> NonZeroUsize {
        match self {
            Self::KeyValue => super::places::PLACES_COLUMN,
            Self::KeyVersionValue => super::parts::REFS_COLUMN,
        }
    }
}
