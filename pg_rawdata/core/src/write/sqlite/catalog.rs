//! The table of all tables, small tables with their indexes, and page 1.

use std::cmp::Ordering;

use super::pages::{PAGE_SIZE, Pages, SIZE};
use super::record::{Record, Value, write_varint};
use super::table::{Leaf, Table, inner};
use crate::{Error, ErrorKind, Result};

/// Bytes of the file's header.
const HEADER: usize = 100;
/// What a row of an index may have; these have no overflow pages.
const MOST_INDEXED: usize = (SIZE - 12) * 64 / 255 - 23;
/// The release whose format this is: that of Debian 12.
const RELEASE: u32 = 3_040_001;

/// What a file says it is.
pub(in crate::write) struct Identity {
    pub(in crate::write) application: [u8; 4],
    pub(in crate::write) version: u32,
}

/// A table whose rows are at hand.
pub(in crate::write) struct Small<'a> {
    pub(in crate::write) name: &'a str,
    pub(in crate::write) sql: &'a str,
    /// Each with its number, in the order of numbers.
    pub(in crate::write) rows: &'a [(i64, &'a [Value<'a>])],
    /// For each PRIMARY KEY or UNIQUE, in the order of `sql`, its columns. Of these no value is a [`Value::Real`].
    pub(in crate::write) keys: &'a [&'a [usize]],
}

/// What is in the file, in the order in which SQLite reads it: a table before its indexes and triggers.
#[derive(Default)]
pub(in crate::write) struct Catalog {
    entries: Table,
    count: i64,
    record: Record,
}

impl Catalog {
    /// Adds a table with its first page.
    pub(in crate::write) fn table(&mut self, name: &str, page: u32, sql: &str, pages: &mut Pages) -> Result<()> {
        self.entry(["table", name, name], page, Some(sql), pages)
    }

    /// Adds a trigger of a table.
    pub(in crate::write) fn trigger(&mut self, name: &str, table: &str, sql: &str, pages: &mut Pages) -> Result<()> {
        self.entry(["trigger", name, table], 0, Some(sql), pages)
    }

    /// Writes a small table with the indexes of its keys.
    pub(in crate::write) fn small(&mut self, small: &Small, pages: &mut Pages) -> Result<()> {
        let mut table = Table::default();
        for (number, values) in small.rows {
            self.record.clear();
            values.iter().for_each(|value| self.record.value(value));
            table.add(*number, self.record.bytes(), pages)?;
        }
        let page = table.finish(pages)?;
        self.table(small.name, page, small.sql, pages)?;
        for (index, columns) in (1..).zip(small.keys) {
            let page = self.index(small, columns, pages)?;
            let name = format!("sqlite_autoindex_{}_{index}", small.name);
            self.entry(["index", &name, small.name], page, None, pages)?;
        }
        Ok(())
    }

    /// Writes an index of one page.
    fn index(&mut self, small: &Small, columns: &[usize], pages: &mut Pages) -> Result<u32> {
        let mut keys: Vec<Vec<Value>> = Vec::new();
        for (number, values) in small.rows {
            let key = columns.iter().filter_map(|column| values.get(*column).copied());
            keys.push(key.chain([Value::Int(*number)]).collect());
        }
        keys.sort_by(|one, other| one.partial_cmp(other).unwrap_or(Ordering::Equal));
        let mut leaf = Leaf::new(0x0a);
        for key in &keys {
            self.record.clear();
            key.iter().for_each(|value| self.record.value(value));
            let record = self.record.bytes();
            if record.len() > MOST_INDEXED || !leaf.has_room(record.len() + 2) {
                return Err(Error::new(ErrorKind::Limit, format!("the names in {} are too long", small.name)));
            }
            leaf.begin_cell();
            write_varint(record.len() as u64, &mut leaf.cells);
            leaf.cells.extend_from_slice(record);
        }
        leaf.end(pages)
    }

    fn entry(&mut self, names: [&str; 3], page: u32, sql: Option<&str>, pages: &mut Pages) -> Result<()> {
        self.record.clear();
        names.iter().for_each(|name| self.record.value(&Value::Text(name)));
        self.record.int(page.into());
        self.record.value(&sql.map_or(Value::Null, Value::Text));
        self.count += 1;
        self.entries.add(self.count, self.record.bytes(), pages)
    }

    /// Ends the file. Its page 1, which is always a page of children, if of only one.
    pub(in crate::write) fn finish(self, identity: &Identity, pages: &mut Pages) -> Result<Vec<u8>> {
        let children = self.entries.finish_below(pages)?;
        let (head, cells) = inner(&children, HEADER);
        let mut page = header(identity, pages.count());
        page.extend_from_slice(&head);
        page.resize(SIZE - cells.len(), 0);
        page.extend_from_slice(&cells);
        Ok(page)
    }
}

fn header(identity: &Identity, pages: u32) -> Vec<u8> {
    let mut header = b"SQLite format 3\0".to_vec();
    header.extend_from_slice(&PAGE_SIZE.to_be_bytes());
    // Written and read without a log; nothing reserved; fractions that the format fixes.
    header.extend_from_slice(&[1, 1, 0, 64, 32, 32]);
    // Changes, pages; no free pages; changes of the schema, its format; cache; no auto-vacuum; UTF-8.
    let words = [1, pages, 0, 0, 1, 4, 0, 0, 1, identity.version, 0];
    words.iter().for_each(|word: &u32| header.extend_from_slice(&word.to_be_bytes()));
    header.extend_from_slice(&identity.application);
    header.resize(HEADER - 8, 0);
    // The change for which the number of pages is right.
    header.extend_from_slice(&1u32.to_be_bytes());
    header.extend_from_slice(&RELEASE.to_be_bytes());
    header
}

/// A name as an identifier.
pub(in crate::write) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as a literal.
pub(in crate::write) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
