//! From spools to tables: nodes, then ways, then relations, each from what the ones before left.
//!
//! ```text
//! spool ─> Job: records, far values (backend) ─> Made: packed rows, features (threads) ─> tables, memory (backend)
//! ```

mod builder;
mod far;
mod known;
mod nodes;
mod relations;
mod ways;

use std::sync::Arc;

use rawdata_core::geometry::AreaRule;

use super::Report;
use super::country::Countries;
use super::fresh::Fresh;
use super::rows::RowWriter;
use super::spool::Spools;
use crate::settings;

/// Builds all tables.
pub fn run(spools: Spools, fresh: &Fresh, area_rule: AreaRule) -> Report {
    let countries = Arc::new(Countries::load());
    let rules = settings::rules(area_rule);
    let mut rows = RowWriter::open(fresh);
    let (places, nodes) = nodes::build(spools.nodes, fresh, &countries, &mut rows);
    let (far, known, ways) = ways::build(spools.ways, fresh, places, rules, &countries, &mut rows);
    let relations = relations::build(spools.relations, fresh, far, &known, rules, &countries, &mut rows);
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
