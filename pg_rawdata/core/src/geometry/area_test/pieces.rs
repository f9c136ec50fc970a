//! What of a segment is inside polygons, and what outside.

use geo::Orientation;

use super::grid::{Edge, Grid, Location};
use super::{Point, turn};

/// On which sides of the border a segment has pieces of some length.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Pieces {
    pub(super) inside: bool,
    pub(super) outside: bool,
}

impl Pieces {
    fn add(&mut self, location: Location) {
        self.inside |= location == Location::Inside;
        self.outside |= location == Location::Outside;
    }
}

/// How a segment and an edge meet.
enum Contact {
    None,
    /// Both cross between their ends.
    Cross,
    /// They have these points in common that are ends; where they run along each other, the first and the last.
    Touch([Option<Point>; 4]),
}

impl Grid {
    /// Whether a segment has a point on the border.
    pub(super) fn touches(&self, from: Point, to: Point) -> bool {
        let mut does = false;
        self.edges_near(from, to, |edge| {
            does = !matches!(contact(from, to, &edge), Contact::None);
            does
        });
        does
    }

    /// On which sides of the border a segment lies. No computed point takes part: between points where it meets the border
    /// a segment stays on one side, and which, the edges at these points tell.
    ///
    /// `start` is where its start lies, if that is known, and afterwards where its end lies.
    pub(super) fn pieces(&self, from: Point, to: Point, start: &mut Option<Location>) -> Pieces {
        let (mut touched, mut crossed): (Vec<Point>, Vec<Edge>) = (Vec::new(), Vec::new());
        self.edges_near(from, to, |edge| {
            match contact(from, to, &edge) {
                Contact::None => {}
                Contact::Cross => crossed.push(edge),
                Contact::Touch(points) => touched.extend(points.into_iter().flatten()),
            }
            false
        });
        let mut pieces = Pieces::default();
        if touched.is_empty() && crossed.is_empty() {
            let location = start.unwrap_or_else(|| self.locate(from));
            *start = Some(location);
            pieces.add(location);
            return pieces;
        }
        *start = None;
        touched.sort_unstable_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
        touched.dedup();
        for point in &touched {
            for end in [from, to] {
                if end != *point {
                    pieces.add(self.towards(*point, end));
                }
            }
        }
        // Where edges also have an end at the crossing, that has been told already.
        if crossed.iter().any(|edge| !touched.iter().any(|&point| edge.holds(point))) {
            return Pieces { inside: true, outside: true };
        }
        pieces
    }

    /// Whether an edge of another polygon that runs along the border has the inside of both on its left.
    pub(super) fn is_inside_beside(&self, other: &Edge) -> bool {
        self.edges_at(other.from).any(|edge| edge.to != other.from && is_same_way(other.from, edge.to, other.to))
    }

    /// Where one comes to who leaves a point of the border towards another point.
    fn towards(&self, point: Point, target: Point) -> Location {
        // The nearest ray clockwise, and whether the inside is on its left.
        let mut nearest: Option<(Point, bool)> = None;
        for edge in self.edges_at(point) {
            for (end, is_inside_left) in [(edge.to, true), (edge.from, false)] {
                if end == point {
                    continue;
                }
                if is_same_way(point, end, target) {
                    return Location::Border;
                }
                if nearest.is_none_or(|(other, _)| is_nearer(point, target, end, other)) {
                    nearest = Some((end, is_inside_left));
                }
            }
        }
        match nearest {
            Some((_, true)) => Location::Inside,
            Some((_, false)) => Location::Outside,
            None => Location::Border,
        }
    }
}

fn is_same_way(from: Point, one: Point, other: Point) -> bool {
    let ahead = |to: Point| (to.x.total_cmp(&from.x), to.y.total_cmp(&from.y));
    turn(from, one, other) == Orientation::Collinear && ahead(one) == ahead(other)
}

/// Whether of two rays `one` is met before `other` by who turns clockwise from `target`. None runs towards it.
fn is_nearer(from: Point, target: Point, one: Point, other: Point) -> bool {
    // In turns clockwise from the target: less than half, half, more.
    let half = |ray: Point| match turn(from, target, ray) {
        Orientation::Clockwise => 0,
        Orientation::Collinear => 1,
        Orientation::CounterClockwise => 2,
    };
    match half(one).cmp(&half(other)) {
        std::cmp::Ordering::Equal => turn(from, other, one) == Orientation::CounterClockwise,
        unequal => unequal.is_lt(),
    }
}

fn contact(from: Point, to: Point, edge: &Edge) -> Contact {
    let of_edge = [turn(from, to, edge.from), turn(from, to, edge.to)];
    let is_apart = |[one, other]: [Orientation; 2]| one == other && one != Orientation::Collinear;
    if is_apart(of_edge) {
        return Contact::None;
    }
    let of_ends = [turn(edge.from, edge.to, from), turn(edge.from, edge.to, to)];
    if is_apart(of_ends) {
        return Contact::None;
    }
    if of_edge.iter().chain(&of_ends).all(|side| *side != Orientation::Collinear) {
        return Contact::Cross;
    }
    let segment = Edge { from, to };
    let on = |holder: &Edge, point: Point, side: Orientation| {
        (side == Orientation::Collinear && super::covers(holder.corners(), point)).then_some(point)
    };
    let points = [
        on(&segment, edge.from, of_edge[0]),
        on(&segment, edge.to, of_edge[1]),
        on(edge, from, of_ends[0]),
        on(edge, to, of_ends[1]),
    ];
    if points.iter().all(Option::is_none) { Contact::None } else { Contact::Touch(points) }
}
