//! From records to tables: nodes, then ways, then relations, each from what the ones before left.
//!
//! ```text
//! records ─> Job: records, far values (backend) ─> Made: packed rows, features (threads) ─> tables, memory (backend)
//! ```

mod builder;
mod far;
mod known;
mod nodes;
mod relations;
mod ways;

use std::sync::Arc;

use rawdata_core::geometry::{AreaRule, Rules};
use rawdata_core::osm::ObjectKind;
use rawdata_core::packed::record;

use super::Report;
use super::country::Countries;
use super::fresh::Fresh;
use super::progress::Counter;
use super::rows::Written;
use crate::settings;
use nodes::Nodes;
use relations::Relations;
use ways::Ways;

/// The tables of a data set being built.
pub struct Build {
    fresh: Fresh,
    rules: Rules,
    countries: Arc<Countries>,
    stage: Stage,
    counter: Counter,
    report: Report,
    written: Written,
}

/// What is being built.
enum Stage {
    Nodes(Nodes),
    Ways(Ways),
    Relations(Relations),
    Over,
}

impl Stage {
    fn kind(&self) -> Option<ObjectKind> {
        match self {
            Self::Nodes(_) => Some(ObjectKind::Node),
            Self::Ways(_) => Some(ObjectKind::Way),
            Self::Relations(_) => Some(ObjectKind::Relation),
            Self::Over => None,
        }
    }
}

impl Build {
    pub fn start(fresh: Fresh, area_rule: AreaRule, counter: Counter) -> Self {
        let countries = Arc::new(Countries::load());
        counter.show(ObjectKind::Node.into());
        Self {
            fresh,
            rules: settings::rules(area_rule),
            stage: Stage::Nodes(Nodes::start(fresh, &countries)),
            countries,
            counter,
            report: Report::default(),
            written: Written::default(),
        }
    }

    /// Adds the record of an object. Kinds come in their order, the objects of each in order of ids.
    pub fn add(&mut self, kind: ObjectKind, record: &[u8]) {
        while self.stage.kind().is_some_and(|now| now < kind) {
            self.advance();
        }
        let count = match &mut self.stage {
            Stage::Nodes(nodes) => {
                nodes.add(record);
                &mut self.report.nodes
            }
            Stage::Ways(ways) => {
                ways.add(record);
                &mut self.report.ways
            }
            Stage::Relations(relations) => {
                relations.add(record);
                &mut self.report.relations
            }
            Stage::Over => return,
        };
        *count += 1;
        self.counter.count(kind.into(), 1);
    }

    /// Adds records that follow each other.
    pub fn add_all(&mut self, kind: ObjectKind, records: &[u8]) {
        record::bodies(records).for_each(|record| self.add(kind, record));
    }

    /// Builds what is left.
    pub fn finish(mut self) -> Report {
        while self.stage.kind().is_some() {
            self.advance();
        }
        let Written { points, lines, areas, relations, unplaced, problems } = self.written;
        Report {
            points: points.cast_signed(),
            lines: lines.cast_signed(),
            areas: areas.cast_signed(),
            relation_features: relations.cast_signed(),
            unplaced: unplaced.cast_signed(),
            problems: problems.cast_signed(),
            ..self.report
        }
    }

    /// Leaves the tables unfinished, and closed.
    pub fn abandon(self) {
        match self.stage {
            Stage::Nodes(nodes) => nodes.abandon(),
            Stage::Ways(ways) => ways.abandon(),
            Stage::Relations(relations) => relations.abandon(),
            Stage::Over => {}
        }
    }

    /// Ends a kind and begins with the next.
    fn advance(&mut self) {
        self.show();
        let Self { fresh, rules, .. } = *self;
        let (next, written) = match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Nodes(nodes) => {
                let (places, written) = nodes.finish(fresh);
                (Stage::Ways(Ways::start(fresh, places, rules, &self.countries)), written)
            }
            Stage::Ways(ways) => {
                let (known, far, written) = ways.finish(fresh);
                (Stage::Relations(Relations::start(fresh, &known, far, rules, &self.countries)), written)
            }
            Stage::Relations(relations) => (Stage::Over, relations.finish()),
            Stage::Over => return,
        };
        self.written.add(written);
        self.stage = next;
        self.show();
    }

    fn show(&self) {
        if let Some(kind) = self.stage.kind() {
            self.counter.show(kind.into());
        }
    }
}
