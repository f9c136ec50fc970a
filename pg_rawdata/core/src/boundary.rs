//! The boundary of a data set, from a file: GeoJSON, or a polygon file (`.poly`) as extract servers have them.
//!
//! ```text
//! name
//! 1                 an outer ring; its name says nothing
//!    9.5 47.1       longitude, latitude
//!    …
//! END
//! !2                a hole
//!    …
//! END
//! END
//! ```

use serde_json::{Value, json};

use crate::request::{Area, Limits, MultiPolygon};
use crate::{Error, ErrorKind, Result};

/// More than any extract's outline has; a boundary is stored once, not asked for.
const LIMITS: Limits = Limits { vertices: 4_000_000, parts: 100_000, ..Limits::PUBLISHED };

/// Reads a boundary; by its first character it is told which of the two it is.
pub fn parse(document: &[u8]) -> Result<MultiPolygon> {
    let text = std::str::from_utf8(document).map_err(|_| bad("it is not UTF-8 text"))?;
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let value = if text.starts_with('{') {
        serde_json::from_str(text).map_err(|error| bad(format!("it is not JSON: {error}")))?
    } else {
        polygon_file(text)?
    };
    from_geojson(&value)
}

/// Reads a boundary that is GeoJSON.
pub fn from_geojson(value: &Value) -> Result<MultiPolygon> {
    let area = Area::from_geojson(value, &LIMITS).and_then(|area| area.sound(&LIMITS, &mut || Ok(())));
    area.map(|area| area.polygons().clone()).map_err(|refusal| bad(refusal.to_string()))
}

/// A polygon file as GeoJSON. A hole goes to the outer ring before it; where that is another's, mending puts it right.
fn polygon_file(text: &str) -> Result<Value> {
    let mut lines = text.lines().map(str::trim).zip(1..).skip(1).filter(|(line, _)| !line.is_empty());
    let mut polygons: Vec<Vec<Vec<[f64; 2]>>> = Vec::new();
    while let Some((name, number)) = lines.next() {
        if name == "END" {
            return Ok(json!({ "type": "MultiPolygon", "coordinates": polygons }));
        }
        let mut ring: Vec<[f64; 2]> = Vec::new();
        loop {
            match lines.next() {
                None => return Err(bad(format!("the section that begins at line {number} has no END"))),
                Some(("END", _)) => break,
                Some((line, number)) => {
                    ring.push(
                        position(line).ok_or_else(|| bad(format!("line {number} is no longitude and latitude")))?,
                    );
                }
            }
        }
        ring.extend(ring.first().filter(|first| Some(*first) != ring.last()).copied());
        match polygons.last_mut() {
            Some(polygon) if name.starts_with('!') => polygon.push(ring),
            None if name.starts_with('!') => return Err(bad(format!("line {number} is a hole before any outer ring"))),
            _ => polygons.push(vec![ring]),
        }
    }
    Err(bad("it is neither GeoJSON nor a polygon file that ends with END"))
}

fn position(line: &str) -> Option<[f64; 2]> {
    let mut numbers = line.split_ascii_whitespace().map(str::parse);
    let position = [numbers.next()?.ok()?, numbers.next()?.ok()?];
    numbers.next().is_none().then_some(position)
}

fn bad(why: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Unsupported, format!("no boundary: {why}"))
        .with_hint("Give a Polygon or MultiPolygon in GeoJSON, or a polygon file (.poly).")
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLY: &str = "liechtenstein\n1\n   9.0E+00   4.7E+01\n   10 47\n\t10 48\n   9 48\nEND\n!2\n 9.2 47.2\n 9.4 47.2\n 9.4 47.4\nEND\nEND\n";

    #[test]
    fn a_polygon_file_and_geojson_say_the_same() {
        let polygon = json!({ "type": "Polygon", "coordinates": [[[9, 47], [10, 47], [10, 48], [9, 48], [9, 47]],
            [[9.2, 47.2], [9.4, 47.2], [9.4, 47.4], [9.2, 47.2]]] });
        let feature = json!({ "type": "Feature", "properties": {}, "geometry": polygon });
        let collection = json!({ "type": "FeatureCollection", "features": [feature] });
        let expected = parse(POLY.as_bytes()).unwrap();
        assert_eq!(expected.iter().map(Vec::len).collect::<Vec<_>>(), [2]);
        for document in [polygon, feature, collection] {
            assert_eq!(parse(format!("\u{feff} {document}").as_bytes()).unwrap(), expected);
        }
    }

    #[test]
    fn several_rings_are_several_parts_wherever_their_holes_come() {
        let ring = |west: u32, east: u32| format!("{west} 0\n{east} 0\n{east} 9\n{west} 9\nEND\n");
        let hole = "1 1\n2 1\n2 2\nEND\n";
        let tidy = format!("x\n1\n{}!2\n{hole}3\n{}END\n", ring(0, 10), ring(20, 30));
        let last = format!("x\n1\n{}3\n{}!2\n{hole}END\n", ring(0, 10), ring(20, 30));
        let holes = |text: &str| {
            let mut holes: Vec<usize> = parse(text.as_bytes()).unwrap().iter().map(|rings| rings.len() - 1).collect();
            holes.sort_unstable();
            holes
        };
        assert_eq!((holes(&tidy), holes(&last)), (vec![0, 1], vec![0, 1]));
    }

    #[test]
    fn what_is_no_boundary_is_told_with_the_place() {
        for (text, expected) in [
            ("", "neither GeoJSON nor"),
            ("<html><body>Not Found</body></html>", "neither GeoJSON nor"),
            ("x\n1\n 9 47\n", "begins at line 2 has no END"),
            ("x\n1\n 9 47\n 9\nEND\nEND", "line 4 is no longitude"),
            ("x\n!1\n 9 47\n 10 47\n 10 48\nEND\nEND", "hole before"),
            ("x\n1\n 9 47\n 10 47\nEND\nEND", "at least 4 items"),
            ("x\n1\n 9 47\n 10 47\n 10 148\nEND\nEND", "not between"),
            ("x\nEND\n", "no extent"),
            ("{\"type\": ", "it is not JSON"),
            ("{\"type\": \"Point\", \"coordinates\": [1, 2]}", "'Polygon'"),
        ] {
            let error = parse(text.as_bytes()).unwrap_err();
            assert!(error.message().contains(expected), "{text:?}: {error}");
        }
    }
}
