//! What memory has no room for: looked up in the tables by the backend, before a thread needs it.

use std::collections::HashMap;

use rawdata_core::geometry::is_tagged;
use rawdata_core::osm::{Element, ObjectKind, Place};
use rawdata_core::packed::record::Decoder;
use rawdata_core::packed::{node_block, refs};

use super::known::Known;
use crate::error::OrRaise;
use crate::import::places::Places;
use crate::raw::interrupts;
use crate::raw::lookup::Lookup;

/// Blocks of nodes that the backend keeps unpacked.
const UNPACKED: usize = 2048;

/// Places and packed refs that a job needs beside what the threads know.
#[derive(Default)]
pub struct FarValues {
    places: HashMap<i64, Place>,
    ways: HashMap<i64, Vec<u8>>,
    refs_bytes: usize,
}

impl FarValues {
    pub fn place(&self, node: i64) -> Option<Place> {
        self.places.get(&node).copied()
    }

    pub fn way(&self, id: i64) -> Option<&[u8]> {
        self.ways.get(&id).map(Vec::as_slice)
    }

    pub fn size(&self) -> usize {
        self.places.len() * size_of::<(i64, Place)>() + self.ways.len() * size_of::<(i64, Vec<u8>)>() + self.refs_bytes
    }
}

/// Looks up what is not known.
pub struct Far {
    known: Known,
    places: Option<Places>,
    ways: Option<Lookup>,
    decoder: Decoder,
    packed: Vec<u8>,
    refs: Vec<i64>,
}

impl Far {
    /// `places`: the table of those that are not known, where there are any.
    pub fn new(known: Known, places: Option<Lookup>) -> Self {
        let places = places.map(|table| Places::new(table, UNPACKED));
        Self { known, places, ways: None, decoder: Decoder::default(), packed: Vec::new(), refs: Vec::new() }
    }

    /// Adds the refs of ways; `table`: of those that are not known, where there are any.
    pub fn with_ways(self, known: Known, table: Option<Lookup>) -> Self {
        Self { known, ways: table, ..self }
    }

    /// Finds what the geometry of an object needs.
    pub fn find(&mut self, kind: ObjectKind, record: &[u8], into: &mut FarValues) {
        if self.places.is_none() && self.ways.is_none() {
            return;
        }
        interrupts::check();
        let mut decoder = std::mem::take(&mut self.decoder);
        match decoder.decode(kind, record).or_raise() {
            Element::Way(way) if is_tagged(way.tags) => self.nodes(way.refs, into),
            Element::Relation(relation) if is_tagged(relation.tags) => {
                let ways = relation.members.iter().filter(|member| member.object.kind == ObjectKind::Way);
                ways.for_each(|member| self.way(member.object.id, into));
            }
            _ => {}
        }
        self.decoder = decoder;
    }

    fn nodes(&mut self, ids: &[i64], into: &mut FarValues) {
        let Some(places) = &mut self.places else { return };
        for &id in ids {
            if self.known.places.get(node_block::block_of(id)).is_none()
                && let Some(place) = places.get(id)
            {
                into.places.insert(id, place);
            }
        }
    }

    fn way(&mut self, id: i64, into: &mut FarValues) {
        interrupts::check();
        let mut nodes = std::mem::take(&mut self.refs);
        nodes.clear();
        if let Some(packed) = self.known.ways.get(id).or_else(|| into.way(id)) {
            if self.places.is_some() {
                refs::decode(packed, &mut nodes).or_raise();
            }
        } else if self.ways.as_ref().is_some_and(|ways| ways.get(id, &mut self.packed)) {
            refs::decode(&self.packed, &mut nodes).or_raise();
            into.refs_bytes += self.packed.len();
            into.ways.insert(id, self.packed.clone());
        }
        self.nodes(&nodes, into);
        self.refs = nodes;
    }

    /// Closes the tables.
    pub fn close(self) {
        if let Some(places) = self.places {
            places.close();
        }
        if let Some(ways) = self.ways {
            ways.close();
        }
    }
}
