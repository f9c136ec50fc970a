//! Relations: members for all, an area or lines for the tagged.

use rawdata_core::geometry::is_tagged;
use rawdata_core::osm::{Element, ObjectKind};
use rawdata_core::packed::members;

use super::Step;
use super::shape::Shaper;
use crate::import::fresh::Fresh;
use crate::import::parts::Parts;
use crate::import::progress::Phase;
use crate::import::rows::RowWriter;
use crate::import::spool::Spool;
use crate::raw::bulk::Value;

/// Builds from all relations. How many there were.
pub fn build(spool: Spool, fresh: &Fresh, parts: &mut Parts, mut shaper: Shaper, rows: &mut RowWriter) -> u64 {
    let mut relation_members = fresh.open("relation_members");
    let mut packed = Vec::new();
    let mut step = Step::new(Phase::Relations, spool.count());
    let count = spool.drain(|element, record| {
        step.count();
        let Element::Relation(relation) = element else { return };
        packed.clear();
        members::encode(relation.members.iter(), &mut packed);
        let version = relation.meta.version.map_or(Value::Null, Value::Int4);
        relation_members.row(&[Value::Int8(relation.id), version, Value::Bytes(&packed)]);
        if !is_tagged(relation.tags) {
            return;
        }
        for member in relation.members.iter().filter(|member| member.object.kind == ObjectKind::Way) {
            shaper.line(parts.way(member.object.id));
        }
        shaper.object(record, rows);
    });
    shaper.finish(rows);
    relation_members.finish();
    count
}
