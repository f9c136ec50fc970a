//! Relations: members for all, an area or lines for the tagged.

use std::num::NonZeroUsize;

use rawdata_core::osm::{Element, ObjectKind};
use rawdata_core::packed::{members, refs};

use super::shape::Shaper;
use super::{Step, is_tagged};
use crate::error::OrRaise;
use crate::import::fresh::Fresh;
use crate::import::places::Places;
use crate::import::progress::Phase;
use crate::import::rows::RowWriter;
use crate::import::spool::Spool;
use crate::raw::bulk::Value;
use crate::raw::interrupts;

const REFS_COLUMN: NonZeroUsize = NonZeroUsize::new(3).unwrap();

/// Builds from all relations. How many there were.
pub fn build(spool: Spool, fresh: &Fresh, places: &mut Places, mut shaper: Shaper, rows: &mut RowWriter) -> u64 {
    let mut relation_members = fresh.open("relation_members");
    let ways = fresh.lookup("way_nodes", REFS_COLUMN);
    let mut packed = Vec::new();
    let mut ids = Vec::new();
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
            let found = ways.get(member.object.id, &mut packed);
            ids.clear();
            refs::decode(&packed, &mut ids).or_raise();
            shaper.line(found.then(|| ids.iter().map(|id| places.get(*id))));
            interrupts::check();
        }
        shaper.object(record, rows);
    });
    shaper.finish(rows);
    relation_members.finish();
    ways.close();
    count
}
