//! Geometry as PostGIS 3 stores it: a head, a box of floats, then counts and doubles, all of it aligned to 8 bytes.
//!
//! ```text
//! 3 bytes  reference system, 1 byte flags           (the length word in front makes it 8)
//! 16 bytes box: xmin, xmax, ymin, ymax as floats, rounded outward   (not of points and of lines of two points)
//! body     type, count, then
//!            point, line   the coordinates
//!            polygon       count of each ring, 4 bytes of padding if the rings are odd, the coordinates of all
//!            multi…        bodies
//! ```

use super::{broken, u32_at};
use crate::geometry::{Geometry, Polygon};
use crate::osm::Place;
use crate::{Error, ErrorKind, Result};

/// WGS 84, in three bytes.
const SRID_4326: [u8; 3] = [0x00, 0x10, 0xe6];
const FLAG_Z: u8 = 0x01;
const FLAG_M: u8 = 0x02;
const FLAG_BOX: u8 = 0x04;
const FLAG_EXTENDED: u8 = 0x10;
const FLAG_VERSION_2: u8 = 0x40;

const POINT: u32 = 1;
const LINE: u32 = 2;
const POLYGON: u32 = 3;
const MULTILINE: u32 = 5;
const MULTIPOLYGON: u32 = 6;

const HEAD: usize = 4;
const BOX: usize = 16;
const PAIR: usize = 16;

/// Appends a geometry in WGS 84 as the server would store it, without the length word ([`super::varlena`] puts it in
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

/// Appends a point of any two numbers, as [`write`] does.
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

/// A stored geometry, checked, and read where it lies.
#[derive(Debug, Clone, Copy)]
pub enum View<'a> {
    /// A point; of an empty one there is none.
    Point(Points<'a>),
    /// A line.
    Line(Points<'a>),
    /// Lines.
    Lines(Lines<'a>),
    /// A polygon.
    Polygon(Rings<'a>),
    /// Polygons.
    Polygons(Polygons<'a>),
}

impl<'a> View<'a> {
    /// Reads a geometry, given without its length word.
    ///
    /// A type that the tables do not hold, or a third dimension, is [`ErrorKind::Unsupported`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self> {
        let flags = *bytes.get(3).ok_or_else(|| broken("geometry"))?;
        if flags & FLAG_VERSION_2 == 0 {
            return Err(Error::new(ErrorKind::Unsupported, "a geometry is stored as PostGIS 2 stores it")
                .with_hint("Run SELECT postgis_extensions_upgrade() and load the data again."));
        }
        if flags & (FLAG_Z | FLAG_M) != 0 {
            return Err(Error::new(ErrorKind::Unsupported, "a geometry has more than two dimensions"));
        }
        let extended = if flags & FLAG_EXTENDED == 0 { 0 } else { 8 };
        let boxed = if flags & FLAG_BOX == 0 { 0 } else { BOX };
        let body = bytes.get(HEAD + extended + boxed..).ok_or_else(|| broken("geometry"))?;
        let (view, rest) = read_body(body)?;
        if rest.is_empty() { Ok(view) } else { Err(broken("geometry")) }
    }

    /// The name PostGIS gives the type: `POINT`, `MULTILINESTRING`, …
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Point(_) => "POINT",
            Self::Line(_) => "LINESTRING",
            Self::Lines(_) => "MULTILINESTRING",
            Self::Polygon(_) => "POLYGON",
            Self::Polygons(_) => "MULTIPOLYGON",
        }
    }
}

fn read_body(bytes: &[u8]) -> Result<(View<'_>, &[u8])> {
    let kind = u32_at(bytes, 0).ok_or_else(|| broken("geometry"))?;
    match kind {
        POINT => read_points(bytes).map(|(points, rest)| (View::Point(points), rest)),
        LINE => read_points(bytes).map(|(points, rest)| (View::Line(points), rest)),
        POLYGON => read_rings(bytes).map(|(rings, rest)| (View::Polygon(rings), rest)),
        MULTILINE => {
            let (bodies, rest) = read_parts(bytes, LINE, |part| read_points(part).map(|(_, rest)| rest))?;
            Ok((View::Lines(Lines { bodies }), rest))
        }
        MULTIPOLYGON => {
            let (bodies, rest) = read_parts(bytes, POLYGON, |part| read_rings(part).map(|(_, rest)| rest))?;
            Ok((View::Polygons(Polygons { bodies }), rest))
        }
        _ => Err(Error::new(ErrorKind::Unsupported, format!("a geometry has the type {kind}, which no table holds"))),
    }
}

/// Count of a body, and what follows its head.
fn read_head(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let count = usize::try_from(u32_at(bytes, 4)?).ok()?;
    Some((count, bytes.get(8..)?))
}

fn read_points(bytes: &[u8]) -> Result<(Points<'_>, &[u8])> {
    let read = || {
        let (count, after) = read_head(bytes)?;
        let (pairs, rest) = after.split_at_checked(count.checked_mul(PAIR)?)?;
        Some((Points { pairs }, rest))
    };
    read().ok_or_else(|| broken("geometry"))
}

fn read_rings(bytes: &[u8]) -> Result<(Rings<'_>, &[u8])> {
    let read = || {
        let (count, after) = read_head(bytes)?;
        let padded = count.checked_add(count % 2)?.checked_mul(4)?;
        let (counts, after) = after.split_at_checked(padded)?;
        let counts = counts.get(..count * 4)?;
        let sum = |sum: usize, word: &[u8; 4]| sum.checked_add(usize::try_from(u32::from_ne_bytes(*word)).ok()?);
        let points = counts.as_chunks().0.iter().try_fold(0, sum)?;
        let (pairs, rest) = after.split_at_checked(points.checked_mul(PAIR)?)?;
        Some((Rings { counts, pairs }, rest))
    };
    read().ok_or_else(|| broken("geometry"))
}

/// The bodies of a multi…, each checked by `skip`, which gives what follows it.
fn read_parts(bytes: &[u8], kind: u32, skip: impl Fn(&[u8]) -> Result<&[u8]>) -> Result<(&[u8], &[u8])> {
    let (count, bodies) = read_head(bytes).ok_or_else(|| broken("geometry"))?;
    let mut rest = bodies;
    for _ in 0..count {
        if u32_at(rest, 0) != Some(kind) {
            return Err(broken("geometry"));
        }
        rest = skip(rest)?;
    }
    let (bodies, rest) = bodies.split_at_checked(bodies.len() - rest.len()).ok_or_else(|| broken("geometry"))?;
    Ok((bodies, rest))
}

/// Places, as x and y.
#[derive(Debug, Clone, Copy)]
pub struct Points<'a> {
    pairs: &'a [u8],
}

