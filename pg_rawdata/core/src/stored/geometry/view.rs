//! Stored bytes to geometry, checked once and then read where they lie.

use super::{
    BOX, FLAG_BOX, FLAG_EXTENDED, FLAG_M, FLAG_VERSION_2, FLAG_Z, HEAD, LINE, MULTILINE, MULTIPOLYGON, PAIR, POINT,
    POLYGON,
};
use crate::stored::{broken, u32_at};
use crate::{Error, ErrorKind, Result};

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

/// The bytes of one place.
pub type Pair = [u8; PAIR];

/// Room for a place.
pub const NO_PAIR: Pair = [0; PAIR];

impl<'a> View<'a> {
    /// A point, or an empty one. Its place lies in `pair`.
    pub fn point(place: Option<(f64, f64)>, pair: &'a mut Pair) -> Self {
        let Some((x, y)) = place else { return Self::Point(Points { pairs: &[] }) };
        let (first, second) = pair.split_at_mut(PAIR / 2);
        first.copy_from_slice(&x.to_ne_bytes());
        second.copy_from_slice(&y.to_ne_bytes());
        Self::Point(Points { pairs: pair })
    }

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

    /// Bytes of it, or less for padding.
    pub fn size(&self) -> usize {
        match self {
            Self::Point(points) | Self::Line(points) => points.pairs.len(),
            Self::Lines(lines) => lines.bodies.len(),
            Self::Polygon(rings) => rings.counts.len() + rings.pairs.len(),
            Self::Polygons(polygons) => polygons.bodies.len(),
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{Geometry, Polygon};
    use crate::osm::Place;

    fn place(x: i64, y: i64) -> Place {
        Place::new(x, y).unwrap()
    }

    fn square(x: i64, y: i64, side: i64) -> Vec<Place> {
        [(x, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y)].map(|(x, y)| place(x, y)).to_vec()
    }

    fn samples() -> Vec<Geometry> {
        let holed = |inners: Vec<Vec<Place>>| Polygon { outer: square(-9, -9, 1000), inners };
        vec![
            Geometry::Point(place(-1, 7)),
            Geometry::Line(vec![place(0, 0), place(5, 5)]),
            Geometry::Line(vec![place(0, 0), place(5, 5), place(9, -5)]),
            Geometry::Lines(vec![vec![place(0, 0), place(5, 5)], square(1, 2, 3)]),
            Geometry::Polygon(holed(vec![])),
            Geometry::Polygon(holed(vec![square(1, 1, 3)])),
            Geometry::Polygons(vec![holed(vec![square(1, 1, 3), square(9, 9, 2)]), holed(vec![square(1, 1, 3)])]),
        ]
    }

    fn stored(geometry: &Geometry) -> Vec<u8> {
        let mut out = Vec::new();
        crate::stored::geometry::write(geometry, &mut out).unwrap();
        out
    }

    /// Reads a geometry back to integers.
    fn read(view: &View) -> Geometry {
        let unit = |degrees: f64| format!("{:.0}", degrees * 1e7).parse::<i64>().unwrap();
        let places = |points: Points| points.iter().map(|(x, y)| place(unit(x), unit(y))).collect::<Vec<_>>();
        let polygon = |rings: Rings| {
            let mut rings = rings.iter().map(places);
            Polygon { outer: rings.next().unwrap(), inners: rings.collect() }
        };
        match *view {
            View::Point(points) => Geometry::Point(places(points)[0]),
            View::Line(points) => Geometry::Line(places(points)),
            View::Lines(lines) => Geometry::Lines(lines.iter().map(places).collect()),
            View::Polygon(rings) => Geometry::Polygon(polygon(rings)),
            View::Polygons(polygons) => Geometry::Polygons(polygons.iter().map(polygon).collect()),
        }
    }

    #[test]
    fn what_was_written_is_read() {
        for geometry in samples() {
            let bytes = stored(&geometry);
            assert_eq!(read(&View::parse(&bytes).unwrap()), geometry);
        }
    }

    #[test]
    fn every_cut_and_every_addition_is_an_error() {
        for geometry in samples() {
            let mut bytes = stored(&geometry);
            for cut in 0..bytes.len() {
                assert!(View::parse(&bytes[..cut]).is_err(), "{geometry:?} cut at {cut}");
            }
            bytes.push(0);
            assert!(View::parse(&bytes).is_err(), "{geometry:?} with a byte behind");
        }
    }

    #[test]
    fn no_flipped_bit_makes_the_reader_fail_badly() {
        for geometry in samples() {
            let bytes = stored(&geometry);
            for bit in 0..bytes.len() * 8 {
                let mut bytes = bytes.clone();
                bytes[bit / 8] ^= 1 << (bit % 8);
                if let Ok(view) = View::parse(&bytes) {
                    super::super::centroid(&view);
                }
            }
        }
    }

    #[test]
    fn what_no_table_holds_is_refused_by_name() {
        let mut bytes = stored(&Geometry::Point(place(0, 0)));
        bytes[4] = 7;
        assert_eq!(View::parse(&bytes).unwrap_err().kind(), ErrorKind::Unsupported);
        for flag in [FLAG_Z, FLAG_M] {
            let mut bytes = stored(&Geometry::Point(place(0, 0)));
            bytes[3] |= flag;
            assert_eq!(View::parse(&bytes).unwrap_err().kind(), ErrorKind::Unsupported);
        }
        let mut bytes = stored(&Geometry::Point(place(0, 0)));
        bytes[3] &= !FLAG_VERSION_2;
        assert!(View::parse(&bytes).unwrap_err().hint().is_some());
    }
}
