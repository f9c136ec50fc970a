//! Relations: members for all, an area or lines for the tagged.

use std::num::NonZeroUsize;

use rawdata_core::geometry;
use rawdata_core::geometry::multipolygon::{Assembly, Limits, RelationWay, relation_area};
use rawdata_core::osm::{Element, ObjectKind, Place, Relation};
use rawdata_core::packed::{members, refs};

use super::{Step, answer_interrupts, is_tagged, note_problems};
use crate::error::OrRaise;
use crate::import::Report;
use crate::import::fresh::Fresh;
use crate::import::places::Places;
use crate::import::progress::Phase;
use crate::import::rows::RowWriter;
use crate::import::spool::Spool;
use crate::raw::bulk::Value;
use crate::raw::interrupts;
use crate::raw::lookup::Lookup;

const REFS_COLUMN: NonZeroUsize = NonZeroUsize::new(3).unwrap();

pub fn build(spool: Spool, fresh: &Fresh, places: &mut Places, rows: &mut RowWriter<'_>, report: &mut Report) {
    let mut relation_members = fresh.open("relation_members");
    let mut features = fresh.open("relations");
    let ways = fresh.lookup("way_nodes", REFS_COLUMN);
    let mut packed = Vec::new();
    let mut step = Step::new(Phase::Relations, spool.count());
    let count = spool.drain(|element| {
        step.count(element);
        let Element::Relation(relation) = element else { return };
        packed.clear();
        members::encode(relation.members.iter(), &mut packed);
        let version = relation.meta.version.map_or(Value::Null, Value::Int4);
        relation_members.row(&[Value::Int8(relation.id), version, Value::Bytes(&packed)]);
        if !is_tagged(relation.tags) {
            return;
        }
        let known = way_members(relation, &ways, places);
        let built = geometry_of(relation, &known);
        note_problems(rows, element.object(), &built.problems);
        match built.geometry {
            Some(geometry) => rows.feature(&mut features, element, &geometry),
            None => rows.unplaced(element),
        }
    });
    relation_members.finish();
    ways.close();
    report.relations = count.cast_signed();
    report.relation_features = features.finish().cast_signed();
}

/// A way member of a relation with what is known of its places; `None` where the way is not in the data.
struct WayMember<'a> {
    id: i64,
    role: &'a str,
    places: Option<Vec<Option<Place>>>,
}

fn way_members<'a>(relation: &Relation<'a>, ways: &Lookup, places: &mut Places) -> Vec<WayMember<'a>> {
    let mut packed = Vec::new();
    let mut ids = Vec::new();
    let mut known = Vec::new();
    for member in relation.members.iter().filter(|member| member.object.kind == ObjectKind::Way) {
        let found = ways.get(member.object.id, &mut packed);
        ids.clear();
        refs::decode(&packed, &mut ids).or_raise();
        let line = ids.iter().map(|id| places.get(*id)).collect();
        known.push(WayMember { id: member.object.id, role: member.role, places: found.then_some(line) });
        interrupts::check();
    }
    known
}

fn geometry_of(relation: &Relation<'_>, members: &[WayMember<'_>]) -> Assembly {
    if !geometry::is_area_relation(relation.tags) {
        let lines =
            members.iter().filter_map(|way| Some((way.id, geometry::line(way.places.as_deref()?.iter().copied())?)));
        return Assembly { geometry: geometry::relation_lines(lines), problems: Vec::new() };
    }
    let ways: Vec<RelationWay<'_>> =
        members.iter().map(|way| RelationWay { id: way.id, role: way.role, places: way.places.as_deref() }).collect();
    relation_area(&ways, false, &Limits::default(), &mut answer_interrupts).or_raise()
}
