//! The R-tree of SQLite, packed: as few nodes as hold all items, evenly filled, level by level.
//!
//! Nodes are numbered from the root, which is 1, down to those of the features. How many there are on each level follows
//! from the number of items, so a node's number, and its parent's, are known when it is full.

use crate::Result;
use crate::write::extent::Extent;
use crate::write::spool::{Cursor, Spool, Spools};

/// Bytes of a cell: a number and a box.
pub(super) const CELL: usize = 24;
/// Most cells of a node, as SQLite makes them for its pages of 4096 bytes and more.
const WIDTH: usize = 51;
/// Bytes of a node.
pub(super) const NODE: usize = 4 + WIDTH * CELL;
const PIECE: usize = 256 << 10;

/// A box in the index's precision, never smaller than what it is around: least and greatest x, least and greatest y.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bounds([f32; 4]);

impl Bounds {
    const EMPTY: Self = Self([f32::INFINITY, f32::NEG_INFINITY, f32::INFINITY, f32::NEG_INFINITY]);

    pub(super) fn around(extent: &Extent) -> Self {
        Self([below(extent.min_x), above(extent.max_x), below(extent.min_y), above(extent.max_y)])
    }

    pub(super) fn to_bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        for (place, side) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(self.0) {
            *place = side.to_be_bytes();
        }
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        let mut sides = [0.0; 4];
        for (side, bytes) in sides.iter_mut().zip(bytes.as_chunks::<4>().0) {
            *side = f32::from_be_bytes(*bytes);
        }
        Self(sides)
    }

    fn add(&mut self, other: &Self) {
        let [min_x, max_x, min_y, max_y] = self.0;
        let [left, right, lower, upper] = other.0;
        self.0 = [min_x.min(left), max_x.max(right), min_y.min(lower), max_y.max(upper)];
    }
}

/// The greatest number of 32 bits that is not above.
fn below(number: f64) -> f32 {
    let near = nearest(number);
    if f64::from(near) > number { near.next_down() } else { near }
}

/// The least number of 32 bits that is not below.
fn above(number: f64) -> f32 {
    let near = nearest(number);
    if f64::from(near) < number { near.next_up() } else { near }
}

#[expect(clippy::cast_possible_truncation, reason = "a float turns into the nearest one there is")]
fn nearest(number: f64) -> f32 {
    number as f32
}

/// The index, made from below.
pub(super) struct Rtree {
    /// That of the features first.
    levels: Vec<Level>,
}

/// The nodes of one level.
struct Level {
    items: u64,
    nodes: u64,
    /// The number of the first node.
    first: u64,
    /// How many nodes are full.
    full: u64,
    cells: Vec<u8>,
    count: u16,
    bounds: Bounds,
    spool: Spool,
}

impl Level {
    /// Where the items of a node begin.
    fn start(&self, node: u64) -> u64 {
        narrow(wide(node) * wide(self.items) / wide(self.nodes.max(1)))
    }

    /// Which node holds an item.
    fn node_of(&self, item: u64) -> u64 {
        narrow(((wide(item) + 1) * wide(self.nodes) - 1) / wide(self.items.max(1)))
    }

    /// Writes a node; the root says how many levels are below it. The box around it.
    fn end_node(&mut self, depth: usize) -> Result<Bounds> {
        self.spool.append(&u16::try_from(depth).unwrap_or(u16::MAX).to_be_bytes())?;
        self.spool.append(&self.count.to_be_bytes())?;
        self.cells.resize(NODE - 4, 0);
        self.spool.append(&self.cells)?;
        self.cells.clear();
        self.count = 0;
        self.full += 1;
        Ok(std::mem::replace(&mut self.bounds, Bounds::EMPTY))
    }
}

fn wide(number: u64) -> u128 {
    number.into()
}

fn narrow(number: u128) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

impl Rtree {
    /// For so many items.
    pub(super) fn new(items: u64, spools: &Spools) -> Self {
        let mut levels: Vec<Level> = Vec::new();
        let mut below = items;
        while levels.is_empty() || below > 1 {
            let nodes = below.div_ceil(WIDTH as u64).max(1);
            levels.push(Level {
                items: below,
                nodes,
                first: 0,
                full: 0,
                cells: Vec::with_capacity(NODE),
                count: 0,
                bounds: Bounds::EMPTY,
                spool: spools.spool(),
            });
            below = nodes;
        }
        let mut first = 1;
        for level in levels.iter_mut().rev() {
            level.first = first;
            first += level.nodes;
        }
        Self { levels }
    }

