//! Geometry of ways and relations, in exact integers.
//!
//! [`Rules`] say what becomes of an object: [`AreaRule`] tells lines from areas, [`line()`] and [`relation_lines`] make the
//! lines, [`multipolygon`] makes the areas.
//! [`check_area`] looks at areas that people ask for, and mends them; [`AreaIndex`] says which of many areas hold a point,
//! [`AreaTest`] which geometries lie within an area, or meet it.

pub mod area_index;
pub mod area_rule;
pub mod area_test;
pub mod bbox;
pub mod lines;
pub mod mend;
pub mod multipolygon;
mod planar;
pub mod rules;
pub mod way;

pub use area_index::AreaIndex;
pub use area_rule::{AreaRule, is_area_relation, is_dropped};
pub use area_test::AreaTest;
pub use bbox::Bbox;
pub use lines::relation_lines;
pub use mend::{AreaCheck, MendLimits, check_area};
pub use rules::{Rules, is_tagged};
pub use way::line;

use crate::osm::Place;

/// A closed ring: first place equals last, at least four places.
pub type Ring = Vec<Place>;

/// A polygon: its outer ring counter-clockwise, then its inner rings clockwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Polygon {
    /// The outer ring.
    pub outer: Ring,
    /// The holes.
    pub inners: Vec<Ring>,
}

/// A geometry as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Geometry {
    /// A point.
    Point(Place),
    /// At least two places, no two neighbours equal.
    Line(Vec<Place>),
    /// At least one line.
    Lines(Vec<Vec<Place>>),
    /// An area of one outer ring.
    Polygon(Polygon),
    /// An area of several outer rings.
    Polygons(Vec<Polygon>),
}
