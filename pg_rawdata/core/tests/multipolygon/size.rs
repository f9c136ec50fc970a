//! Shapes on which a careless method takes quadratic time. Each took a few tenths of a second at most when it was
//! written; a quadratic one takes minutes.

use rawdata_core::geometry::multipolygon::{Limits, MemberWay, assemble};
use rawdata_core::osm::Place;

use super::{Way, assembled, places, polygons};

fn rings(count: i32, ring: impl Fn(i32) -> Vec<(i32, i32)>) -> Vec<Way> {
    (0..count).map(|i| ("outer", ring(i))).collect()
}

#[test]
fn a_comb_of_touching_rings() {
    let made = assembled(&rings(100_000, |i| vec![(2 * i, 0), (2 * i + 2, 0), (2 * i + 1, 9), (2 * i, 0)]));
    assert_eq!(polygons(made.geometry.as_ref()).len(), 100_000);
}

#[test]
fn stripes_across_and_upright() {
    let across = assembled(&rings(50_000, |i| vec![(0, 4 * i), (1 << 30, 4 * i), (1 << 30, 4 * i + 2), (0, 4 * i)]));
    assert_eq!(polygons(across.geometry.as_ref()).len(), 50_000);
    let upright = assembled(&rings(50_000, |i| vec![(4 * i, 0), (4 * i, 1 << 29), (4 * i + 2, 1 << 29), (4 * i, 0)]));
    assert_eq!(polygons(upright.geometry.as_ref()).len(), 50_000);
}

#[test]
fn many_rings_in_one_point() {
    let made = assembled(&rings(50_000, |i| vec![(0, 0), (1 << 30, 2 * i), (1 << 30, 2 * i + 1), (0, 0)]));
    assert_eq!(polygons(made.geometry.as_ref()).len(), 50_000);
}

#[test]
fn rings_in_rings_twenty_thousand_deep() {
    let made = assembled(&rings(20_000, |i| vec![(i, i), (90_000 - i, i), (45_000, 90_000 - 2 * i), (i, i)]));
    assert_eq!(polygons(made.geometry.as_ref()).len(), 10_000);
}

#[test]
fn copies_of_one_ring() {
    let made = assembled(&rings(100_001, |_| vec![(0, 0), (4, 0), (0, 4), (0, 0)]));
    assert_eq!(polygons(made.geometry.as_ref()).len(), 1);
}

#[test]
fn a_random_ring_ends_at_the_first_crossings() {
    let mut seed = 1_u64;
    let mut random = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i32::try_from(seed >> 34).unwrap()
    };
    let mut ring: Vec<(i32, i32)> = (0..50_000).map(|_| (random(), random())).collect();
    ring.push(ring[0]);
    let places: Vec<Place> = places(&ring);
    let way = MemberWay { id: 1, role: "outer", places: &places };
    let made = assemble(&[way], &Limits::default(), &mut || Ok(())).unwrap();
    assert!(made.geometry.is_none() && (50..=100).contains(&made.problems.len()), "{}", made.problems.len());
}
