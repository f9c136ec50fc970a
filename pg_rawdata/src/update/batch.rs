//! Rows of some objects, made anew: what is written of them is what differs from the rows present.

use pgrx::datum::DatumWithOid;
use pgrx::prelude::*;
use rawdata_core::geometry::multipolygon::Assembly;
use rawdata_core::geometry::{self, Bbox, Geometry};
use rawdata_core::osm::{Element, ObjectKind};
use rawdata_core::{Result, stored};

use super::Rows;
use super::log::Log;
use super::problems::Problems;
use crate::error::OrRaise;
use crate::import::Countries;
use crate::raw::arrays::{self, Contents};
use crate::raw::{interrupts, memory};
use crate::server_time;

/// Where batches are written, and how many rows it made so far.
pub struct Target {
    log: Log,
    /// Outlines that hold places within a box: a diff's rows mostly lie near one another.
    countries: Option<(Bbox, Countries)>,
    geometry_type: pg_sys::Oid,
    rows: Rows,
}

/// Objects of one kind whose rows are made anew. Each goes to one table of features, to `unplaced`, or nowhere.
pub struct Batch {
    kind: ObjectKind,
    ids: Vec<i64>,
    tables: Vec<(&'static str, Columns)>,
    unplaced: Columns,
    problems: Problems,
}

/// Rows of a table of features, or of `unplaced`, column by column.
#[derive(Default)]
struct Columns {
    ids: Vec<i64>,
    uids: Vec<Option<i32>>,
    users: Vec<Option<String>>,
    versions: Vec<Option<i32>>,
    changesets: Vec<Option<i64>>,
    timestamps: Vec<Option<TimestampWithTimeZone>>,
    tags: Contents,
    geometries: Contents,
    bbox: Option<Bbox>,
}

impl Batch {
    pub fn new(kind: ObjectKind) -> Self {
        let tables: &[&'static str] = match kind {
            ObjectKind::Node => &["nodes"],
            ObjectKind::Way => &["ways_line", "ways_poly"],
            ObjectKind::Relation => &["relations"],
        };
        Self {
            kind,
            ids: Vec::new(),
            tables: tables.iter().map(|table| (*table, Columns::default())).collect(),
            unplaced: Columns::default(),
            problems: Problems::default(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// An object that has no row: it is deleted, or has no tags.
    pub fn without_row(&mut self, id: i64) {
        self.ids.push(id);
    }

    /// A tagged object and what was made of it.
    pub fn add(&mut self, element: &Element<'_>, made: &Assembly) -> Result<()> {
        let id = element.object().id;
        self.ids.push(id);
        for problem in &made.problems {
            self.problems.add(id, problem)?;
        }
        let Some(geometry) = &made.geometry else { return self.unplaced.add(element) };
        // Of a way, areas go to the second table.
        let number = usize::from(self.kind == ObjectKind::Way && !matches!(geometry, Geometry::Line(_)));
        if let Some((_, columns)) = self.tables.get_mut(number) {
            columns.add(element)?;
            columns.place(geometry)?;
        }
        Ok(())
    }
}

impl Columns {
    fn add(&mut self, element: &Element<'_>) -> Result<()> {
        let meta = element.meta();
        let kept = element.tags().iter().filter(|(key, _)| !geometry::is_dropped(key));
        let mut tags = Vec::new();
        stored::jsonb::write(kept, &mut tags).map_err(|error| error.in_object(element.object()))?;
        self.ids.push(element.object().id);
        self.uids.push(meta.uid);
        self.users.push(meta.user.map(str::to_owned));
        self.versions.push(meta.version);
        self.changesets.push(meta.changeset);
        self.timestamps.push(meta.timestamp.and_then(|time| server_time::to_server(time).try_into().ok()));
        self.tags.push(Some(&tags));
        Ok(())
    }

    fn place(&mut self, geometry: &Geometry) -> Result<()> {
        let mut bytes = Vec::new();
        stored::geometry::write(geometry, &mut bytes)?;
        self.geometries.push(Some(&bytes));
        self.bbox = self.bbox.into_iter().chain(Bbox::of(geometry)).reduce(Bbox::with);
        Ok(())
    }

    /// Metadata and tags as parameters.
    fn head(&self) -> Vec<DatumWithOid<'static>> {
        vec![
            self.ids.clone().into(),
            self.uids.clone().into(),
            self.users.clone().into(),
            self.versions.clone().into(),
            self.changesets.clone().into(),
            self.timestamps.clone().into(),
            arrays::jsonb(&self.tags),
        ]
    }
}

const HEAD: &str = "osm_id, uid, \"user\", version, changeset, \"timestamp\", tags";
const UNNEST_HEAD: &str = "pg_catalog.unnest($1::bigint[]), pg_catalog.unnest($2::integer[]), pg_catalog.unnest($3::text[]), \
     pg_catalog.unnest($4::integer[]), pg_catalog.unnest($5::bigint[]), pg_catalog.unnest($6::timestamptz[]), \
     pg_catalog.unnest($7::jsonb[])";
const SET_HEAD: &str = "uid = excluded.uid, \"user\" = excluded.\"user\", version = excluded.version, \
     changeset = excluded.changeset, \"timestamp\" = excluded.\"timestamp\", tags = excluded.tags";

impl Target {
    pub fn open(log: Log) -> Self {
        let geometry = Spi::get_one::<pg_sys::Oid>("SELECT 'public.geometry'::pg_catalog.regtype::oid");
        Self {
            log,
            countries: None,
            geometry_type: geometry.or_raise().unwrap_or(pg_sys::InvalidOid),
            rows: Rows::default(),
        }
    }

    pub fn rows(&self) -> Rows {
        self.rows
    }

    /// Writes a batch.
    pub fn write(&mut self, batch: &Batch) {
        if batch.is_empty() {
            return;
        }
        for (table, columns) in &batch.tables {
            self.delete(table, &others(&batch.ids, &columns.ids));
            if !columns.ids.is_empty() {
                self.put(table, columns);
            }
        }
        if batch.kind != ObjectKind::Node {
            unplace(batch.kind, &others(&batch.ids, &batch.unplaced.ids), &batch.unplaced);
            batch.problems.write(batch.kind, &batch.ids, self.geometry_type);
        }
        interrupts::check();
    }

    fn delete(&mut self, table: &str, ids: &[i64]) {
        if ids.is_empty() {
            return;
        }
        let query = format!(
            "WITH gone AS (DELETE FROM rawdata.{table} WHERE osm_id = ANY ($1) RETURNING osm_id, geom) \
             INSERT INTO rawdata.changes (sequence, osm_type, osm_id, action, place) \
             SELECT $2, '{table}', osm_id, 'deleted', public.ST_Envelope(geom) FROM gone"
        );
        let arguments = [ids.to_vec().into(), self.log.sequence.into()];
        self.rows.deleted += Spi::connect_mut(|client| {
            let gone = client.update(&query, None, &arguments)?.len();
            Ok::<_, spi::Error>(i64::try_from(gone).unwrap_or(i64::MAX))
        })
        .or_raise();
    }

    /// Inserts rows and changes those that differ, byte for byte. A row that stays as it is is not written, and one whose
    /// indexed columns stay needs no new entries in indexes.
    fn put(&mut self, table: &str, columns: &Columns) {
        let query = format!(
            "WITH old AS (SELECT osm_id, public.ST_Envelope(geom) AS place FROM rawdata.{table} WHERE osm_id = ANY ($1)), \
             put AS ( \
                 INSERT INTO rawdata.{table} AS t ({HEAD}, geom, country) \
                 SELECT {HEAD}, geom, country::integer[] \
                 FROM ROWS FROM ({UNNEST_HEAD}, pg_catalog.unnest($8), pg_catalog.unnest($9::text[])) AS v ({HEAD}, geom, country) \
                 ON CONFLICT (osm_id) DO UPDATE SET {SET_HEAD}, geom = excluded.geom, country = excluded.country \
                 WHERE ROW (t.uid, t.\"user\", t.version, t.changeset, t.\"timestamp\", t.tags, t.geom, t.country)::record *<> \
                     ROW (excluded.uid, excluded.\"user\", excluded.version, excluded.changeset, excluded.\"timestamp\", \
                          excluded.tags, excluded.geom, excluded.country)::record \
                 RETURNING osm_id, geom), \
             noted AS ( \
                 INSERT INTO rawdata.changes (sequence, osm_type, osm_id, action, place) \
                 SELECT $10, '{table}', put.osm_id, CASE WHEN old.osm_id IS NULL THEN 'inserted' ELSE 'changed' END, \
                     public.ST_Envelope(public.ST_Collect(old.place, public.ST_Envelope(put.geom))) \
                 FROM put LEFT JOIN old ON old.osm_id = put.osm_id RETURNING action) \
             SELECT count(*) FILTER (WHERE action = 'inserted'), count(*) FILTER (WHERE action = 'changed') FROM noted"
        );
        let countries = self.countries_of(columns);
        let geometry_type = self.geometry_type;
        let sequence = self.log.sequence;
        let (inserted, changed) = memory::given_back(|| {
            let mut arguments = columns.head();
            arguments.push(arrays::geometries(&columns.geometries, geometry_type));
            arguments.push(countries.into());
            arguments.push(sequence.into());
            Spi::connect_mut(|client| {
                let row = client.update(&query, None, &arguments)?.first();
                Ok::<_, spi::Error>((row.get::<i64>(1)?.unwrap_or(0), row.get::<i64>(2)?.unwrap_or(0)))
            })
            .or_raise()
        });
        self.rows.inserted += inserted;
        self.rows.changed += changed;
    }

    /// The countries of each row. An array of arrays must be rectangular, so they go as texts.
    fn countries_of(&mut self, columns: &Columns) -> Vec<String> {
        let Some(bbox) = columns.bbox else { return Vec::new() };
        let loaded = self.countries.take();
        let all = loaded.as_ref().map_or(bbox, |(loaded, _)| loaded.with(bbox));
        let (_, countries) = self.countries.insert(match loaded {
            Some((bbox, countries)) if bbox == all => (bbox, countries),
            _ => (all, Countries::load_within(all)),
        });
        let mut keys = Vec::new();
        let texts = columns.geometries.iter().map(|geometry| {
            countries.of(geometry.unwrap_or_default(), &mut keys).or_raise();
            format!("{{{}}}", keys.iter().map(i32::to_string).collect::<Vec<_>>().join(","))
        });
        texts.collect()
    }
}

/// Keeps tagged objects that have no geometry now, and forgets others.
fn unplace(kind: ObjectKind, others: &[i64], columns: &Columns) {
    let kind = kind.name();
    Spi::run_with_args(
        "DELETE FROM rawdata.unplaced WHERE osm_type = $1 AND osm_id = ANY ($2)",
        &[kind.into(), others.to_vec().into()],
    )
    .or_raise();
    if columns.ids.is_empty() {
        return;
    }
    let query = format!(
        "INSERT INTO rawdata.unplaced AS t (osm_type, {HEAD}) \
         SELECT $8, {HEAD} FROM ROWS FROM ({UNNEST_HEAD}) AS v ({HEAD}) \
         ON CONFLICT (osm_type, osm_id) DO UPDATE SET {SET_HEAD} \
         WHERE ROW (t.uid, t.\"user\", t.version, t.changeset, t.\"timestamp\", t.tags)::record *<> \
             ROW (excluded.uid, excluded.\"user\", excluded.version, excluded.changeset, excluded.\"timestamp\", excluded.tags)::record"
    );
    memory::given_back(|| {
        let mut arguments = columns.head();
        arguments.push(kind.into());
        Spi::run_with_args(&query, &arguments).or_raise();
    });
}

/// What of `all` is not in `some`, which holds ids in the same order.
fn others(all: &[i64], some: &[i64]) -> Vec<i64> {
    let mut some = some.iter().peekable();
    all.iter().filter(|id| some.next_if_eq(id).is_none()).copied().collect()
}
