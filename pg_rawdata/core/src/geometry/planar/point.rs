//! Points and the exact questions about them.

use std::cmp::Ordering;

/// A point, ordered by x, then y: the order in which a sweep line that leans a little to the left comes to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::geometry) struct Point {
    pub x: i64,
    pub y: i64,
}

/// A straight piece from `a` to `b`, where `a < b`. What is left of it is called above, upright ones included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::geometry) struct Edge {
    pub a: Point,
    pub b: Point,
}

/// How two edges meet that should not. Having an end in common is no contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::geometry) enum Contact {
    /// Both inner parts pass through one point; this is the grid point nearest to it.
    Cross(Point),
    /// An end of one lies on the inner part of the other.
    Touch(Point),
    /// They run along each other between these two points.
    Overlap(Point, Point),
}

impl Contact {
    /// Where to show it on a map.
    pub(in crate::geometry) fn place(self) -> Point {
        match self {
            Self::Cross(p) | Self::Touch(p) | Self::Overlap(p, _) => p,
        }
    }
}

/// `u × v`: positive where `v` points to the left of `u`.
fn cross(u: (i64, i64), v: (i64, i64)) -> i128 {
    i128::from(u.0) * i128::from(v.1) - i128::from(u.1) * i128::from(v.0)
}

fn from_to(a: Point, b: Point) -> (i64, i64) {
    (b.x - a.x, b.y - a.y)
}

/// `Greater` where `p` is left of the way from `a` to `b`, `Less` right of it, `Equal` on the line.
pub(in crate::geometry) fn side(a: Point, b: Point, p: Point) -> Ordering {
    cross(from_to(a, b), from_to(a, p)).cmp(&0)
}

impl Edge {
    /// Orders two directions of less than half a turn between them: `Less` where `self` comes first counter-clockwise.
    pub(in crate::geometry) fn turn(&self, other: &Self) -> Ordering {
        0.cmp(&cross(from_to(self.a, self.b), from_to(other.a, other.b)))
    }

    /// Where `p` lies: `Greater` above, `Less` below.
    pub(in crate::geometry) fn side(&self, p: Point) -> Ordering {
        side(self.a, self.b, p)
    }

    fn apart(&self, other: &Self) -> bool {
        self.b.x < other.a.x
            || other.b.x < self.a.x
            || self.a.y.max(self.b.y) < other.a.y.min(other.b.y)
            || other.a.y.max(other.b.y) < self.a.y.min(self.b.y)
    }

    /// Whether and how two edges meet, common ends aside.
    pub(in crate::geometry) fn contact(&self, other: &Self) -> Option<Contact> {
        if self.apart(other) {
            return None;
        }
        let (c, d) = (self.side(other.a), self.side(other.b));
        if c == d {
            // Both on one side, or all four on one line, where the order of points is the order along it.
            let (from, to) = (self.a.max(other.a), self.b.min(other.b));
            return (c == Ordering::Equal && from < to).then_some(Contact::Overlap(from, to));
        }
        let (a, b) = (other.side(self.a), other.side(self.b));
        if a == b || self.a == other.a || self.a == other.b || self.b == other.a || self.b == other.b {
            return None;
        }
        [(a, self.a), (b, self.b), (c, other.a), (d, other.b)]
            .into_iter()
            .find_map(|(side, end)| (side == Ordering::Equal).then_some(Contact::Touch(end)))
            .or_else(|| Some(Contact::Cross(self.crossing(other)?)))
    }

    /// The grid point nearest to where the lines through two edges cross.
    fn crossing(&self, other: &Self) -> Option<Point> {
        let (u, v) = (from_to(self.a, self.b), from_to(other.a, other.b));
        let (part, whole) = (cross(from_to(self.a, other.a), v), cross(u, v));
        let along = |d: i64| i64::try_from(rounded(i128::from(d) * part, whole)?).ok();
        Some(Point { x: self.a.x + along(u.0)?, y: self.a.y + along(u.1)? })
    }

    /// How far along the edge a point lies, in no particular unit.
    pub(in crate::geometry) fn along(&self, p: Point) -> i128 {
        let (u, v) = (from_to(self.a, self.b), from_to(self.a, p));
        i128::from(u.0) * i128::from(v.0) + i128::from(u.1) * i128::from(v.1)
    }
}

/// `n / d` to the nearest integer, halves upwards.
fn rounded(n: i128, d: i128) -> Option<i128> {
    let (n, d) = if d < 0 { (-n, -d) } else { (n, d) };
    (n + d / 2).checked_div_euclid(d)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(ax: i64, ay: i64, bx: i64, by: i64) -> Edge {
        let (a, b) = (Point { x: ax, y: ay }, Point { x: bx, y: by });
        Edge { a: a.min(b), b: a.max(b) }
    }

    fn both_ways(s: Edge, t: Edge) -> Option<Contact> {
        let found = s.contact(&t);
        match (found, t.contact(&s)) {
            (Some(Contact::Overlap(a, b)), Some(Contact::Overlap(c, d))) => assert_eq!((a, b), (c, d)),
            (one, other) => assert_eq!(one, other),
        }
        found
    }

    #[test]
    fn common_ends_are_no_contact() {
        assert_eq!(both_ways(edge(0, 0, 4, 4), edge(4, 4, 8, 0)), None);
        assert_eq!(both_ways(edge(0, 0, 4, 4), edge(0, 0, 8, 0)), None);
        assert_eq!(both_ways(edge(0, 0, 4, 0), edge(4, 0, 8, 0)), None);
        assert_eq!(both_ways(edge(3, 0, 3, 4), edge(3, 4, 3, 9)), None);
    }

    #[test]
    fn crossings_touches_and_overlaps_are_told_apart() {
        let at = |x, y| Point { x, y };
        assert_eq!(both_ways(edge(0, 0, 4, 4), edge(0, 4, 4, 0)), Some(Contact::Cross(at(2, 2))));
        assert_eq!(both_ways(edge(0, 0, 4, 4), edge(2, 2, 4, 0)), Some(Contact::Touch(at(2, 2))));
        assert_eq!(both_ways(edge(3, 0, 3, 4), edge(3, 2, 9, 2)), Some(Contact::Touch(at(3, 2))));
        assert_eq!(both_ways(edge(0, 0, 4, 4), edge(0, 0, 8, 8)), Some(Contact::Overlap(at(0, 0), at(4, 4))));
        assert_eq!(both_ways(edge(3, 0, 3, 4), edge(3, 2, 3, 9)), Some(Contact::Overlap(at(3, 2), at(3, 4))));
        assert_eq!(both_ways(edge(0, 0, 8, 0), edge(2, 1, 3, 7)), None);
    }

    #[test]
    fn one_unit_beside_a_line_across_half_the_planet_is_seen() {
        let whole = edge(-1_800_000_000, -900_000_000, 1_800_000_000, 900_000_000);
        assert_eq!(whole.side(Point { x: 2, y: 1 }), Ordering::Equal);
        assert_eq!(whole.side(Point { x: 3, y: 1 }), Ordering::Less);
        assert_eq!(whole.side(Point { x: 1, y: 1 }), Ordering::Greater);
    }

    #[test]
    fn crossings_are_rounded_to_the_nearest_point() {
        assert_eq!(both_ways(edge(0, 0, 3, 3), edge(0, 1, 3, 0)), Some(Contact::Cross(Point { x: 1, y: 1 })));
        assert_eq!(both_ways(edge(0, 0, -3, -3), edge(0, -1, -3, 0)), Some(Contact::Cross(Point { x: -1, y: -1 })));
    }
}
