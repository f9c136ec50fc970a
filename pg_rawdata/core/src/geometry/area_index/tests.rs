use geo::Intersects;
use geo::geometry as g;
use proptest::prelude::*;

use super::*;

fn square(west: f64, south: f64, size: f64) -> Vec<(f64, f64)> {
    let (east, north) = (west + size, south + size);
    vec![(west, south), (east, south), (east, north), (west, north), (west, south)]
}

#[test]
fn areas_hold_their_inside_and_their_border_but_not_their_holes() {
    let areas = || {
        vec![(7, vec![vec![square(0.0, 0.0, 10.0), square(4.0, 4.0, 2.0)]]), (-3, vec![vec![square(5.0, 5.0, 10.0)]])]
    };
    let indexes = [AreaIndex::new(areas()), AreaIndex::without_grid(areas())];
    for (lon, lat, keys) in [
        (1.0, 1.0, &[7][..]),
        (0.0, 3.3, &[7]),
        (-1e-6, 3.3, &[]),
        (10.0, 10.0, &[-3, 7]),
        (4.5, 4.5, &[]),
        (4.0, 4.5, &[7]),
        (5.5, 5.5, &[-3]),
        (8.0, 8.0, &[-3, 7]),
        (14.9, 14.9, &[-3]),
        (15.0, 15.0, &[-3]),
        (15.1, 15.0, &[]),
        (179.0, -80.0, &[]),
        (f64::NAN, 0.0, &[]),
        (400.0, 0.0, &[]),
    ] {
        for index in &indexes {
            assert_eq!(index.holding(lon, lat), keys, "{lon} {lat}");
        }
    }
}

#[test]
fn the_whole_earth_holds_its_edges() {
    let earth = vec![(-180.0, -90.0), (180.0, -90.0), (180.0, 90.0), (-180.0, 90.0), (-180.0, -90.0)];
    let index = AreaIndex::new(vec![(1, vec![vec![earth]])]);
    for (lon, lat) in [(180.0, 90.0), (-180.0, -90.0), (180.0, 0.0), (0.0, 0.0), (179.9, 89.9), (-179.99, 12.0)] {
        assert_eq!(index.holding(lon, lat), [1], "{lon} {lat}");
    }
}

#[test]
fn several_areas_of_one_key_count_as_one() {
    let two = vec![vec![square(0.0, 0.0, 2.0)], vec![square(1.0, 1.0, 2.0)]];
    let index = AreaIndex::new(vec![(5, two), (5, vec![vec![square(0.5, 0.5, 3.0)]])]);
    assert_eq!(index.holding(1.5, 1.5), [5]);
    assert!(AreaIndex::new(Vec::new()).is_empty());
    assert!(AreaIndex::new(vec![(1, vec![vec![], vec![vec![]]])]).is_empty());
}

#[test]
fn areas_beyond_the_room_of_the_grid_are_tested_one_by_one() {
    let earth = || vec![vec![square(-90.0, -90.0, 180.0)]];
    let index = AreaIndex::new((0..80).map(|key| (key, earth())).collect());
    assert!(!index.unlisted.is_empty() && index.entries.len() <= MOST_ENTRIES);
    assert_eq!(index.holding(10.1, 10.1), (0..80).collect::<Vec<_>>());
    assert_eq!(index.holding(100.0, 10.0), [0; 0]);
}

/// Rings around a middle, in quarters of a degree, so that places are exact in both arithmetics.
fn star() -> impl Strategy<Value = Vec<(f64, f64)>> {
    let spokes = prop::collection::vec(1..60_i32, 8);
    (-600..600_i32, -280..280_i32, spokes).prop_map(|(x, y, spokes)| {
        let directions = [(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)];
        let mut ring: Vec<(f64, f64)> = directions
            .iter()
            .zip(spokes)
            .map(|((u, v), r)| (f64::from(x + u * r) / 4.0, f64::from(y + v * r) / 4.0))
            .collect();
        ring.push(ring[0]);
        ring
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn the_index_says_what_a_test_of_every_area_says(
        stars in prop::collection::vec(star(), 1..12),
        points in prop::collection::vec((-1400..1400_i32, -700..700_i32), 200),
    ) {
        let index = AreaIndex::new((0..).zip(&stars).map(|(key, ring)| (key, vec![vec![ring.clone()]])).collect());
        let polygons: Vec<g::Polygon> =
            stars.iter().map(|ring| g::Polygon::new(ring.clone().into(), Vec::new())).collect();
        let points = points.into_iter().map(|(x, y)| (f64::from(x) / 8.0, f64::from(y) / 8.0));
        let corners = stars.iter().flatten().copied();
        let near = stars.iter().flatten().map(|&(x, y)| (x + 0.125, y - 0.125));
        for (lon, lat) in points.chain(corners).chain(near).filter(|(x, y)| x.abs() <= 180.0 && y.abs() <= 90.0) {
            let expected: Vec<i32> = (0..)
                .zip(&polygons)
                .filter(|(_, polygon)| polygon.intersects(&g::Coord { x: lon, y: lat }))
                .map(|(key, _)| key)
                .collect();
            prop_assert_eq!(index.holding(lon, lat), expected, "{} {}", lon, lat);
        }
    }
}
