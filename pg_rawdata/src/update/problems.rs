//! What is odd about some objects, noted in `problems` where it is not what is noted there.

use std::collections::HashSet;

use pgrx::prelude::*;
use rawdata_core::geometry::{Geometry, multipolygon};
use rawdata_core::osm::ObjectKind;
use rawdata_core::{Result, stored};

use crate::error::OrRaise;
use crate::import::detail;
use crate::raw::arrays::{self, Contents};
use crate::raw::memory;
use crate::raw::portal::{self, Param};

/// Rows of `problems`.
#[derive(Default)]
pub struct Problems(Vec<Problem>);

/// A row; the place as it is stored.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Problem {
    id: i64,
    name: String,
    place: Option<Vec<u8>>,
    detail: String,
}

impl Problems {
    /// Adds what was found at an object.
    pub fn add(&mut self, id: i64, problem: &multipolygon::Problem) -> Result<()> {
        let mut place = problem.place.map(|_| Vec::new());
        if let (Some(at), Some(bytes)) = (problem.place, &mut place) {
            stored::geometry::write(&Geometry::Point(at), bytes)?;
        }
        self.0.push(Problem { id, name: problem.kind.name().to_owned(), place, detail: detail(&problem.ways) });
        Ok(())
    }

    /// Makes these the problems of the objects given. Most have those that they had: their rows are left alone.
    pub fn write(&self, kind: ObjectKind, ids: &[i64], geometry: pg_sys::Oid) {
        let mut present = present(kind, ids);
        present.sort_unstable();
        let mut wanted: Vec<&Problem> = self.0.iter().collect();
        wanted.sort_unstable();
        let others = others(&present, &wanted);
        if others.is_empty() {
            return;
        }
        Spi::run_with_args(
            "DELETE FROM rawdata.problems WHERE osm_type = $1 AND osm_id = ANY ($2)",
            &[kind.name().into(), others.iter().copied().collect::<Vec<_>>().into()],
        )
        .or_raise();
        insert(kind, self.0.iter().filter(|problem| others.contains(&problem.id)), geometry);
    }
}

/// Objects whose problems are not the same; both sides are sorted.
fn others(present: &[Problem], wanted: &[&Problem]) -> HashSet<i64> {
    let mut others = HashSet::new();
    let (mut present, mut wanted) = (present.iter().peekable(), wanted.iter().copied().peekable());
    loop {
        match (present.peek(), wanted.peek()) {
            (None, None) => return others,
            (Some(one), Some(other)) if one == other => {
                present.next();
                wanted.next();
            }
            (Some(one), other) if other.is_none_or(|other| one < other) => {
                others.insert(one.id);
                present.next();
            }
            _ => others.extend(wanted.next().map(|problem| problem.id)),
        }
    }
}

fn present(kind: ObjectKind, ids: &[i64]) -> Vec<Problem> {
    let mut present = Vec::new();
    portal::each_row(
        "SELECT osm_id, problem, location, detail FROM rawdata.problems WHERE osm_type = $1 AND osm_id = ANY ($2)",
        &[Param::Text(kind.name().to_owned()), Param::Int8Array(ids.to_vec())],
        |row| {
            present.push(Problem {
                id: row.int8(0).unwrap_or_default(),
                name: row.text(1).unwrap_or_default().to_owned(),
                place: row.bytes(2).map(<[u8]>::to_vec),
                detail: row.text(3).unwrap_or_default().to_owned(),
            });
        },
    );
    present
}

fn insert<'a>(kind: ObjectKind, problems: impl Iterator<Item = &'a Problem>, geometry: pg_sys::Oid) {
    let (mut ids, mut names, mut places, mut details) = (Vec::new(), Vec::new(), Contents::default(), Vec::new());
    for problem in problems {
        ids.push(problem.id);
        names.push(problem.name.clone());
        places.push(problem.place.as_deref());
        details.push(problem.detail.clone());
    }
    if ids.is_empty() {
        return;
    }
    memory::given_back(|| {
        Spi::run_with_args(
            "INSERT INTO rawdata.problems (osm_type, osm_id, problem, location, detail) \
             SELECT $1, osm_id, problem, location, detail FROM ROWS FROM (pg_catalog.unnest($2::bigint[]), \
                 pg_catalog.unnest($3::text[]), pg_catalog.unnest($4), pg_catalog.unnest($5::text[])) \
                 AS v (osm_id, problem, location, detail)",
            &[kind.name().into(), ids.into(), names.into(), arrays::geometries(&places, geometry), details.into()],
        )
        .or_raise();
    });
}
