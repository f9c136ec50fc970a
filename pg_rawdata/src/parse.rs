//! osm_elements, osc_changes, file_header: list a document, store nothing.

use pgrx::prelude::*;
use rawdata_core::osm::{Element, ObjectKind, Tags};
use rawdata_core::read::{Reader, osc};
use rawdata_core::stored;

use crate::error::OrRaise;
use crate::raw::datum::StoredJsonb;
use crate::raw::interrupts;

/// Lists the objects of an OSM document, in document order.
#[pg_extern(immutable, strict, parallel_safe)]
#[expect(clippy::type_complexity, reason = "the columns of an object")]
fn osm_elements<'a>(
    document: &'a [u8],
) -> TableIterator<
    'a,
    (
        name!(kind, &'static str),
        name!(id, i64),
        name!(version, Option<i32>),
        name!(timestamp, Option<TimestampWithTimeZone>),
        name!(changeset, Option<i64>),
        name!(uid, Option<i32>),
        name!(user, Option<String>),
        name!(lon, Option<f64>),
        name!(lat, Option<f64>),
        name!(refs, Option<Vec<i64>>),
        name!(roles, Option<Vec<String>>),
        name!(kinds, Option<Vec<&'static str>>),
        name!(tags, StoredJsonb),
    ),
> {
    let mut reader = Reader::new(document).or_raise();
    TableIterator::new(std::iter::from_fn(move || {
        interrupts::check();
        let element = reader.next().or_raise()?;
        let place = place(&element);
        let meta = *element.meta();
        let (refs, roles, kinds) = parts(&element);
        Some((
            element.object().kind.name(),
            element.object().id,
            meta.version,
            meta.timestamp.map(|time| to_timestamp(time.0 as f64)),
            meta.changeset,
            meta.uid,
            meta.user.map(str::to_owned),
            place.map(|place| place.0),
            place.map(|place| place.1),
            refs,
            roles,
            kinds,
            jsonb(element.tags()),
        ))
    }))
}

/// Lists the changes in an OsmChange document, in document order.
#[pg_extern(immutable, strict, parallel_safe)]
#[expect(clippy::type_complexity, reason = "the columns of a change")]
fn osc_changes<'a>(
    document: &'a [u8],
) -> TableIterator<
    'a,
    (
        name!(action, &'static str),
        name!(kind, &'static str),
        name!(id, i64),
        name!(version, Option<i32>),
        name!(lon, Option<f64>),
        name!(lat, Option<f64>),
        name!(refs, Option<Vec<i64>>),
        name!(tags, StoredJsonb),
    ),
> {
    let mut changes = osc::Changes::new(document).or_raise();
    TableIterator::new(std::iter::from_fn(move || {
        interrupts::check();
        let (action, element) = changes.next().or_raise()?;
        let place = place(&element);
        let (refs, _, _) = parts(&element);
        Some((
            action.name(),
            element.object().kind.name(),
            element.object().id,
            element.meta().version,
            place.map(|place| place.0),
            place.map(|place| place.1),
            refs,
            jsonb(element.tags()),
        ))
    }))
}

/// What a document says of itself before its first object.
#[pg_extern(immutable, strict, parallel_safe)]
#[expect(clippy::type_complexity, reason = "the columns of a header")]
fn file_header(
    document: &[u8],
) -> TableIterator<
    'static,
    (
        name!(format, &'static str),
        name!(compression, &'static str),
        name!(generator, Option<String>),
        name!(required_features, Vec<String>),
        name!(optional_features, Vec<String>),
        name!(sorted, bool),
        name!(bbox, Option<Vec<f64>>),
        name!(timestamp, Option<TimestampWithTimeZone>),
        name!(sequence, Option<i64>),
        name!(replication_url, Option<String>),
    ),
> {
    let reader = Reader::new(document).or_raise();
    let header = reader.header().clone();
    TableIterator::once((
        header.format.name(),
        header.compression.name(),
        header.generator,
        header.required_features,
        header.optional_features,
        header.sorted,
        header.bbox.map(|(low, high)| vec![low.lon(), low.lat(), high.lon(), high.lat()]),
        header.timestamp.map(|time| to_timestamp(time.0 as f64)),
        header.replication_sequence,
        header.replication_url,
    ))
}

fn place(element: &Element<'_>) -> Option<(f64, f64)> {
    match element {
        Element::Node(node) => node.place.map(|place| (place.lon(), place.lat())),
        _ => None,
    }
}

type Parts = (Option<Vec<i64>>, Option<Vec<String>>, Option<Vec<&'static str>>);

/// Node ids of a way, or ids, roles and kinds of a relation's members.
fn parts(element: &Element<'_>) -> Parts {
    match element {
        Element::Node(_) => (None, None, None),
        Element::Way(way) => (Some(way.refs.to_vec()), None, None),
        Element::Relation(relation) => (
            Some(relation.members.iter().map(|member| member.object.id).collect()),
            Some(relation.members.iter().map(|member| member.role.to_owned()).collect()),
            Some(relation.members.iter().map(|member| ObjectKind::name(member.object.kind)).collect()),
        ),
    }
}

fn jsonb(tags: Tags<'_>) -> StoredJsonb {
    let mut bytes = Vec::new();
    stored::jsonb::write(tags.iter(), &mut bytes).or_raise();
    StoredJsonb(bytes)
}
