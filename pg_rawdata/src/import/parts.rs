//! What ways and relations are made of, looked up in tables: places of nodes, nodes of ways.

use std::num::NonZeroUsize;

use rawdata_core::geometry::multipolygon::RelationWay;
use rawdata_core::osm::{Member, ObjectKind, Place};
use rawdata_core::packed::refs;

use super::places::Places;
use crate::error::OrRaise;
use crate::raw::interrupts;
use crate::raw::lookup::Lookup;
use crate::tables;

/// The column of `way_nodes` that holds the packed refs.
pub const REFS_COLUMN: NonZeroUsize = NonZeroUsize::new(3).unwrap();

/// Where the parts of an object are looked up.
pub struct Parts {
    places: Places,
    ways: Lookup,
    packed: Vec<u8>,
    refs: Vec<i64>,
}

impl Parts {
    /// The parts of the data set in use. `unpacked` blocks of nodes are kept unpacked, a power of two.
    pub fn in_use(unpacked: usize) -> Self {
        let ways = tables::lookup("way_nodes", REFS_COLUMN);
        Self { places: Places::in_use(unpacked), ways, packed: Vec::new(), refs: Vec::new() }
    }

    /// The places of nodes, `None` where one is not known.
    pub fn places(&mut self, nodes: &[i64]) -> Vec<Option<Place>> {
        nodes.iter().map(|id| self.places.get(*id)).collect()
    }

    /// The members of a relation that are ways, with their places.
    pub fn ways<'a>(&mut self, members: impl Iterator<Item = Member<'a>>) -> Vec<WayMember<'a>> {
        members
            .filter(|member| member.object.kind == ObjectKind::Way)
            .map(|member| WayMember { id: member.object.id, role: member.role, places: self.way(member.object.id) })
            .collect()
    }

    /// The places of a way's nodes; `None`: the way is not in the data.
    pub fn way(&mut self, id: i64) -> Option<Vec<Option<Place>>> {
        interrupts::check();
        if !self.ways.get(id, &mut self.packed) {
            return None;
        }
        self.refs.clear();
        refs::decode(&self.packed, &mut self.refs).or_raise();
        Some(self.refs.iter().map(|id| self.places.get(*id)).collect())
    }

    /// Ends the looking up.
    pub fn close(self) {
        self.ways.close();
        self.places.close();
    }
}

/// A way member of a relation with what is known of its places; `None` where the way is not in the data.
pub struct WayMember<'a> {
    id: i64,
    role: &'a str,
    places: Option<Vec<Option<Place>>>,
}

impl WayMember<'_> {
    /// The member as the assembler takes it.
    pub fn as_way(&self) -> RelationWay<'_> {
        RelationWay { id: self.id, role: self.role, places: self.places.as_deref() }
    }
}
