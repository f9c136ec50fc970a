//! The centroid of a stored geometry, as `ST_Centroid` has it.

use geo::{Centroid, Coord, LineString, MultiLineString, MultiPolygon, Polygon};

use super::{Points, Rings, View};

/// The point in the middle: of areas by area, of lines by length, of what has neither the mean of the points.
///
/// `None` for an empty geometry.
pub fn centroid(view: &View) -> Option<(f64, f64)> {
    let middle = match view {
        View::Point(points) => return points.iter().next(),
        View::Line(points) => line(points).centroid(),
        View::Lines(lines) => MultiLineString(lines.iter().map(|points| line(&points)).collect()).centroid(),
        View::Polygon(rings) => polygon(rings).centroid(),
        View::Polygons(polygons) => MultiPolygon(polygons.iter().map(|rings| polygon(&rings)).collect()).centroid(),
    };
    middle.map(|point| point.x_y())
}

fn line(points: &Points) -> LineString {
    LineString(points.iter().map(|(x, y)| Coord { x, y }).collect())
}

fn polygon(rings: &Rings) -> Polygon {
    let mut rings = rings.iter().map(|ring| line(&ring));
    let outer = rings.next().unwrap_or_else(|| LineString(Vec::new()));
    Polygon::new(outer, rings.collect())
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
