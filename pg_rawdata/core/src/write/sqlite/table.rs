//! A table, bulk-written: its rows in the order of their numbers, leaf by leaf.

use super::pages::{Pages, SIZE};
use super::record::{varint_size, write_varint};
use crate::Result;

/// Children of an inner page, or one more. A child takes 15 bytes at most, and page 1 has 112 bytes of its own.
const WIDTH: usize = 256;
/// How many children a level keeps back for its last page, which would else have one alone.
const KEPT: usize = 2;
/// The most bytes of a record that lie in a leaf when all of it does.
const MOST_LOCAL: usize = SIZE - 35;
/// The fewest that lie in a leaf when some of it does not.
const LEAST_LOCAL: usize = (SIZE - 12) * 32 / 255 - 23;
/// Bytes of a record in an overflow page, behind the number of the next.
const OVERFLOW: usize = SIZE - 4;

/// A table that is being written.
pub(in crate::write) struct Table {
    leaf: Leaf,
    /// The number of the last row.
    last: i64,
    /// Pages that have no page above them yet, level by level, the leaves first.
    levels: Vec<Vec<Child>>,
    width: usize,
}

/// A page, and the greatest number of a row in or below it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Child {
    page: u32,
    last: i64,
}

impl Default for Table {
    fn default() -> Self {
        Self::with_width(WIDTH)
    }
}

impl Table {
    fn with_width(width: usize) -> Self {
        Self { leaf: Leaf::new(0x0d), last: 0, levels: vec![Vec::new()], width }
    }

    /// Adds a row, whose number is greater than those before.
    pub(in crate::write) fn add(&mut self, number: i64, record: &[u8], pages: &mut Pages) -> Result<()> {
        let (local, rest) = record.split_at(local_size(record.len()));
        let (size, key) = (record.len() as u64, number.cast_unsigned());
        let link = if rest.is_empty() { 0 } else { 4 };
        if !self.leaf.has_room(varint_size(size) + varint_size(key) + local.len() + link) {
            self.end_leaf(pages)?;
        }
        let first = write_overflow(rest, pages)?;
        self.leaf.begin_cell();
        write_varint(size, &mut self.leaf.cells);
        write_varint(key, &mut self.leaf.cells);
        self.leaf.cells.extend_from_slice(local);
        if let Some(first) = first {
            self.leaf.cells.extend_from_slice(&first.to_be_bytes());
        }
        self.last = number;
        Ok(())
    }

    fn end_leaf(&mut self, pages: &mut Pages) -> Result<()> {
        let page = self.leaf.end(pages)?;
        self.link(0, Child { page, last: self.last }, pages)
    }

    /// Puts a page below the level above it.
    fn link(&mut self, depth: usize, child: Child, pages: &mut Pages) -> Result<()> {
        let Some(level) = self.levels.get_mut(depth) else {
            self.levels.push(vec![child]);
            return Ok(());
        };
        level.push(child);
        if level.len() < self.width + KEPT {
            return Ok(());
        }
        let kept = level.split_off(self.width);
        let full = std::mem::replace(level, kept);
        let parent = write_inner(&full, pages)?;
        self.link(depth + 1, parent, pages)
    }

    /// Ends the table. The number of its first page.
    pub(in crate::write) fn finish(self, pages: &mut Pages) -> Result<u32> {
        let top = self.finish_below(pages)?;
        match top.as_slice() {
            [only] => Ok(only.page),
            children => Ok(write_inner(children, pages)?.page),
        }
    }

    /// Ends the table but for its first page, whose children these are.
    pub(super) fn finish_below(mut self, pages: &mut Pages) -> Result<Vec<Child>> {
        self.end_leaf(pages)?;
        let mut depth = 0;
        // A level has a level above it only when it has written a page, so that one has two children at least.
        while depth + 1 < self.levels.len() {
            let rest = self.levels.get_mut(depth).map(std::mem::take).unwrap_or_default();
            let parent = write_inner(&rest, pages)?;
            depth += 1;
            self.link(depth, parent, pages)?;
        }
        Ok(self.levels.pop().unwrap_or_default())
    }
}

/// How many bytes of a record lie in the leaf.
fn local_size(size: usize) -> usize {
    if size <= MOST_LOCAL {
        return size;
    }
    // As many as fill up the last overflow page, if they may be so many.
    let local = LEAST_LOCAL + (size - LEAST_LOCAL) % OVERFLOW;
    if local <= MOST_LOCAL { local } else { LEAST_LOCAL }
}

/// Writes what does not lie in the leaf. The number of its first page.
fn write_overflow(rest: &[u8], pages: &mut Pages) -> Result<Option<u32>> {
    if rest.is_empty() {
        return Ok(None);
    }
    let first = pages.next();
    let mut parts = rest.chunks(OVERFLOW).peekable();
    while let Some(part) = parts.next() {
        let next = if parts.peek().is_some() { pages.after_next() } else { 0 };
        pages.append(&[&next.to_be_bytes(), part], &[])?;
    }
    Ok(Some(first))
}

/// Writes a page of children.
fn write_inner(children: &[Child], pages: &mut Pages) -> Result<Child> {
    let (head, cells) = inner(children, 0);
    let page = pages.append(&[&head], &cells)?;
    Ok(Child { page, last: children.last().map_or(0, |child| child.last) })
}

