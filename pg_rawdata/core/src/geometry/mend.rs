//! Areas that people ask for: checked, and mended where that is soon done.
//!
//! An area is looked at on a grid of 1e-9 degree (a tenth of a millimetre). What is valid by the rules of OGC simple
//! features is left as it is. Of anything else whose rings are closed, all segments are cut where they meet, and what
//! they enclose by the even-odd rule is the area: a figure of eight becomes its two loops, and what two parts have in
//! common is taken out. Cutting rounds to the grid, which may make segments meet anew, so it is repeated a few times.

use std::collections::HashMap;

use super::planar::{
    Contact, Drawing, Edge, Face, Network, Point, Pulse, Swept, faces, is_counter_clockwise, side, sweep,
};
use crate::Result;

/// Polygons, of which each is a list of closed rings, the outer one first; points are (lon, lat).
pub type FloatPolygons = Vec<Vec<Vec<(f64, f64)>>>;

/// How much is taken on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MendLimits {
    /// Vertices an area may have.
    pub max_vertices: usize,
    /// Polygons an area may have.
    pub max_parts: usize,
    /// Places where segments meet that are mended.
    pub max_crossings: usize,
}

impl Default for MendLimits {
    fn default() -> Self {
        Self { max_vertices: 100_000, max_parts: 5_000, max_crossings: 10_000 }
    }
}

/// What became of an area.
#[derive(Debug, Clone, PartialEq)]
pub enum AreaCheck {
    /// It is valid as it is.
    Valid,
    /// It was not, and this is what it encloses by the even-odd rule. Outer rings run counter-clockwise.
    Mended(FloatPolygons),
    /// It is not, and can't be mended.
    Refused {
        /// Where to look (lon, lat), if anywhere.
        place: Option<(f64, f64)>,
        /// What is wrong.
        why: &'static str,
    },
}

/// Rounds of cutting; one is nearly always enough.
const ROUNDS: usize = 16;
/// Pairs of segments whose boxes are compared, in all: about a fifth of a second.
const COMPARISONS: usize = 200_000_000;
/// Units in a degree.
const PER_DEGREE: f64 = 1e9;
/// Degrees beyond which nothing is a longitude or latitude, and the arithmetic would end.
const OUT_OF_RANGE: f64 = 1e3;

/// Checks an area, and mends it within limits.
///
/// Takes `n log n` steps for the check and for each round of mending; besides, each segment that crosses another is
/// compared with all, up to a fixed number of comparisons.
pub fn check_area(
    area: &[Vec<Vec<(f64, f64)>>],
    limits: &MendLimits,
    interrupt: &mut dyn FnMut() -> Result<()>,
) -> Result<AreaCheck> {
    let mut outline = match Outline::read(area, limits) {
        Ok(outline) => outline,
        Err(refused) => return Ok(refused),
    };
    let mut pulse = Pulse::new(interrupt);
    let mut budget = Budget { crossings: limits.max_crossings, comparisons: COMPARISONS };
    let mut place = None;
    for _ in 0..ROUNDS {
        let network = outline.network(&mut pulse)?;
        let swept = sweep(&network, limits.max_crossings.saturating_add(1), &mut pulse)?;
        let Some(first) = swept.clashes.first() else {
            return outline.result(&network, &swept, &mut pulse);
        };
        place = place.or(Some(degrees(first.contact.place())));
        match meetings(&network, &swept, &mut budget, &mut pulse)? {
            Some(found) => outline.cut(&found, &network),
            None => break,
        }
    }
    Ok(AreaCheck::Refused { place, why: "the area crosses itself too often to be mended" })
}

fn degrees(point: Point) -> (f64, f64) {
    // Up to 1e12, far within a double's 53 bits.
    let degrees = |n: i64| n as f64 / PER_DEGREE;
    (degrees(point.x), degrees(point.y))
}

fn point(lon: f64, lat: f64) -> Option<Point> {
    #[expect(clippy::cast_possible_truncation, reason = "checked against the range before")]
    let units = |n: f64| (n.abs() <= OUT_OF_RANGE).then_some((n * PER_DEGREE).round() as i64);
    Some(Point { x: units(lon)?, y: units(lat)? })
}

struct Ring {
    /// Closed. Points are added as it is cut.
    points: Vec<Point>,
    polygon: usize,
    is_hole: bool,
    /// Whether it meets itself.
    is_tangled: bool,
}

/// The rings of an area.
struct Outline {
    rings: Vec<Ring>,
    /// Whether the rings still are those that were given, cut only where points lay on them.
    is_as_given: bool,
}

