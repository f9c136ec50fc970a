//! The area asked for.

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

/// Polygons, each a list of rings (the outer one first), each a closed list of longitude and latitude.
pub type MultiPolygon = Vec<Vec<Vec<[f64; 2]>>>;

/// Metres from the Earth's centre to the equator.
const RADIUS: f64 = 6_378_137.0;

/// The area asked for: as it was sent, and as polygons to select by.
#[derive(Debug, Clone, PartialEq)]
pub struct Area {
    sent: Value,
    polygons: MultiPolygon,
    km2: f64,
    mended: bool,
}

impl Area {
    pub(super) fn new(sent: Value, polygons: MultiPolygon) -> Self {
        let km2 = km2(&polygons);
        Self { sent, polygons, km2, mended: false }
    }

    /// The same request for other polygons, which stand for those that were sent because these cross themselves.
    ///
    /// Of both, the larger size counts: loops that are run through both ways cancel each other in the size as sent.
    #[must_use]
    pub fn with_polygons(self, polygons: MultiPolygon) -> Self {
        let km2 = km2(&polygons).max(self.km2);
        Self { sent: self.sent, polygons, km2, mended: true }
    }

    /// The GeoJSON geometry as it was sent, without the feature around it.
    pub fn sent(&self) -> &Value {
        &self.sent
    }

    /// The polygons to select by.
    pub fn polygons(&self) -> &MultiPolygon {
        &self.polygons
    }

    /// Its size in km², on a sphere.
    pub fn km2(&self) -> f64 {
        self.km2
    }

    /// Whether the polygons are others than were sent.
    pub fn is_mended(&self) -> bool {
        self.mended
    }

    /// The text of `clipping_boundary.geojson`: the geometry as it was sent.
    pub fn boundary_json(&self) -> String {
        let part = |name| self.sent.get(name).map(spaced).unwrap_or_default();
        format!(r#"{{"bbox": null, "type": {}, "coordinates": {}}}"#, part("type"), part("coordinates"))
    }
}

/// Size by the old service's formula: the sum of spherical excesses of the outer rings less that of the holes.
fn km2(polygons: &MultiPolygon) -> f64 {
    let polygon = |rings: &Vec<Vec<[f64; 2]>>| {
        let mut sizes = rings.iter().map(|ring| ring_m2(ring));
        let outer = sizes.next().unwrap_or(0.0);
        sizes.fold(outer, |left, hole| left - hole)
    };
    polygons.iter().map(polygon).fold(0.0, |sum, size| sum + size) * 1e-6
}

fn ring_m2(ring: &[[f64; 2]]) -> f64 {
    // In degrees to radians and in the order of its terms this follows the old service, whose clients see all digits.
    let radians = |degrees: f64| degrees * std::f64::consts::PI / 180.0;
    let next = ring.iter().cycle().skip(1);
    let last = ring.iter().cycle().skip(2);
    let sum =
        ring.iter().zip(next).zip(last).fold(0.0, |sum, (([from, _], [_, at]), [to, _])| {
            sum + (radians(*to) - radians(*from)) * radians(*at).sin()
        });
    (sum * RADIUS * RADIUS / 2.0).abs()
}

fn spaced(value: &Value) -> String {
    let mut text = Vec::new();
    // Writing a value to memory has no way to fail.
    let _ = value.serialize(&mut Serializer::with_formatter(&mut text, Spaced));
    String::from_utf8(text).unwrap_or_default()
}

/// JSON on one line, with a space after `,` and `:`.
struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + std::io::Write>(&mut self, out: &mut W, first: bool) -> std::io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + std::io::Write>(&mut self, out: &mut W, first: bool) -> std::io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + std::io::Write>(&mut self, out: &mut W) -> std::io::Result<()> {
        out.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn square(west: f64, south: f64, side: f64) -> Vec<[f64; 2]> {
        let (east, north) = (west + side, south + side);
        vec![[west, south], [east, south], [east, north], [west, north], [west, south]]
    }

    #[test]
    fn a_degree_at_the_equator_has_its_known_size() {
        // 12 391.4 km² on this sphere: R² · (π/180) · sin 1°
        let size = km2(&vec![vec![square(10.0, 0.0, 1.0)]]);
        let known = RADIUS * RADIUS * 1f64.to_radians() * 1f64.to_radians().sin() * 1e-6;
        assert!((size - known).abs() < 1e-6, "{size} {known}");
    }

    #[test]
    fn holes_count_against_and_winding_does_not_matter() {
        let outer = square(10.0, 0.0, 1.0);
        let mut hole = square(10.2, 0.2, 0.5);
        let without = km2(&vec![vec![outer.clone()]]);
        let with = km2(&vec![vec![outer.clone(), hole.clone()]]);
        assert!((without - with - km2(&vec![vec![hole.clone()]])).abs() < 1e-6);
        hole.reverse();
        assert!((with - km2(&vec![vec![outer, hole]])).abs() < 1e-6);
    }

    #[test]
    fn a_loop_that_cancels_itself_counts_once_mended() {
        let (a, b) = (square(0.0, 0.0, 1.0), square(0.0, 0.0, -1.0));
        let eight: Vec<[f64; 2]> =
            vec![[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0], [-1.0, 1.0], [-1.0, 0.0], [0.0, 0.0]];
        let area = Area::new(json!({}), vec![vec![eight]]);
        let sent = area.km2();
        let area = area.with_polygons(vec![vec![a], vec![b]]);
        assert!(area.is_mended() && area.km2() > sent);
    }

    #[test]
    fn the_boundary_is_written_as_sent() {
        let sent = json!({"type": "Polygon", "coordinates": [[[0, 1.5], [1, 1.5], [1, 2], [0, 1.5]]], "crs": 3});
        let polygons = vec![vec![vec![[0.0, 1.5], [1.0, 1.5], [1.0, 2.0], [0.0, 1.5]]]];
        assert_eq!(
            Area::new(sent, polygons).boundary_json(),
            r#"{"bbox": null, "type": "Polygon", "coordinates": [[[0, 1.5], [1, 1.5], [1, 2], [0, 1.5]]]}"#
        );
    }
}
