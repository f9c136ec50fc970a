//! Nodes: places for all, rows for the tagged.

use rawdata_core::geometry::{Geometry, is_tagged};
use rawdata_core::osm::Element;

use super::Step;
use crate::error::OrRaise;
use crate::import::country::Countries;
use crate::import::fresh::Fresh;
use crate::import::piece::version_of;
use crate::import::places::{Places, PlacesWriter};
use crate::import::progress::Phase;
use crate::import::rows::{RowWriter, Rows, Table};
use crate::import::spool::Spool;

/// Builds from all nodes. Their places, and how many there were.
pub fn build(spool: Spool, fresh: &Fresh, countries: &Countries, rows: &mut RowWriter) -> (Places, u64) {
    let mut places = PlacesWriter::open(fresh);
    let mut row = Rows::default();
    let mut step = Step::new(Phase::Nodes, spool.count());
    let count = spool.drain(|element, _| {
        step.count();
        if let Element::Node(node) = element
            && let Some(place) = node.place
        {
            places.add(node.id, place, version_of(node));
            if is_tagged(node.tags) {
                row.add(element, Some((Table::Nodes, &Geometry::Point(place))), countries).or_raise();
                rows.write(&mut row);
            }
        }
    });
    (places.finish(fresh), count)
}
