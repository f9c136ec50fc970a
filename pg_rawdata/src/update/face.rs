//! apply_change, apply_change_file.

use std::io::Cursor;

use pgrx::prelude::*;

use super::{Report, apply};
use crate::server_file;

type ChangeReport = (bool, i64, i64, i64, i64, i64, i64, i64, i64, i64, f64);

/// Applies a change file to the data set, whole or not at all.
#[pg_extern]
#[expect(clippy::type_complexity, reason = "the columns of the report")]
fn apply_change(
    document: Option<&[u8]>,
    sequence: default!(Option<i64>, "NULL"),
    state_time: default!(Option<TimestampWithTimeZone>, "NULL"),
) -> TableIterator<
    'static,
    (
        name!(applied, bool),
        name!(nodes, i64),
        name!(ways, i64),
        name!(relations, i64),
        name!(deleted, i64),
        name!(ignored, i64),
        name!(rebuilt, i64),
        name!(rows_inserted, i64),
        name!(rows_changed, i64),
        name!(rows_deleted, i64),
        name!(seconds, f64),
    ),
> {
    let Some(document) = document else { return TableIterator::empty() };
    TableIterator::once(columns(&apply(Cursor::new(document), sequence, state_time)))
}

/// The same from a file of the server.
#[pg_extern]
#[expect(clippy::type_complexity, reason = "the columns of the report")]
fn apply_change_file(
    path: Option<&str>,
    sequence: default!(Option<i64>, "NULL"),
    state_time: default!(Option<TimestampWithTimeZone>, "NULL"),
) -> TableIterator<
    'static,
    (
        name!(applied, bool),
        name!(nodes, i64),
        name!(ways, i64),
        name!(relations, i64),
        name!(deleted, i64),
        name!(ignored, i64),
        name!(rebuilt, i64),
        name!(rows_inserted, i64),
        name!(rows_changed, i64),
        name!(rows_deleted, i64),
        name!(seconds, f64),
    ),
> {
    let Some(path) = path else { return TableIterator::empty() };
    TableIterator::once(columns(&apply(server_file::open(path), sequence, state_time)))
}

fn columns(report: &Report) -> ChangeReport {
    let Report { applied, nodes, ways, relations, deleted, ignored, rebuilt, rows, seconds } = *report;
    (applied, nodes, ways, relations, deleted, ignored, rebuilt, rows.inserted, rows.changed, rows.deleted, seconds)
}