impl<'a> Points<'a> {
    /// How many.
    pub fn len(&self) -> usize {
        self.pairs.len() / PAIR
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Each in turn.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (f64, f64)> + ExactSizeIterator + Clone + use<'a> {
        let pairs: &'a [[u8; PAIR]] = self.pairs.as_chunks().0;
        pairs.iter().map(|pair| {
            let (x, y) = pair.split_at(8);
            (double(x), double(y))
        })
    }
}

fn double(bytes: &[u8]) -> f64 {
    bytes.try_into().map(f64::from_ne_bytes).unwrap_or_default()
}

/// Rings of a polygon, the outer one first.
#[derive(Debug, Clone, Copy)]
pub struct Rings<'a> {
    counts: &'a [u8],
    pairs: &'a [u8],
}

impl<'a> Rings<'a> {
    /// Each in turn.
    pub fn iter(&self) -> impl Iterator<Item = Points<'a>> + Clone + use<'a> {
        let mut rest = self.pairs;
        self.counts.as_chunks().0.iter().map_while(move |word| {
            let count = usize::try_from(u32::from_ne_bytes(*word)).ok()?;
            let (pairs, after) = rest.split_at_checked(count.checked_mul(PAIR)?)?;
            rest = after;
            Some(Points { pairs })
        })
    }
}

/// Lines of a multilinestring.
#[derive(Debug, Clone, Copy)]
pub struct Lines<'a> {
    bodies: &'a [u8],
}

impl<'a> Lines<'a> {
    /// Each in turn.
    pub fn iter(&self) -> impl Iterator<Item = Points<'a>> + Clone + use<'a> {
        let mut rest = self.bodies;
        std::iter::from_fn(move || {
            let (points, after) = read_points(rest).ok()?;
            rest = after;
            Some(points)
        })
    }
}

/// Polygons of a multipolygon.
#[derive(Debug, Clone, Copy)]
pub struct Polygons<'a> {
    bodies: &'a [u8],
}

impl<'a> Polygons<'a> {
    /// Each in turn.
    pub fn iter(&self) -> impl Iterator<Item = Rings<'a>> + Clone + use<'a> {
        let mut rest = self.bodies;
        std::iter::from_fn(move || {
            let (rings, after) = read_rings(rest).ok()?;
            rest = after;
            Some(rings)
        })
    }
}
