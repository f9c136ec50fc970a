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
    ),
> {
    if !tables::exist() {
        return TableIterator::empty();
    }
    let row = Spi::connect(|client| {
        let table = client.select(
            "SELECT data_timestamp, sequence, replication_url, area_rule, loaded_at, nodes, ways, relations, \
                 (SELECT count(*) FROM rawdata.countries), \
                 round((public.ST_Area(boundary::public.geography) / 1e6)::numeric, 2)::float8 \
                 FROM rawdata.data_set",
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
        )))
    })
    .or_raise();
    TableIterator::new(row)
}
