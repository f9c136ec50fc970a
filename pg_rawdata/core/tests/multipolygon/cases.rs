//! Literal cases, with the ideas of osm-testdata and some more.

use rawdata_core::geometry::Ring;
use rawdata_core::geometry::multipolygon::{
    Assembly, Limits, MemberWay, ProblemKind, RelationWay, assemble, relation_area, way_area,
};
use rawdata_core::osm::Place;

use super::{Way, assembled, check_form, places, polygons};

/// Rings without their last places; `-` before holes, `+` before further polygons.
fn drawn(assembly: &Assembly) -> String {
    let polygons = polygons(assembly.geometry.as_ref());
    check_form(&polygons);
    let ring = |ring: &Ring| {
        let points: Vec<String> = ring.iter().skip(1).map(|p| format!("{},{}", p.x, p.y)).collect();
        // The last place is the first.
        format!("{} {}", points.last().unwrap(), points[..points.len() - 1].join(" "))
    };
    let polygons: Vec<String> = polygons
        .iter()
        .map(|p| std::iter::once(&p.outer).chain(&p.inners).map(ring).collect::<Vec<_>>().join(" - "))
        .collect();
    polygons.join(" + ")
}

fn kinds(assembly: &Assembly) -> Vec<&'static str> {
    assembly.problems.iter().map(|problem| problem.kind.name()).collect()
}

fn outer(points: &[(i32, i32)]) -> Way {
    ("outer", points.to_vec())
}

fn inner(points: &[(i32, i32)]) -> Way {
    ("inner", points.to_vec())
}

fn square(x: i32, y: i32, size: i32) -> Vec<(i32, i32)> {
    vec![(x, y), (x + size, y), (x + size, y + size), (x, y + size), (x, y)]
}

/// Asserts the area and the problems, whatever the order and directions of the ways.
#[track_caller]
fn gives(ways: &[Way], area: &str, problems: &[&str]) {
    let first = assembled(ways);
    assert_eq!(drawn(&first), area);
    assert_eq!(kinds(&first), problems);
    let turned: Vec<Way> = ways.iter().rev().map(|(role, w)| (*role, w.iter().rev().copied().collect())).collect();
    assert_eq!(assembled(&turned).geometry, first.geometry);
}

#[test]
fn rings_of_one_way_and_of_several() {
    gives(&[outer(&square(0, 0, 4))], "0,0 4,0 4,4 0,4", &[]);
    gives(&[outer(&[(0, 0), (4, 0), (4, 4)]), outer(&[(0, 0), (0, 4), (4, 4)])], "0,0 4,0 4,4 0,4", &[]);
    gives(
        &[outer(&[(4, 4), (4, 0)]), outer(&[(0, 4), (4, 4)]), outer(&[(0, 0), (0, 4)]), outer(&[(0, 0), (4, 0)])],
        "0,0 4,0 4,4 0,4",
        &[],
    );
}

#[test]
fn collinear_places_stay_and_repeated_ones_go() {
    gives(&[outer(&[(0, 0), (2, 0), (2, 0), (4, 0), (4, 4), (0, 0)])], "0,0 2,0 4,0 4,4", &[]);
}

#[test]
fn holes_islands_and_holes_in_islands_by_place_not_by_role() {
    let rings = [square(0, 0, 9), square(1, 1, 7), square(2, 2, 5), square(3, 3, 3)];
    let roles = ["outer", "inner", "outer", "inner"];
    let ways: Vec<Way> = roles.into_iter().zip(rings.clone()).collect();
    let expected = "0,0 9,0 9,9 0,9 - 1,1 1,8 8,8 8,1 + 2,2 7,2 7,7 2,7 - 3,3 3,6 6,6 6,3";
    gives(&ways, expected, &[]);
    let wrong: Vec<Way> = ["inner", "outer", "inner", "what"].into_iter().zip(rings).collect();
    gives(&wrong, expected, &["wrong_role"; 4]);
}

#[test]
fn an_empty_role_is_outer() {
    gives(&[("", square(0, 0, 2))], "0,0 2,0 2,2 0,2", &[]);
    let ways = [outer(&square(0, 0, 4)), ("", square(1, 1, 2))];
    gives(&ways, "0,0 4,0 4,4 0,4 - 1,1 1,3 3,3 3,1", &["wrong_role"]);
}

