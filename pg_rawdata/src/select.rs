//! What a request selects, as rows and as a number.

use pgrx::prelude::*;

use crate::error::OrRaise;
use crate::raw::datum::{JsonText, StoredGeometry, StoredJsonb};
use crate::raw::interrupts;
use crate::request::{self, Selected, Selection, broken};

type Feature = (
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
    let mut selection = Selection::of_rows(&request::check(&request));
    let mut ended = false;
    let mut waiting: std::vec::IntoIter<Feature> = Vec::new().into_iter();
    TableIterator::new(std::iter::from_fn(move || {
        while waiting.len() == 0 && !ended {
            interrupts::check();
            let mut rows = Vec::new();
            let fetched = selection.fetch(|Selected { source, row, stored, .. }| {
                rows.push((
                    source.table(),
                    row.int8(0).unwrap_or_default(),
                    row.int4(1),
                    row.int8(2),
                    row.int8(3).and_then(|microseconds| TimestampWithTimeZone::try_from(microseconds).ok()),
                    row.int4(4),
                    row.text(5).map(str::to_owned),
                    StoredJsonb(row.bytes(6).ok_or_else(broken)?.to_vec()),
                    StoredGeometry(stored.to_vec()),
                ));
                Ok(())
            });
            ended = !fetched.or_raise();
            waiting = rows.into_iter();
        }
        waiting.next()
    }))
}

/// How many features a request selects.
#[pg_extern(stable, strict)]
fn feature_count(request: JsonText) -> i64 {
    let mut selection = Selection::to_count(&request::check(&request));
    let mut number = 0;
    let mut count = |_: Selected<'_>| {
        number += 1;
        Ok(())
    };
    while selection.fetch(&mut count).or_raise() {
        interrupts::check();
    }
    number
}
