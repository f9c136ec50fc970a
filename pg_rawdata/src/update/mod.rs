//! A diff becomes part of the data set: one diff, one transaction, with its number inside.
//!
//! ```text
//! document ─> core update::Diff ─> boundary
//!                                    └─> nodes ─ places that changed ─> ways ─ lines that changed ─> relations ─> data_set
//!                                    └──────── parents that are not in the diff are rebuilt too ────┘
//! ```
//!
//! Each step reads what it needs of many objects by one query, shapes them as an import does, and writes rows that
//! differ from those present, and only those.

mod batch;
mod blocks;
mod boundary;
mod face;
mod log;
mod nodes;
mod places;
mod problems;
mod relations;
mod stored_objects;
mod ways;

use std::collections::HashSet;
use std::io::{Read, Seek};
use std::time::Instant;

use pgrx::prelude::*;
use rawdata_core::geometry::{AreaRule, Rules};
use rawdata_core::osm::Timestamp;
use rawdata_core::update::{Diff, Turn, turn_of};

use crate::error::{OrRaise, Refused, refuse};
use crate::import::only_writer;
use crate::raw::{interrupts, role};
use crate::{settings, tables};
use batch::Target;
use log::Log;

/// What a diff did.
#[derive(Debug, Clone, Copy, Default)]
pub struct Report {
    /// False: the data set had it already.
    pub applied: bool,
    /// Objects put: new, or in a new version.
    pub nodes: i64,
    pub ways: i64,
    pub relations: i64,
    pub deleted: i64,
    /// Changes that count for nothing: older versions, deletions of what is not there, what lies outside the boundary.
    pub ignored: i64,
    /// Objects whose geometry was made anew because of a node or way that changed.
    pub rebuilt: i64,
    /// Rows of the feature tables.
    pub rows: Rows,
    pub seconds: f64,
}

/// How many rows of the feature tables changed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rows {
    pub inserted: i64,
    pub changed: i64,
    pub deleted: i64,
}

/// How many objects of a kind there are more than before.
#[derive(Debug, Clone, Copy, Default)]
struct Growth {
    nodes: i64,
    ways: i64,
    relations: i64,
}

/// What all steps of an update share.
struct Work<'a> {
    diff: &'a Diff,
    rules: Rules,
    target: Target,
    report: Report,
    growth: Growth,
    /// Nodes whose place changed.
    moved: HashSet<i64>,
    /// Ways whose line changed.
    reshaped: HashSet<i64>,
}

/// Applies a document to the data set.
pub fn apply(document: impl Read + Seek, sequence: Option<i64>, state_time: Option<TimestampWithTimeZone>) -> Report {
    let begun = Instant::now();
    if !tables::exist() {
        refuse(Refused::NoTables, "");
    }
    if let Some(negative) = sequence.filter(|sequence| *sequence < 0) {
        refuse(Refused::Sequence, &negative.to_string());
    }
    only_writer();
    let mut report = role::acting_as(tables::owner(), || {
        let (stored, area_rule) = data_set();
        match turn_of(sequence, stored) {
            Turn::Past => {
                notice!("diff {} was already applied", sequence.unwrap_or_default());
                return Report::default();
            }
            Turn::Gap { next } => {
                let given = sequence.unwrap_or_default();
                refuse(Refused::Gap, &format!("the next is {next}, the one given is {given}"))
            }
            Turn::Now => {}
        }
        let mut diff = Diff::read(document, settings::import_memory(), &mut interrupts::answer).or_raise();
        if diff.is_map() && sequence.is_some() {
            refuse(Refused::NumberedMap, "");
        }
        boundary::leave_out_what_is_outside(&mut diff);
        let target = Target::open(Log::begin(sequence.or(stored.map(|stored| stored.saturating_add(1)))));
        let mut work = Work {
            diff: &diff,
            rules: settings::rules(area_rule),
            target,
            report: Report { applied: true, ..Report::default() },
            growth: Growth::default(),
            moved: HashSet::new(),
            reshaped: HashSet::new(),
        };
        nodes::apply(&mut work);
        ways::apply(&mut work);
        relations::apply(&mut work);
        work.report.rows = work.target.rows();
        record(sequence, state_time, diff.newest(), work.growth);
        log::forget_old();
        work.report
    });
    report.seconds = begun.elapsed().as_secs_f64();
    report
}

/// Number and area rule of what is loaded, locked: in a transaction that still sees an older one this is 40001.
fn data_set() -> (Option<i64>, AreaRule) {
    let row = Spi::connect_mut(|client| {
        let table = client.update("SELECT sequence, area_rule FROM rawdata.data_set FOR UPDATE", Some(1), &[])?;
        if table.is_empty() {
            return Ok(None);
        }
        let row = table.first();
        Ok::<_, spi::Error>(Some((row.get::<i64>(1)?, row.get::<String>(2)?.unwrap_or_default())))
    });
    let Some((sequence, rule)) = row.or_raise() else { refuse(Refused::NotLoaded, "") };
    let Some(area_rule) = AreaRule::parse(&rule) else { refuse(Refused::AreaRule, &rule) };
    (sequence, area_rule)
}

/// Writes down what is loaded now. Without a time of the diff's state, the newest object's counts.
fn record(sequence: Option<i64>, state_time: Option<TimestampWithTimeZone>, newest: Option<Timestamp>, growth: Growth) {
    Spi::run_with_args(
        "UPDATE rawdata.data_set SET sequence = coalesce($1, sequence), \
             data_timestamp = coalesce($2, greatest(data_timestamp, pg_catalog.to_timestamp($3))), \
             nodes = nodes + $4, ways = ways + $5, relations = relations + $6",
        &[
            sequence.into(),
            state_time.into(),
            newest.map(|time| time.0 as f64).into(),
            growth.nodes.into(),
            growth.ways.into(),
            growth.relations.into(),
        ],
    )
    .or_raise();
}
