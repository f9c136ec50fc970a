//! Geometry and rows of ways and relations, made by threads beside the one that reads and writes the tables.
//!
//! ```text
//! spool ─> places, member ways (backend) ─> Job ─> area or lines, columns (threads) ─> Rows ─> tables (backend)
//! ```

use std::sync::Arc;

use rawdata_core::geometry::multipolygon::RelationWay;
use rawdata_core::geometry::{Geometry, Rules};
use rawdata_core::osm::{Element, ObjectKind, Place, Relation};
use rawdata_core::packed::record::Decoder;
use rawdata_core::{Error, ErrorKind, Result};

use crate::error::OrRaise;
use crate::import::country::Countries;
use crate::import::crew::{Crew, Results, Stop};
use crate::import::rows::{RowWriter, Rows, Table};

/// A job is given out when its records and places take this much.
const JOB_BYTES: usize = 256 << 10;

/// Tagged objects of one kind with the places of their nodes.
struct Job {
    kind: ObjectKind,
    records: Vec<u8>,
    objects: Vec<Object>,
    /// Where the places of each line end in `places`; `None`: the way is not in the data.
    lines: Vec<Option<usize>>,
    places: Vec<Option<Place>>,
}

/// Where an object's record and its lines end: a way has one line, a relation one for each member way.
struct Object {
    record_end: usize,
    lines_end: usize,
}

impl Job {
    fn new(kind: ObjectKind) -> Self {
        Self { kind, records: Vec::new(), objects: Vec::new(), lines: Vec::new(), places: Vec::new() }
    }

    fn is_full(&self) -> bool {
        self.records.len() + self.places.len() * size_of::<Option<Place>>() >= JOB_BYTES
    }
}

/// Gives out objects to the threads and writes the rows that come back, in the order in which the objects were given.
pub struct Shaper {
    crew: Crew<Job, Result<Rows>>,
    next: Job,
}

impl Shaper {
    pub fn start(kind: ObjectKind, rules: Rules, countries: &Arc<Countries>) -> Self {
        let crew = Crew::start("rawdata shape", |stop| {
            let countries = Arc::clone(countries);
            move |job: Job, rows: &Results<_>| {
                rows.put(shape(&job, &rules, &countries, &stop));
            }
        });
        Self { crew, next: Job::new(kind) }
    }

    /// Adds the places of a way's nodes; `None`: the way is not in the data. To be followed by [`Self::object`].
    pub fn line(&mut self, places: Option<impl IntoIterator<Item = Option<Place>>>) {
        let end = places.map(|places| {
            self.next.places.extend(places);
            self.next.places.len()
        });
        self.next.lines.push(end);
    }

    /// Adds the object that the lines since the last one belong to, by its record.
    pub fn object(&mut self, record: &[u8], rows: &mut RowWriter) {
        self.next.records.extend_from_slice(record);
        let object = Object { record_end: self.next.records.len(), lines_end: self.next.lines.len() };
        self.next.objects.push(object);
        if self.next.is_full() {
            self.give(rows);
        }
    }

    /// Waits for all rows and writes them.
    pub fn finish(mut self, rows: &mut RowWriter) {
        self.give(rows);
        while self.crew.take(|done| rows.write(&mut done.or_raise())) {}
    }

    fn give(&mut self, rows: &mut RowWriter) {
        let next = Job::new(self.next.kind);
        let job = std::mem::replace(&mut self.next, next);
        self.crew.give(job, |done| rows.write(&mut done.or_raise()));
    }
}

/// What a thread does with a job.
fn shape(job: &Job, rules: &Rules, countries: &Countries, stop: &Stop) -> Result<Rows> {
    let mut go_on = || match stop.is_asked() {
        true => Err(Error::new(ErrorKind::Io, "import was ended")),
        false => Ok(()),
    };
    let mut rows = Rows::default();
    let mut decoder = Decoder::default();
    let (mut record, mut line, mut place) = (0, 0, 0);
    for object in &job.objects {
        go_on()?;
        let body = job.records.get(record..object.record_end).unwrap_or_default();
        record = object.record_end;
        let mut lines = job.lines.get(line..object.lines_end).unwrap_or_default().iter().map(|end| {
            let known = end.and_then(|end| job.places.get(place..end));
            place = end.unwrap_or(place);
            known
        });
        line = object.lines_end;
        let element = decoder.decode(job.kind, body)?;
        let made = match &element {
            Element::Way(way) => {
                let places = lines.next().flatten().unwrap_or_default();
                rules.way(way.id, way.refs, way.tags, places, &mut go_on)?
            }
            Element::Relation(relation) => rules.relation(relation.tags, &way_members(relation, lines), &mut go_on)?,
            Element::Node(_) => continue,
        };
        rows.note(element.object(), made.problems);
        let placed = made.geometry.as_ref().map(|geometry| (table_of(job.kind, geometry), geometry));
        rows.add(&element, placed, countries)?;
    }
    Ok(rows)
}

fn table_of(kind: ObjectKind, geometry: &Geometry) -> Table {
    match (kind, geometry) {
        (ObjectKind::Relation, _) => Table::Relations,
        (_, Geometry::Line(_)) => Table::Lines,
        _ => Table::Areas,
    }
}

fn way_members<'a>(
    relation: &Relation<'a>,
    lines: impl Iterator<Item = Option<&'a [Option<Place>]>>,
) -> Vec<RelationWay<'a>> {
    let ways = relation.members.iter().filter(|member| member.object.kind == ObjectKind::Way);
    ways.zip(lines).map(|(member, places)| RelationWay { id: member.object.id, role: member.role, places }).collect()
}
