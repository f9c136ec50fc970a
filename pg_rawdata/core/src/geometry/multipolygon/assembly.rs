//! The assembler.

use std::collections::{BTreeMap, BTreeSet};

use super::{Problem, ProblemKind};
use crate::Result;
use crate::geometry::planar::{Contact, Drawing, Face, Network, Point, Pulse, Swept, faces, sweep};
use crate::geometry::{Geometry, Polygon, Ring};
use crate::osm::Place;

/// A way of which all places are known.
#[derive(Debug, Clone, Copy)]
pub struct MemberWay<'a> {
    /// The way's number. Of several with one number the first counts.
    pub id: i64,
    /// Its role as a member.
    pub role: &'a str,
    /// Its places in order.
    pub places: &'a [Place],
}

/// How much is taken on. Time is near-linear, so only memory is at stake: about 120 bytes a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Segments an area may have.
    pub max_segments: usize,
    /// Problems reported of one area, those that cost it its geometry first.
    pub max_problems: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_segments: 4_000_000, max_problems: 100 }
    }
}

/// An area as far as there is one, and what was noticed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Assembly {
    /// A polygon, or several; `None` where the ways make no valid area.
    pub geometry: Option<Geometry>,
    /// What is wrong, or odd.
    pub problems: Vec<Problem>,
}

impl Assembly {
    /// No area, for one reason.
    pub(super) fn none(kind: ProblemKind, place: Option<Place>, ways: Vec<i64>) -> Self {
        Self { geometry: None, problems: vec![Problem { kind, place, ways }] }
    }
}

/// Makes an area of ways. Neither their order nor their directions matter, to the last byte.
///
/// `interrupt` is called every few thousand steps; an error of it ends the work.
pub fn assemble(
    ways: &[MemberWay<'_>],
    limits: &Limits,
    interrupt: &mut dyn FnMut() -> Result<()>,
) -> Result<Assembly> {
    let mut ways = ways.to_vec();
    ways.sort_by_key(|way| way.id);
    ways.dedup_by_key(|way| way.id);
    let segments: usize = ways.iter().map(|way| way.places.len().saturating_sub(1)).sum();
    if segments > limits.max_segments {
        let place = ways.iter().find_map(|way| way.places.first());
        return Ok(Assembly::none(ProblemKind::LimitReached, place.copied(), Vec::new()));
    }

    let mut pulse = Pulse::new(interrupt);
    let mut drawing = Drawing::default();
    for (line, way) in (0..).zip(&ways) {
        pulse.step()?;
        drawing.line(line, way.places.iter().map(|p| Point { x: p.x.into(), y: p.y.into() }))?;
    }
    let network = Network::new(drawing, &mut pulse)?;
    let mut report = Report { ways: &ways, network: &network, most: limits.max_problems, problems: Vec::new() };

    report.open_rings(&mut pulse)?;
    let swept = sweep(&network, limits.max_problems.max(1), &mut pulse)?;
    report.contacts(&swept);
    let (found, of_outer) = if network.segments.is_empty() {
        report.nothing_left();
        (Vec::new(), Vec::new())
    } else if report.problems.is_empty() && swept.clashes.is_empty() {
        faces(&network, &swept, &mut pulse)?
    } else {
        (Vec::new(), Vec::new())
    };
    report.short_ways();
    report.wrong_roles(&of_outer);
    report.duplicates();
    Ok(Assembly { problems: report.problems, geometry: geometry(&network, found) })
}

fn geometry(network: &Network, faces: Vec<Face>) -> Option<Geometry> {
    let ring = |numbers: Vec<u32>| -> Ring {
        let closed = numbers.iter().chain(numbers.first());
        closed.filter_map(|&number| place(network, number)).collect()
    };
    let polygon = |face: Face| Polygon { outer: ring(face.outer), inners: face.inners.into_iter().map(ring).collect() };
    let mut polygons: Vec<Polygon> = faces.into_iter().map(polygon).collect();
    match polygons.len() {
        0 => None,
        1 => polygons.pop().map(Geometry::Polygon),
        _ => Some(Geometry::Polygons(polygons)),
    }
}

fn place(network: &Network, number: u32) -> Option<Place> {
    network.points.get(number as usize).and_then(|point| Place::new(point.x, point.y))
}

/// Gathers problems up to a number.
struct Report<'a> {
    ways: &'a [MemberWay<'a>],
    network: &'a Network,
    most: usize,
    problems: Vec<Problem>,
}

