//! Ways: refs for all, a line or an area for the tagged.

use rawdata_core::geometry::is_tagged;
use rawdata_core::osm::Element;
use rawdata_core::packed::refs;

use super::Step;
use super::shape::Shaper;
use crate::import::fresh::Fresh;
use crate::import::places::Places;
use crate::import::progress::Phase;
use crate::import::rows::RowWriter;
use crate::import::spool::Spool;
use crate::raw::bulk::Value;

/// Builds from all ways. How many there were.
pub fn build(spool: Spool, fresh: &Fresh, places: &mut Places, mut shaper: Shaper, rows: &mut RowWriter) -> u64 {
    let mut way_nodes = fresh.open("way_nodes");
    let mut packed = Vec::new();
    let mut step = Step::new(Phase::Ways, spool.count());
    let count = spool.drain(|element, record| {
        step.count();
        let Element::Way(way) = element else { return };
        packed.clear();
        refs::encode(way.refs, &mut packed);
        let version = way.meta.version.map_or(Value::Null, Value::Int4);
        way_nodes.row(&[Value::Int8(way.id), version, Value::Bytes(&packed)]);
        if is_tagged(way.tags) {
            shaper.line(Some(way.refs.iter().map(|id| places.get(*id))));
            shaper.object(record, rows);
        }
    });
    shaper.finish(rows);
    way_nodes.finish();
    count
}
