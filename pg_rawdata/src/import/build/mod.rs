//! From spools to tables: nodes, then ways, then relations, each from what the ones before left.

mod nodes;
mod relations;
mod ways;

use rawdata_core::geometry::AreaRule;
use rawdata_core::geometry::multipolygon::Problem;
use rawdata_core::osm::{Element, ObjectId};

use super::Report;
use super::country::Countries;
use super::fresh::Fresh;
use super::parts::{Parts, REFS_COLUMN};
use super::progress::{self, Phase};
use super::rows::RowWriter;
use super::spool::Spools;
use crate::raw::interrupts;
use crate::settings;

/// Builds all tables.
pub fn run(spools: Spools, fresh: &Fresh, area_rule: AreaRule) -> Report {
    let Spools { nodes, ways, relations } = spools;
    let countries = Countries::load();
    let mut rows = RowWriter::open(fresh, &countries);
    let mut report = Report::default();
    let rules = settings::rules(area_rule);
    let mut places = nodes::build(nodes, fresh, &mut rows, &mut report);
    ways::build(ways, fresh, &rules, &mut places, &mut rows, &mut report);
    fresh.index_early("way_nodes");
    let mut parts = Parts::new(places, fresh.lookup("way_nodes", REFS_COLUMN));
    relations::build(relations, fresh, &rules, &mut parts, &mut rows, &mut report);
    parts.close();
    let (unplaced, problems) = rows.finish();
    report.unplaced = unplaced.cast_signed();
    report.problems = problems.cast_signed();
    report
}

fn note_problems(rows: &mut RowWriter<'_>, object: ObjectId, problems: &[Problem]) {
    for problem in problems {
        rows.problem(object, problem.kind.name(), problem.place, &detail(&problem.ways));
    }
}

/// The ways that a problem lies in, as the table `problems` holds them.
pub fn detail(ways: &[i64]) -> String {
    let list: Vec<String> = ways.iter().map(|id| format!("way {id}")).collect();
    list.join(", ")
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

    fn count(&mut self, _element: &Element<'_>) {
        self.done += 1;
        if self.done.is_multiple_of(progress::STEP) {
            progress::show(self.phase, self.done, Some(self.total));
        }
        if self.done.is_multiple_of(64) {
            interrupts::check();
        }
    }
}
