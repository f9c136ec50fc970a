use geo::{MultiPolygon, Relate};
use proptest::prelude::*;

use super::*;
use crate::geometry::{AreaCheck, Geometry, MendLimits, Polygon, check_area};
use crate::osm::Place;
use crate::stored::geometry::write;

type Rings = Vec<Vec<Vec<[f64; 2]>>>;

/// Units of the tests in a degree; what is of whole and half units is exact as a double, too.
const UNIT: i64 = 5_000_000;

fn place(x: i64, y: i64) -> Place {
    Place::new(x * UNIT, y * UNIT).unwrap()
}

fn line(points: &[(i64, i64)]) -> Geometry {
    Geometry::Line(points.iter().map(|&(x, y)| place(x, y)).collect())
}

fn square(x: i64, y: i64, side: i64) -> Vec<(i64, i64)> {
    vec![(x, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y)]
}

fn polygon(rings: &[Vec<(i64, i64)>]) -> Polygon {
    let mut rings = rings.iter().map(|ring| ring.iter().map(|&(x, y)| place(x, y)).collect());
    Polygon { outer: rings.next().unwrap(), inners: rings.collect() }
}

fn area(polygons: &[Vec<Vec<(i64, i64)>>]) -> Rings {
    let degrees = |n: i64| n as f64 / 2.0;
    let ring = |ring: &Vec<(i64, i64)>| ring.iter().map(|&(x, y)| [degrees(x), degrees(y)]).collect();
    polygons.iter().map(|rings| rings.iter().map(ring).collect()).collect()
}

/// Whether the area intersects the geometry, and whether it holds it.
fn answers(area: &Rings, geometry: &Geometry) -> (bool, bool) {
    let mut bytes = Vec::new();
    write(geometry, &mut bytes).unwrap();
    let view = View::parse(&bytes).unwrap();
    let [meets, holds] = [false, true].map(|within| AreaTest::new(area, within).selects(&view, None));
    (meets, holds)
}

fn check(area: &Rings, cases: &[(Geometry, (bool, bool))]) {
    for (geometry, expected) in cases {
        assert_eq!(answers(area, geometry), *expected, "{geometry:?} of {area:?}");
    }
}

const APART: (bool, bool) = (false, false);
const MEETS: (bool, bool) = (true, false);
const HOLDS: (bool, bool) = (true, true);

#[test]
fn a_border_is_met_but_not_within() {
    let point = |x, y| Geometry::Point(place(x, y));
    check(
        &area(&[vec![square(0, 0, 8)]]),
        &[
            (point(4, 4), HOLDS),
            (point(0, 4), MEETS),
            (point(8, 8), MEETS),
            (point(9, 4), APART),
            (line(&[(0, 0), (8, 0)]), MEETS),
            (line(&[(0, 0), (8, 8)]), HOLDS),
            (line(&[(0, 0), (8, 0), (8, 4), (4, 4)]), HOLDS),
            (line(&[(-4, 4), (0, 4)]), MEETS),
            (line(&[(-4, 4), (4, 4)]), MEETS),
            (line(&[(-4, -4), (-1, 20)]), APART),
            (line(&[(-4, 4), (4, 12)]), MEETS),
            (Geometry::Polygon(polygon(&[square(0, 0, 8)])), HOLDS),
            (Geometry::Polygon(polygon(&[square(0, 0, 4)])), HOLDS),
            (Geometry::Polygon(polygon(&[square(8, 0, 4)])), MEETS),
            (Geometry::Polygon(polygon(&[square(-2, -2, 20)])), MEETS),
            (Geometry::Polygon(polygon(&[square(-2, -2, 20), square(-1, -1, 12)])), APART),
        ],
    );
}

