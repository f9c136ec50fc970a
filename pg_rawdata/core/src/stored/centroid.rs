//! The centroid of a stored geometry, as `ST_Centroid` has it.

use super::geometry::{Points, Rings, View};

/// The point in the middle: of areas by area, of lines by length, of what has neither the mean of the points.
///
/// `None` for an empty geometry.
pub fn centroid(view: &View) -> Option<(f64, f64)> {
    let mut sums = Sums::default();
    match view {
        View::Point(points) => return points.iter().next(),
        View::Line(points) => sums.add_line(points),
        View::Lines(lines) => lines.iter().for_each(|points| sums.add_line(&points)),
        View::Polygon(rings) => sums.add_polygon(rings),
        View::Polygons(polygons) => polygons.iter().for_each(|rings| sums.add_polygon(&rings)),
    }
    sums.area.mean().or_else(|| sums.length.mean()).or_else(|| sums.points.mean())
}

/// A sum of places, each with a weight.
#[derive(Default)]
struct Weighted {
    weight: f64,
    x: f64,
    y: f64,
}

impl Weighted {
    fn add(&mut self, weight: f64, x: f64, y: f64) {
        self.weight += weight;
        self.x += weight * x;
        self.y += weight * y;
    }

    fn mean(&self) -> Option<(f64, f64)> {
        (self.weight != 0.0).then(|| (self.x / self.weight, self.y / self.weight))
    }
}

#[derive(Default)]
struct Sums {
    area: Weighted,
    length: Weighted,
    points: Weighted,
}

impl Sums {
    fn add_line(&mut self, points: &Points) {
        for ((ax, ay), (bx, by)) in points.iter().zip(points.iter().skip(1)) {
            self.length.add((bx - ax).hypot(by - ay), (ax + bx) / 2.0, (ay + by) / 2.0);
        }
        points.iter().for_each(|(x, y)| self.points.add(1.0, x, y));
    }

    fn add_polygon(&mut self, rings: &Rings) {
        for (index, ring) in rings.iter().enumerate() {
            self.add_line(&ring);
            // Triangles from one corner of the ring, near to it, lest large numbers cancel each other.
            let Some((x, y)) = ring.iter().next() else { continue };
            let mut sum = Weighted::default();
            for ((ax, ay), (bx, by)) in ring.iter().zip(ring.iter().skip(1)) {
                let area = (ax - x) * (by - y) - (bx - x) * (ay - y);
                sum.add(area, (ax + bx - x - x) / 3.0, (ay + by - y - y) / 3.0);
            }
            // Whatever its winding, the outer ring counts for, and a hole against.
            let sign = if index == 0 { sum.weight.signum() } else { -sum.weight.signum() };
            self.area.weight += sign * sum.weight;
            self.area.x += sign * (sum.x + sum.weight * x);
            self.area.y += sign * (sum.y + sum.weight * y);
        }
    }
}
