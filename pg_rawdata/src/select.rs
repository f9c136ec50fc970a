//! What a request selects, as rows and as a number.

use pgrx::prelude::*;
use rawdata_core::request::query::{self, Source};

use crate::raw::datum::{JsonText, StoredGeometry, StoredJsonb};
use crate::raw::interrupts;
use crate::request;

const ROWS_A_FETCH: i64 = 256;

type Selected = (
    &'static str,
    i64,
    Option<i32>,
    Option<i64>,
    Option<TimestampWithTimeZone>,
    Option<i32>,
    Option<String>,
    StoredJsonb,
    StoredGeometry,
);

/// The features that a request selects.
#[pg_extern(stable, strict)]
#[expect(clippy::type_complexity, reason = "the columns of a feature")]
fn features(
    request: JsonText,
) -> TableIterator<
    'static,
    (
        name!(osm_type, &'static str),
        name!(osm_id, i64),
        name!(version, Option<i32>),
        name!(changeset, Option<i64>),
        name!(timestamp, Option<TimestampWithTimeZone>),
        name!(uid, Option<i32>),
        name!(user, Option<String>),
        name!(tags, StoredJsonb),
        name!(geom, StoredGeometry),
    ),
> {
    let portal = request::open(&request::check(&request), query::rows);
    let mut ended = false;
    let mut waiting: std::vec::IntoIter<Selected> = Vec::new().into_iter();
    TableIterator::new(std::iter::from_fn(move || {
        if let Some(row) = waiting.next() {
            return Some(row);
        }
        if ended {
            return None;
        }
        interrupts::check();
        let mut rows = Vec::new();
        ended = portal.fetch(ROWS_A_FETCH, |row| {
            let Some(source) = row.int4(0).and_then(Source::from_code) else { return };
            rows.push((
                source.table(),
                row.int8(1).unwrap_or_default(),
                row.int4(2),
                row.int8(3),
                row.int8(4).and_then(|microseconds| TimestampWithTimeZone::try_from(microseconds).ok()),
                row.int4(5),
                row.text(6).map(str::to_owned),
                StoredJsonb(row.bytes(7).unwrap_or_default().to_vec()),
                StoredGeometry(row.bytes(8).unwrap_or_default().to_vec()),
            ));
        }) < usize::try_from(ROWS_A_FETCH).unwrap_or(0);
        if ended {
            portal.close();
        }
        waiting = rows.into_iter();
        waiting.next()
    }))
}

/// How many features a request selects.
#[pg_extern(stable, strict)]
fn feature_count(request: JsonText) -> i64 {
    let portal = request::open(&request::check(&request), query::count);
    let mut count = 0;
    portal.fetch(1, |row| count = row.int8(0).unwrap_or(0));
    portal.close();
    count
}
