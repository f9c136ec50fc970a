//! What the threads know: places of nodes and refs of ways, packed in memory.

use std::sync::Arc;

use rawdata_core::Result;
use rawdata_core::osm::Place;
use rawdata_core::packed::block_cache::BlockCache;
use rawdata_core::packed::kept::Kept;
use rawdata_core::packed::refs;

use super::far::FarValues;

/// Blocks of nodes that each thread keeps unpacked.
const UNPACKED: usize = 1024;

/// What was written before, as far as memory holds it.
#[derive(Clone, Default)]
pub struct Known {
    pub places: Arc<Kept>,
    pub ways: Arc<Kept>,
}

/// A thread's access to it.
pub struct Finder {
    known: Known,
    blocks: BlockCache,
    refs: Vec<i64>,
}

impl Finder {
    pub fn new(known: &Known) -> Self {
        Self { known: known.clone(), blocks: BlockCache::new(UNPACKED), refs: Vec::new() }
    }

    /// Appends the places of nodes, `None` where one is not in the data.
    pub fn places(&mut self, nodes: &[i64], far: &FarValues, into: &mut Vec<Option<Place>>) -> Result<()> {
        let Self { known, blocks, .. } = self;
        for &id in nodes {
            let near = blocks.place(id, |number, block| match known.places.get(number) {
                Some(packed) => block.decode(packed),
                None => Ok(()),
            })?;
            into.push(near.or_else(|| far.place(id)));
        }
        Ok(())
    }

    /// Appends the places of a way's nodes; `false`: the way is not in the data.
    pub fn way(&mut self, id: i64, far: &FarValues, into: &mut Vec<Option<Place>>) -> Result<bool> {
        let Some(packed) = self.known.ways.get(id).or_else(|| far.way(id)) else { return Ok(false) };
        let mut nodes = std::mem::take(&mut self.refs);
        nodes.clear();
        refs::decode(packed, &mut nodes)?;
        self.places(&nodes, far, into)?;
        self.refs = nodes;
        Ok(true)
    }
}