impl Outline {
    fn read(area: &[Vec<Vec<(f64, f64)>>], limits: &MendLimits) -> std::result::Result<Self, AreaCheck> {
        let refused = |place, why| AreaCheck::Refused { place, why };
        if area.len() > limits.max_parts {
            return Err(refused(None, "the area has too many parts"));
        }
        if area.iter().flatten().map(Vec::len).sum::<usize>() > limits.max_vertices {
            return Err(refused(None, "the area has too many vertices"));
        }
        let mut rings = Vec::new();
        for (polygon, given) in area.iter().enumerate() {
            if given.is_empty() {
                return Err(refused(None, "a polygon has no ring"));
            }
            for (number, ring) in given.iter().enumerate() {
                let place = ring.first().copied();
                let Some(mut points) = ring.iter().map(|&(lon, lat)| point(lon, lat)).collect::<Option<Vec<_>>>()
                else {
                    return Err(refused(None, "a coordinate is out of range"));
                };
                if points.len() < 4 {
                    return Err(refused(place, "a ring has fewer than four points"));
                }
                if points.first() != points.last() {
                    return Err(refused(place, "a ring is not closed"));
                }
                points.dedup();
                if is_flat(&points) {
                    return Err(refused(place, "a ring encloses no area"));
                }
                rings.push(Ring { points, polygon, is_hole: number > 0, is_tangled: false });
            }
        }
        if rings.is_empty() {
            return Err(refused(None, "the area is empty"));
        }
        Ok(Self { rings, is_as_given: true })
    }

    fn network(&self, pulse: &mut Pulse<'_>) -> Result<Network> {
        let mut drawing = Drawing::default();
        for (line, ring) in (0..).zip(&self.rings) {
            drawing.line(line, ring.points.iter().copied())?;
        }
        Network::new(drawing, pulse)
    }

    fn cut(&mut self, found: &Meetings, network: &Network) {
        self.is_as_given &= found.only_touches;
        for &segment in &found.tangled {
            if let Some(ring) = self.rings.get_mut(network.segment(segment).line as usize) {
                ring.is_tangled = true;
            }
        }
        for ring in &mut self.rings {
            let mut points = Vec::with_capacity(ring.points.len());
            for (from, to) in pairs(&ring.points) {
                points.push(from);
                match found.cuts.get(&(from.min(to), from.max(to))) {
                    Some(cuts) if from < to => points.extend(cuts),
                    Some(cuts) => points.extend(cuts.iter().rev()),
                    None => {}
                }
            }
            points.extend(ring.points.last());
            points.dedup();
            ring.points = points;
        }
    }

    /// What a network without crossings encloses.
    fn result(&self, network: &Network, swept: &Swept, pulse: &mut Pulse<'_>) -> Result<AreaCheck> {
        let (found, _) = faces(network, swept, pulse)?;
        if found.is_empty() {
            let place = network.points.first().map(|&p| degrees(p));
            return Ok(AreaCheck::Refused { place, why: "the area encloses nothing" });
        }
        if self.is_as_given && network.repeated.is_empty() && self.faces(network).as_ref() == Some(&found) {
            return Ok(AreaCheck::Valid);
        }
        if let Some(place) = self.filled_hole(network, swept, &found) {
            return Ok(AreaCheck::Refused {
                place: Some(degrees(place)),
                why: "a hole lies outside its polygon, or overlaps another hole or part",
            });
        }
        let ring = |numbers: &Vec<u32>| -> Vec<(f64, f64)> {
            let closed = numbers.iter().chain(numbers.first());
            closed.filter_map(|&n| network.points.get(n as usize)).map(|&p| degrees(p)).collect()
        };
        let polygon = |face: &Face| std::iter::once(&face.outer).chain(&face.inners).map(ring).collect();
        Ok(AreaCheck::Mended(found.iter().map(polygon).collect()))
    }

    /// The rings that were given, in the form of faces: equal to what they enclose just if they are valid.
    fn faces(&self, network: &Network) -> Option<Vec<Face>> {
        let mut faces = Vec::new();
        for rings in self.rings.chunk_by(|r, s| r.polygon == s.polygon) {
            let mut given = rings.iter().map(|ring| normal(ring, network));
            let outer = given.next()??;
            let mut inners = given.collect::<Option<Vec<_>>>()?;
            inners.sort_unstable();
            faces.push(Face { outer, inners });
        }
        faces.sort_unstable();
        Some(faces)
    }

