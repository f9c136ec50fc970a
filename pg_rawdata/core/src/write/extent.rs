//! Boxes around geometry, and their order along a Hilbert curve.

use crate::stored::geometry::{Points, Rings, View};

/// The smallest box around something, in degrees. Around nothing it is turned inside out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Extent {
    pub(super) min_x: f64,
    pub(super) min_y: f64,
    pub(super) max_x: f64,
    pub(super) max_y: f64,
}

impl Extent {
    /// The box around nothing.
    pub(super) const EMPTY: Self =
        Self { min_x: f64::INFINITY, min_y: f64::INFINITY, max_x: f64::NEG_INFINITY, max_y: f64::NEG_INFINITY };

    /// The box around a geometry.
    pub(super) fn of(geometry: &View) -> Self {
        let mut extent = Self::EMPTY;
        // Holes lie within the outer rings.
        let mut outer = |rings: &Rings| rings.iter().take(1).for_each(|points| extent.add_points(&points));
        match geometry {
            View::Polygon(rings) => outer(rings),
            View::Polygons(polygons) => polygons.iter().for_each(|rings| outer(&rings)),
            View::Point(points) | View::Line(points) => extent.add_points(points),
            View::Lines(lines) => lines.iter().for_each(|points| extent.add_points(&points)),
        }
        extent
    }

    fn add_points(&mut self, points: &Points) {
        for (x, y) in points.iter() {
            self.add(&Self { min_x: x, min_y: y, max_x: x, max_y: y });
        }
    }

    /// Takes in another box.
    pub(super) fn add(&mut self, other: &Self) {
        self.min_x = self.min_x.min(other.min_x);
        self.min_y = self.min_y.min(other.min_y);
        self.max_x = self.max_x.max(other.max_x);
        self.max_y = self.max_y.max(other.max_y);
    }

    /// Whether it is around nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.min_x > self.max_x
    }

    /// Smallest x and y, largest x and y.
    pub(super) fn corners(&self) -> [f64; 4] {
        [self.min_x, self.min_y, self.max_x, self.max_y]
    }

    /// The box of these corners.
    pub(super) fn from_corners([min_x, min_y, max_x, max_y]: [f64; 4]) -> Self {
        Self { min_x, min_y, max_x, max_y }
    }

    /// Where its middle comes on a Hilbert curve that fills the world. What is near on the curve is near on the map.
    pub(super) fn place_on_curve(&self) -> u64 {
        hilbert(grid((self.min_x + self.max_x) / 2.0, 180.0), grid((self.min_y + self.max_y) / 2.0, 90.0))
    }
}

/// Degrees between -`limit` and `limit` as a number of 32 bits.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float turns into the nearest number there is"
)]
fn grid(degrees: f64, limit: f64) -> u32 {
    ((degrees + limit) / (2.0 * limit) * f64::from(u32::MAX)) as u32
}

/// The number of a cell along the curve.
fn hilbert(mut x: u32, mut y: u32) -> u64 {
    let mut place = 0;
    for bit in (0..u32::BITS).rev() {
        let (right, upper) = (x >> bit & 1, y >> bit & 1);
        place = place << 2 | u64::from((3 * right) ^ upper);
        if upper == 0 {
            if right == 1 {
                (x, y) = (!x, !y);
            }
            (x, y) = (y, x);
        }
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_next_to_each_other_on_the_curve_touch() {
        // The four corners of the world, and the curve's ends.
        assert_eq!(hilbert(0, 0), 0);
        assert_eq!(hilbert(u32::MAX, 0), u64::MAX);
        let mut cells: Vec<(u64, i64, i64)> = Vec::new();
        for x in 0..32u32 {
            for y in 0..32u32 {
                cells.push((hilbert(x << 27, y << 27), i64::from(x), i64::from(y)));
            }
        }
        cells.sort_unstable();
        for pair in cells.windows(2) {
            assert_eq!((pair[0].1 - pair[1].1).abs() + (pair[0].2 - pair[1].2).abs(), 1, "{pair:?}");
        }
    }

    #[test]
    fn the_ends_of_the_world_are_on_the_grid() {
        assert_eq!((grid(-180.0, 180.0), grid(180.0, 180.0)), (0, u32::MAX));
        assert_eq!(Extent::EMPTY.place_on_curve(), Extent::EMPTY.place_on_curve());
    }
}