/// The beginning and the end of a page of children; `before` bytes stand before the beginning.
pub(super) fn inner(children: &[Child], before: usize) -> (Vec<u8>, Vec<u8>) {
    let (last, others) = children.split_last().map_or((0, children), |(last, others)| (last.page, others));
    let mut leaf = Leaf::new(0x05);
    for child in others {
        leaf.begin_cell();
        leaf.cells.extend_from_slice(&child.page.to_be_bytes());
        write_varint(child.last.cast_unsigned(), &mut leaf.cells);
    }
    debug_assert!(before + 12 + 2 * leaf.starts.len() + leaf.cells.len() <= SIZE, "too many children");
    (leaf.head(Some(last)), leaf.cells)
}

/// A page of cells. They lie at its end, in the order of the page.
pub(super) struct Leaf {
    kind: u8,
    /// Where in `cells` each of them begins.
    starts: Vec<u16>,
    pub(super) cells: Vec<u8>,
}

impl Leaf {
    pub(super) fn new(kind: u8) -> Self {
        Self { kind, starts: Vec::new(), cells: Vec::new() }
    }

    /// Whether a cell of this size still fits.
    pub(super) fn has_room(&self, size: usize) -> bool {
        8 + 2 * (self.starts.len() + 1) + self.cells.len() + size <= SIZE
    }

    /// Begins a cell, whose bytes are then appended to `cells`.
    pub(super) fn begin_cell(&mut self) {
        self.starts.push(small(self.cells.len()));
    }

    /// Head and places of the cells.
    fn head(&self, right: Option<u32>) -> Vec<u8> {
        let content = small(SIZE - self.cells.len());
        let mut head = vec![self.kind, 0, 0];
        head.extend_from_slice(&small(self.starts.len()).to_be_bytes());
        head.extend_from_slice(&content.to_be_bytes());
        head.push(0);
        if let Some(right) = right {
            head.extend_from_slice(&right.to_be_bytes());
        }
        self.starts.iter().for_each(|start| head.extend_from_slice(&(content + start).to_be_bytes()));
        head
    }

    /// Writes the page and begins the next.
    pub(super) fn end(&mut self, pages: &mut Pages) -> Result<u32> {
        let page = pages.append(&[&self.head(None)], &self.cells)?;
        self.starts.clear();
        self.cells.clear();
        Ok(page)
    }
}

/// A number within a page.
fn small(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::write::spool::in_memory;
    use crate::write::sqlite::{Catalog, Identity, Record};

    /// A file of one table, as SQLite opens it.
    fn opened(width: usize, texts: &[String]) -> Connection {
        let mut pages = Pages::new(&in_memory());
        let mut table = Table::with_width(width);
        let mut record = Record::default();
        for (number, text) in (1..).zip(texts) {
            record.clear();
            record.null();
            record.text(|out| out.extend_from_slice(text.as_bytes()));
            table.add(number, record.bytes(), &mut pages).unwrap();
        }
        let page = table.finish(&mut pages).unwrap();
        let mut catalog = Catalog::default();
        catalog.table("t", page, "CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)", &mut pages).unwrap();
        let mut file = catalog.finish(&Identity { application: *b"TEST", version: 7 }, &mut pages).unwrap();
        let mut spool = pages.into_bytes();
        let start = file.len();
        file.resize(start + usize::try_from(spool.len()).unwrap(), 0);
        spool.read(0, &mut file[start..]).unwrap();
        let mut connection = Connection::open_in_memory().unwrap();
        connection.deserialize_read_exact("main", file.as_slice(), file.len(), false).unwrap();
        connection
    }

    fn check(width: usize, texts: &[String]) -> Connection {
        let connection = opened(width, texts);
        let checked: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(checked, "ok", "{} rows", texts.len());
        let mut select = connection.prepare("SELECT text FROM t ORDER BY id").unwrap();
        let read: Vec<String> =
            select.query_map([], |row| row.get(0)).unwrap().collect::<rusqlite::Result<_>>().unwrap();
        assert!(read == texts, "{} rows", texts.len());
        drop(select);
        connection
    }

    #[test]
    fn trees_of_any_height_are_sound() {
        // A row a leaf.
        let texts: Vec<String> = (0..100).map(|number| format!("{number:03000}")).collect();
        for count in 0..texts.len() {
            for width in [2, 3, 4] {
                let connection = check(width, &texts[..count]);
                let last = i64::try_from(count).unwrap();
                let found = connection.query_row("SELECT id FROM t WHERE id >= ?", [last.max(1)], |row| row.get(0));
                assert_eq!(found.ok(), (last > 0).then_some(last));
            }
        }
    }

    #[test]
    fn full_pages_of_children_are_sound() {
        let texts: Vec<String> = (0..WIDTH + 3).map(|number| format!("{number:03000}")).collect();
        for count in WIDTH - 1..texts.len() {
            check(WIDTH, &texts[..count]);
        }
    }

    #[test]
    fn records_of_every_size_come_back() {
        let near = |size: usize| size.saturating_sub(40)..size + 40;
        let sizes = (0..300)
            .chain(near(LEAST_LOCAL))
            .chain(near(MOST_LOCAL))
            .chain(near(LEAST_LOCAL + OVERFLOW))
            .chain(near(MOST_LOCAL + OVERFLOW))
            .chain(near(MOST_LOCAL + 2 * OVERFLOW))
            .chain(near(16_384))
            .chain([3_000_000]);
        let texts: Vec<String> = sizes.map(|size| "abcdefghijk".repeat(size / 11 + 1)[..size].to_owned()).collect();
        check(WIDTH, &texts);
    }
}