#[test]
fn outer_rings_that_touch_at_a_node_stay_apart() {
    let eight = outer(&[(0, 0), (2, 2), (4, 0), (4, 4), (2, 2), (0, 4), (0, 0)]);
    gives(&[eight], "0,0 2,2 0,4 + 2,2 4,0 4,4", &[]);
    // Three in a ring of three touches: what they enclose is outside.
    let ways = [
        outer(&[(0, 0), (4, 0), (2, 2), (0, 0)]),
        outer(&[(4, 0), (8, 0), (6, 2), (4, 0)]),
        outer(&[(2, 2), (6, 2), (4, 4), (2, 2)]),
    ];
    gives(&ways, "0,0 4,0 2,2 + 2,2 6,2 4,4 + 4,0 8,0 6,2", &[]);
}

#[test]
fn four_rings_touch_in_one_point() {
    let petals = [
        vec![(0, 0), (1, 2), (2, 1), (0, 0)],
        vec![(0, 0), (-1, 2), (-2, 1), (0, 0)],
        vec![(0, 0), (-1, -2), (-2, -1), (0, 0)],
        vec![(0, 0), (1, -2), (2, -1), (0, 0)],
    ];
    let outers: Vec<Way> = petals.iter().map(|p| outer(p)).collect();
    gives(&outers, "-2,-1 -1,-2 0,0 + -2,1 0,0 -1,2 + 0,0 1,-2 2,-1 + 0,0 2,1 1,2", &[]);
    let mut holes: Vec<Way> = petals.iter().map(|p| inner(p)).collect();
    holes.push(outer(&square(-3, -3, 6)));
    let expected = "-3,-3 3,-3 3,3 -3,3 - -2,-1 0,0 -1,-2 - -2,1 -1,2 0,0 - 0,0 1,2 2,1 - 0,0 2,-1 1,-2";
    gives(&holes, expected, &[]);
}

#[test]
fn a_hole_may_touch_the_outer_ring_in_one_node_but_two_cut_it() {
    let ring = outer(&[(0, 0), (8, 0), (8, 4), (8, 8), (0, 8), (0, 4), (0, 0)]);
    let once = inner(&[(8, 4), (4, 6), (2, 4), (4, 2), (8, 4)]);
    gives(&[ring.clone(), once], "0,0 8,0 8,4 8,8 0,8 0,4 - 2,4 4,6 8,4 4,2", &[]);
    let twice = inner(&[(8, 4), (4, 6), (0, 4), (4, 2), (8, 4)]);
    gives(&[ring, twice], "0,0 8,0 8,4 4,2 0,4 + 0,4 4,6 8,4 8,8 0,8", &["wrong_role"]);
    // The same as one way that goes round all of it.
    let one = outer(&[(0, 0), (8, 0), (8, 4), (4, 2), (2, 4), (4, 6), (8, 4), (8, 8), (0, 8), (0, 0)]);
    gives(&[one], "0,0 8,0 8,4 8,8 0,8 - 2,4 4,6 8,4 4,2", &[]);
}

#[test]
fn two_holes_that_touch_twice_are_one_hole_around_an_island() {
    let c = inner(&[(2, 2), (8, 2), (8, 4), (4, 4), (4, 6), (8, 6), (8, 8), (2, 8), (2, 2)]);
    let bar = inner(&[(8, 4), (9, 5), (8, 6), (7, 5), (8, 4)]);
    let expected = "0,0 10,0 10,10 0,10 - 2,2 2,8 8,8 8,6 9,5 8,4 8,2 + 4,4 8,4 7,5 8,6 4,6";
    gives(&[outer(&square(0, 0, 10)), c, bar], expected, &[]);
}

#[test]
fn shared_borders_cancel() {
    let ring = outer(&square(0, 0, 9));
    let (west, east) =
        (inner(&[(2, 2), (4, 2), (4, 6), (2, 6), (2, 2)]), inner(&[(4, 2), (6, 2), (6, 6), (4, 6), (4, 2)]));
    let expected = "0,0 9,0 9,9 0,9 - 2,2 2,6 4,6 6,6 6,2 4,2";
    gives(&[ring.clone(), west, east], expected, &["duplicate_segment"]);
    // Two halves of a frame leave an island between them.
    let south = inner(&[(1, 4), (1, 1), (7, 1), (7, 4), (5, 4), (5, 3), (3, 3), (3, 4), (1, 4)]);
    let north = inner(&[(1, 4), (1, 7), (7, 7), (7, 4), (5, 4), (5, 5), (3, 5), (3, 4), (1, 4)]);
    let expected = "0,0 9,0 9,9 0,9 - 1,1 1,4 1,7 7,7 7,4 7,1 + 3,3 5,3 5,4 5,5 3,5 3,4";
    gives(&[ring, south, north], expected, &["duplicate_segment"]);
    gives(&[outer(&square(0, 0, 2)), outer(&square(2, 0, 2))], "0,0 2,0 4,0 4,2 2,2 0,2", &["duplicate_segment"]);
}

