//! Centroids.

use geo::Centroid;
use geo::geometry as g;

use crate::geometry::{Geometry, Polygon, Ring};
use crate::osm::Place;

/// The centroid (lon, lat) as `ST_Centroid` has it: of an area weighted by area, of lines by length. It need not lie
/// within. `None` of a geometry without places.
pub fn centroid(geometry: &Geometry) -> Option<(f64, f64)> {
    let centroid = match geometry {
        Geometry::Point(place) => return Some((place.lon(), place.lat())),
        Geometry::Line(line) => line_string(line).centroid(),
        Geometry::Lines(lines) => g::MultiLineString(lines.iter().map(|line| line_string(line)).collect()).centroid(),
        Geometry::Polygon(one) => polygon(one).centroid(),
        Geometry::Polygons(all) => g::MultiPolygon(all.iter().map(polygon).collect()).centroid(),
    };
    centroid.map(|point| (point.x(), point.y())).filter(|(lon, lat)| lon.is_finite() && lat.is_finite())
}

fn line_string(line: &[Place]) -> g::LineString {
    g::LineString(line.iter().map(|place| g::Coord { x: place.lon(), y: place.lat() }).collect())
}

fn polygon(polygon: &Polygon) -> g::Polygon {
    let ring = |ring: &Ring| line_string(ring);
    g::Polygon::new(ring(&polygon.outer), polygon.inners.iter().map(ring).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(degrees: &[(i32, i32)]) -> Vec<Place> {
        degrees.iter().map(|&(x, y)| Place { x: x * 10_000_000, y: y * 10_000_000 }).collect()
    }

    fn near(found: Option<(f64, f64)>, lon: f64, lat: f64) {
        let (x, y) = found.unwrap();
        assert!((x - lon).abs() < 1e-9 && (y - lat).abs() < 1e-9, "{x} {y}");
    }

    #[test]
    fn areas_weigh_by_area_and_holes_count_against() {
        let outer = places(&[(0, 0), (6, 0), (6, 6), (0, 6), (0, 0)]);
        let hole = places(&[(0, 0), (0, 3), (3, 3), (3, 0), (0, 0)]);
        near(centroid(&Geometry::Polygon(Polygon { outer: outer.clone(), inners: vec![hole] })), 3.5, 3.5);
        let small = Polygon { outer: places(&[(10, 0), (12, 0), (12, 2), (10, 2), (10, 0)]), inners: Vec::new() };
        let large = Polygon { outer, inners: Vec::new() };
        near(centroid(&Geometry::Polygons(vec![large, small])), 3.8, 2.8);
    }

    #[test]
    fn lines_weigh_by_length() {
        near(centroid(&Geometry::Line(places(&[(0, 0), (6, 0), (6, 2)]))), 3.75, 0.25);
        near(centroid(&Geometry::Lines(vec![places(&[(0, 0), (6, 0)]), places(&[(6, 0), (6, 2)])])), 3.75, 0.25);
    }

    #[test]
    fn geometries_without_length_or_area_have_a_centroid_nevertheless() {
        near(centroid(&Geometry::Line(places(&[(4, 5), (4, 5)]))), 4.0, 5.0);
        let flat = Polygon { outer: places(&[(0, 0), (4, 0), (2, 0), (0, 0)]), inners: Vec::new() };
        near(centroid(&Geometry::Polygon(flat)), 2.0, 0.0);
        assert_eq!(centroid(&Geometry::Lines(Vec::new())), None);
        near(centroid(&Geometry::Point(Place { x: 71_400_000, y: -1 })), 7.14, -1e-7);
    }
}
