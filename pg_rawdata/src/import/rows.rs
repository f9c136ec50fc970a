//! Rows of the feature tables: an object's columns as the bytes that are stored.
//!
//! [`Rows`] are packed by any thread; [`RowWriter`] writes them on the backend's own.

use rawdata_core::geometry::multipolygon::Problem;
use rawdata_core::geometry::{self, Geometry};
use rawdata_core::osm::{Element, Meta, ObjectId};
use rawdata_core::stored;
use rawdata_core::{Error, Result};

use super::country::Countries;
use super::fresh::Fresh;
use crate::error::OrRaise;
use crate::raw::bulk::{BulkInsert, Value};
use crate::server_time;

/// A table of features.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    Nodes,
    Lines,
    Areas,
    Relations,
}

/// Rows on their way to the tables.
#[derive(Default)]
pub struct Rows {
    features: Vec<Row>,
    problems: Vec<(ObjectId, Problem)>,
    bytes: Vec<u8>,
    keys: Vec<i32>,
}

/// One feature, or a tagged object that is none, its columns of variable length one after the other in [`Rows::bytes`].
struct Row {
    /// `None`: the object has no geometry.
    table: Option<Table>,
    object: ObjectId,
    meta: Meta<'static>,
    /// Where user, tags, geometry and country end; the user's name is absent where `has_user` is false.
    ends: [usize; 4],
    has_user: bool,
}

impl Rows {
    /// Adds an object with its geometry to a table of features; without a geometry, to the tagged objects that have none.
    pub fn add(
        &mut self,
        element: &Element<'_>,
        placed: Option<(Table, &Geometry)>,
        countries: &Countries,
    ) -> Result<()> {
        let meta = element.meta();
        self.bytes.extend_from_slice(meta.user.unwrap_or_default().as_bytes());
        let user_end = self.bytes.len();
        let kept = element.tags().iter().filter(|(key, _)| !geometry::is_dropped(key));
        stored::jsonb::write(kept, &mut self.bytes).map_err(|error: Error| error.in_object(element.object()))?;
        let tags_end = self.bytes.len();
        if let Some((_, geometry)) = placed {
            stored::geometry::write(geometry, &mut self.bytes)?;
        }
        let geometry_end = self.bytes.len();
        if placed.is_some() {
            countries.of(self.bytes.get(tags_end..).unwrap_or_default(), &mut self.keys)?;
            stored::array::write_int4(&self.keys, &mut self.bytes);
        }
        self.features.push(Row {
            table: placed.map(|(table, _)| table),
            object: element.object(),
            meta: Meta { user: None, ..*meta },
            ends: [user_end, tags_end, geometry_end, self.bytes.len()],
            has_user: meta.user.is_some(),
        });
        Ok(())
    }

    /// About what it takes.
    pub fn size(&self) -> usize {
        self.bytes.len() + self.features.len() * size_of::<Row>()
    }

    /// Notes problems of an object.
    pub fn note(&mut self, object: ObjectId, problems: Vec<Problem>) {
        self.problems.extend(problems.into_iter().map(|problem| (object, problem)));
    }
}

/// Rows written to each table.
#[derive(Debug, Clone, Copy, Default)]
pub struct Written {
    pub points: u64,
    pub lines: u64,
    pub areas: u64,
    pub relations: u64,
    pub unplaced: u64,
    pub problems: u64,
}

impl Written {
    /// Adds what was written elsewhere.
    pub fn add(&mut self, more: Self) {
        self.points += more.points;
        self.lines += more.lines;
        self.areas += more.areas;
        self.relations += more.relations;
        self.unplaced += more.unplaced;
        self.problems += more.problems;
    }
}

/// Writes rows into the fresh tables. Each is opened with its first row, so that others may be given their indexes meanwhile.
pub struct RowWriter {
    fresh: Fresh,
    nodes: Option<BulkInsert>,
    lines: Option<BulkInsert>,
    areas: Option<BulkInsert>,
    relations: Option<BulkInsert>,
    unplaced: Option<BulkInsert>,
    problems: Option<BulkInsert>,
    place: Vec<u8>,
}

impl RowWriter {
    pub fn new(fresh: Fresh) -> Self {
        Self {
            fresh,
            nodes: None,
            lines: None,
            areas: None,
            relations: None,
            unplaced: None,
            problems: None,
            place: Vec::new(),
        }
    }

    /// Writes rows, leaving none behind but the memory they were in.
    pub fn write(&mut self, rows: &mut Rows) {
        let mut start = 0;
        for row in &rows.features {
            let mut before = start;
            let [user, tags, geometry, country] = row.ends.map(|end| {
                let column = rows.bytes.get(before..end).unwrap_or_default();
                before = end;
                Value::Bytes(column)
            });
            start = before;
            let [id, uid, version, changeset, timestamp] = head(row);
            let user = if row.has_user { user } else { Value::Null };
            let (table, name) = match row.table {
                Some(Table::Nodes) => (&mut self.nodes, "nodes"),
                Some(Table::Lines) => (&mut self.lines, "ways_line"),
                Some(Table::Areas) => (&mut self.areas, "ways_poly"),
                Some(Table::Relations) => (&mut self.relations, "relations"),
                None => {
                    let kind = Value::Bytes(row.object.kind.name().as_bytes());
                    let unplaced = self.unplaced.get_or_insert_with(|| self.fresh.open("unplaced"));
                    unplaced.row(&[kind, id, uid, user, version, changeset, timestamp, tags]);
                    continue;
                }
            };
            table
                .get_or_insert_with(|| self.fresh.open(name))
                .row(&[id, uid, user, version, changeset, timestamp, tags, geometry, country]);
        }
        for (object, problem) in rows.problems.drain(..) {
            self.problem(object, &problem);
        }
        rows.features.clear();
        rows.bytes.clear();
    }

    fn problem(&mut self, object: ObjectId, problem: &Problem) {
        self.place.clear();
        if let Some(place) = problem.place {
            stored::geometry::write(&Geometry::Point(place), &mut self.place).or_raise();
        }
        self.problems.get_or_insert_with(|| self.fresh.open("problems")).row(&[
            Value::Bytes(object.kind.name().as_bytes()),
            Value::Int8(object.id),
            Value::Bytes(problem.kind.name().as_bytes()),
            problem.place.map_or(Value::Null, |_| Value::Bytes(&self.place)),
            Value::Bytes(detail(&problem.ways).as_bytes()),
        ]);
    }

    /// Ends the writing and closes the tables.
    pub fn finish(self) -> Written {
        let finish = |table: Option<BulkInsert>| table.map_or(0, BulkInsert::finish);
        Written {
            points: finish(self.nodes),
            lines: finish(self.lines),
            areas: finish(self.areas),
            relations: finish(self.relations),
            unplaced: finish(self.unplaced),
            problems: finish(self.problems),
        }
    }
}

/// The columns of fixed length but for the user's name: id, uid, version, changeset, timestamp.
fn head(row: &Row) -> [Value<'static>; 5] {
    let Meta { version, timestamp, changeset, uid, .. } = row.meta;
    [
        Value::Int8(row.object.id),
        uid.map_or(Value::Null, Value::Int4),
        version.map_or(Value::Null, Value::Int4),
        changeset.map_or(Value::Null, Value::Int8),
        timestamp.map_or(Value::Null, |time| Value::Timestamp(server_time::to_server(time))),
    ]
}

/// The ways that a problem lies in, as the table `problems` holds them.
pub fn detail(ways: &[i64]) -> String {
    let list: Vec<String> = ways.iter().map(|id| format!("way {id}")).collect();
    list.join(", ")
}
