//! Areas from segments whose inner side is known.
//!
//! Every segment is followed so that the inside is on its left. Where several rings touch, the next segment is always
//! the one across the same corner of inside, so that each walk goes round one connected piece of inside: outer rings
//! that touch in a point stay apart, and what two touching holes enclose is an area of its own. A walk that comes back
//! to a point has gone round a hole that touches there (or, having begun at a hole, round the rest) and is cut into
//! rings at such points. Two rings of one walk have at most one point in common, else they would cut the piece in two:
//! so there is only one way to cut.

use std::cmp::Ordering;

use super::{Network, Pulse, Swept, side};
use crate::Result;

/// A connected area: rings as numbers of points, each beginning at its leftmost (of these the lowest) point and not
/// repeating it at the end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::geometry) struct Face {
    /// Counter-clockwise.
    pub outer: Vec<u32>,
    /// Clockwise, in order of their points.
    pub inners: Vec<Vec<u32>>,
}

/// The areas, in order of their points, and for each segment whether it is of an outer ring.
pub(in crate::geometry) fn faces(
    network: &Network,
    swept: &Swept,
    pulse: &mut Pulse<'_>,
) -> Result<(Vec<Face>, Vec<bool>)> {
    let next = successors(network, swept, pulse)?;
    let count = network.segments.len();
    let mut walks = Walks {
        network,
        path: Vec::new(),
        on_path: vec![None; network.points.len()],
        of_outer: vec![false; count],
        rings: Vec::new(),
    };
    let mut faces: Vec<Face> = Vec::new();
    let mut face_of: Vec<Option<usize>> = vec![None; count];
    let mut walked = vec![false; count];
    for first in (0..).take(count) {
        if walked[first as usize] {
            continue;
        }
        let mut steps = Vec::new();
        let mut segment = first;
        while !walked[segment as usize] {
            pulse.step()?;
            walked[segment as usize] = true;
            steps.push(segment);
            walks.step(origin(network, swept, segment), segment);
            segment = next[segment as usize];
        }
        walks.finish();
        let outer = walks.rings.iter().position(|ring| ring.is_outer).map(|at| walks.rings.swap_remove(at));
        let inners = walks.rings.drain(..).map(|ring| ring.points);
        // A walk round holes only lies in the face that is above what is below its leftmost point. That began further
        // left, so its face is known.
        let face = match outer {
            Some(outer) => {
                faces.push(Face { outer: outer.points, inners: inners.collect() });
                Some(faces.len() - 1)
            }
            None => {
                let face = swept.below[first as usize].and_then(|below| face_of[below as usize]);
                if let Some(face) = face.and_then(|face| faces.get_mut(face)) {
                    face.inners.extend(inners);
                }
                face
            }
        };
        for segment in steps {
            face_of[segment as usize] = face;
        }
    }
    for face in &mut faces {
        pulse.step()?;
        face.inners.sort_unstable();
    }
    faces.sort_unstable();
    Ok((faces, walks.of_outer))
}

/// The point at which a segment begins if the inside is on its left.
fn origin(network: &Network, swept: &Swept, segment: u32) -> u32 {
    let ends = network.segment(segment);
    if swept.inside_above[segment as usize] { ends.a } else { ends.b }
}

/// For each segment the one to follow: the next clockwise at the point where it arrives, across a corner of inside.
fn successors(network: &Network, swept: &Swept, pulse: &mut Pulse<'_>) -> Result<Vec<u32>> {
    let mut next = vec![0; network.segments.len()];
    for point in network.numbers() {
        pulse.step()?;
        let Some(last) = network.around(point).last() else { continue };
        let mut clockwise = last;
        for segment in network.around(point) {
            if origin(network, swept, segment) != point {
                next[segment as usize] = clockwise;
            }
            clockwise = segment;
        }
    }
    Ok(next)
}

struct Ring {
    points: Vec<u32>,
    is_outer: bool,
}

/// Cuts walks into rings.
struct Walks<'a> {
    network: &'a Network,
    /// Points that the walk has come through since it began, without those of rings cut off, and how it left them.
    path: Vec<(u32, u32)>,
    /// By point: its position on the path.
    on_path: Vec<Option<usize>>,
    of_outer: Vec<bool>,
    rings: Vec<Ring>,
}

impl Walks<'_> {
    fn step(&mut self, point: u32, segment: u32) {
        if let Some(position) = self.on_path[point as usize] {
            self.cut_off(position);
        }
        self.on_path[point as usize] = Some(self.path.len());
        self.path.push((point, segment));
    }

    fn finish(&mut self) {
        self.cut_off(0);
    }

    fn cut_off(&mut self, position: usize) {
        let steps = self.path.split_off(position);
        let mut points: Vec<u32> = steps.iter().map(|&(point, _)| point).collect();
        for &point in &points {
            self.on_path[point as usize] = None;
        }
        let leftmost = (0..points.len()).min_by_key(|&i| points[i]).unwrap_or(0);
        points.rotate_left(leftmost);
        let is_outer = is_counter_clockwise(self.network, &points);
        if is_outer {
            for (_, segment) in steps {
                self.of_outer[segment as usize] = true;
            }
        }
        self.rings.push(Ring { points, is_outer });
    }
}

/// Whether a ring that begins at its leftmost point turns left; at that point no two of its segments are in line.
pub(in crate::geometry) fn is_counter_clockwise(network: &Network, ring: &[u32]) -> bool {
    let point = |number: &u32| network.points[*number as usize];
    match ring {
        [first, second, .., last] => side(point(last), point(first), point(second)) == Ordering::Greater,
        _ => false,
    }
}
