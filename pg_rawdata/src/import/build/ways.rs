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
use crate::import::rows::{Table, Written};
use crate::settings;

/// Ways being built.
pub struct Ways {
    builder: Builder,
    known: Known,
    far: Far,
}

impl Ways {
    pub fn start(fresh: Fresh, places: Stored, rules: Rules, countries: &Arc<Countries>) -> Self {
        let known = Known { places: places.kept, ..Known::default() };
        let budget = settings::import_memory().saturating_sub(known.places.size());
        let table = PackedTable::open(fresh, "way_nodes", Columns::KeyVersionValue, budget);
        let mut builder = Builder::start(ObjectKind::Way, table, fresh, || Maker {
            finder: Finder::new(&known),
            rules,
            countries: Arc::clone(countries),
            places: Vec::new(),
        });
        builder.meanwhile(move || fresh.index(&["node_places", "nodes"]));
        Self { builder, far: Far::new(known.clone(), places.rest), known }
    }

    pub fn add(&mut self, record: &[u8]) {
        self.builder.add(record, true, |into| self.far.find(ObjectKind::Way, record, into));
    }

    /// Where relations find them, and the rows written.
    pub fn finish(self, fresh: Fresh) -> (Known, Far, Written) {
        let (ways, written) = self.builder.finish();
        let ways = ways.finish(fresh);
        let known = Known { ways: ways.kept, ..self.known };
        (known.clone(), self.far.with_ways(known, ways.rest), written)
    }

    pub fn abandon(self) {
        self.builder.abandon();
        self.far.close();
    }
}

/// What a thread does.
struct Maker {
    finder: Finder,
    rules: Rules,
    countries: Arc<Countries>,
    places: Vec<Option<Place>>,
}

impl Work for Maker {
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