#[test]
fn a_way_there_and_back_vanishes_unless_it_is_cut_differently() {
    let spike = outer(&[(0, 0), (4, 0), (4, 2), (8, 2), (4, 2), (4, 4), (0, 4), (0, 0)]);
    gives(&[spike], "0,0 4,0 4,2 4,4 0,4", &["duplicate_segment"]);
    let cut = outer(&[(0, 0), (4, 0), (4, 2), (8, 2), (6, 2), (4, 2), (4, 4), (0, 4), (0, 0)]);
    gives(&[cut], "", &["overlap"]);
    // A hole that hangs on the outer ring by such a way.
    let keyhole = [(0, 0), (9, 0), (9, 9), (6, 6), (3, 6), (3, 3), (6, 3), (6, 6), (9, 9), (0, 9), (0, 0)];
    gives(&[outer(&keyhole)], "0,0 9,0 9,9 0,9 - 3,3 3,6 6,6 6,3", &["duplicate_segment"]);
}

#[test]
fn what_crosses_runs_along_or_ends_on_another_makes_no_area() {
    let bowtie = outer(&[(0, 0), (4, 4), (4, 0), (0, 4), (0, 0)]);
    gives(&[bowtie], "", &["crossing"]);
    gives(&[outer(&square(0, 0, 4)), outer(&square(2, 2, 4))], "", &["crossing", "crossing"]);
    let touch = inner(&[(4, 2), (2, 3), (2, 1), (4, 2)]);
    gives(&[outer(&square(0, 0, 4)), touch.clone()], "", &["crossing"]);
    gives(&[outer(&[(0, 0), (4, 0), (4, 2), (4, 4), (0, 4), (0, 0)]), touch], "0,0 4,0 4,2 4,4 0,4 - 2,1 2,3 4,2", &[]);
    gives(&[outer(&square(0, 0, 4)), inner(&square(2, 1, 2))], "", &["overlap", "crossing"]);
}

#[test]
fn a_crossing_is_reported_with_its_place_and_its_ways() {
    let made = assembled(&[outer(&square(0, 0, 4)), outer(&[(2, 2), (2, 6), (7, 6), (2, 2)])]);
    let found: Vec<_> = made.problems.iter().map(|p| (p.kind, p.place, p.ways.clone())).collect();
    let at = |x, y| Some(Place { x, y });
    let crossing = |place| (ProblemKind::Crossing, place, vec![1, 2]);
    assert_eq!(found, [crossing(at(2, 4)), crossing(at(4, 4))]);
}

#[test]
fn every_end_of_an_open_ring_is_reported() {
    let made = assembled(&[outer(&[(0, 0), (4, 0), (4, 4)]), outer(&[(4, 4), (0, 4)])]);
    assert_eq!(made.geometry, None);
    let found: Vec<_> = made.problems.iter().map(|p| (p.kind.name(), p.place, p.ways.clone())).collect();
    let at = |x, y| Some(Place { x, y });
    assert_eq!(found, [("open_ring", at(0, 0), vec![1]), ("open_ring", at(0, 4), vec![2])]);
}

#[test]
fn copies_of_a_ring_cancel_in_pairs_but_one_way_counts_once() {
    let ring = || outer(&square(0, 0, 4));
    gives(&[ring(), ring()], "", &["too_few_points", "duplicate_segment"]);
    gives(&[ring(), ring(), ring()], "0,0 4,0 4,4 0,4", &["duplicate_segment"]);
    let places: Vec<_> = places(&ring().1).into_iter().map(Some).collect();
    let way = RelationWay { id: 7, role: "outer", places: Some(&places) };
    let made = relation_area(&[way, way], false, &Limits::default(), &mut || Ok(())).unwrap();
    assert_eq!((drawn(&made).as_str(), kinds(&made)), ("0,0 4,0 4,4 0,4", vec![]));
}

#[test]
fn what_encloses_nothing_has_too_few_points() {
    gives(&[], "", &["too_few_points"]);
    gives(&[outer(&[]), outer(&[(1, 1)]), outer(&[(1, 1), (1, 1)])], "", &["too_few_points"; 4]);
    gives(&[outer(&[(0, 0), (4, 0), (0, 0)])], "", &["too_few_points", "duplicate_segment"]);
    gives(&[outer(&[(0, 0), (4, 0), (2, 0), (0, 0)])], "", &["overlap"]);
    gives(&[outer(&square(0, 0, 4)), inner(&[(1, 1)])], "0,0 4,0 4,4 0,4", &["too_few_points"]);
}

