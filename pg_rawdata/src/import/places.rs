//! Places of nodes, looked up in the table that holds them.

use std::num::NonZeroUsize;

use rawdata_core::osm::Place;
use rawdata_core::packed::block_cache::BlockCache;

use crate::error::OrRaise;
use crate::raw::lookup::Lookup;
use crate::tables;

/// The column of `node_places` that holds the packed places.
pub const PLACES_COLUMN: NonZeroUsize = NonZeroUsize::new(2).unwrap();

/// Places to look up.
pub struct Places {
    table: Lookup,
    cache: BlockCache,
    packed: Vec<u8>,
}

impl Places {
    /// The places of the data set in use. `unpacked` blocks are kept, a power of two.
    pub fn in_use(unpacked: usize) -> Self {
        Self::new(tables::lookup("node_places", PLACES_COLUMN), unpacked)
    }

    /// The places in a table like `node_places`.
    pub fn new(table: Lookup, unpacked: usize) -> Self {
        Self { table, cache: BlockCache::new(unpacked), packed: Vec::new() }
    }

    /// Where a node is, if it is known.
    pub fn get(&mut self, id: i64) -> Option<Place> {
        let Self { table, cache, packed } = self;
        let place = cache.place(id, |number, block| match table.get(number, packed) {
            true => block.decode(packed),
            false => Ok(()),
        });
        place.or_raise()
    }

    /// Gives the memory back.
    pub fn close(self) {
        self.table.close();
    }
}
