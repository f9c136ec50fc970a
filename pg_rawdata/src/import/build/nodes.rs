//! Nodes: places for all, rows for the tagged.

use rawdata_core::geometry::{Geometry, is_tagged};
use rawdata_core::osm::Element;

use super::Step;
use crate::import::Report;
use crate::import::fresh::Fresh;
use crate::import::places::{Places, PlacesWriter};
use crate::import::progress::Phase;
use crate::import::rows::RowWriter;
use crate::import::spool::{self, Spool};

pub fn build(spool: Spool, fresh: &Fresh, rows: &mut RowWriter<'_>, report: &mut Report) -> Places {
    let mut table = fresh.open("nodes");
    let mut places = PlacesWriter::open(fresh);
    let mut step = Step::new(Phase::Nodes, spool.count());
    let count = spool.drain(|element| {
        step.count(element);
        if let Element::Node(node) = element
            && let Some(place) = node.place
        {
            places.add(node.id, place, spool::version_of(node));
            if is_tagged(node.tags) {
                rows.feature(&mut table, element, &Geometry::Point(place));
            }
        }
    });
    report.nodes = count.cast_signed();
    report.points = table.finish().cast_signed();
    places.finish(fresh)
}