#[test]
fn a_hole_is_outside_and_so_is_what_surrounds_it() {
    check(
        &area(&[vec![square(0, 0, 12), square(4, 4, 4)]]),
        &[
            (Geometry::Point(place(6, 6)), APART),
            (line(&[(4, 6), (8, 6)]), MEETS),
            (line(&[(2, 6), (10, 6)]), MEETS),
            (line(&[(4, 4), (8, 4)]), MEETS),
            (line(&[(2, 4), (10, 4)]), HOLDS),
            (Geometry::Polygon(polygon(&[square(5, 5, 2)])), APART),
            (Geometry::Polygon(polygon(&[square(2, 2, 8)])), MEETS),
            (Geometry::Polygon(polygon(&[square(0, 0, 12)])), MEETS),
            (Geometry::Polygon(polygon(&[square(2, 2, 8), square(4, 4, 4)])), HOLDS),
            (Geometry::Polygon(polygon(&[square(2, 2, 8), square(3, 3, 6)])), HOLDS),
            (Geometry::Polygon(polygon(&[square(4, 4, 4)])), MEETS),
        ],
    );
}

#[test]
fn parts_that_touch_in_a_corner_are_passed_through_it_but_not_beside_it() {
    let two = area(&[vec![square(0, 0, 4)], vec![square(4, 4, 4)]]);
    check(
        &two,
        &[
            (line(&[(2, 2), (6, 6)]), HOLDS),
            (line(&[(2, 6), (6, 2)]), MEETS),
            (line(&[(3, 2), (6, 6)]), MEETS),
            (line(&[(0, 4), (8, 4)]), MEETS),
            (Geometry::Lines(vec![vec![place(1, 1), place(2, 2)], vec![place(5, 5), place(6, 6)]]), HOLDS),
            (Geometry::Polygons(vec![polygon(&[square(0, 0, 4)]), polygon(&[square(4, 4, 4)])]), HOLDS),
            (Geometry::Polygons(vec![polygon(&[square(0, 0, 4)]), polygon(&[square(4, 0, 4)])]), MEETS),
        ],
    );
}

#[test]
fn a_part_far_within_a_polygon_is_met() {
    let two = area(&[vec![square(100, 100, 2)], vec![square(0, 0, 2)]]);
    check(&two, &[(Geometry::Polygon(polygon(&[square(-9, -9, 20)])), MEETS)]);
}

#[test]
fn a_box_that_is_known_may_be_larger() {
    let test = AreaTest::new(&area(&[vec![square(0, 0, 8)]]), true);
    let mut pair = crate::stored::geometry::NO_PAIR;
    let view = View::point(Some((2.0, 2.0)), &mut pair);
    for around in [[1.9, 1.9, 2.1, 2.1], [-9.0, -9.0, 9.0, 9.0]] {
        assert!(test.selects(&view, Some(around)));
    }
    assert!(!test.selects(&view, Some([9.0, 9.0, 10.0, 10.0])));
    assert!(!test.selects(&View::point(None, &mut pair), None));
}

/// What whole squares of a board enclose, by the even-odd rule: with holes, corners that touch, parts within holes.
fn board() -> impl Strategy<Value = Rings> {
    prop::collection::vec((0..6_i64, 0..6_i64, 1..4_i64), 1..9).prop_filter_map(
        "is mended to whole numbers",
        |squares| {
            let rings = squares.iter().map(|&(x, y, side)| square(x, y, side)).collect::<Vec<_>>();
            mended(&area(&rings.into_iter().map(|ring| vec![ring]).collect::<Vec<_>>()))
        },
    )
}

/// Any ring of points on a board.
fn scrawl() -> impl Strategy<Value = Rings> {
    prop::collection::vec((0..8_i64, 0..8_i64), 3..7).prop_filter_map("is mended to whole numbers", |mut ring| {
        ring.push(ring[0]);
        mended(&area(&[vec![ring]]))
    })
}

fn mended(given: &Rings) -> Option<Rings> {
    let floats: Vec<Vec<Vec<(f64, f64)>>> = given
        .iter()
        .map(|rings| rings.iter().map(|ring| ring.iter().map(|&[x, y]| (x, y)).collect()).collect())
        .collect();
    let area: Rings = match check_area(&floats, &MendLimits::default(), &mut || Ok(())).unwrap() {
        AreaCheck::Valid => given.clone(),
        AreaCheck::Mended(polygons) => polygons
            .into_iter()
            .map(|rings| rings.into_iter().map(|ring| ring.into_iter().map(|(x, y)| [x, y]).collect()).collect())
            .collect(),
        AreaCheck::Refused { .. } => return None,
    };
    area.iter().flatten().flatten().flatten().all(|n| (n * 2.0).fract() == 0.0).then_some(area)
}

