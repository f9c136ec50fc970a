//! Order and directions of the ways change nothing, whether there is an area or not.

use proptest::prelude::*;
use rawdata_core::geometry::multipolygon::{Limits, MemberWay, Problem, ProblemKind, assemble, way_area};
use rawdata_core::osm::Place;
use rawdata_core::stored;

use super::places;

/// Ways on a grid so small that they meet, cross and run along each other; every other one is closed.
fn ways() -> impl Strategy<Value = Vec<Vec<Place>>> {
    let way = (prop::collection::vec((0..6, 0..6), 1..7), any::<bool>()).prop_map(|(mut points, closed)| {
        points.extend(closed.then(|| points[0]));
        places(&points)
    });
    prop::collection::vec(way, 1..6)
}

/// The bytes that are stored, and the problems.
fn made(ways: &[(i64, Vec<Place>)]) -> (Vec<u8>, Vec<Problem>) {
    let members: Vec<_> = ways.iter().map(|(id, places)| MemberWay { id: *id, role: "outer", places }).collect();
    let mut made = assemble(&members, &Limits::default(), &mut || Ok(())).unwrap();
    for problem in &mut made.problems {
        // These show where a way begins.
        if matches!(problem.kind, ProblemKind::WrongRole | ProblemKind::TooFewPoints) {
            problem.place = None;
        }
    }
    let mut bytes = Vec::new();
    if let Some(geometry) = &made.geometry {
        stored::geometry::write(geometry, &mut bytes).unwrap();
    }
    assert!(!bytes.is_empty() || !made.problems.is_empty(), "no area and no reason");
    (bytes, made.problems)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn order_and_directions_change_neither_a_byte_nor_a_problem(
        (first, shuffled, turned) in ways().prop_flat_map(|ways| {
            let numbered: Vec<(i64, Vec<Place>)> = (1..).zip(ways).collect();
            let turned = prop::collection::vec(any::<bool>(), numbered.len());
            (Just(numbered.clone()), Just(numbered).prop_shuffle(), turned)
        })
    ) {
        let mut other = shuffled;
        for ((_, places), turn) in other.iter_mut().zip(turned) {
            if turn {
                places.reverse();
            }
        }
        prop_assert_eq!(made(&other), made(&first));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn a_way_by_the_short_cut_is_the_area_that_the_assembler_makes(
        (size, mut points) in (3_i32..20).prop_flat_map(|size| (Just(size), prop::collection::vec((0..size, 0..size), 1..9)))
    ) {
        points.push(points[0]);
        let places = places(&points);
        let known: Vec<_> = places.iter().copied().map(Some).collect();
        let by_way = way_area(1, &known, false, &Limits::default(), &mut || Ok(())).unwrap();
        let member = MemberWay { id: 1, role: "outer", places: &places };
        let mut made = assemble(&[member], &Limits::default(), &mut || Ok(())).unwrap();
        made.problems.retain(|problem| problem.kind != ProblemKind::WrongRole);
        prop_assert_eq!(by_way, made, "on a grid of {}", size);
    }
}
