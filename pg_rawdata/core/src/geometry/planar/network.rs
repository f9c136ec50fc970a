//! Lines cut into segments between numbered points.

use super::{Edge, Point, Pulse};
use crate::{Error, ErrorKind, Result};

/// A segment between two points, by number, `a < b`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::geometry) struct Segment {
    pub a: u32,
    pub b: u32,
    /// The line it was cut from.
    pub line: u32,
}

/// Collects lines for a network.
#[derive(Default)]
pub(in crate::geometry) struct Drawing {
    /// Each point with its position in the drawing.
    points: Vec<(Point, u32)>,
    /// Each line with the position after its last point.
    lines: Vec<(u32, usize)>,
}

impl Drawing {
    /// Adds a line.
    pub(in crate::geometry) fn line(&mut self, line: u32, points: impl Iterator<Item = Point>) -> Result<()> {
        for point in points {
            let position = u32::try_from(self.points.len())
                .map_err(|_| Error::new(ErrorKind::Limit, "more points than an area may have"))?;
            self.points.push((point, position));
        }
        self.lines.push((line, self.points.len()));
        Ok(())
    }
}

/// Segments between points, each pair of points joined at most once.
///
/// Points are numbered in sweep order, so comparing numbers compares places.
pub(in crate::geometry) struct Network {
    pub points: Vec<Point>,
    /// By first point, then counter-clockwise, which is from the lowest to the highest.
    pub segments: Vec<Segment>,
    /// Segments that came more than once, all copies one after the other. Of an odd number one is among `segments`.
    pub repeated: Vec<Segment>,
    /// Position in `segments` of the first that starts at a point; one more entry closes the list.
    starts: Vec<u32>,
    /// Segments by the point they end at, counter-clockwise.
    enders: Vec<u32>,
    /// Position in `enders` of a point's first; one more entry closes the list.
    ends: Vec<u32>,
}

impl Network {
    /// Numbers the points of a drawing, cuts its lines, and lets equal segments cancel in pairs.
    pub(in crate::geometry) fn new(drawing: Drawing, pulse: &mut Pulse<'_>) -> Result<Self> {
        let (points, mut all) = cut(drawing, pulse)?;
        pulse.sort(&mut all)?;
        let (mut segments, mut repeated) = (Vec::with_capacity(all.len()), Vec::new());
        for copies in all.chunk_by(|s, t| (s.a, s.b) == (t.a, t.b)) {
            pulse.step()?;
            if copies.len() % 2 == 1 {
                segments.push(copies[0]);
            }
            if copies.len() > 1 {
                repeated.extend_from_slice(copies);
            }
        }
        drop(all);

        let edge = |s: &Segment| Edge { a: points[s.a as usize], b: points[s.b as usize] };
        for group in segments.chunk_by_mut(|s, t| s.a == t.a) {
            group.sort_by(|s, t| edge(s).turn(&edge(t)));
        }
        pulse.now()?;
        let starts = positions(points.len(), segments.iter().map(|s| s.a));
        let ends = positions(points.len(), segments.iter().map(|s| s.b));
        let mut free = ends.clone();
        let mut enders = vec![0; segments.len()];
        for (s, segment) in (0..).zip(&segments) {
            let slot = &mut free[segment.b as usize];
            enders[*slot as usize] = s;
            *slot += 1;
        }
        pulse.now()?;
        let mut network = Self { points, segments, repeated, starts, enders, ends };
        network.order_enders();
        Ok(network)
    }

    fn order_enders(&mut self) {
        let (points, segments) = (&self.points, &self.segments);
        let edge = |s: &u32| {
            let s = segments[*s as usize];
            Edge { a: points[s.a as usize], b: points[s.b as usize] }
        };
        for bounds in self.ends.windows(2) {
            let group = &mut self.enders[bounds[0] as usize..bounds[1] as usize];
            if group.len() > 1 {
                group.sort_by(|s, t| edge(s).turn(&edge(t)));
            }
        }
    }