impl Report<'_> {
    fn add(&mut self, kind: ProblemKind, place: Option<Place>, lines: impl IntoIterator<Item = u32>) {
        let lines: BTreeSet<u32> = lines.into_iter().collect();
        let ways = lines.iter().filter_map(|&line| self.ways.get(line as usize)).map(|way| way.id).collect();
        let problem = Problem { kind, place, ways };
        if !self.is_full() && !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    fn is_full(&self) -> bool {
        self.problems.len() >= self.most
    }

    fn open_rings(&mut self, pulse: &mut Pulse<'_>) -> Result<()> {
        let network = self.network;
        for point in network.numbers() {
            pulse.step()?;
            if network.is_open(point) {
                let lines = network.around(point).map(|s| network.segment(s).line);
                self.add(ProblemKind::OpenRing, place(network, point), lines);
            }
        }
        Ok(())
    }

    /// One problem for each place; where one outline runs along another, its corners touch there as well.
    fn contacts(&mut self, swept: &Swept) {
        let mut by_place: BTreeMap<Point, (ProblemKind, BTreeSet<u32>)> = BTreeMap::new();
        for clash in &swept.clashes {
            let found = by_place.entry(clash.contact.place()).or_insert((ProblemKind::Crossing, BTreeSet::new()));
            if matches!(clash.contact, Contact::Overlap(..)) {
                found.0 = ProblemKind::Overlap;
            }
            found.1.extend([clash.out, clash.kept].map(|s| self.network.segment(s).line));
        }
        for (at, (kind, lines)) in by_place {
            self.add(kind, Place::new(at.x, at.y), lines);
        }
    }

    fn nothing_left(&mut self) {
        let place = place(self.network, 0);
        self.add(ProblemKind::TooFewPoints, place, (0..).take(self.ways.len().min(self.most)));
    }

    fn short_ways(&mut self) {
        for (line, way) in (0..).zip(self.ways) {
            if way.places.iter().all(|place| Some(place) == way.places.first()) {
                self.add(ProblemKind::TooFewPoints, way.places.first().copied(), [line]);
            }
        }
    }

    fn wrong_roles(&mut self, of_outer: &[bool]) {
        let mut in_ring = vec![(false, false); self.ways.len()];
        for (segment, &outer) in self.network.segments.iter().zip(of_outer) {
            if let Some((outers, inners)) = in_ring.get_mut(segment.line as usize) {
                *outers |= outer;
                *inners |= !outer;
            }
        }
        for (line, (way, (outers, inners))) in (0..).zip(self.ways.iter().zip(in_ring)) {
            let wrong = match way.role {
                // Old data leaves out the role of outer ways.
                "outer" | "exclave" | "" => inners && !outers,
                // Where holes touch, a way can be of both.
                "inner" | "enclave" => outers && !inners,
                _ => outers || inners,
            };
            if wrong {
                self.add(ProblemKind::WrongRole, way.places.first().copied(), [line]);
            }
        }
    }

    /// One problem for all segments that the same ways share.
    fn duplicates(&mut self) {
        let mut seen = BTreeSet::new();
        for copies in self.network.repeated.chunk_by(|s, t| (s.a, s.b) == (t.a, t.b)) {
            if self.is_full() {
                break;
            }
            let lines: BTreeSet<u32> = copies.iter().map(|s| s.line).collect();
            let place = copies.first().and_then(|s| place(self.network, s.a));
            if seen.insert(lines.clone()) {
                self.add(ProblemKind::DuplicateSegment, place, lines);
            }
        }
    }
}
