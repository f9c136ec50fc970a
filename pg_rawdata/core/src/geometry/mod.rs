//! Geometry of ways and relations, in exact integers.

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
