//! Geometry as well-known binary, little-endian.

use crate::stored::geometry::{Points, Rings, View};

const POINT: u32 = 1;
const LINE: u32 = 2;
const POLYGON: u32 = 3;
const MULTILINE: u32 = 5;
const MULTIPOLYGON: u32 = 6;
/// PostGIS' sign that a reference system follows.
const HAS_SRID: u32 = 0x2000_0000;
const SRID: u32 = 4326;

/// Appends a geometry without its reference system, as OGC has it.
pub(super) fn write(geometry: &View, out: &mut Vec<u8>) {
    write_with(write_kind, geometry, out);
}

/// Appends a geometry with its reference system, as PostGIS has it: only the outermost one names it.
pub(super) fn write_extended(geometry: &View, out: &mut Vec<u8>) {
    let head = |kind: u32, out: &mut Vec<u8>| {
        write_kind(kind | HAS_SRID, out);
        out.extend_from_slice(&SRID.to_le_bytes());
    };
    write_with(head, geometry, out);
}

/// Appends a geometry whose outermost kind is written by `head`.
fn write_with(head: impl Fn(u32, &mut Vec<u8>), geometry: &View, out: &mut Vec<u8>) {
    match geometry {
        View::Point(points) => {
            head(POINT, out);
            // The only way to write an empty point.
            let (x, y) = points.iter().next().unwrap_or((f64::NAN, f64::NAN));
            out.extend_from_slice(&x.to_le_bytes());
            out.extend_from_slice(&y.to_le_bytes());
        }
        View::Line(points) => {
            head(LINE, out);
            write_points(points, out);
        }
        View::Lines(lines) => {
            head(MULTILINE, out);
            write_count(lines.iter().count(), out);
            for points in lines.iter() {
                write_kind(LINE, out);
                write_points(&points, out);
            }
        }
        View::Polygon(rings) => {
            head(POLYGON, out);
            write_rings(rings, out);
        }
        View::Polygons(polygons) => {
            head(MULTIPOLYGON, out);
            write_count(polygons.iter().count(), out);
            for rings in polygons.iter() {
                write_kind(POLYGON, out);
                write_rings(&rings, out);
            }
        }
    }
}

fn write_kind(kind: u32, out: &mut Vec<u8>) {
    out.push(1); // little-endian
    out.extend_from_slice(&kind.to_le_bytes());
}

fn write_rings(rings: &Rings, out: &mut Vec<u8>) {
    write_count(rings.iter().count(), out);
    rings.iter().for_each(|points| write_points(&points, out));
}

fn write_points(points: &Points, out: &mut Vec<u8>) {
    write_count(points.len(), out);
    for (x, y) in points.iter() {
        out.extend_from_slice(&x.to_le_bytes());
        out.extend_from_slice(&y.to_le_bytes());
    }
}

/// A stored geometry has at most 1 GiB, so its counts have 32 bits.
fn write_count(count: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
}
