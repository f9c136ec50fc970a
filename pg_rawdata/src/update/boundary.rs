//! Where the data set has a boundary, a diff leaves out what lies outside of it: its puts count as deletions.
//!
//! * A way is kept if one of its nodes lies within the boundary.
//! * A node is kept if it lies within, or if a way that is kept, or that was stored and stays, uses it.
//! * A relation is kept if one of its members is in the data set after the diff.

use std::collections::{HashMap, HashSet};

use rawdata_core::geometry::AreaIndex;
use rawdata_core::osm::{Element, ObjectKind, Place};
use rawdata_core::packed::record::Decoder;
use rawdata_core::update::{Change, Diff};

use super::blocks::Blocks;
use super::{nodes, relations, ways};
use crate::error::OrRaise;
use crate::import::polygons;
use crate::raw::interrupts;
use crate::raw::portal::{self, Param};

/// Leaves out what is outside; all of a diff is kept where no boundary was given.
pub fn leave_out_what_is_outside(diff: &mut Diff) {
    let Some(boundary) = Boundary::load() else { return };
    let mut kept = Kept::default();
    kept.nodes_within(diff, &boundary);
    kept.ways(diff, &boundary);
    kept.nodes_of_stored_ways(diff);
    kept.relations(diff);
    for kind in [ObjectKind::Node, ObjectKind::Way, ObjectKind::Relation] {
        diff.leave_out(kind, |id| kept.of(kind, id) == Some(false));
    }
}

/// The boundary of the data set.
struct Boundary(AreaIndex);

impl Boundary {
    fn load() -> Option<Self> {
        let mut areas = Vec::new();
        portal::each_row("SELECT boundary FROM rawdata.data_set WHERE boundary IS NOT NULL", &[], |row| {
            if let Some(stored) = row.bytes(0) {
                areas.push((0, polygons(stored)));
            }
        });
        (!areas.is_empty()).then(|| Self(AreaIndex::new(areas)))
    }

    fn holds(&self, place: Place) -> bool {
        !self.0.holding(place.lon(), place.lat()).is_empty()
    }
}

/// Whether each object of the diff is in the data set afterwards.
#[derive(Default)]
struct Kept {
    nodes: HashMap<i64, bool>,
    ways: HashMap<i64, bool>,
    relations: HashMap<i64, bool>,
    /// Nodes outside that ways which are kept use.
    needed: HashSet<i64>,
}

impl Kept {
    /// `None`: the diff says nothing of it.
    fn of(&self, kind: ObjectKind, id: i64) -> Option<bool> {
        let kept = match kind {
            ObjectKind::Node => &self.nodes,
            ObjectKind::Way => &self.ways,
            ObjectKind::Relation => &self.relations,
        };
        kept.get(&id).copied()
    }

    fn nodes_within(&mut self, diff: &Diff, boundary: &Boundary) {
        let mut decoder = Decoder::default();
        for change in diff.changes(ObjectKind::Node) {
            let within = match change.record.map(|record| decoder.decode(ObjectKind::Node, record).or_raise()) {
                Some(Element::Node(node)) => node.place.is_some_and(|place| boundary.holds(place)),
                _ => false,
            };
            self.nodes.insert(change.id, within);
        }
        interrupts::check();
    }

    fn ways(&mut self, diff: &Diff, boundary: &Boundary) {
        let mut changes = diff.changes(ObjectKind::Way).peekable();
        let mut decoder = Decoder::default();
        while changes.peek().is_some() {
            let chunk = ways::next_chunk(&mut changes);
            let mut refs_of: Vec<(i64, Vec<i64>)> = Vec::new();
            for change in &chunk {
                match change.record.map(|record| decoder.decode(ObjectKind::Way, record).or_raise()) {
                    Some(Element::Way(way)) => refs_of.push((way.id, way.refs.to_vec())),
                    _ => {
                        self.ways.insert(change.id, false);
                    }
                }
            }
            let by_diff = |refs: &[i64]| refs.iter().any(|id| self.nodes.get(id) == Some(&true));
            let stored = |id: &i64| !self.nodes.contains_key(id);
            let open = refs_of.iter().filter(|(_, refs)| !by_diff(refs)).flat_map(|(_, refs)| refs);
            let blocks = Blocks::fetch(open.copied().filter(stored));
            let by_place = |id: &i64| stored(id) && blocks.place(*id).is_some_and(|place| boundary.holds(place));
            for (way, refs) in &refs_of {
                let within = by_diff(refs) || refs.iter().any(by_place);
                self.ways.insert(*way, within);
                if within {
                    self.needed.extend(refs.iter().filter(|id| self.nodes.get(id) == Some(&false)));
                }
            }
            interrupts::check();
        }
    }

