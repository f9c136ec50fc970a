//! A document becomes the data set: read into spools, build fresh tables, swap them in. One transaction.
//!
//! ```text
//! file or COPY ─> feed (threads: core read) ─> spool ─> build::{nodes,ways,relations} ─> fresh tables ─> swap
//! ```

mod blobs;
mod build;
mod country;
mod crew;
mod feed;
mod file;
mod fresh;
pub mod load;
mod packed_table;
mod parts;
mod piece;
mod places;
mod progress;
mod rows;
mod spool;

pub use country::{Countries, polygons};
pub use parts::{Parts, WayMember};
pub use places::Places;
pub use rows::detail;

use std::time::Instant;

use pgrx::prelude::*;
use rawdata_core::geometry::AreaRule;
use rawdata_core::read::Header;

use crate::error::{OrRaise, Refused, refuse};
use crate::raw::role;
use crate::{settings, tables};
use feed::{Feed, Input};
use progress::Phase;
use spool::Spools;

/// How many objects were read and what became of them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Report {
    pub nodes: i64,
    pub ways: i64,
    pub relations: i64,
    pub points: i64,
    pub lines: i64,
    pub areas: i64,
    pub relation_features: i64,
    pub unplaced: i64,
    pub problems: i64,
    pub seconds: f64,
}

/// An import whose document is being read.
pub struct Import {
    feed: Feed,
    spools: Spools,
    area_rule: AreaRule,
    owner: pg_sys::Oid,
    begun: Instant,
}

impl Import {
    /// Starts reading. `area_rule` by name; the setting where it is not given.
    pub fn begin(input: Input, area_rule: Option<&str>) -> Self {
        if !tables::exist() {
            refuse(Refused::NoTables, "");
        }
        only_writer();
        let area_rule = match area_rule {
            Some(name) => AreaRule::parse(name).unwrap_or_else(|| refuse(Refused::AreaRule, name)),
            None => settings::area_rule(),
        };
        progress::begin();
        Self {
            feed: Feed::start(input),
            spools: Spools::create(),
            area_rule,
            owner: tables::owner(),
            begun: Instant::now(),
        }
    }

    /// Hands over the next piece of a document that comes in pieces.
    pub fn chunk(&mut self, chunk: Vec<u8>) {
        self.feed.give(chunk, &mut self.spools);
    }

    /// Reads the document to its end, builds the tables and puts them in place.
    pub fn finish(mut self) -> Report {
        let header = self.feed.finish(&mut self.spools);
        let owner = self.owner;
        let report = role::acting_as(owner, || self.build(&header));
        progress::end();
        report
    }

    fn build(self, header: &Header) -> Report {
        let fresh = fresh::Fresh::create();
        let mut report = build::run(self.spools, &fresh, self.area_rule);
        fresh.index_all();
        progress::show(Phase::Swap, 0, None);
        fresh.swap();
        record(header, self.area_rule, &report);
        report.seconds = self.begun.elapsed().as_secs_f64();
        report
    }
}

/// Makes this transaction the only one that may change the data set, or refuses at once.
pub fn only_writer() {
    let alone = Spi::get_one::<bool>(
        "SELECT pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended('rawdata.data_set', 0))",
    );
    if alone.or_raise() != Some(true) {
        refuse(Refused::Busy, "");
    }
}

/// Writes down what is loaded.
fn record(header: &Header, area_rule: AreaRule, report: &Report) {
    let bounds = header.bbox.map(|(low, high)| [low.lon(), low.lat(), high.lon(), high.lat()]);
    let corner = |i: usize| bounds.and_then(|b| b.get(i).copied());
    Spi::run_with_args(
        "INSERT INTO rawdata.data_set AS d (area_rule, data_timestamp, sequence, replication_url, generator, bounds, \
             loaded_at, nodes, ways, relations, changes_from) \
         SELECT $1, pg_catalog.to_timestamp($2), $3, $4, $5, \
             public.ST_MakeEnvelope($6, $7, $8, $9, 4326), pg_catalog.clock_timestamp(), $10, $11, $12, coalesce($3, 0) \
         ON CONFLICT (only_row) DO UPDATE SET area_rule = excluded.area_rule, \
             data_timestamp = excluded.data_timestamp, sequence = excluded.sequence, \
             replication_url = excluded.replication_url, generator = excluded.generator, bounds = excluded.bounds, \
             loaded_at = excluded.loaded_at, nodes = excluded.nodes, ways = excluded.ways, \
             relations = excluded.relations, changes_from = excluded.changes_from, boundary = NULL, \
             generation = d.generation + 1",
        &[
            area_rule.name().into(),
            header.timestamp.map(|time| time.0 as f64).into(),
            header.replication_sequence.into(),
            header.replication_url.as_deref().into(),
            header.generator.as_deref().into(),
            corner(0).into(),
            corner(1).into(),
            corner(2).into(),
            corner(3).into(),
            report.nodes.into(),
            report.ways.into(),
            report.relations.into(),
        ],
    )
    .or_raise();
    // What changed in the data set before, and how it was followed, is of no use to anyone now.
    Spi::run("DELETE FROM rawdata.changes").or_raise();
    Spi::run("DELETE FROM rawdata.replication_state").or_raise();
}
