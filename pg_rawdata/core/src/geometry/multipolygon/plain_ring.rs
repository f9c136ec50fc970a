//! The short cut for what most areas are: one ring of few points that does not meet itself.

use crate::geometry::planar::{Edge, Point, side};
use crate::geometry::{Geometry, Polygon};
use crate::osm::Place;
use std::cmp::Ordering;

/// Points up to which each segment is compared with each other; beyond, a sweep takes fewer steps.
const MOST: usize = 24;

/// What the assembler would make of a closed line, if it is such a ring; `None` leaves it to the assembler.
pub(super) fn plain_ring(places: &[Option<Place>]) -> Option<Geometry> {
    let (closing, open) = places.split_last()?;
    if !(3..=MOST).contains(&open.len()) || open.first() != Some(closing) {
        return None;
    }
    let mut ring = [Place { x: 0, y: 0 }; MOST];
    let ring = ring.get_mut(..open.len())?;
    for (to, from) in ring.iter_mut().zip(open) {
        *to = (*from)?;
    }
    // As the assembler has them: from the leftmost point, of these the lowest.
    let leftmost = (0..ring.len()).min_by_key(|&i| ring.get(i).copied())?;
    ring.rotate_left(leftmost);
    let [first, rest @ ..] = &mut *ring else { return None };
    let [second, .., last] = rest else { return None };
    match side(point(*last), point(*first), point(*second)) {
        Ordering::Greater => {}
        Ordering::Less => rest.reverse(),
        // A spike at the leftmost point.
        Ordering::Equal => return None,
    }
    if meets_itself(ring) {
        return None;
    }
    let outer = ring.iter().chain(ring.first()).copied().collect();
    Some(Geometry::Polygon(Polygon { outer, inners: Vec::new() }))
}

fn point(place: Place) -> Point {
    Point { x: place.x.into(), y: place.y.into() }
}

/// Whether two of its points are at one place, or two of its segments meet otherwise than at a common end.
fn meets_itself(ring: &[Place]) -> bool {
    let mut edges = [Edge { a: Point { x: 0, y: 0 }, b: Point { x: 0, y: 0 } }; MOST];
    for ((edge, a), b) in edges.iter_mut().zip(ring).zip(ring.iter().cycle().skip(1)) {
        let (a, b) = (point(*a), point(*b));
        *edge = Edge { a: a.min(b), b: a.max(b) };
    }
    let edges = edges.get(..ring.len()).unwrap_or_default();
    let pairs = |i: usize| (ring.get(i + 1..).unwrap_or_default(), edges.get(i + 1..).unwrap_or_default());
    ring.iter().zip(edges).enumerate().any(|(i, (place, edge))| {
        let (places, later) = pairs(i);
        places.contains(place) || later.iter().any(|other| edge.contact(other).is_some())
    })
}