    fn nodes_of_stored_ways(&mut self, diff: &Diff) {
        let put = diff.changes(ObjectKind::Node).filter(|change| change.record.is_some()).map(|change| change.id);
        let outside: HashSet<i64> =
            put.filter(|id| self.nodes.get(id) == Some(&false) && !self.needed.contains(id)).collect();
        ways::each_user(&outside, |way, refs| {
            if self.ways.get(&way) != Some(&false) {
                self.needed.extend(refs.iter().filter(|id| outside.contains(id)));
            }
        });
        let put = diff.changes(ObjectKind::Node).filter(|change| change.record.is_some());
        for id in put.map(|change| change.id).filter(|id| self.needed.contains(id)) {
            self.nodes.insert(id, true);
        }
    }

    fn relations(&mut self, diff: &Diff) {
        self.relations = diff.changes(ObjectKind::Relation).map(|change| (change.id, false)).collect();
        let mut changes = diff.changes(ObjectKind::Relation).peekable();
        let mut holders: HashMap<i64, Vec<i64>> = HashMap::new();
        let mut found = Vec::new();
        while changes.peek().is_some() {
            let chunk = relations::next_chunk(&mut changes);
            self.held(&chunk, &mut holders, &mut found);
            interrupts::check();
        }
        // A relation that is kept keeps those that hold it.
        while let Some(id) = found.pop() {
            if self.relations.insert(id, true) == Some(false) {
                found.extend(holders.remove(&id).unwrap_or_default());
            }
        }
    }

    /// Puts relations with a member in the data set into `found`, and into `holders` those with members in the diff.
    fn held(&self, chunk: &[Change<'_>], holders: &mut HashMap<i64, Vec<i64>>, found: &mut Vec<i64>) {
        let mut decoder = Decoder::default();
        let mut unknown: [HashMap<i64, Vec<i64>>; 3] = Default::default();
        for change in chunk {
            let Some(record) = change.record else { continue };
            let Element::Relation(relation) = decoder.decode(ObjectKind::Relation, record).or_raise() else { continue };
            for member in relation.members.iter() {
                let (kind, id) = (member.object.kind, member.object.id);
                match (kind, self.of(kind, id)) {
                    (ObjectKind::Relation, Some(_)) => holders.entry(id).or_default().push(relation.id),
                    (_, Some(true)) => found.push(relation.id),
                    (_, Some(false)) => {}
                    (_, None) => {
                        if let Some(unknown) = unknown.get_mut(kind as usize) {
                            unknown.entry(id).or_default().push(relation.id);
                        }
                    }
                }
            }
        }
        let [of_nodes, of_ways, of_relations] = unknown;
        let ids: Vec<i64> = of_nodes.keys().copied().collect();
        for ids in ids.chunks(nodes::NODES_A_BATCH) {
            let blocks = Blocks::fetch(ids.iter().copied());
            let stored = ids.iter().filter(|id| blocks.get(**id).is_some());
            found.extend(stored.filter_map(|id| of_nodes.get(id)).flatten());
        }
        for (table, holders) in [("way_nodes", of_ways), ("relation_members", of_relations)] {
            let query = format!("SELECT osm_id FROM rawdata.{table} WHERE osm_id = ANY ($1)");
            portal::each_row(&query, &[Param::Int8Array(holders.keys().copied().collect())], |row| {
                found.extend(row.int8(0).and_then(|id| holders.get(&id)).into_iter().flatten());
            });
        }
    }
}
