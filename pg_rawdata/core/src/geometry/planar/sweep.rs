//! One sweep over all segments, after Shamos and Hoey.
//!
//! The line sweeps from left to right and knows the segments it passes through, from the lowest to the highest. Two
//! segments that meet are neighbours just before, so only neighbours are tested. Of two that clash one is left out for
//! the rest of the sweep: then those that stay are in order again, and further clashes are found as well.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::{Contact, Edge, Network, Pulse};
use crate::Result;

/// Two segments that meet otherwise than at a common end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::geometry) struct Clash {
    /// The one that was left out.
    pub out: u32,
    /// The one that stayed.
    pub kept: u32,
    /// How they meet.
    pub contact: Contact,
}

/// What a sweep finds. `inside_above` and `below` have a meaning only where there are no clashes and no open ends.
pub(in crate::geometry) struct Swept {
    /// Clashes, as many as were asked for; every clash there is has at least one segment among those left out.
    pub clashes: Vec<Clash>,
    /// By segment: whether the inside, by the even-odd rule, lies above it.
    pub inside_above: Vec<bool>,
    /// By segment: what lies directly below its start.
    pub below: Vec<Option<u32>>,
}

/// A segment that the line passes through, ordered from below.
#[derive(Clone, Copy)]
struct Passed {
    edge: Edge,
    segment: u32,
}

impl Ord for Passed {
    /// Compares where the later of the two starts; until segments cross, that holds for every place of the line.
    fn cmp(&self, other: &Self) -> Ordering {
        if self.segment == other.segment {
            return Ordering::Equal;
        }
        let order = match self.edge.a.cmp(&other.edge.a) {
            Ordering::Less => other.edge_over(self).reverse(),
            _ => self.edge_over(other),
        };
        order.then(self.segment.cmp(&other.segment))
    }
}

impl Passed {
    fn edge_over(&self, earlier: &Self) -> Ordering {
        earlier.edge.side(self.edge.a).then_with(|| self.edge.turn(&earlier.edge))
    }
}

impl PartialOrd for Passed {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Passed {
    fn eq(&self, other: &Self) -> bool {
        self.segment == other.segment
    }
}

impl Eq for Passed {}

struct Line {
    passed: BTreeSet<Passed>,
    left_out: Vec<bool>,
    clashes: Vec<Clash>,
}

impl Line {
    /// What lies directly below and above a segment that is not among those passed.
    fn neighbours(&self, at: &Passed) -> (Option<Passed>, Option<Passed>) {
        (self.passed.range(..at).next_back().copied(), self.passed.range(at..).next().copied())
    }

    /// Leaves one of two out: if the end of one lies on the other, that one, as what goes on from there may run along
    /// the other; else the second.
    fn leave_out(&mut self, first: &Passed, second: &Passed, contact: Contact) {
        let (out, kept) = match contact {
            Contact::Touch(end) if end == first.edge.b => (first, second),
            _ => (second, first),
        };
        self.passed.remove(out);
        self.left_out[out.segment as usize] = true;
        self.clashes.push(Clash { out: out.segment, kept: kept.segment, contact });
    }

    /// Lets a segment in between its neighbours, unless it has to be left out. Returns what lies below it.
    fn enter(&mut self, new: &Passed, most: usize) -> Option<Option<u32>> {
        loop {
            let (below, above) = self.neighbours(new);
            let clash = [below, above].into_iter().flatten().find_map(|n| Some((n, n.edge.contact(&new.edge)?)));
            let Some((neighbour, contact)) = clash else {
                self.passed.insert(*new);
                return Some(below.map(|below| below.segment));
            };
            self.leave_out(&neighbour, new, contact);
            if self.left_out[new.segment as usize] || self.clashes.len() >= most {
                self.close_gap(new, most);
                return None;
            }
        }
    }

