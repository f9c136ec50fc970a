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
use super::rows::Written;
use super::spool::Spools;
use crate::settings;

/// Builds all tables.
pub fn run(spools: Spools, fresh: &Fresh, area_rule: AreaRule) -> Report {
    let countries = Arc::new(Countries::load());
    let rules = settings::rules(area_rule);
    let (places, nodes, points) = nodes::build(spools.nodes, fresh, &countries);
    let (far, known, ways, features) = ways::build(spools.ways, fresh, places, rules, &countries);
    let (relations, rest) = relations::build(spools.relations, fresh, far, &known, rules, &countries);
    let sum = |rows: fn(&Written) -> u64| [points, features, rest].iter().map(rows).sum::<u64>().cast_signed();
    Report {
        nodes: nodes.cast_signed(),
        ways: ways.cast_signed(),
        relations: relations.cast_signed(),
        points: sum(|written| written.points),
        lines: sum(|written| written.lines),
        areas: sum(|written| written.areas),
        relation_features: sum(|written| written.relations),
        unplaced: sum(|written| written.unplaced),
        problems: sum(|written| written.problems),
        seconds: 0.0,
    }
}
