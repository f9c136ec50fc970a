//! Ways: refs for all, a line or an area for the tagged.

use rawdata_core::geometry::{Geometry, Rules, is_tagged};
use rawdata_core::osm::{Element, Place};
use rawdata_core::packed::refs;

use super::{Step, note_problems};
use crate::error::OrRaise;
use crate::import::Report;
use crate::import::fresh::Fresh;
use crate::import::places::Places;
use crate::import::progress::Phase;
use crate::import::rows::RowWriter;
use crate::import::spool::Spool;
use crate::raw::bulk::Value;
use crate::raw::interrupts;

pub fn build(
    spool: Spool,
    fresh: &Fresh,
    rules: &Rules,
    places: &mut Places,
    rows: &mut RowWriter<'_>,
    report: &mut Report,
) {
    let mut way_nodes = fresh.open("way_nodes");
    let mut lines = fresh.open("ways_line");
    let mut areas = fresh.open("ways_poly");
    let mut packed = Vec::new();
    let mut known: Vec<Option<Place>> = Vec::new();
    let mut step = Step::new(Phase::Ways, spool.count());
    let count = spool.drain(|element| {
        step.count(element);
        let Element::Way(way) = element else { return };
        packed.clear();
        refs::encode(way.refs, &mut packed);
        let version = way.meta.version.map_or(Value::Null, Value::Int4);
        way_nodes.row(&[Value::Int8(way.id), version, Value::Bytes(&packed)]);
        if !is_tagged(way.tags) {
            return;
        }
        known.clear();
        known.extend(way.refs.iter().map(|id| places.get(*id)));
        let made = rules.way(way.id, way.refs, way.tags, &known, &mut interrupts::answer).or_raise();
        note_problems(rows, element.object(), &made.problems);
        match made.geometry {
            Some(line @ Geometry::Line(_)) => rows.feature(&mut lines, element, &line),
            Some(area) => rows.feature(&mut areas, element, &area),
            None => rows.unplaced(element),
        }
    });
    way_nodes.finish();
    report.ways = count.cast_signed();
    report.lines = lines.finish().cast_signed();
    report.areas = areas.finish().cast_signed();
}
