//! Geometry to stored bytes.

use super::{FLAG_BOX, FLAG_VERSION_2, LINE, MULTILINE, MULTIPOLYGON, POINT, POLYGON, SRID_4326};
use crate::geometry::{Geometry, Polygon};
use crate::osm::Place;
use crate::{Error, ErrorKind, Result};

/// Appends a geometry in WGS 84 as the server would store it, without the length word ([`crate::stored::varlena`] puts it in
/// front).
pub fn write(geometry: &Geometry, out: &mut Vec<u8>) -> Result<()> {
    out.extend_from_slice(&SRID_4326);
    if has_box(geometry) {
        out.push(FLAG_VERSION_2 | FLAG_BOX);
        write_box(geometry, out);
    } else {
        out.push(FLAG_VERSION_2);
    }
    match geometry {
        Geometry::Point(place) => write_line(POINT, std::slice::from_ref(place), out),
        Geometry::Line(places) => write_line(LINE, places, out),
        Geometry::Lines(lines) => {
            write_head(MULTILINE, lines.len(), out)?;
            lines.iter().try_for_each(|places| write_line(LINE, places, out))
        }
        Geometry::Polygon(polygon) => write_polygon(polygon, out),
        Geometry::Polygons(polygons) => {
            write_head(MULTIPOLYGON, polygons.len(), out)?;
            polygons.iter().try_for_each(|polygon| write_polygon(polygon, out))
        }
    }
}

/// Appends a point of any two numbers, as [`write()`] does.
pub fn write_point((x, y): (f64, f64), out: &mut Vec<u8>) {
    out.extend_from_slice(&SRID_4326);
    out.push(FLAG_VERSION_2);
    for word in [POINT, 1] {
        out.extend_from_slice(&word.to_ne_bytes());
    }
    for number in [x, y] {
        out.extend_from_slice(&number.to_ne_bytes());
    }
}

/// A box is left out where it would be as long as the coordinates.
fn has_box(geometry: &Geometry) -> bool {
    match geometry {
        Geometry::Point(_) => false,
        Geometry::Line(places) => places.len() > 2,
        Geometry::Lines(lines) => !matches!(lines.as_slice(), [line] if line.len() <= 2),
        Geometry::Polygon(_) | Geometry::Polygons(_) => true,
    }
}