fn shape() -> impl Strategy<Value = Rings> {
    prop_oneof![board(), scrawl()]
}

fn as_geometry(area: &Rings) -> Geometry {
    let unit = |n: f64| format!("{:.0}", n * 2.0).parse::<i64>().unwrap();
    let ring = |ring: &Vec<[f64; 2]>| ring.iter().map(|&[x, y]| (unit(x), unit(y))).collect::<Vec<_>>();
    let mut polygons: Vec<Polygon> =
        area.iter().map(|rings| polygon(&rings.iter().map(ring).collect::<Vec<_>>())).collect();
    if polygons.len() == 1 { Geometry::Polygon(polygons.remove(0)) } else { Geometry::Polygons(polygons) }
}

fn as_geo(area: &Rings) -> MultiPolygon {
    let ring = |ring: &Vec<[f64; 2]>| ring.iter().map(|&[x, y]| (x, y)).collect::<geo::LineString>();
    let polygon =
        |rings: &Vec<Vec<[f64; 2]>>| geo::Polygon::new(ring(&rings[0]), rings[1..].iter().map(ring).collect());
    MultiPolygon(area.iter().map(polygon).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn points_and_lines_are_judged_as_the_geo_crate_judges_them(
        area in shape(),
        points in prop::collection::vec((0..9_i64, 0..9_i64), 2..5),
    ) {
        let (x, y) = points[0];
        let relation = as_geo(&area).relate(&geo::Point::new(x as f64 / 2.0, y as f64 / 2.0));
        prop_assert_eq!(answers(&area, &Geometry::Point(place(x, y))), (relation.is_intersects(), relation.is_contains()));
        let mut points = points;
        points.dedup();
        prop_assume!(points.len() > 1);
        let other: geo::LineString = points.iter().map(|&(x, y)| (x as f64 / 2.0, y as f64 / 2.0)).collect();
        let relation = as_geo(&area).relate(&other);
        prop_assert_eq!(answers(&area, &line(&points)), (relation.is_intersects(), relation.is_contains()));
    }

    #[test]
    fn areas_are_judged_as_the_geo_crate_judges_them(area in shape(), other in shape()) {
        let relation = as_geo(&area).relate(&as_geo(&other));
        prop_assert_eq!(answers(&area, &as_geometry(&other)), (relation.is_intersects(), relation.is_contains()));
    }

    #[test]
    fn what_is_taken_out_of_an_area_is_within_it(area in shape(), hidden in shape()) {
        // Both in one: what the even-odd rule leaves of the two is mostly a part of the first, with a border in common.
        let both: Rings = area.iter().chain(&hidden).cloned().collect();
        let Some(rest) = mended(&both) else { return Ok(()) };
        let relation = as_geo(&area).relate(&as_geo(&rest));
        prop_assert_eq!(answers(&area, &as_geometry(&rest)), (relation.is_intersects(), relation.is_contains()));
    }
}

/// A ring of many vertices, and points in and out of it, against a test of all its edges.
#[test]
fn cells_say_what_all_edges_say() {
    let count = 3000;
    let ring: Vec<[f64; 2]> = (0..=count)
        .map(|step| {
            let angle = f64::from(step % count) / f64::from(count) * std::f64::consts::TAU;
            let radius = 1.0 + 0.2 * (angle * 371.0).sin();
            [10.0 + radius * angle.cos() * 3.0, 50.0 + radius * angle.sin()]
        })
        .collect();
    let area = vec![vec![ring.clone()]];
    let test = AreaTest::new(&area, true);
    let geo_area = as_geo(&area);
    for step in 0..4000 {
        let (u, v) = (f64::from(step % 97) / 97.0, f64::from(step % 89) / 89.0);
        let (x, y) = (6.0 + 8.0 * u, 48.7 + 2.6 * v);
        let mut pair = crate::stored::geometry::NO_PAIR;
        let expected = geo::Contains::contains(&geo_area, &geo::Point::new(x, y));
        assert_eq!(test.selects(&View::point(Some((x, y)), &mut pair), None), expected, "{x} {y}");
    }
    // Each vertex is on the border.
    for &[x, y] in &ring {
        assert!(test.grid.locate(Point { x, y }) == Location::Border);
    }
}
