//! From spools to tables: nodes, then ways, then relations, each from what the ones before left.

mod nodes;
mod relations;
mod shape;
mod ways;

use std::sync::Arc;

use rawdata_core::geometry::AreaRule;
use rawdata_core::osm::ObjectKind;

use super::Report;
use super::country::Countries;
use super::fresh::Fresh;
use super::parts::{Parts, REFS_COLUMN};
use super::progress::{self, Phase};
use super::rows::RowWriter;
use super::spool::Spools;
use crate::raw::interrupts;
use crate::settings;
use shape::Shaper;

/// Builds all tables.
pub fn run(spools: Spools, fresh: &Fresh, area_rule: AreaRule) -> Report {
    let countries = Arc::new(Countries::load());
    let rules = settings::rules(area_rule);
    let mut rows = RowWriter::open(fresh);
    let (mut places, nodes) = nodes::build(spools.nodes, fresh, &countries, &mut rows);
    let shaper = Shaper::start(ObjectKind::Way, rules, &countries);
    let ways = ways::build(spools.ways, fresh, &mut places, shaper, &mut rows);
    progress::show(Phase::Index, 0, Some(1));
    fresh.index_early("way_nodes");
    let mut parts = Parts::new(places, fresh.lookup("way_nodes", REFS_COLUMN));
    let shaper = Shaper::start(ObjectKind::Relation, rules, &countries);
    let relations = relations::build(spools.relations, fresh, &mut parts, shaper, &mut rows);
    parts.close();
    let written = rows.finish();
    Report {
        nodes: nodes.cast_signed(),
        ways: ways.cast_signed(),
        relations: relations.cast_signed(),
        points: written.points.cast_signed(),
        lines: written.lines.cast_signed(),
        areas: written.areas.cast_signed(),
        relation_features: written.relations.cast_signed(),
        unplaced: written.unplaced.cast_signed(),
        problems: written.problems.cast_signed(),
        seconds: 0.0,
    }
}

/// Counts objects of a phase, showing progress and answering interrupts.
struct Step {
    phase: Phase,
    done: u64,
    total: u64,
}

impl Step {
    fn new(phase: Phase, total: u64) -> Self {
        progress::show(phase, 0, Some(total));
        Self { phase, done: 0, total }
    }

    fn count(&mut self) {
        self.done += 1;
        if self.done.is_multiple_of(progress::STEP) {
            progress::show(self.phase, self.done, Some(self.total));
        }
        if self.done.is_multiple_of(64) {
            interrupts::check();
        }
    }
}