#[test]
fn a_missing_way_is_looked_for_where_the_rest_of_the_relation_is() {
    let island: Vec<_> = places(&square(2, 3, 2)).into_iter().map(Some).collect();
    let missing = RelationWay { id: 1, role: "outer", places: None };
    let place = |ways: &[RelationWay<'_>]| {
        relation_area(ways, false, &Limits::default(), &mut || Ok(())).unwrap().problems[0].place
    };
    assert_eq!(place(&[missing]), None);
    let known = RelationWay { id: 2, role: "inner", places: Some(&island) };
    assert_eq!(place(&[missing, known]), Some(Place { x: 2, y: 3 }));
}

#[test]
fn a_relation_with_a_part_missing_has_no_area_unless_the_best_is_asked_for() {
    let known = |way: &[(i32, i32)]| places(way).into_iter().map(Some).collect::<Vec<_>>();
    let (lake, island) = (known(&square(0, 0, 9)), known(&square(2, 2, 2)));
    let mut gap = lake.clone();
    gap[2] = None;
    let make = |outer: Option<&[Option<Place>]>, inner: Option<&[Option<Place>]>, best_effort| {
        let ways =
            [RelationWay { id: 1, role: "outer", places: outer }, RelationWay { id: 2, role: "inner", places: inner }];
        let made = relation_area(&ways, best_effort, &Limits::default(), &mut || Ok(())).unwrap();
        (drawn(&made), kinds(&made).join(" "))
    };
    let whole = "0,0 9,0 9,9 0,9";
    let result = |area: &str, problems: &str| (area.to_owned(), problems.to_owned());
    assert_eq!(make(None, Some(&island), false), result("", "missing_member"));
    assert_eq!(make(Some(&lake), None, false), result(whole, "missing_member"));
    assert_eq!(make(Some(&gap), Some(&island), false), result("", "missing_member"));
    assert_eq!(make(Some(&lake), Some(&gap), false), result("", "missing_member"));
    assert_eq!(make(None, Some(&island), true), result("2,2 4,2 4,4 2,4", "missing_member wrong_role"));
    assert_eq!(make(Some(&gap), None, true), result("0,0 9,0 0,9", "missing_member missing_member"));
}

#[test]
fn a_closed_way_keeps_all_its_rings() {
    let way =
        places(&[(0, 0), (2, 2), (4, 0), (4, 4), (2, 2), (0, 4), (0, 0)]).into_iter().map(Some).collect::<Vec<_>>();
    let made = way_area(1, &way, false, &Limits::default(), &mut || Ok(())).unwrap();
    assert_eq!((drawn(&made).as_str(), kinds(&made)), ("0,0 2,2 0,4 + 2,2 4,0 4,4", vec![]));
    // A hole that touches is no fault of the way's either.
    let way =
        places(&[(0, 0), (8, 0), (4, 1), (5, 2), (8, 0), (0, 8), (0, 0)]).into_iter().map(Some).collect::<Vec<_>>();
    let made = way_area(1, &way, false, &Limits::default(), &mut || Ok(())).unwrap();
    assert_eq!((drawn(&made).as_str(), kinds(&made)), ("0,0 8,0 0,8 - 4,1 5,2 8,0", vec![]));
}

#[test]
fn limits_are_counted_and_an_interrupt_ends_the_work() {
    let ways = [outer(&square(0, 0, 4))];
    let limits = Limits { max_segments: 3, ..Limits::default() };
    let square = places(&ways[0].1);
    let known = square.iter().copied().map(Some).collect::<Vec<_>>();
    let made = way_area(1, &known, false, &limits, &mut || Ok(())).unwrap();
    assert_eq!((made.geometry.is_none(), kinds(&made)), (true, vec!["limit_reached"]));
    let mut stop = || Err(rawdata_core::Error::new(rawdata_core::ErrorKind::Io, "stopped"));
    let member = MemberWay { id: 1, role: "outer", places: &square };
    assert!(assemble(&[member], &Limits::default(), &mut stop).is_err());
    let crossed: Vec<Way> =
        (0..50).flat_map(|i| [outer(&[(0, 2 * i), (99, 2 * i)]), outer(&[(2 * i + 1, -1), (2 * i + 1, 99)])]).collect();
    assert_eq!(assembled(&crossed).problems.len(), 100);
}
