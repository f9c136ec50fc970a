//! Geometry as the content of a record of a `.shp`.

use crate::request::GeometryType;
use crate::stored::geometry::{Points, Rings, View};
use crate::write::extent::Extent;

/// What stands for no geometry.
const NULL: i32 = 0;
/// A point, which is also what centroids are.
pub(super) const POINT: i32 = 1;
const LINES: i32 = 3;
const POLYGON: i32 = 5;

/// The shape type of a layer.
pub(super) fn code(kind: GeometryType) -> i32 {
    match kind {
        GeometryType::Point => POINT,
        GeometryType::Line => LINES,
        GeometryType::Polygon => POLYGON,
    }
}

/// The layer that a geometry belongs to.
pub(super) fn layer(geometry: &View) -> GeometryType {
    match geometry {
        View::Point(_) => GeometryType::Point,
        View::Line(_) | View::Lines(_) => GeometryType::Line,
        View::Polygon(_) | View::Polygons(_) => GeometryType::Polygon,
    }
}

/// Room for one shape, used again for the next.
#[derive(Default)]
pub(super) struct Shapes {
    starts: Vec<u8>,
    places: Vec<u8>,
    content: Vec<u8>,
}

impl Shapes {
    /// The content of a record of a geometry and the box around it.
    pub(super) fn content(&mut self, geometry: &View, extent: &Extent) -> &[u8] {
        self.starts.clear();
        self.places.clear();
        self.content.clear();
        match geometry {
            View::Point(points) => self.add(points.iter()),
            View::Line(points) => self.add(points.iter()),
            View::Lines(lines) => lines.iter().for_each(|points| self.add(points.iter())),
            View::Polygon(rings) => self.polygon(rings),
            View::Polygons(polygons) => polygons.iter().for_each(|rings| self.polygon(&rings)),
        }
        if self.places.is_empty() {
            self.content.extend_from_slice(&NULL.to_le_bytes());
            return &self.content;
        }
        let code = code(layer(geometry));
        self.content.extend_from_slice(&code.to_le_bytes());
        if code != POINT {
            self.content.extend(extent.corners().iter().flat_map(|corner| corner.to_le_bytes()));
            for count in [self.starts.len() / 4, self.places.len() / 16] {
                self.content.extend_from_slice(&count_bytes(count));
            }
            self.content.extend_from_slice(&self.starts);
        }
        self.content.extend_from_slice(&self.places);
        &self.content
    }

    /// Outer rings go round with the clock, holes against it.
    fn polygon(&mut self, rings: &Rings) {
        for (number, ring) in rings.iter().enumerate() {
            let turn = turn(&ring);
            let is_wrong = if number == 0 { turn > 0 } else { turn < 0 };
            if is_wrong { self.add(ring.iter().rev()) } else { self.add(ring.iter()) }
        }
    }

    fn add(&mut self, points: impl ExactSizeIterator<Item = (f64, f64)>) {
        if points.len() == 0 {
            return;
        }
        self.starts.extend_from_slice(&count_bytes(self.places.len() / 16));
        for (x, y) in points {
            self.places.extend_from_slice(&x.to_le_bytes());
            self.places.extend_from_slice(&y.to_le_bytes());
        }
    }
}

/// A stored geometry has at most 2^26 places.
fn count_bytes(count: usize) -> [u8; 4] {
    u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes()
}

/// Twice the area of a ring, exactly, above zero where it goes round against the clock.
fn turn(ring: &Points) -> i128 {
    let places = ring.iter().map(|(x, y)| (units(x), units(y)));
    places.clone().zip(places.skip(1)).map(|((x, y), (next_x, next_y))| x * next_y - next_x * y).sum()
}

/// Degrees in the units of stored coordinates. What no place on earth has is cut, so that no sum overflows.
#[expect(clippy::cast_possible_truncation, reason = "cut to far below 2^63")]
fn units(degrees: f64) -> i128 {
    i128::from((degrees * 1e7).clamp(-1e15, 1e15).round() as i64)
}
