//! Rows of the feature tables: an object's columns as the bytes that are stored.

use rawdata_core::geometry::{self, Geometry};
use rawdata_core::osm::{Element, Meta, ObjectId, Place, Timestamp};
use rawdata_core::stored;
use rawdata_core::{Error, Result};

use super::country::Countries;
use super::fresh::Fresh;
use crate::error::OrRaise;
use crate::raw::bulk::{BulkInsert, Value};

/// 2000-01-01 in seconds since 1970.
const SERVER_EPOCH: i64 = 946_684_800;

/// Writes features, and the tagged objects that are none, reusing its buffers.
pub struct RowWriter<'c> {
    countries: &'c Countries,
    unplaced: BulkInsert,
    problems: BulkInsert,
    tags: Vec<u8>,
    geometry: Vec<u8>,
    country: Vec<u8>,
    keys: Vec<i32>,
}

impl<'c> RowWriter<'c> {
    pub fn open(fresh: &Fresh, countries: &'c Countries) -> Self {
        Self {
            countries,
            unplaced: fresh.open("unplaced"),
            problems: fresh.open("problems"),
            tags: Vec::new(),
            geometry: Vec::new(),
            country: Vec::new(),
            keys: Vec::new(),
        }
    }

    /// Writes an object with its geometry into one of the four feature tables.
    pub fn feature(&mut self, table: &mut BulkInsert, element: &Element<'_>, geometry: &Geometry) {
        self.pack_tags(element);
        self.geometry.clear();
        stored::geometry::write(geometry, &mut self.geometry).or_raise();
        self.countries.of(&self.geometry, &mut self.keys);
        self.country.clear();
        stored::array::write_int4(&self.keys, &mut self.country);
        let [id, uid, user, version, changeset, timestamp] = head(element);
        table.row(&[
            id,
            uid,
            user,
            version,
            changeset,
            timestamp,
            Value::Bytes(&self.tags),
            Value::Bytes(&self.geometry),
            Value::Bytes(&self.country),
        ]);
    }

    /// Keeps a tagged object that has no geometry.
    pub fn unplaced(&mut self, element: &Element<'_>) {
        self.pack_tags(element);
        let kind = Value::Bytes(element.object().kind.name().as_bytes());
        let [id, uid, user, version, changeset, timestamp] = head(element);
        self.unplaced.row(&[kind, id, uid, user, version, changeset, timestamp, Value::Bytes(&self.tags)]);
    }

    /// Notes a problem of an object.
    pub fn problem(&mut self, object: ObjectId, problem: &str, place: Option<Place>, detail: &str) {
        self.geometry.clear();
        if let Some(place) = place {
            stored::geometry::write(&Geometry::Point(place), &mut self.geometry).or_raise();
        }
        self.problems.row(&[
            Value::Bytes(object.kind.name().as_bytes()),
            Value::Int8(object.id),
            Value::Bytes(problem.as_bytes()),
            place.map_or(Value::Null, |_| Value::Bytes(&self.geometry)),
            Value::Bytes(detail.as_bytes()),
        ]);
    }

    /// Ends the writing. How many objects have no geometry, and how many problems there are.
    pub fn finish(self) -> (u64, u64) {
        (self.unplaced.finish(), self.problems.finish())
    }

    fn pack_tags(&mut self, element: &Element<'_>) {
        self.tags.clear();
        let kept = element.tags().iter().filter(|(key, _)| !geometry::is_dropped(key));
        let packed: Result<()> = stored::jsonb::write(kept, &mut self.tags);
        packed.map_err(|error: Error| error.in_object(element.object())).or_raise();
    }
}

fn head<'a>(element: &Element<'a>) -> [Value<'a>; 6] {
    let Meta { version, timestamp, changeset, uid, user } = *element.meta();
    [
        Value::Int8(element.object().id),
        uid.map_or(Value::Null, Value::Int4),
        user.map_or(Value::Null, |user| Value::Bytes(user.as_bytes())),
        version.map_or(Value::Null, Value::Int4),
        changeset.map_or(Value::Null, Value::Int8),
        timestamp.map_or(Value::Null, |Timestamp(seconds)| Value::Timestamp((seconds - SERVER_EPOCH) * 1_000_000)),
    ]
}
