//! assemble_area, area_problems: the assembler on any lines.

use pgrx::prelude::*;
use rawdata_core::geometry::Geometry;
use rawdata_core::geometry::multipolygon::{Assembly, Limits, lines_area};
use rawdata_core::stored;

use crate::error::OrRaise;
use crate::raw::datum::{GeometryArray, StoredGeometry};
use crate::raw::interrupts;

/// The area that lines enclose, coordinates rounded to 1e-7 degree; NULL where they enclose no valid one.
#[pg_extern(immutable, strict, parallel_safe)]
fn assemble_area(ways: GeometryArray) -> Option<StoredGeometry> {
    assembled(&ways).geometry.map(|geometry| to_stored(&geometry))
}

/// Why lines enclose no valid area, or what is odd about it.
#[pg_extern(immutable, strict, parallel_safe)]
fn area_problems(
    ways: GeometryArray,
) -> TableIterator<'static, (name!(problem, &'static str), name!(location, Option<StoredGeometry>))> {
    let problems = assembled(&ways).problems.into_iter();
    TableIterator::new(
        problems.map(|problem| (problem.kind.name(), problem.place.map(|place| to_stored(&Geometry::Point(place))))),
    )
}

fn assembled(ways: &GeometryArray) -> Assembly {
    let mut lines = Vec::new();
    for (number, way) in (1..).zip(&ways.0) {
        interrupts::check();
        lines.extend(stored::geometry::read_lines(number, way.as_deref()).or_raise());
    }
    // Not the setting's limits: the same lines give the same area in every session.
    lines_area(&lines, &Limits::default(), &mut interrupts::answer).or_raise()
}

/// A geometry as an SQL value.
pub fn to_stored(geometry: &Geometry) -> StoredGeometry {
    let mut bytes = Vec::new();
    stored::geometry::write(geometry, &mut bytes).or_raise();
    StoredGeometry(bytes)
}
