//! Bounding boxes.

use crate::geometry::Geometry;
use crate::osm::Place;

/// A box of places, borders included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bbox {
    /// Its south-western corner.
    pub min: Place,
    /// Its north-eastern corner.
    pub max: Place,
}

impl Bbox {
    /// The least box around places; `None` around none.
    pub fn around<'a>(places: impl IntoIterator<Item = &'a Place>) -> Option<Self> {
        places.into_iter().map(|&p| Self { min: p, max: p }).reduce(Self::with)
    }

    /// The least box around both.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            min: Place { x: self.min.x.min(other.min.x), y: self.min.y.min(other.min.y) },
            max: Place { x: self.max.x.max(other.max.x), y: self.max.y.max(other.max.y) },
        }
    }

    /// The least box around a geometry.
    pub fn of(geometry: &Geometry) -> Option<Self> {
        match geometry {
            Geometry::Point(place) => Self::around([place]),
            Geometry::Line(line) => Self::around(line),
            Geometry::Lines(lines) => Self::around(lines.iter().flatten()),
            Geometry::Polygon(polygon) => Self::around(&polygon.outer),
            Geometry::Polygons(polygons) => Self::around(polygons.iter().flat_map(|polygon| &polygon.outer)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_box_holds_every_place_and_no_more() {
        let places = [(3, -4), (-1, 9), (2, 2)].map(|(x, y)| Place { x, y });
        let expected = Bbox { min: Place { x: -1, y: -4 }, max: Place { x: 3, y: 9 } };
        assert_eq!(Bbox::of(&Geometry::Line(places.to_vec())), Some(expected));
        assert_eq!(Bbox::of(&Geometry::Lines(places.map(|p| vec![p]).to_vec())), Some(expected));
        let [one, other] = [&places[..1], &places[1..]].map(|places| Bbox::around(places).unwrap());
        assert_eq!(one.with(other), expected);
        assert_eq!(Bbox::around(&[]), None);
    }
}
