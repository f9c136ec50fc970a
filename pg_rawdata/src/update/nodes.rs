//! Nodes: places for all, rows for the tagged.

use rawdata_core::geometry::Geometry;
use rawdata_core::geometry::multipolygon::Assembly;
use rawdata_core::osm::{Element, ObjectKind};
use rawdata_core::packed::node_block::{self, Entry};
use rawdata_core::packed::record::Decoder;
use rawdata_core::update::{Change, supersedes};

use super::Work;
use super::batch::Batch;
use super::blocks::Blocks;
use crate::error::OrRaise;
use rawdata_core::geometry::is_tagged;

/// Nodes that are changed at once. Each may lie in a block of its own, of 2 kB.
pub(super) const NODES_A_BATCH: usize = 4000;

/// Puts and deletes nodes; notes which of them are at another place now.
pub fn apply(work: &mut Work<'_>) {
    let mut changes = work.diff.changes(ObjectKind::Node).peekable();
    while changes.peek().is_some() {
        let chunk: Vec<Change<'_>> = changes.by_ref().take(NODES_A_BATCH).collect();
        apply_chunk(work, &chunk);
    }
}

fn apply_chunk(work: &mut Work<'_>, chunk: &[Change<'_>]) {
    let mut blocks = Blocks::fetch(chunk.iter().map(|change| change.id));
    let mut touched: Vec<i64> = Vec::new();
    let mut batch = Batch::new(ObjectKind::Node);
    let mut decoder = Decoder::default();
    for change in chunk {
        let present = blocks.get(change.id);
        if !counts(change, present) {
            work.report.ignored += i64::from(!change.place_only);
            continue;
        }
        let put = change.record.map(|record| decoder.decode(ObjectKind::Node, record).or_raise());
        let entry = put.and_then(|element| match element {
            Element::Node(node) => {
                Some(Entry { place: node.place?, version: node.meta.version.map_or(0, i32::unsigned_abs) })
            }
            _ => None,
        });
        if entry.map(|entry| entry.place) != present.map(|present| present.place) {
            work.moved.insert(change.id);
        }
        if entry != present {
            blocks.set(change.id, entry);
            touched.push(node_block::block_of(change.id));
        }
        work.growth.nodes += i64::from(entry.is_some()) - i64::from(present.is_some());
        match (put, entry) {
            (Some(element), Some(entry)) => {
                work.report.nodes += 1;
                if is_tagged(element.tags()) {
                    let made = Assembly { geometry: Some(Geometry::Point(entry.place)), problems: Vec::new() };
                    batch.add(&element, &made).or_raise();
                } else {
                    batch.without_row(change.id);
                }
            }
            _ => {
                work.report.deleted += 1;
                batch.without_row(change.id);
            }
        }
    }
    touched.dedup();
    blocks.store(&touched);
    work.target.write(&batch);
}

/// Whether a change takes the place of what is present.
fn counts(change: &Change<'_>, present: Option<Entry>) -> bool {
    let Some(present) = present else { return change.record.is_some() };
    let version = i32::try_from(present.version).ok().filter(|version| *version > 0);
    !change.place_only && supersedes(change.version, version)
}
