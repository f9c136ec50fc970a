//! Lines of relations that are not areas: routes, rivers, networks.

use std::collections::HashMap;

use crate::geometry::Geometry;
use crate::osm::Place;

/// One end of a line: which line, and whether it is the far end.
type End = (usize, bool);

/// Merges the member ways of a relation end to end where exactly two ends meet; at junctions lines stay apart.
///
/// Always [`Geometry::Lines`], even of one line. A way listed twice is taken once. The result doesn't depend on the
/// order of the members. A merged line runs as most of its segments do.
pub fn relation_lines(ways: impl IntoIterator<Item = (i64, Vec<Place>)>) -> Option<Geometry> {
    let mut ways: Vec<(i64, Vec<Place>)> = ways.into_iter().filter(|(_, line)| line.len() > 1).collect();
    ways.sort_by_key(|(id, _)| *id);
    ways.dedup_by_key(|(id, _)| *id);
    let lines: Vec<Vec<Place>> = ways.into_iter().map(|(_, line)| line).collect();

    let mut ends: HashMap<Place, Vec<End>> = HashMap::new();
    for (number, line) in lines.iter().enumerate() {
        for far in [false, true] {
            if let Some(place) = end(line, far) {
                ends.entry(place).or_default().push((number, far));
            }
        }
    }
    let follows = |(number, far): End| -> Option<End> {
        let place = end(lines.get(number)?, far)?;
        match ends.get(&place)?.as_slice() {
            [one, other] if *one == (number, far) => Some(*other),
            [one, other] if *other == (number, far) => Some(*one),
            _ => None,
        }
    };

    let mut used = vec![false; lines.len()];
    let mut merged = Vec::new();
    for number in 0..lines.len() {
        if used.get(number).is_none_or(|used| *used) {
            continue;
        }
        // Back to where the chain begins (or, if it is closed, round to where we are), then all along it.
        let mut begin = (number, false);
        while let Some((before, far)) = follows(begin) {
            begin = (before, !far);
            if before == number {
                break;
            }
        }
        let mut chain = Vec::new();
        let mut next = Some(begin);
        while let Some((number, far)) = next
            && let Some(used) = used.get_mut(number).filter(|used| !**used)
        {
            *used = true;
            chain.push((number, far));
            next = follows((number, !far));
        }
        merged.push(join(&lines, &chain));
    }
    merged.sort_unstable();
    (!merged.is_empty()).then_some(Geometry::Lines(merged))
}

fn end(line: &[Place], far: bool) -> Option<Place> {
    if far { line.last().copied() } else { line.first().copied() }
}

/// Puts lines one after the other; `true` with a line says that it is entered at its far end.
fn join(lines: &[Vec<Place>], chain: &[End]) -> Vec<Place> {
    let mut joined: Vec<Place> = Vec::new();
    let (mut along, mut against) = (0, 0);
    for &(number, far) in chain {
        let Some(line) = lines.get(number) else { continue };
        if far {
            against += line.len() - 1;
            joined.extend(line.iter().rev());
        } else {
            along += line.len() - 1;
            joined.extend(line);
        }
    }
    joined.dedup();
    if joined.first() == joined.last() && chain.len() > 1 {
        begin_at_least(&mut joined);
    }
    let reversed = joined.iter().rev();
    if against > along || (against == along && chain.len() > 1 && reversed.lt(joined.iter())) {
        joined.reverse();
    }
    joined
}

/// Turns a closed line of several ways, which has no beginning of its own, so that it begins at its least place.
fn begin_at_least(line: &mut Vec<Place>) {
    line.pop();
    let least = line.iter().enumerate().min_by_key(|&(_, place)| place).map_or(0, |(i, _)| i);
    line.rotate_left(least);
    line.extend(line.first().copied());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(id: i64, xs: &[i32]) -> (i64, Vec<Place>) {
        // Places on a parabola, so that no two are equal unless their numbers are.
        (id, xs.iter().map(|&x| Place { x, y: x * x }).collect())
    }

    fn merged(ways: &[(i64, Vec<Place>)]) -> Vec<Vec<i32>> {
        match relation_lines(ways.to_vec()) {
            Some(Geometry::Lines(lines)) => lines.iter().map(|l| l.iter().map(|p| p.x).collect()).collect(),
            None => Vec::new(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn ways_are_merged_where_two_ends_meet_whatever_their_order_and_direction() {
        let ways = [way(1, &[5, 6, 7]), way(2, &[9, 8, 7]), way(3, &[3, 4, 5])];
        assert_eq!(merged(&ways), [[3, 4, 5, 6, 7, 8, 9]]);
        let [a, b, c] = ways;
        assert_eq!(merged(&[c.clone(), b.clone(), a.clone()]), [[3, 4, 5, 6, 7, 8, 9]]);
        assert_eq!(merged(&[b, a, c]), [[3, 4, 5, 6, 7, 8, 9]]);
    }

    #[test]
    fn a_merged_line_runs_as_most_of_its_segments_do() {
        assert_eq!(merged(&[way(1, &[9, 8, 7]), way(2, &[7, 6])]), [[9, 8, 7, 6]]);
        assert_eq!(merged(&[way(1, &[9, 8, 7]), way(2, &[6, 7])]), [[9, 8, 7, 6]]);
        assert_eq!(merged(&[way(1, &[8, 7]), way(2, &[6, 7])]), [[6, 7, 8]]);
        assert_eq!(merged(&[way(1, &[7, 8]), way(2, &[7, 6])]), [[6, 7, 8]]);
    }

    #[test]
    fn at_a_junction_lines_stay_apart() {
        let lines = merged(&[way(1, &[1, 2]), way(2, &[2, 3]), way(3, &[2, 4]), way(4, &[4, 5])]);
        assert_eq!(lines, [vec![1, 2], vec![2, 3], vec![2, 4, 5]]);
    }

    #[test]
    fn rings_close_and_begin_at_their_least_place() {
        assert_eq!(merged(&[way(1, &[5, 2, 7]), way(2, &[7, 9, 5])]), [[2, 7, 9, 5, 2]]);
        assert_eq!(merged(&[way(2, &[7, 9, 5]), way(1, &[5, 2, 7])]), [[2, 7, 9, 5, 2]]);
        // One closed way is left as it is.
        assert_eq!(merged(&[way(1, &[5, 9, 2, 5])]), [[5, 9, 2, 5]]);
        // Two rings at one place are a junction of four ends.
        assert_eq!(merged(&[way(1, &[5, 9, 2, 5]), way(2, &[5, 6, 7, 5])]), [[5, 6, 7, 5], [5, 9, 2, 5]]);
    }

    #[test]
    fn a_way_listed_twice_is_taken_once_and_one_without_length_not_at_all() {
        assert_eq!(merged(&[way(1, &[1, 2]), way(1, &[1, 2]), way(2, &[2, 3])]), [[1, 2, 3]]);
        assert_eq!(merged(&[way(1, &[1]), way(2, &[])]), Vec::<Vec<i32>>::new());
    }
}
