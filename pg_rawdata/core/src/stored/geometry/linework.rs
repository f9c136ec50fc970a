//! Lines that people bring themselves: stored geometries of any origin, so everything about them is checked.

use super::{FLAG_M, FLAG_Z, Points, View};
use crate::osm::Place;
use crate::{Error, ErrorKind, Result};

/// Reads the lines of a stored LineString or MultiLineString, rounding each coordinate to 1e-7 degree.
///
/// `bytes` come without their length word; `None` stands for NULL. `element`, from 1, names the geometry in the message
/// of an [`ErrorKind::Argument`]: what is no line, is empty, has more than two dimensions, has another reference system
/// than 4326 (or none, which is taken for 4326), or a coordinate that is not on Earth.
pub fn read_lines(element: usize, bytes: Option<&[u8]>) -> Result<Vec<Vec<Place>>> {
    let refuse = |what: &str, hint: &'static str| {
        Error::new(ErrorKind::Argument, format!("element {element} of the array {what}")).with_hint(hint)
    };
    let no_line = || refuse("is neither a LineString nor a MultiLineString", LINES);
    let bytes =
        bytes.ok_or_else(|| refuse("is null", "Leave it out: array_agg(geom) FILTER (WHERE geom IS NOT NULL)."))?;
    match srid(bytes) {
        Some(0 | 4326) => {}
        other => {
            let what = format!("has the SRID {}, not 4326", other.unwrap_or_default());
            return Err(refuse(&what, "Use ST_Transform(geom, 4326)."));
        }
    }
    if bytes.get(3).is_some_and(|flags| flags & (FLAG_Z | FLAG_M) != 0) {
        return Err(refuse("has more than two dimensions", "Use ST_Force2D(geom)."));
    }
    let lines: Vec<Points<'_>> = match View::parse(bytes) {
        Ok(View::Line(points)) => vec![points],
        Ok(View::Lines(lines)) => lines.iter().collect(),
        Err(error) if error.kind() != ErrorKind::Unsupported => return Err(error),
        _ => return Err(no_line()),
    };
    if lines.is_empty() || lines.iter().any(Points::is_empty) {
        return Err(refuse("is empty, or has an empty line", "Leave it out: NOT ST_IsEmpty(geom)."));
    }
    let place = |(lon, lat): (f64, f64)| {
        let place = units(lon).zip(units(lat)).and_then(|(x, y)| Place::new(x, y));
        let what = || format!("has a coordinate that is not on Earth: {lon} {lat}");
        place.ok_or_else(|| refuse(&what(), "Give degrees: longitude from -180 to 180, latitude from -90 to 90."))
    };
    lines.iter().map(|points| points.iter().map(place).collect()).collect()
}

const LINES: &str =
    "Use ST_Boundary for polygons, ST_CollectionExtract(geom, 2) for collections, ST_CurveToLine for curves.";

/// The number of the reference system: 21 bits with a sign, the highest byte first.
fn srid(bytes: &[u8]) -> Option<i32> {
    let &[high, middle, low] = bytes.first_chunk()?;
    Some((i32::from_be_bytes([0, high, middle, low]) << 11) >> 11)
}

/// Degrees in units of 1e-7, to the nearest; `None` for what is not finite or far off.
fn units(degrees: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "it is rounded and small")]
    (degrees.abs() <= 360.0).then_some((degrees * Place::PER_DEGREE).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Geometry;

    fn stored(geometry: &Geometry) -> Vec<u8> {
        let mut bytes = Vec::new();
        crate::stored::geometry::write(geometry, &mut bytes).unwrap();
        bytes
    }

    fn line(places: &[(i32, i32)]) -> Vec<Place> {
        places.iter().map(|&(x, y)| Place { x, y }).collect()
    }

    fn refused(bytes: Option<&[u8]>) -> String {
        let error = read_lines(3, bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Argument);
        assert!(error.hint().is_some());
        error.message().strip_prefix("element 3 of the array ").unwrap().to_owned()
    }

    #[test]
    fn lines_come_back_to_the_unit() {
        let (one, other) = (line(&[(71_400_000, -1), (1_799_999_999, 899_999_999)]), line(&[(3, 3), (4, 5), (-7, 0)]));
        assert_eq!(read_lines(1, Some(&stored(&Geometry::Line(one.clone())))).unwrap(), [one.as_slice()]);
        let lines = vec![one, other];
        assert_eq!(read_lines(1, Some(&stored(&Geometry::Lines(lines.clone())))).unwrap(), lines);
    }

    #[test]
    fn coordinates_are_rounded_to_the_nearest_unit() {
        let mut bytes = stored(&Geometry::Line(line(&[(0, 0), (0, 0)])));
        let at = bytes.len() - 16;
        for (degrees, units) in [(0.123_456_74, 1_234_567), (0.123_456_76, 1_234_568), (-0.123_456_76, -1_234_568)] {
            bytes[at..at + 8].copy_from_slice(&f64::to_ne_bytes(degrees));
            assert_eq!(read_lines(1, Some(&bytes)).unwrap()[0][1], Place { x: units, y: 0 });
        }
    }

    #[test]
    fn what_is_no_line_on_earth_is_refused_with_its_number() {
        assert_eq!(refused(None), "is null");
        let point = stored(&Geometry::Point(Place { x: 0, y: 0 }));
        assert_eq!(refused(Some(&point)), "is neither a LineString nor a MultiLineString");
        let whole = stored(&Geometry::Line(line(&[(0, 0), (10_000_000, 0)])));
        let at = whole.len() - 16;
        for (degrees, shown) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf"), (181.0, "181"), (1e300, "1000")] {
            let mut bytes = whole.clone();
            bytes[at..at + 8].copy_from_slice(&degrees.to_ne_bytes());
            let message = refused(Some(&bytes));
            assert!(message.starts_with(&format!("has a coordinate that is not on Earth: {shown}")), "{message}");
        }
        let mut bytes = whole.clone();
        bytes[..3].copy_from_slice(&[0, 0x0f, 0x11]);
        assert_eq!(refused(Some(&bytes)), "has the SRID 3857, not 4326");
        bytes[..3].copy_from_slice(&[0, 0, 0]);
        assert!(read_lines(1, Some(&bytes)).is_ok());
        bytes[3] |= FLAG_Z;
        assert_eq!(refused(Some(&bytes)), "has more than two dimensions");
        for empty in [Geometry::Lines(vec![]), Geometry::Lines(vec![line(&[(0, 0), (1, 1)]), vec![]])] {
            assert_eq!(refused(Some(&stored(&empty))), "is empty, or has an empty line");
        }
    }

    #[test]
    fn every_cut_is_an_error() {
        let bytes = stored(&Geometry::Lines(vec![line(&[(0, 0), (1, 1)]), line(&[(2, 2), (3, 3)])]));
        assert!((0..bytes.len()).all(|cut| read_lines(1, Some(&bytes[..cut])).is_err()));
    }
}
