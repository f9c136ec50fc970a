//! Places of all nodes, for the ways that come after them.

use std::num::NonZeroUsize;

use rawdata_core::osm::Place;
use rawdata_core::packed::node_block::{self, Entry, NodeBlock};

use super::fresh::Fresh;
use crate::error::OrRaise;
use crate::raw::bulk::{BulkInsert, Value};
use crate::raw::lookup::Lookup;
use crate::{settings, tables};

/// Blocks that an import keeps unpacked. A way's nodes mostly lie in few blocks.
const UNPACKED: usize = 2048;

const PLACES_COLUMN: NonZeroUsize = NonZeroUsize::new(2).unwrap();

/// Writes places as they come, in order of ids.
pub struct PlacesWriter {
    table: BulkInsert,
    block: NodeBlock,
    number: Option<i64>,
    packed: Vec<u8>,
    held: Held,
}

/// Packed blocks in memory, as far as the budget goes: all below `numbers.last()`.
#[derive(Default)]
struct Held {
    bytes: Vec<u8>,
    /// Number of a block and where it ends in `bytes`.
    blocks: Vec<(i64, usize)>,
    full: bool,
}

impl PlacesWriter {
    pub fn open(fresh: &Fresh) -> Self {
        Self {
            table: fresh.open("node_places"),
            block: NodeBlock::default(),
            number: None,
            packed: Vec::new(),
            held: Held::default(),
        }
    }

    /// Adds a node; ids must ascend.
    pub fn add(&mut self, id: i64, place: Place, version: Option<i32>) {
        let number = node_block::block_of(id);
        if self.number != Some(number) {
            self.write();
            self.number = Some(number);
        }
        let version = version.map_or(0, i32::unsigned_abs);
        self.block.set(node_block::slot_of(id), Some(Entry { place, version }));
    }

    /// Ends the writing; the places can be looked up from now on.
    pub fn finish(mut self, fresh: &Fresh) -> Places {
        self.write();
        self.table.finish();
        let rest = self.held.full.then(|| {
            fresh.index_early("node_places");
            fresh.lookup("node_places", PLACES_COLUMN)
        });
        Places { held: self.held, ..Places::new(rest, UNPACKED) }
    }

    fn write(&mut self) {
        let Some(number) = self.number else { return };
        self.packed.clear();
        self.block.encode(&mut self.packed);
        self.block.clear();
        self.table.row(&[Value::Int8(number), Value::Bytes(&self.packed)]);
        self.held.hold(number, &self.packed);
    }
}

impl Held {
    fn hold(&mut self, number: i64, packed: &[u8]) {
        let size = self.bytes.len() + packed.len() + (self.blocks.len() + 1) * size_of::<(i64, usize)>();
        self.full |= size > settings::import_memory();
        if !self.full {
            self.bytes.extend_from_slice(packed);
            self.blocks.push((number, self.bytes.len()));
        }
    }

    fn get(&self, number: i64) -> Option<&[u8]> {
        let at = self.blocks.binary_search_by_key(&number, |block| block.0).ok()?;
        let start = at.checked_sub(1).and_then(|before| self.blocks.get(before)).map_or(0, |block| block.1);
        self.bytes.get(start..self.blocks.get(at)?.1)
    }
}

/// Places to look up: in memory what fits there, the rest in the table.
pub struct Places {
    held: Held,
    rest: Option<Lookup>,
    unpacked: Vec<(Option<i64>, NodeBlock)>,
    packed: Vec<u8>,
}

impl Places {
    /// The places of the data set in use. `unpacked` blocks of 2 kB are kept, a power of two.
    pub fn in_use(unpacked: usize) -> Self {
        Self::new(Some(tables::lookup("node_places", PLACES_COLUMN)), unpacked)
    }

    fn new(rest: Option<Lookup>, unpacked: usize) -> Self {
        let unpacked = std::iter::repeat_with(|| (None, NodeBlock::default())).take(unpacked).collect();
        Self { held: Held::default(), rest, unpacked, packed: Vec::new() }
    }

    /// Where a node is, if it is known.
    pub fn get(&mut self, id: i64) -> Option<Place> {
        let number = node_block::block_of(id);
        let line = usize::try_from(number).unwrap_or(0) & self.unpacked.len().wrapping_sub(1);
        let (kept, block) = self.unpacked.get_mut(line)?;
        if *kept != Some(number) {
            if let Some(packed) = self.held.get(number) {
                block.decode(packed).or_raise();
            } else if self.rest.as_ref().is_some_and(|rest| rest.get(number, &mut self.packed)) {
                block.decode(&self.packed).or_raise();
            } else {
                block.clear();
            }
            *kept = Some(number);
        }
        block.get(node_block::slot_of(id)).map(|entry| entry.place)
    }

    /// Gives the memory back.
    pub fn close(self) {
        if let Some(rest) = self.rest {
            rest.close();
        }
    }
}
