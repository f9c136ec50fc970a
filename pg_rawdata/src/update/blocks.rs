//! Blocks of node places, fetched for many nodes at once.

use std::collections::HashMap;

use pgrx::prelude::*;
use rawdata_core::osm::Place;
use rawdata_core::packed::node_block::{self, Entry, NodeBlock};

use crate::error::OrRaise;
use crate::raw::portal::{self, Param};

/// The blocks that some nodes lie in, unpacked.
pub struct Blocks(HashMap<i64, NodeBlock>);

impl Blocks {
    /// Fetches the blocks of all these nodes.
    pub fn fetch(ids: impl Iterator<Item = i64>) -> Self {
        let mut numbers: Vec<i64> = ids.map(node_block::block_of).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let mut blocks = HashMap::with_capacity(numbers.len());
        portal::each_row(
            "SELECT block, places FROM rawdata.node_places WHERE block = ANY ($1)",
            &[Param::Int8Array(numbers)],
            |row| {
                if let (Some(number), Some(packed)) = (row.int8(0), row.bytes(1)) {
                    blocks.entry(number).or_insert_with(NodeBlock::default).decode(packed).or_raise();
                }
            },
        );
        Self(blocks)
    }

    /// What is known of a node.
    pub fn get(&self, id: i64) -> Option<Entry> {
        self.0.get(&node_block::block_of(id))?.get(node_block::slot_of(id))
    }

    /// Where a node is.
    pub fn place(&self, id: i64) -> Option<Place> {
        self.get(id).map(|entry| entry.place)
    }

    /// Puts a node, or takes it out.
    pub fn set(&mut self, id: i64, entry: Option<Entry>) {
        self.0.entry(node_block::block_of(id)).or_default().set(node_block::slot_of(id), entry);
    }

    /// Writes blocks back. One without nodes has no row.
    pub fn store(&self, numbers: &[i64]) {
        let (mut kept, mut packed, mut empty) = (Vec::new(), Vec::new(), Vec::new());
        for number in numbers {
            let mut bytes = Vec::new();
            if let Some(block) = self.0.get(number) {
                block.encode(&mut bytes);
            }
            if bytes.is_empty() {
                empty.push(*number);
            } else {
                kept.push(*number);
                packed.push(bytes);
            }
        }
        if !empty.is_empty() {
            Spi::run_with_args("DELETE FROM rawdata.node_places WHERE block = ANY ($1)", &[empty.into()]).or_raise();
        }
        Spi::run_with_args(
            "INSERT INTO rawdata.node_places (block, places) \
             SELECT block, places FROM ROWS FROM (pg_catalog.unnest($1::bigint[]), pg_catalog.unnest($2::bytea[])) AS v (block, places) \
             ON CONFLICT (block) DO UPDATE SET places = excluded.places",
            &[kept.into(), packed.into()],
        )
        .or_raise();
    }
}
