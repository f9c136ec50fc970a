//! The packed R-tree of FlatGeobuf: nodes of 16, level by level, the root first and the features last.
//!
//! A node is its box and, of a feature, where it begins in the file behind the index; of a node above, the number of its
//! first child, counted over the whole index.

use crate::Result;
use crate::write::extent::Extent;
use crate::write::spool::{Cursor, Spool, Spools};

/// Children of a node.
pub(super) const WIDTH: u16 = 16;
/// Bytes of a node.
const NODE: usize = 40;
const PIECE: usize = 256 << 10;

/// The index, made from below.
pub(super) struct Index {
    spools: Spools,
    /// Features first.
    levels: Vec<Spool>,
}

impl Index {
    pub(super) fn new(spools: &Spools) -> Self {
        Self { spools: spools.clone(), levels: vec![spools.spool()] }
    }

    /// Takes a feature, in the order they have in the file.
    pub(super) fn add(&mut self, extent: &Extent, start: u64) -> Result<()> {
        match self.levels.first_mut() {
            Some(features) => write_node(features, extent, start),
            None => Ok(()),
        }
    }

    /// Makes all levels above the features. At least one: a single feature has a root, too.
    pub(super) fn finish(&mut self) -> Result<()> {
        let features = self.levels.first().map_or(0, count);
        let mut sizes = vec![features];
        while let Some(size) = sizes.last()
            && (*size > 1 || sizes.len() == 1)
        {
            sizes.push(size.div_ceil(u64::from(WIDTH)));
        }
        // The level below begins where all levels above it end.
        let mut begin: u64 = sizes.iter().sum();
        for size in sizes.iter().take(sizes.len() - 1) {
            begin -= size;
            let Some(below) = self.levels.last_mut() else { break };
            let mut level = self.spools.spool();
            let mut cursor = Cursor::new(0, below.len(), PIECE);
            for first in (0..*size).step_by(usize::from(WIDTH)) {
                let mut extent = Extent::EMPTY;
                for _ in first..size.min(&(first + u64::from(WIDTH))).to_owned() {
                    extent.add(&read_node(&mut cursor, below)?);
                }
                write_node(&mut level, &extent, begin + first)?;
            }
            self.levels.push(level);
        }
        Ok(())
    }

    /// The levels as they come in the file.
    pub(super) fn into_levels(self) -> impl Iterator<Item = Spool> {
        self.levels.into_iter().rev()
    }
}

fn count(level: &Spool) -> u64 {
    level.len() / NODE as u64
}

fn write_node(level: &mut Spool, extent: &Extent, number: u64) -> Result<()> {
    let mut node = [0; NODE];
    let numbers = extent.corners().map(f64::to_bits).into_iter().chain([number]);
    for (place, number) in node.as_chunks_mut::<8>().0.iter_mut().zip(numbers) {
        *place = number.to_le_bytes();
    }
    level.append(&node)
}

fn read_node(cursor: &mut Cursor, level: &mut Spool) -> Result<Extent> {
    let mut corners = [0.0; 4];
    for corner in &mut corners {
        *corner = f64::from_le_bytes(cursor.word(level)?);
    }
    cursor.word::<8>(level)?;
    Ok(Extent::from_corners(corners))
}
