//! Ways: refs for all, a line or an area for the tagged.

use std::sync::Arc;

use rawdata_core::Result;
use rawdata_core::geometry::{Geometry, Rules, is_tagged};
use rawdata_core::osm::{Element, ObjectKind, Place};
use rawdata_core::packed::refs;

use super::builder::{Builder, Made, Work};
use super::far::{Far, FarValues};
use super::known::{Finder, Known};
use crate::import::country::Countries;
use crate::import::fresh::Fresh;
use crate::import::packed_table::{Columns, PackedTable, Stored};
use crate::import::progress::Phase;
use crate::import::rows::{Table, Written};
use crate::import::spool::Spool;
use crate::settings;

/// Builds from all ways. Where relations find them, how many there were, and the rows written.
pub fn build(
    spool: Spool,
    fresh: &Fresh,
    places: Stored,
    rules: Rules,
    countries: &Arc<Countries>,
) -> (Far, Known, u64, Written) {
    let known = Known { places: places.kept, ..Known::default() };
    let mut far = Far::new(known.clone(), places.rest);
    let budget = settings::import_memory().saturating_sub(known.places.size());
    let table = PackedTable::open(fresh, "way_nodes", Columns::KeyVersionValue, budget);
    let mut builder = Builder::start(Phase::Ways, spool.count(), table, fresh, || Ways {
        finder: Finder::new(&known),
        rules,
        countries: Arc::clone(countries),
        places: Vec::new(),
    });
    builder.meanwhile(|| fresh.index(&["node_places", "nodes"]));
    let count = spool.drain(|record| builder.add(record, true, |into| far.find(ObjectKind::Way, record, into)));
    let (ways, written) = builder.finish();
    let ways = ways.finish(fresh);
    let known = Known { ways: ways.kept, ..known };
    (far.with_ways(known.clone(), ways.rest), known, count, written)
}

struct Ways {
    finder: Finder,
    rules: Rules,
    countries: Arc<Countries>,
    places: Vec<Option<Place>>,
}

impl Work for Ways {
    fn object(
        &mut self,
        element: &Element<'_>,
        far: &FarValues,
        go_on: &mut dyn FnMut() -> Result<()>,
        made: &mut Made,
    ) -> Result<()> {
        let Element::Way(way) = element else { return Ok(()) };
        made.packed.add(way.id, way.meta.version, |out| refs::encode(way.refs, out));
        if !is_tagged(way.tags) {
            return Ok(());
        }
        self.places.clear();
        self.finder.places(way.refs, far, &mut self.places)?;
        let shaped = self.rules.way(way.id, way.refs, way.tags, &self.places, go_on)?;
        let placed = shaped.geometry.as_ref().map(|geometry| match geometry {
            Geometry::Line(_) => (Table::Lines, geometry),
            _ => (Table::Areas, geometry),
        });
        made.rows.note(element.object(), shaped.problems);
        made.rows.add(element, placed, &self.countries)
    }
}
