//! Random subdivisions of the plane, cut into random ways, come back as the areas they were.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use rawdata_core::geometry::multipolygon::{Limits, MemberWay, assemble};
use rawdata_core::geometry::{AreaCheck, MendLimits, Ring, check_area};
use rawdata_core::osm::Place;

use super::{check_form, doubled_area, places, polygons};

/// A map of triangles: every square of a grid is cut by a diagonal, and every half is inside or not.
#[derive(Debug, Clone)]
struct Map {
    width: i32,
    height: i32,
    /// South and north half of every square.
    inside: Vec<[bool; 2]>,
}

type Point = (i32, i32);

impl Map {
    fn is_inside(&self, x: i32, y: i32, half: usize) -> bool {
        (0..self.width).contains(&x)
            && (0..self.height).contains(&y)
            && self.inside[usize::try_from(y * self.width + x).unwrap()][half]
    }

    fn halves(&self) -> impl Iterator<Item = (i32, i32, usize)> {
        let (width, height) = (self.width, self.height);
        (0..height).flat_map(move |y| (0..width).flat_map(move |x| [(x, y, 0), (x, y, 1)]))
    }

    /// Neighbours of a half square across its diagonal, its horizontal and its upright side, with that side.
    fn sides((x, y, half): (i32, i32, usize)) -> [((i32, i32, usize), [Point; 2]); 3] {
        match half {
            0 => [
                ((x, y, 1), [(x, y), (x + 1, y + 1)]),
                ((x, y - 1, 1), [(x, y), (x + 1, y)]),
                ((x + 1, y, 1), [(x + 1, y), (x + 1, y + 1)]),
            ],
            _ => [
                ((x, y, 0), [(x, y), (x + 1, y + 1)]),
                ((x, y + 1, 0), [(x, y + 1), (x + 1, y + 1)]),
                ((x - 1, y, 0), [(x, y), (x, y + 1)]),
            ],
        }
    }

    /// The sides between inside and outside.
    fn border(&self) -> Vec<[Point; 2]> {
        let mut border = Vec::new();
        for cell in self.halves().filter(|&(x, y, half)| self.is_inside(x, y, half)) {
            for ((x, y, half), side) in Self::sides(cell) {
                if !self.is_inside(x, y, half) {
                    border.push(side);
                }
            }
        }
        border.sort_unstable();
        border
    }

    /// The number of half squares in each connected piece of inside, in order.
    fn pieces(&self) -> Vec<i64> {
        let mut left: BTreeSet<_> = self.halves().filter(|&(x, y, half)| self.is_inside(x, y, half)).collect();
        let mut pieces = Vec::new();
        while let Some(first) = left.pop_first() {
            let (mut queue, mut count) = (vec![first], 0);
            while let Some(cell) = queue.pop() {
                count += 1;
                queue.extend(Self::sides(cell).into_iter().map(|(next, _)| next).filter(|next| left.remove(next)));
            }
            pieces.push(count);
        }
        pieces.sort_unstable();
        pieces
    }
}

fn maps(size: i32) -> impl Strategy<Value = Map> {
    (1..size, 1..size, 1..10_u32).prop_flat_map(|(width, height, tenths)| {
        let weight = f64::from(tenths) / 10.0;
        let half = || prop::bool::weighted(weight);
        prop::collection::vec((half(), half()).prop_map(|(a, b)| [a, b]), usize::try_from(width * height).unwrap())
            .prop_map(move |inside| Map { width, height, inside })
    })
}

/// Strings the sides to ways at random: from each end on along any side that is left, for a random number of steps.
fn ways(border: &[[Point; 2]], random: &mut impl FnMut(usize) -> usize) -> Vec<Vec<Point>> {
    let mut at: BTreeMap<Point, Vec<usize>> = BTreeMap::new();
    for (number, side) in border.iter().enumerate() {
        for end in side {
            at.entry(*end).or_default().push(number);
        }
    }
    let mut left: Vec<usize> = (0..border.len()).collect();
    let mut used = vec![false; border.len()];
    let mut ways = Vec::new();
    while !left.is_empty() {
        let first = left.swap_remove(random(left.len()));
        if std::mem::replace(&mut used[first], true) {
            continue;
        }
        let mut way = border[first].to_vec();
        if random(2) == 0 {
            way.reverse();
        }
        for _ in 0..random(12) {
            let end = *way.last().unwrap();
            let open: Vec<usize> = at[&end].iter().copied().filter(|&side| !used[side]).collect();
            if open.is_empty() {
                break;
            }
            let side = open[random(open.len())];
            used[side] = true;
            let [p, q] = border[side];
            way.push(if p == end { q } else { p });
        }
        ways.push(way);
    }
    ways
}

fn random(mut seed: u64) -> impl FnMut(usize) -> usize {
    move |below| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((seed >> 33) % u64::try_from(below).unwrap()).unwrap()
    }
}

fn check(map: &Map, seeds: (u64, u64)) {
    let border = map.border();
    let assembled = |seed| {
        let cut: Vec<Vec<Place>> = ways(&border, &mut random(seed)).iter().map(|way| places(way)).collect();
        let members: Vec<_> = (1..).zip(&cut).map(|(id, places)| MemberWay { id, role: "outer", places }).collect();
        assemble(&members, &Limits::default(), &mut || Ok(())).unwrap().geometry
    };
    let geometry = assembled(seeds.0);
    assert_eq!(geometry, assembled(seeds.1), "ways cut in another way");

    let polygons = polygons(geometry.as_ref());
    check_form(&polygons);
    let mut areas: Vec<i64> =
        polygons.iter().map(|p| doubled_area(&p.outer) + p.inners.iter().map(doubled_area).sum::<i64>()).collect();
    areas.sort_unstable();
    assert_eq!(areas, map.pieces());
    let mut sides: Vec<[Point; 2]> = polygons
        .iter()
        .flat_map(|p| std::iter::once(&p.outer).chain(&p.inners))
        .flat_map(|ring| ring.windows(2).map(|w| [(w[0].x, w[0].y), (w[1].x, w[1].y)]))
        .map(|[p, q]| [p.min(q), p.max(q)])
        .collect();
    sides.sort_unstable();
    assert_eq!(sides, border, "the border is another");

    if !polygons.is_empty() {
        let ring = |ring: &Ring| ring.iter().map(|p| (f64::from(p.x), f64::from(p.y))).collect::<Vec<_>>();
        let area: Vec<Vec<_>> =
            polygons.iter().map(|p| std::iter::once(&p.outer).chain(&p.inners).map(ring).collect()).collect();
        assert_eq!(check_area(&area, &MendLimits::default(), &mut || Ok(())).unwrap(), AreaCheck::Valid);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn small_maps_come_back_whatever_the_ways(map in maps(6), seeds: (u64, u64)) {
        check(&map, seeds);
    }

    #[test]
    fn larger_maps_come_back_whatever_the_ways(map in maps(16), seeds: (u64, u64)) {
        check(&map, seeds);
    }
}
