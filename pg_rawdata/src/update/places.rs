//! Places of many nodes, fetched at once. Nothing else of their blocks is kept, so that a batch may need many.

use rawdata_core::osm::Place;
use rawdata_core::packed::node_block::{self, NodeBlock};

use crate::error::OrRaise;
use crate::raw::portal::{self, Param};

/// Where the given nodes are, by id.
pub struct Places {
    ids: Vec<i64>,
    places: Vec<Option<Place>>,
}

impl Places {
    /// Looks up nodes, each of which may be given several times.
    pub fn fetch(mut ids: Vec<i64>) -> Self {
        ids.sort_unstable();
        ids.dedup();
        let mut numbers: Vec<i64> = ids.iter().map(|id| node_block::block_of(*id)).collect();
        numbers.dedup();
        let mut places = vec![None; ids.len()];
        let mut block = NodeBlock::default();
        portal::each_row(
            "SELECT block, places FROM rawdata.node_places WHERE block = ANY ($1)",
            &[Param::Int8Array(numbers)],
            |row| {
                let (Some(number), Some(packed)) = (row.int8(0), row.bytes(1)) else { return };
                block.decode(packed).or_raise();
                let start = ids.partition_point(|id| node_block::block_of(*id) < number);
                let here = ids.iter().zip(&mut places).skip(start);
                for (id, place) in here.take_while(|(id, _)| node_block::block_of(**id) == number) {
                    *place = block.get(node_block::slot_of(*id)).map(|entry| entry.place);
                }
            },
        );
        Self { ids, places }
    }

    /// The places along a way, `None` where one is not known.
    pub fn along(&self, refs: &[i64]) -> Vec<Option<Place>> {
        // The nodes of a way were mostly made together: after one comes the one of the next number.
        let mut next = 0;
        let places = refs.iter().map(|id| {
            let at = if self.ids.get(next) == Some(id) { next } else { self.ids.partition_point(|known| known < id) };
            next = at + 1;
            self.places.get(at).copied().flatten().filter(|_| self.ids.get(at) == Some(id))
        });
        places.collect()
    }
}