fn write_box(geometry: &Geometry, out: &mut Vec<u8>) {
    // Holes lie within the outer rings.
    let (mut min, mut max) = ((i32::MAX, i32::MAX), (i32::MIN, i32::MIN));
    let mut add = |places: &[Place]| {
        for place in places {
            min = (min.0.min(place.x), min.1.min(place.y));
            max = (max.0.max(place.x), max.1.max(place.y));
        }
    };
    match geometry {
        Geometry::Point(place) => add(std::slice::from_ref(place)),
        Geometry::Line(places) => add(places),
        Geometry::Lines(lines) => lines.iter().for_each(|places| add(places)),
        Geometry::Polygon(polygon) => add(&polygon.outer),
        Geometry::Polygons(polygons) => polygons.iter().for_each(|polygon| add(&polygon.outer)),
    }
    let (low, high) = (Place { x: min.0, y: min.1 }, Place { x: max.0, y: max.1 });
    for number in
        [nearest_below(low.lon()), nearest_above(high.lon()), nearest_below(low.lat()), nearest_above(high.lat())]
    {
        out.extend_from_slice(&number.to_ne_bytes());
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the nearest float is what is wanted, and then corrected")]
fn nearest_below(number: f64) -> f32 {
    let float = number as f32;
    if f64::from(float) <= number { float } else { float.next_down() }
}

#[expect(clippy::cast_possible_truncation, reason = "the nearest float is what is wanted, and then corrected")]
fn nearest_above(number: f64) -> f32 {
    let float = number as f32;
    if f64::from(float) >= number { float } else { float.next_up() }
}

fn write_count(count: usize, out: &mut Vec<u8>) -> Result<()> {
    let count =
        u32::try_from(count).map_err(|_| Error::new(ErrorKind::Limit, "a geometry has more than 2^32 parts"))?;
    out.extend_from_slice(&count.to_ne_bytes());
    Ok(())
}

fn write_head(kind: u32, count: usize, out: &mut Vec<u8>) -> Result<()> {
    out.extend_from_slice(&kind.to_ne_bytes());
    write_count(count, out)
}

fn write_places(places: &[Place], out: &mut Vec<u8>) {
    for place in places {
        out.extend_from_slice(&place.lon().to_ne_bytes());
        out.extend_from_slice(&place.lat().to_ne_bytes());
    }
}

fn write_line(kind: u32, places: &[Place], out: &mut Vec<u8>) -> Result<()> {
    write_head(kind, places.len(), out)?;
    write_places(places, out);
    Ok(())
}

fn write_polygon(polygon: &Polygon, out: &mut Vec<u8>) -> Result<()> {
    let rings = || std::iter::once(&polygon.outer).chain(&polygon.inners);
    let count = 1 + polygon.inners.len();
    write_head(POLYGON, count, out)?;
    rings().try_for_each(|ring| write_count(ring.len(), out))?;
    if count % 2 == 1 {
        out.extend_from_slice(&[0; 4]);
    }
    rings().for_each(|ring| write_places(ring, out));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(geometry: &Geometry) -> String {
        let mut out = Vec::new();
        write(geometry, &mut out).unwrap();
        out.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn places(degrees: &[(f64, f64)]) -> Vec<Place> {
        let units = |degrees: f64| format!("{:.0}", degrees * 1e7).parse::<i64>().unwrap();
        degrees.iter().map(|(x, y)| Place::new(units(*x), units(*y)).unwrap()).collect()
    }

    fn polygon(outer: &[(f64, f64)], inners: &[&[(f64, f64)]]) -> Polygon {
        Polygon { outer: places(outer), inners: inners.iter().map(|ring| places(ring)).collect() }
    }

    const TRIANGLE: [(f64, f64); 4] = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0)];

    // The expected bytes below are what PostGIS 3.3 put on a page for the geometry named above them.

    #[test]
    fn a_point_has_no_box() {
        // POINT(83.971 28.196)
        let point = Geometry::Point(places(&[(83.971, 28.196)])[0]);
        let expected = "0010e6400100000001000000a01a2fdd24fe54401904560e2d323c40";
        assert_eq!(stored(&point), expected);
        let mut out = Vec::new();
        write_point((83.971, 28.196), &mut out);
        assert_eq!(out.iter().map(|byte| format!("{byte:02x}")).collect::<String>(), expected);
    }

    #[test]
    fn a_line_has_a_box_from_three_points_on() {
        // LINESTRING(0 0,1.5 -2)
        let mut line = places(&[(0.0, 0.0), (1.5, -2.0)]);
        assert_eq!(
            stored(&Geometry::Line(line.clone())),
            "0010e640020000000200000000000000000000000000000000000000000000000000f83f00000000000000c0"
        );
        // LINESTRING(0 0,1.5 -2,0.1 0.1): of 0.1 the box has the float above
        line.extend(places(&[(0.1, 0.1)]));
        assert_eq!(
            stored(&Geometry::Line(line)),
            "0010e644000000000000c03f000000c0cdcccc3d0200000003000000000000000000000000000000000000000000\
             00000000f83f00000000000000c09a9999999999b93f9a9999999999b93f"
        );
    }

    #[test]
    fn one_line_of_two_points_has_no_box_even_among_lines() {
        // MULTILINESTRING((0 0,1.5 -2))
        let line = places(&[(0.0, 0.0), (1.5, -2.0)]);
        assert_eq!(
            stored(&Geometry::Lines(vec![line.clone()])),
            "0010e6400500000001000000020000000200000000000000000000000000000000000000000000000000f83f\
             00000000000000c0"
        );
        // MULTILINESTRING((0 0,1.5 -2),(1 1,2 2))
        assert_eq!(
            stored(&Geometry::Lines(vec![line, places(&[(1.0, 1.0), (2.0, 2.0)])])),
            "0010e6440000000000000040000000c000000040050000000200000002000000020000000000000000000000\
             0000000000000000000000000000f83f00000000000000c00200000002000000000000000000f03f00000000\
             0000f03f00000000000000400000000000000040"
        );
    }

    #[test]
    fn an_odd_number_of_rings_is_padded() {
        // POLYGON((0 0,1 0,1 1,0 0))
        assert_eq!(
            stored(&Geometry::Polygon(polygon(&TRIANGLE, &[]))),
            "0010e644000000000000803f000000000000803f030000000100000004000000000000000000000000000000\
             0000000000000000000000000000f03f0000000000000000000000000000f03f000000000000f03f00000000\
             000000000000000000000000"
        );
        // POLYGON((0 0,4 0,4 4,0 0),(2 1,3 2,3 1,2 1))
        let outer = [(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 0.0)];
        let inner = [(2.0, 1.0), (3.0, 2.0), (3.0, 1.0), (2.0, 1.0)];
        assert_eq!(
            stored(&Geometry::Polygon(polygon(&outer, &[&inner]))),
            "0010e6440000000000008040000000000000804003000000020000000400000004000000000000000000000\
             0000000000000000000000000000010400000000000000000000000000000104000000000000010400000000\
             00000000000000000000000000000000000000040000000000000f03f00000000000008400000000000000040\
             0000000000000840000000000000f03f0000000000000040000000000000f03f"
        );
    }

    #[test]
    fn a_polygon_among_polygons_keeps_its_padding() {
        // MULTIPOLYGON(((0 0,1 0,1 1,0 0)))
        assert_eq!(
            stored(&Geometry::Polygons(vec![polygon(&TRIANGLE, &[])])),
            "0010e644000000000000803f000000000000803f060000000100000003000000010000000400000000000000\
             00000000000000000000000000000000000000000000f03f0000000000000000000000000000f03f00000000\
             0000f03f00000000000000000000000000000000"
        );
    }

    #[test]
    fn a_box_never_cuts_what_it_holds() {
        for units in (-1_800_000_000i64..=1_800_000_000).step_by(99_999_989) {
            let degrees = units as f64 / 1e7;
            let (below, above) = (nearest_below(degrees), nearest_above(degrees));
            assert!(f64::from(below) <= degrees && degrees <= f64::from(above));
            assert!(below == above || below.next_up() == above);
        }
    }
}