    /// A place where the area lies on the inner side of a hole. A hole that crosses itself has no one inner side; of
    /// those, and for all, a polygon within nothing but holes is taken for a sign.
    fn filled_hole(&self, network: &Network, swept: &Swept, found: &[Face]) -> Option<Point> {
        let segment = |from: Point, to: Point| network.between(network.number(from)?, network.number(to)?);
        for (line, ring) in (0..).zip(&self.rings).filter(|(_, ring)| ring.is_hole && !ring.is_tangled) {
            let is_inner_left = doubled_area(&ring.points) > 0;
            for (from, to) in pairs(&ring.points) {
                let Some(segment) = segment(from, to).filter(|&s| network.segment(s).line == line) else { continue };
                let is_area_left = swept.inside_above.get(segment as usize).map(|&above| above == (from < to));
                if is_area_left == Some(is_inner_left) {
                    return Some(from);
                }
            }
        }
        let is_of_hole = |(from, to)| {
            let line = network.between(from, to).map(|s| network.segment(s).line as usize);
            line.and_then(|line| self.rings.get(line)).is_some_and(|ring| ring.is_hole)
        };
        let of_holes = found.iter().find(|face| pairs(&face.outer).all(is_of_hole))?;
        network.points.get(*of_holes.outer.first()? as usize).copied()
    }
}

fn pairs<T: Copy>(chain: &[T]) -> impl Iterator<Item = (T, T)> {
    chain.iter().copied().zip(chain.iter().copied().skip(1))
}

/// Whether all points lie on one line.
fn is_flat(points: &[Point]) -> bool {
    let [first, second, ..] = points else { return true };
    points.iter().all(|&p| side(*first, *second, p).is_eq())
}

/// Twice the area of a ring, positive if it runs counter-clockwise.
fn doubled_area(ring: &[Point]) -> i128 {
    pairs(ring).map(|(p, q)| i128::from(p.x) * i128::from(q.y) - i128::from(p.y) * i128::from(q.x)).sum()
}

/// A ring as faces have it: from its leftmost point, not closed, outer ones counter-clockwise, holes clockwise.
fn normal(ring: &Ring, network: &Network) -> Option<Vec<u32>> {
    let mut numbers = ring.points.iter().map(|&p| network.number(p)).collect::<Option<Vec<u32>>>()?;
    numbers.pop();
    let leftmost = numbers.iter().enumerate().min_by_key(|&(_, number)| number)?.0;
    numbers.rotate_left(leftmost);
    if is_counter_clockwise(network, &numbers) == ring.is_hole {
        numbers.reverse();
        numbers.rotate_right(1);
    }
    Some(numbers)
}

/// What may still be done.
struct Budget {
    crossings: usize,
    comparisons: usize,
}

/// Where segments meet otherwise than at common ends.
#[derive(Default)]
struct Meetings {
    /// For a segment, by its points, the points to cut it at, in order along it.
    cuts: HashMap<(Point, Point), Vec<Point>>,
    /// Segments that meet another of their own ring.
    tangled: Vec<u32>,
    /// Whether ends on inner parts are all there is.
    only_touches: bool,
}

/// Finds all meetings, by comparing those segments that the sweep left out with all others: of two that meet, it left
/// out one. `None` where that takes more than the budget.
fn meetings(network: &Network, swept: &Swept, budget: &mut Budget, pulse: &mut Pulse<'_>) -> Result<Option<Meetings>> {
    let mut out: Vec<u32> = swept.clashes.iter().map(|clash| clash.out).collect();
    out.sort_unstable();
    let edges: Vec<Edge> = (0..).take(network.segments.len()).map(|s| network.edge(s)).collect();
    let mut found = Meetings { only_touches: true, ..Meetings::default() };
    for &s in &out {
        let edge = network.edge(s);
        for (t, other) in (0..).zip(&edges).take_while(|(_, other)| other.a.x <= edge.b.x) {
            if budget.comparisons == 0 {
                return Ok(None);
            }
            budget.comparisons -= 1;
            let Some(contact) = edge.contact(other) else { continue };
            // Of two that were left out, the first to be compared has seen it.
            if s == t || (t < s && out.binary_search(&t).is_ok()) {
                continue;
            }
            if budget.crossings == 0 {
                return Ok(None);
            }
            budget.crossings -= 1;
            pulse.step()?;
            found.add((edge, *other), contact);
            if network.segment(s).line == network.segment(t).line {
                found.tangled.push(s);
            }
        }
        pulse.now()?;
    }
    for ((a, b), cuts) in &mut found.cuts {
        let edge = Edge { a: *a, b: *b };
        cuts.sort_unstable_by_key(|&p| (edge.along(p), p));
        cuts.dedup();
    }
    Ok(Some(found))
}

impl Meetings {
    fn add(&mut self, edges: (Edge, Edge), contact: Contact) {
        let points = match contact {
            Contact::Cross(p) | Contact::Touch(p) => [p, p],
            Contact::Overlap(p, q) => [p, q],
        };
        self.only_touches &= matches!(contact, Contact::Touch(_));
        for edge in [edges.0, edges.1] {
            for point in points.into_iter().filter(|&p| p != edge.a && p != edge.b) {
                self.cuts.entry((edge.a, edge.b)).or_default().push(point);
            }
        }
    }
}

#[cfg(test)]
mod tests;
