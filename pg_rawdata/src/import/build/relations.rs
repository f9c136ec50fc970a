//! Relations: members for all, an area or lines for the tagged.

use rawdata_core::geometry::multipolygon::RelationWay;
use rawdata_core::geometry::{Rules, is_tagged};
use rawdata_core::osm::Element;
use rawdata_core::packed::members;

use super::{Step, note_problems};
use crate::error::OrRaise;
use crate::import::Report;
use crate::import::fresh::Fresh;
use crate::import::parts::{Parts, WayMember};
use crate::import::progress::Phase;
use crate::import::rows::RowWriter;
use crate::import::spool::Spool;
use crate::raw::bulk::Value;
use crate::raw::interrupts;

pub fn build(
    spool: Spool,
    fresh: &Fresh,
    rules: &Rules,
    parts: &mut Parts,
    rows: &mut RowWriter<'_>,
    report: &mut Report,
) {
    let mut relation_members = fresh.open("relation_members");
    let mut features = fresh.open("relations");
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
        let members = parts.ways(relation.members.iter());
        let ways: Vec<RelationWay<'_>> = members.iter().map(WayMember::as_way).collect();
        let made = rules.relation(relation.tags, &ways, &mut interrupts::answer).or_raise();
        note_problems(rows, element.object(), &made.problems);
        match made.geometry {
            Some(geometry) => rows.feature(&mut features, element, &geometry),
            None => rows.unplaced(element),
        }
    });
    relation_members.finish();
    report.relations = count.cast_signed();
    report.relation_features = features.finish().cast_signed();
}
