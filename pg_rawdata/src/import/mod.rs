//! A document becomes the data set: read, build fresh tables, swap them in. One transaction.
//!
//! ```text
//! source: file or COPY ─> feed (threads: core read) ─> intake ─> build::{nodes,ways,relations} ─> fresh tables ─> swap
//!                                                        └─> spools, where objects come out of order ─┘
//! ```

mod blobs;
mod build;
mod country;
mod feed;
mod file;
mod fresh;
mod intake;
pub mod load;
mod packed_table;
mod parts;
mod piece;
mod places;
mod progress;
mod rows;
mod source;
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
use feed::Feed;
use fresh::Fresh;
use intake::{InOrder, Intake, OutOfOrder};
use progress::Phase;
use source::Reading;
pub use source::Source;

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

/// Bytes of a document that are handed to the reader at once: a client may send a line at a time.
const CHUNK: usize = 64 << 10;

/// An import whose document is being read.
pub struct Import {
    source: Source,
    /// What came and is not handed to the reader yet.
    chunk: Vec<u8>,
    feed: Feed,
    intake: Intake,
    area_rule: AreaRule,
    owner: pg_sys::Oid,
    begun: Instant,
}

impl Import {
    /// Starts reading. `area_rule` by name; the setting where it is not given.
    pub fn begin(source: Source, area_rule: Option<&str>) -> Self {
        if !tables::exist() {
            refuse(Refused::NoTables, "");
        }
        only_writer();
        let area_rule = match area_rule {
            Some(name) => AreaRule::parse(name).unwrap_or_else(|| refuse(Refused::AreaRule, name)),
            None => settings::area_rule(),
        };
        let (owner, begun) = (tables::owner(), Instant::now());
        progress::begin();
        let Reading { bytes, chunks, share } = source.read();
        let feed = Feed::start(bytes, chunks);
        let intake = role::acting_as(owner, || Intake::tables(Fresh::create(), area_rule, share));
        Self { source, chunk: Vec::new(), feed, intake, area_rule, owner, begun }
    }

    /// Takes the next piece of a document that comes in pieces.
    pub fn chunk(mut self, chunk: &[u8]) -> Self {
        self.chunk.extend_from_slice(chunk);
        if self.chunk.len() < CHUNK { self } else { role::acting_as(self.owner, || self.hand_over()) }
    }

    /// Reads the document to its end, builds the tables and puts them in place.
    pub fn finish(self) -> Report {
        let report = role::acting_as(self.owner, || {
            let mut import = self.hand_over();
            let header = loop {
                match import.feed.finish(&mut import.intake) {
                    Ok(header) => break header,
                    Err(OutOfOrder) => import = import.again(),
                }
            };
            import.source.close();
            put_in_place(import.intake, &header, import.area_rule, import.begun)
        });
        progress::end();
        report
    }

    /// Hands what came to the reader.
    fn hand_over(mut self) -> Self {
        let chunk = std::mem::take(&mut self.chunk);
        self.source.keep(&chunk);
        match self.feed.give(chunk, &mut self.intake) {
            Ok(()) => self,
            Err(OutOfOrder) => self.again(),
        }
    }

    /// Reads from the start once more, into spools, which take objects in any order.
    fn again(self) -> Self {
        let Self { mut source, .. } = self;
        drop(self.feed);
        let Reading { bytes, chunks, share } = source.read();
        let mut feed = Feed::start(bytes, chunks);
        let mut intake = self.intake.spools(share);
        source.replay(|chunk| {
            let _always: InOrder<()> = feed.give(chunk, &mut intake);
        });
        Self { source, feed, intake, ..self }
    }
}

/// Builds what is left to build, and lets the new data set take the place of the old one.
fn put_in_place(intake: Intake, header: &Header, area_rule: AreaRule, begun: Instant) -> Report {
    let (fresh, mut report) = intake.finish();
    fresh.index_all();
    progress::show(Phase::Swap, 0, None);
    fresh.swap();
    record(header, area_rule, &report);
    report.seconds = begun.elapsed().as_secs_f64();
    report
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
