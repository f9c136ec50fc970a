//! What becomes of a way or a relation: as an import decides it.

use rawdata_core::geometry::multipolygon::{Assembly, Limits, RelationWay, relation_area, way_area};
use rawdata_core::geometry::{self, AreaRule, Geometry};
use rawdata_core::osm::{Place, Relation, Tags, Way};

use super::interrupts_of_core;
use crate::error::OrRaise;

/// How ways and relations are made into features.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    pub area_rule: AreaRule,
}

impl Rules {
    /// The line or area of a way.
    pub fn way(&self, way: &Way<'_>, places: &[Option<Place>]) -> Assembly {
        if self.area_rule.is_area(way.refs, way.tags) {
            return way_area(way.id, places, false, &Limits::default(), &mut interrupts_of_core).or_raise();
        }
        Assembly { geometry: geometry::line(places.iter().copied()).map(Geometry::Line), problems: Vec::new() }
    }

    /// The area or the lines of a relation. `ways` are its members that are ways.
    pub fn relation(&self, relation: &Relation<'_>, ways: &[RelationWay<'_>]) -> Assembly {
        if geometry::is_area_relation(relation.tags) {
            return relation_area(ways, false, &Limits::default(), &mut interrupts_of_core).or_raise();
        }
        let lines = ways.iter().filter_map(|way| Some((way.id, geometry::line(way.places?.iter().copied())?)));
        Assembly { geometry: geometry::relation_lines(lines), problems: Vec::new() }
    }
}

/// Whether a tag is left that makes an object a feature.
pub fn is_tagged(tags: Tags<'_>) -> bool {
    tags.iter().any(|(key, _)| !geometry::is_dropped(key))
}
