//! The centroid of a stored geometry, as `ST_Centroid` has it.

use super::{Points, Rings, View};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{Geometry, Polygon};
    use crate::osm::Place;

    fn of(geometry: &Geometry) -> (f64, f64) {
        let mut bytes = Vec::new();
        crate::stored::geometry::write(geometry, &mut bytes).unwrap();
        let (x, y) = centroid(&View::parse(&bytes).unwrap()).unwrap();
        ((x * 1e9).round() / 1e9, (y * 1e9).round() / 1e9)
    }

    fn places(degrees: &[(i64, i64)]) -> Vec<Place> {
        degrees.iter().map(|(x, y)| Place::new(x * 10_000_000, y * 10_000_000).unwrap()).collect()
    }

    const SQUARE: [(i64, i64); 5] = [(0, 0), (4, 0), (4, 4), (0, 4), (0, 0)];

    // The expected places are those of ST_Centroid.

    #[test]
    fn a_line_counts_by_length() {
        // LINESTRING(0 0,2 0,2 1)
        assert_eq!(of(&Geometry::Line(places(&[(0, 0), (2, 0), (2, 1)]))), (1.333333333, 0.166666667));
        // MULTILINESTRING((0 0,2 0),(0 10,0 14))
        let lines = vec![places(&[(0, 0), (2, 0)]), places(&[(0, 10), (0, 14)])];
        assert_eq!(of(&Geometry::Lines(lines)), (0.333333333, 8.0));
    }

    #[test]
    fn a_hole_counts_against_whichever_way_it_runs() {
        // POLYGON((0 0,4 0,4 4,0 4,0 0),(1 1,1 2,2 2,2 1,1 1))
        let mut hole = places(&[(1, 1), (1, 2), (2, 2), (2, 1), (1, 1)]);
        let polygon =
            |hole: &Vec<Place>| Geometry::Polygon(Polygon { outer: places(&SQUARE), inners: vec![hole.clone()] });
        assert_eq!(of(&polygon(&hole)), (2.033333333, 2.033333333));
        hole.reverse();
        assert_eq!(of(&polygon(&hole)), (2.033333333, 2.033333333));
    }

    #[test]
    fn polygons_count_by_area() {
        // MULTIPOLYGON(((0 0,4 0,4 4,0 4,0 0)),((10 0,11 0,11 1,10 1,10 0)))
        let small = places(&[(10, 0), (11, 0), (11, 1), (10, 1), (10, 0)]);
        let polygons = [places(&SQUARE), small].map(|outer| Polygon { outer, inners: Vec::new() });
        assert_eq!(of(&Geometry::Polygons(polygons.to_vec())), (2.5, 1.911764706));
    }

    #[test]
    fn what_has_no_area_counts_by_length() {
        // POLYGON((0 0,2 0,0 0,0 0))
        let flat = Polygon { outer: places(&[(0, 0), (2, 0), (0, 0), (0, 0)]), inners: Vec::new() };
        assert_eq!(of(&Geometry::Polygon(flat)), (1.0, 0.0));
    }
}
