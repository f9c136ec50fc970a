//! A document in a file of the server.

use pgrx::prelude::*;

use super::{Import, Report, Source};
use crate::error::{Refused, refuse};
use crate::server_file;

/// Replaces the data set by what a file of the server holds: OSM XML or PBF, plain, gzip, bzip2 or zstd.
#[pg_extern]
#[expect(clippy::type_complexity, reason = "the columns of the report")]
fn import_file(
    path: Option<&str>,
    area_rule: default!(Option<&str>, "NULL"),
) -> TableIterator<
    'static,
    (
        name!(nodes, i64),
        name!(ways, i64),
        name!(relations, i64),
        name!(points, i64),
        name!(lines, i64),
        name!(areas, i64),
        name!(relation_features, i64),
        name!(unplaced, i64),
        name!(problems, i64),
        name!(seconds, f64),
    ),
> {
    let Some(path) = path else { refuse(Refused::File, ": it is NULL") };
    let file = server_file::open(path);
    let Report { nodes, ways, relations, points, lines, areas, relation_features, unplaced, problems, seconds } =
        Import::begin(Source::file(file), area_rule).finish();
    TableIterator::once((nodes, ways, relations, points, lines, areas, relation_features, unplaced, problems, seconds))
}