    /// The numbers of all points.
    pub(in crate::geometry) fn numbers(&self) -> impl Iterator<Item = u32> + use<> {
        (0..).take(self.points.len())
    }

    /// The number of a point.
    pub(in crate::geometry) fn number(&self, point: Point) -> Option<u32> {
        self.points.binary_search(&point).ok().and_then(|n| u32::try_from(n).ok())
    }

    /// Segments that start at a point, from the lowest to the highest.
    pub(in crate::geometry) fn starting(&self, point: u32) -> impl ExactSizeIterator<Item = u32> + use<> {
        self.starts[point as usize]..self.starts[point as usize + 1]
    }

    /// Segments that end at a point, from the highest to the lowest.
    pub(in crate::geometry) fn ending(&self, point: u32) -> &[u32] {
        &self.enders[self.ends[point as usize] as usize..self.ends[point as usize + 1] as usize]
    }

    /// Segments at a point, counter-clockwise, beginning behind straight down.
    pub(in crate::geometry) fn around(&self, point: u32) -> impl Iterator<Item = u32> {
        self.starting(point).chain(self.ending(point).iter().copied())
    }

    /// Whether a chain ends at the point.
    pub(in crate::geometry) fn is_open(&self, point: u32) -> bool {
        (self.starting(point).len() + self.ending(point).len()) % 2 == 1
    }

    /// The segment between two points. Of use only where no two run along each other.
    pub(in crate::geometry) fn between(&self, p: u32, q: u32) -> Option<u32> {
        let (a, b) = (p.min(q), p.max(q));
        let wanted = Edge { a: self.points[a as usize], b: self.points[b as usize] };
        let first = self.starts[a as usize];
        let fan = &self.segments[first as usize..self.starts[a as usize + 1] as usize];
        let turn = |s: &Segment| Edge { a: wanted.a, b: self.points[s.b as usize] }.turn(&wanted);
        let found = first + u32::try_from(fan.binary_search_by(turn).ok()?).ok()?;
        (self.segment(found).b == b).then_some(found)
    }

    /// A segment.
    pub(in crate::geometry) fn segment(&self, segment: u32) -> Segment {
        self.segments[segment as usize]
    }

    /// A segment's two points.
    pub(in crate::geometry) fn edge(&self, segment: u32) -> Edge {
        let Segment { a, b, .. } = self.segment(segment);
        Edge { a: self.points[a as usize], b: self.points[b as usize] }
    }
}

/// Distinct points in order, and all segments in the order drawn. Segments without length are left out.
fn cut(mut drawing: Drawing, pulse: &mut Pulse<'_>) -> Result<(Vec<Point>, Vec<Segment>)> {
    pulse.sort(&mut drawing.points)?;
    let mut points: Vec<Point> = Vec::new();
    let mut numbers = vec![0_u32; drawing.points.len()];
    let mut number = 0;
    for &(point, position) in &drawing.points {
        pulse.step()?;
        if points.last() != Some(&point) {
            number = u32::try_from(points.len()).unwrap_or(u32::MAX);
            points.push(point);
        }
        numbers[position as usize] = number;
    }
    let mut segments = Vec::with_capacity(numbers.len());
    let mut begin = 0;
    for &(line, end) in &drawing.lines {
        pulse.step()?;
        let pairs = numbers[begin..end].windows(2).map(|pair| (pair[0].min(pair[1]), pair[0].max(pair[1])));
        segments.extend(pairs.filter(|(a, b)| a != b).map(|(a, b)| Segment { a, b, line }));
        begin = end;
    }
    Ok((points, segments))
}

/// For each of `count` keys, the position of its first item in a list sorted by key, and the list's length at last.
fn positions(count: usize, keys: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut positions = vec![0_u32; count + 1];
    for key in keys {
        positions[key as usize + 1] += 1;
    }
    let mut sum = 0;
    for position in &mut positions {
        sum += *position;
        *position = sum;
    }
    positions
}
