//! The assembler through its public face.
#![cfg(test)]

#[path = "multipolygon/cases.rs"]
mod cases;
#[path = "multipolygon/order.rs"]
mod order;
#[path = "multipolygon/osm_testdata.rs"]
mod osm_testdata;
#[path = "multipolygon/size.rs"]
mod size;
#[path = "multipolygon/subdivisions.rs"]
mod subdivisions;

use rawdata_core::geometry::multipolygon::{Assembly, Limits, MemberWay, assemble};
use rawdata_core::geometry::{Geometry, Polygon, Ring};
use rawdata_core::osm::Place;

/// A way: its role and its places.
type Way = (&'static str, Vec<(i32, i32)>);

fn places(way: &[(i32, i32)]) -> Vec<Place> {
    way.iter().map(|&(x, y)| Place { x, y }).collect()
}

/// Assembles ways, numbered from 1.
fn assembled(ways: &[Way]) -> Assembly {
    let numbered: Vec<(i64, &str, Vec<Place>)> =
        (1..).zip(ways).map(|(id, (role, way))| (id, *role, places(way))).collect();
    let members: Vec<MemberWay<'_>> =
        numbered.iter().map(|(id, role, places)| MemberWay { id: *id, role, places }).collect();
    assemble(&members, &Limits::default(), &mut || Ok(())).unwrap()
}

fn polygons(geometry: Option<&Geometry>) -> Vec<Polygon> {
    match geometry {
        None => Vec::new(),
        Some(Geometry::Polygon(polygon)) => vec![polygon.clone()],
        Some(Geometry::Polygons(polygons)) => {
            assert!(polygons.len() > 1);
            polygons.clone()
        }
        other => panic!("no area: {other:?}"),
    }
}

/// Twice the area of a ring, positive if it runs counter-clockwise.
fn doubled_area(ring: &Ring) -> i64 {
    let cross = |pair: &[Place]| {
        let (p, q) = (pair[0], pair[1]);
        i64::from(p.x) * i64::from(q.y) - i64::from(p.y) * i64::from(q.x)
    };
    ring.windows(2).map(cross).sum()
}

/// Fails unless the polygons are valid, wound as they should be, and begin where they should.
fn check_form(polygons: &[Polygon]) {
    use geo::Validation;
    use geo::geometry as g;
    for polygon in polygons {
        assert!(doubled_area(&polygon.outer) > 0, "outer ring runs clockwise");
        assert!(polygon.inners.iter().all(|ring| doubled_area(ring) < 0), "inner ring runs counter-clockwise");
        for ring in std::iter::once(&polygon.outer).chain(&polygon.inners) {
            assert!(ring.len() > 3 && ring.first() == ring.last());
            assert_eq!(ring.iter().min(), ring.first(), "ring begins elsewhere");
        }
        assert!(polygon.inners.is_sorted());
    }
    let ring = |ring: &Ring| -> g::LineString {
        ring.iter().map(|p| g::Coord { x: f64::from(p.x), y: f64::from(p.y) }).collect()
    };
    let all: g::MultiPolygon =
        polygons.iter().map(|p| g::Polygon::new(ring(&p.outer), p.inners.iter().map(ring).collect())).collect();
    if let Err(reason) = all.check_validation() {
        panic!("{reason}: {polygons:?}");
    }
}
