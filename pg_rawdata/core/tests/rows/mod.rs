//! Rows as the tables hold them, and their files.

#![allow(dead_code, clippy::allow_attributes, reason = "each test file uses a part of it")]

use std::io::Cursor;

use rawdata_core::geometry::{Geometry, Polygon};
use rawdata_core::osm::{Place, Timestamp};
use rawdata_core::request::query::Source;
use rawdata_core::request::{Limits, Request, Service};
use rawdata_core::stored::geometry::View;
use rawdata_core::stored::{geometry, jsonb};
use rawdata_core::write::{Feature, Head, Rest, Schema, encoder};
use serde_json::{Value, json};

/// A row as the tables hold it.
pub struct Row {
    pub source: Source,
    pub id: i64,
    pub version: Option<i32>,
    pub changeset: Option<i64>,
    pub timestamp: Option<Timestamp>,
    pub tags: Vec<u8>,
    pub geometry: Vec<u8>,
}

impl Row {
    pub fn new(source: Source, id: i64, tags: &[(&str, &str)], shape: &Geometry) -> Self {
        let mut row = Self {
            source,
            id,
            version: Some(2),
            changeset: Some(900),
            timestamp: Some(Timestamp(1_709_288_430)),
            tags: Vec::new(),
            geometry: Vec::new(),
        };
        jsonb::write(tags.iter().copied(), &mut row.tags).unwrap();
        geometry::write(shape, &mut row.geometry).unwrap();
        row
    }
}

pub fn request(mut body: Value) -> Request {
    body["geometry"] = json!({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]});
    Request::from_json(&body, Service::Snapshot, &Limits::default()).unwrap()
}

pub fn file<'a>(request: &Request, rows: impl IntoIterator<Item = &'a Row>) -> String {
    String::from_utf8(bytes(request, rows)).unwrap()
}

pub fn bytes<'a>(request: &Request, rows: impl IntoIterator<Item = &'a Row>) -> Vec<u8> {
    let schema = Schema::of(request);
    let mut encoder = encoder(&schema, Box::new(|| Ok(Cursor::new(Vec::new())))).unwrap();
    let mut out = Vec::new();
    encoder.begin(&schema, &mut out).unwrap();
    for row in rows {
        let feature = Feature {
            head: Head {
                source: row.source,
                id: row.id,
                version: row.version,
                changeset: row.changeset,
                timestamp: row.timestamp,
                uid: Some(7),
            },
            user: Some("a \"user\""),
            tags: jsonb::Object::parse(&row.tags).unwrap(),
            geometry: View::parse(&row.geometry).unwrap(),
        };
        encoder.feature(&feature, &mut out).unwrap();
    }
    while encoder.finish(&mut out).unwrap() == Rest::More {}
    out
}

pub fn places(degrees: &[(f64, f64)]) -> Vec<Place> {
    let units = |degrees: f64| format!("{:.0}", degrees * 1e7).parse::<i64>().unwrap();
    degrees.iter().map(|(x, y)| Place::new(units(*x), units(*y)).unwrap()).collect()
}

pub fn cafe() -> Row {
    let place = places(&[(83.971, -0.000_000_1)])[0];
    let tags = [("name", "Tea & \"Co\""), ("cuisine", "नेपाली"), ("addr:city", "Pokhara")];
    Row::new(Source::Nodes, 1, &tags, &Geometry::Point(place))
}

pub fn house() -> Row {
    let outer = places(&[(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0), (0.0, 0.0)]);
    let hole = places(&[(1.0, 1.0), (1.0, 2.0), (2.0, 2.0), (2.0, 1.0), (1.0, 1.0)]);
    Row::new(
        Source::AreaRelations,
        30,
        &[("building", "yes")],
        &Geometry::Polygon(Polygon { outer, inners: vec![hole] }),
    )
}

pub fn track() -> Row {
    let lines = vec![places(&[(0.0, 0.0), (2.0, 0.0)]), places(&[(0.0, 1.0), (0.0, 2.0)])];
    Row::new(Source::LineRelations, 31, &[], &Geometry::Lines(lines))
}