    /// Takes the next feature, in the order of the index. The number of its node.
    pub(super) fn add(&mut self, feature: i64, bounds: &Bounds) -> Result<i64> {
        self.add_at(0, feature, bounds)
    }

    fn add_at(&mut self, depth: usize, number: i64, bounds: &Bounds) -> Result<i64> {
        let is_root = depth + 1 == self.levels.len();
        let Some(level) = self.levels.get_mut(depth) else { return Ok(0) };
        level.cells.extend_from_slice(&number.to_be_bytes());
        level.cells.extend_from_slice(&bounds.to_bytes());
        level.count += 1;
        level.bounds.add(bounds);
        let node = (level.first + level.full).cast_signed();
        if level.start(level.full) + u64::from(level.count) == level.start(level.full + 1) {
            let bounds = level.end_node(if is_root { depth } else { 0 })?;
            if !is_root {
                self.add_at(depth + 1, node, &bounds)?;
            }
        }
        Ok(node)
    }

    /// Ends the taking.
    pub(super) fn finish(mut self) -> Result<Nodes> {
        // Without features there is a root all the same.
        if let [root] = self.levels.as_mut_slice()
            && root.full == 0
        {
            root.end_node(0)?;
        }
        self.levels.reverse();
        Ok(Nodes { levels: self.levels, level: 0, cursor: None, number: 0 })
    }
}

/// All nodes, in the order of their numbers.
pub(super) struct Nodes {
    /// The root's first.
    levels: Vec<Level>,
    level: usize,
    cursor: Option<Cursor>,
    number: i64,
}

impl Nodes {
    /// Appends the next node. Its number; nothing when there is none left.
    pub(super) fn next(&mut self, out: &mut Vec<u8>) -> Result<Option<i64>> {
        while let Some(level) = self.levels.get_mut(self.level) {
            let size = level.spool.len();
            let cursor = self.cursor.get_or_insert_with(|| Cursor::new(0, size, PIECE));
            if !cursor.is_at_end() {
                cursor.take(&mut level.spool, NODE, out)?;
                self.number += 1;
                return Ok(Some(self.number));
            }
            self.cursor = None;
            self.level += 1;
        }
        Ok(None)
    }

    /// The number of each node but the root, and its parent's.
    pub(super) fn parents(&self) -> impl Iterator<Item = (i64, i64)> {
        let pairs = self.levels.iter().zip(self.levels.iter().skip(1));
        pairs.flat_map(|(upper, lower)| {
            let number =
                |node: u64| ((lower.first + node).cast_signed(), (upper.first + upper.node_of(node)).cast_signed());
            (0..lower.nodes).map(number)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write::spool::in_memory;

    #[test]
    fn no_box_shrinks_by_rounding() {
        for number in [0.1, -0.1, 16_777_217.0, 1.0, 0.0, -179.999_999_9, 179.999_999_9] {
            let (low, high) = (below(number), above(number));
            assert!(f64::from(low) <= number && f64::from(high) >= number, "{number}");
            assert!(low == high || low.next_up() == high, "{number}");
        }
    }

    #[test]
    fn every_node_is_in_the_node_that_its_parent_row_names() {
        for items in [0, 1, 51, 52, 103, 2601, 2602, 7000, 140_000] {
            let mut rtree = Rtree::new(items, &in_memory());
            for item in 0..items {
                rtree.add(item.cast_signed(), &Bounds([0.0, 1.0, 0.0, 1.0])).unwrap();
            }
            let mut nodes = rtree.finish().unwrap();
            let depth = nodes.levels.len() - 1;
            let parents: Vec<(i64, i64)> = nodes.parents().collect();
            let mut found = Vec::new();
            let mut inner: i64 = nodes.levels[..depth].iter().map(|level| level.nodes.cast_signed()).sum();
            let mut node = Vec::new();
            while let Some(number) = nodes.next(&mut node).unwrap() {
                assert_eq!(node.len(), NODE);
                assert_eq!(usize::from(node[1]), if number == 1 { depth } else { 0 });
                let count = usize::from(u16::from_be_bytes([node[2], node[3]]));
                assert!(count * 2 >= WIDTH || number == 1 || items < 103, "a node is half full at least");
                if inner > 0 {
                    let cells = node[4..].chunks(CELL).take(count);
                    found.extend(cells.map(|cell| (i64::from_be_bytes(cell[..8].try_into().unwrap()), number)));
                }
                inner -= 1;
                node.clear();
            }
            assert_eq!(found, parents, "{items} items");
        }
    }
}