    /// Tests the two that have become neighbours where `gone` was, until they don't meet.
    fn close_gap(&mut self, gone: &Passed, most: usize) {
        while self.clashes.len() < most
            && let (Some(below), Some(above)) = self.neighbours(gone)
            && let Some(contact) = below.edge.contact(&above.edge)
        {
            self.leave_out(&below, &above, contact);
        }
    }
}

/// Sweeps over a network. Stops at the first clash or after `most` of them.
pub(in crate::geometry) fn sweep(network: &Network, most: usize, pulse: &mut Pulse<'_>) -> Result<Swept> {
    let count = network.segments.len();
    let mut line = Line { passed: BTreeSet::new(), left_out: vec![false; count], clashes: Vec::new() };
    let mut inside_above = vec![true; count];
    let mut below_start = vec![None; count];
    for point in network.numbers() {
        pulse.step()?;
        let mut gone = None;
        for &segment in network.ending(point) {
            if !line.left_out[segment as usize] {
                let ended = Passed { edge: network.edge(segment), segment };
                line.passed.remove(&ended);
                gone = Some(ended);
            }
        }
        for segment in network.starting(point) {
            let new = Passed { edge: network.edge(segment), segment };
            if let Some(below) = line.enter(&new, most) {
                below_start[segment as usize] = below;
                inside_above[segment as usize] = below.is_none_or(|below| !inside_above[below as usize]);
            }
        }
        if let (Some(gone), 0) = (gone, network.starting(point).len()) {
            line.close_gap(&gone, most);
        }
        if line.clashes.len() >= most {
            break;
        }
    }
    Ok(Swept { clashes: line.clashes, inside_above, below: below_start })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Drawing, Point};
    use super::*;

    /// Segments as lines of their own, on a grid so small that ends, slopes and lines coincide all the time.
    fn network(lines: &[[(i64, i64); 2]]) -> Network {
        let mut drawing = Drawing::default();
        for (number, line) in (0..).zip(lines) {
            drawing.line(number, line.iter().map(|&(x, y)| Point { x, y })).unwrap();
        }
        Network::new(drawing, &mut Pulse::new(&mut || Ok(()))).unwrap()
    }

    fn lines(size: i64, count: usize) -> impl Strategy<Value = Vec<[(i64, i64); 2]>> {
        prop::collection::vec([(0..size, 0..size), (0..size, 0..size)], 1..count)
    }

    fn compare_with_all_pairs(lines: &[[(i64, i64); 2]]) {
        let network = network(lines);
        let swept = sweep(&network, usize::MAX, &mut Pulse::new(&mut || Ok(()))).unwrap();
        let all: Vec<u32> = (0..).take(network.segments.len()).collect();
        let out: Vec<u32> = swept.clashes.iter().map(|c| c.out).collect();
        for clash in &swept.clashes {
            assert!(network.edge(clash.out).contact(&network.edge(clash.kept)).is_some());
        }
        for &s in &all {
            for &t in all.iter().filter(|&&t| t > s) {
                let meet = network.edge(s).contact(&network.edge(t));
                assert!(meet.is_none() || out.contains(&s) || out.contains(&t), "missed {meet:?}");
            }
        }
        // Among segments that don't meet, what lies below a start is found by looking at all of them.
        if out.is_empty() {
            for &s in &all {
                let start = network.edge(s).a;
                let is_lower = |t: &&u32| {
                    let edge = network.edge(**t);
                    edge.a < start && start < edge.b && edge.side(start) == Ordering::Greater
                };
                let lower = all.iter().filter(is_lower).map(|&t| Passed { edge: network.edge(t), segment: t }).max();
                let fan = network.starting(network.segment(s).a).take_while(|&t| t != s).last();
                assert_eq!(swept.below[s as usize], fan.or(lower.map(|t| t.segment)));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn few_segments_on_a_tiny_grid_clash_as_all_pairs_do(lines in lines(5, 8)) {
            compare_with_all_pairs(&lines);
        }

        #[test]
        fn many_segments_on_a_small_grid_clash_as_all_pairs_do(lines in lines(9, 30)) {
            compare_with_all_pairs(&lines);
        }

        #[test]
        fn short_segments_clash_as_all_pairs_do(steps in prop::collection::vec(((0..12_i64, 0..12_i64), (-2..3_i64, -2..3_i64)), 1..60)) {
            let lines: Vec<_> = steps.iter().map(|&((x, y), (u, v))| [(x, y), (x + u, y + v)]).collect();
            compare_with_all_pairs(&lines);
        }
    }

    #[test]
    fn the_sweep_stops_at_the_number_of_clashes_asked_for() {
        let lines: Vec<_> = (0..50).flat_map(|i| [[(0, i), (100, i)], [(i + 1, -1), (i + 1, 90)]]).collect();
        let network = network(&lines);
        let swept = sweep(&network, 7, &mut Pulse::new(&mut || Ok(()))).unwrap();
        assert!((7..20).contains(&swept.clashes.len()), "{}", swept.clashes.len());
    }

    #[test]
    fn an_interrupt_ends_the_sweep() {
        let lines: Vec<_> = (0..9000).map(|i| [(0, i), (1, i)]).collect();
        let network = network(&lines);
        let mut stop = || Err(crate::Error::new(crate::ErrorKind::Io, "stopped"));
        assert!(sweep(&network, 1, &mut Pulse::new(&mut stop)).is_err());
    }
}
