//! What is loaded.

use pgrx::prelude::*;

use crate::error::OrRaise;
use crate::{settings, tables};

/// What is loaded: one row, none before the first import.
#[pg_extern(stable)]
#[expect(clippy::type_complexity, reason = "the columns of the status")]
fn status() -> TableIterator<
    'static,
    (
        name!(data_timestamp, Option<TimestampWithTimeZone>),
        name!(sequence, Option<i64>),
        name!(replication_url, Option<String>),
        name!(area_rule, String),
        name!(area_rule_next, &'static str),
        name!(loaded_at, TimestampWithTimeZone),
        name!(nodes, i64),
        name!(ways, i64),
        name!(relations, i64),
        name!(countries, i64),
        name!(boundary_km2, Option<f64>),
        name!(server_sequence, Option<i64>),
        name!(lag_seconds, Option<i64>),
        name!(looked_at, Option<TimestampWithTimeZone>),
        name!(last_error, Option<String>),
    ),
> {
    if !tables::exist() {
        return TableIterator::empty();
    }
    let row = Spi::connect(|client| {
        let table = client.select(
            "SELECT d.data_timestamp, d.sequence, d.replication_url, d.area_rule, d.loaded_at, d.nodes, d.ways, d.relations, \
                 (SELECT count(*) FROM rawdata.countries), \
                 round((public.ST_Area(d.boundary::public.geography) / 1e6)::numeric, 2)::float8, \
                 r.server_sequence, r.lag_seconds, r.looked_at, CASE WHEN r.failing_since IS NOT NULL THEN r.error END \
             FROM rawdata.data_set AS d, rawdata.replication AS r",
            None,
            &[],
        )?;
        if table.is_empty() {
            return Ok(None);
        }
        let row = table.first();
        Ok::<_, spi::Error>(Some((
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
            row.get::<String>(4)?.unwrap_or_default(),
            settings::area_rule().name(),
            row.get::<TimestampWithTimeZone>(5)?.unwrap_or_else(now),
            row.get(6)?.unwrap_or(0),
            row.get(7)?.unwrap_or(0),
            row.get(8)?.unwrap_or(0),
            row.get(9)?.unwrap_or(0),
            row.get(10)?,
            row.get(11)?,
            row.get(12)?,
            row.get(13)?,
            row.get(14)?,
        )))
    })
    .or_raise();
    TableIterator::new(row)
}
