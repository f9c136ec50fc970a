//! Relations: members for all, an area or lines for the tagged.

use std::sync::Arc;

use rawdata_core::Result;
use rawdata_core::geometry::multipolygon::RelationWay;
use rawdata_core::geometry::{Rules, is_tagged};
use rawdata_core::osm::{Element, ObjectKind, Place};
use rawdata_core::packed::members;

use super::builder::{Builder, Made, Work};
use super::far::{Far, FarValues};
use super::known::{Finder, Known};
use crate::import::country::Countries;
use crate::import::fresh::Fresh;
use crate::import::packed_table::{Columns, PackedTable};
use crate::import::rows::{Table, Written};

/// Relations being built.
pub struct Relations {
    builder: Builder,
    far: Far,
}

impl Relations {
    pub fn start(fresh: Fresh, known: &Known, far: Far, rules: Rules, countries: &Arc<Countries>) -> Self {
        let table = PackedTable::open(fresh, "relation_members", Columns::KeyVersionValue, 0);
        let mut builder = Builder::start(ObjectKind::Relation, table, fresh, || Maker {
            finder: Finder::new(known),
            rules,
            countries: Arc::clone(countries),
            places: Vec::new(),
            lines: Vec::new(),
        });
        builder.meanwhile(move || fresh.index(&["way_nodes", "ways_line", "ways_poly"]));
        Self { builder, far }
    }

    pub fn add(&mut self, record: &[u8]) {
        self.builder.add(record, true, |into| self.far.find(ObjectKind::Relation, record, into));
    }

    /// The rows written.
    pub fn finish(self) -> Written {
        let (members, written) = self.builder.finish();
        members.close();
        self.far.close();
        written
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
    /// Where the places of each member way begin and end in `places`; `None`: the way is not in the data.
    lines: Vec<Option<(usize, usize)>>,
}

impl Work for Maker {
    fn object(
        &mut self,
        element: &Element<'_>,
        far: &FarValues,
        go_on: &mut dyn FnMut() -> Result<()>,
        made: &mut Made,
    ) -> Result<()> {
        let Element::Relation(relation) = element else { return Ok(()) };
        made.packed.add(relation.id, relation.meta.version, |out| members::encode(relation.members.iter(), out));
        if !is_tagged(relation.tags) {
            return Ok(());
        }
        let ways = || relation.members.iter().filter(|member| member.object.kind == ObjectKind::Way);
        self.places.clear();
        self.lines.clear();
        for member in ways() {
            go_on()?;
            let start = self.places.len();
            let is_known = self.finder.way(member.object.id, far, &mut self.places)?;
            self.lines.push(is_known.then_some((start, self.places.len())));
        }
        let lines = self.lines.iter().map(|line| line.and_then(|(start, end)| self.places.get(start..end)));
        let member_ways: Vec<RelationWay<'_>> = ways()
            .zip(lines)
            .map(|(member, places)| RelationWay { id: member.object.id, role: member.role, places })
            .collect();
        let shaped = self.rules.relation(relation.tags, &member_ways, go_on)?;
        made.rows.note(element.object(), shaped.problems);
        made.rows.add(element, shaped.geometry.as_ref().map(|geometry| (Table::Relations, geometry)), &self.countries)
    }
}
