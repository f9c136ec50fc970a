//! Ways: refs for all, a line or an area for the tagged; those whose nodes moved are rebuilt.

use std::collections::{HashMap, HashSet};

use pgrx::prelude::*;
use rawdata_core::osm::{Element, ObjectKind, Way};
use rawdata_core::packed::node_block;
use rawdata_core::packed::record::Decoder;
use rawdata_core::packed::refs;
use rawdata_core::update::{Change, supersedes};

use super::batch::Batch;
use super::places::Places;
use super::{Work, stored_objects};
use crate::error::OrRaise;
use crate::raw::interrupts;
use crate::raw::portal::{self, Param};
use rawdata_core::geometry::is_tagged;

/// Ways that are shaped and written at once, and how many refs they may have together.
const WAYS_A_BATCH: usize = 1000;
const REFS_A_BATCH: usize = 20_000;

/// Blocks that parents are looked for at once: a GIN scan takes longer for each item the more keys it has.
const BLOCKS_A_QUERY: usize = 64;

/// Puts and deletes ways, rebuilds those whose nodes moved; notes which have another line now.
pub fn apply(work: &mut Work<'_>) {
    // Looked for first, while the refs stored are those before the diff, deleted ways' included.
    let mut parents = parents(work);
    let mut changes = work.diff.changes(ObjectKind::Way).peekable();
    while changes.peek().is_some() {
        apply_chunk(work, &next_chunk(&mut changes), &mut parents);
    }
    rebuild(work, parents);
}

/// As many changes as are handled at once.
pub(super) fn next_chunk<'a>(changes: &mut impl Iterator<Item = Change<'a>>) -> Vec<Change<'a>> {
    let mut chunk = Vec::new();
    let mut bytes = 0;
    while chunk.len() < WAYS_A_BATCH
        && bytes < REFS_A_BATCH
        && let Some(change) = changes.next()
    {
        // A ref takes at least a byte of a record.
        bytes += change.record.map_or(0, <[u8]>::len);
        chunk.push(change);
    }
    chunk
}

/// The ways that use a node that moved, with their refs, by id.
fn parents(work: &mut Work<'_>) -> HashMap<i64, Vec<i64>> {
    let mut parents = HashMap::new();
    each_user(&work.moved, |id, refs| {
        parents.insert(id, refs.to_vec());
    });
    work.reshaped.extend(parents.keys());
    parents
}

/// Each stored way that uses one of the nodes, with its refs.
pub(super) fn each_user(nodes: &HashSet<i64>, mut each: impl FnMut(i64, &[i64])) {
    let mut blocks: Vec<i64> = nodes.iter().map(|id| node_block::block_of(*id)).collect();
    blocks.sort_unstable();
    blocks.dedup();
    let mut ids = Vec::new();
    for blocks in blocks.chunks(BLOCKS_A_QUERY) {
        portal::each_row(
            "SELECT osm_id, refs FROM rawdata.way_nodes WHERE rawdata._node_blocks(refs) && $1",
            &[Param::Int8Array(blocks.to_vec())],
            |row| {
                let (Some(id), Some(packed)) = (row.int8(0), row.bytes(1)) else { return };
                ids.clear();
                refs::decode(packed, &mut ids).or_raise();
                if ids.iter().any(|id| nodes.contains(id)) {
                    each(id, &ids);
                }
            },
        );
        interrupts::check();
    }
}

/// A way that is stored.
struct Present {
    version: Option<i32>,
    refs: Vec<i64>,
}

fn apply_chunk(work: &mut Work<'_>, chunk: &[Change<'_>], parents: &mut HashMap<i64, Vec<i64>>) {
    let present = present(chunk.iter().map(|change| change.id).collect());
    let mut decoder = Decoder::default();
    let mut accepted = Vec::new();
    let mut nodes = Vec::new();
    let (mut deleted, mut ids, mut versions, mut packed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for change in chunk {
        let before = present.get(&change.id);
        let counts = before.map_or(change.record.is_some(), |before| supersedes(change.version, before.version));
        if !counts {
            work.report.ignored += 1;
            continue;
        }
        accepted.push(change);
        parents.remove(&change.id);
        work.growth.ways += i64::from(change.record.is_some()) - i64::from(before.is_some());
        let Some(record) = change.record else {
            work.report.deleted += 1;
            work.reshaped.insert(change.id);
            deleted.push(change.id);
            continue;
        };
        let Element::Way(way) = decoder.decode(ObjectKind::Way, record).or_raise() else { continue };
        work.report.ways += 1;
        if before.is_none_or(|before| before.refs != way.refs) {
            work.reshaped.insert(way.id);
        }
        if is_tagged(way.tags) {
            nodes.extend_from_slice(way.refs);
        }
        let mut bytes = Vec::new();
        refs::encode(way.refs, &mut bytes);
        ids.push(way.id);
        versions.push(way.meta.version);
        packed.push(bytes);
    }
    store(deleted, ids, versions, packed);

    let places = Places::fetch(nodes);
    let mut batch = Batch::new(ObjectKind::Way);
    for change in accepted {
        let element = change.record.map(|record| decoder.decode(ObjectKind::Way, record).or_raise());
        match element {
            Some(Element::Way(way)) if is_tagged(way.tags) => shape(work, &mut batch, way, &places),
            _ => batch.without_row(change.id),
        }
    }
    work.target.write(&batch);
}

/// Makes the line or area of a way.
fn shape(work: &Work<'_>, batch: &mut Batch, way: Way<'_>, places: &Places) {
    let places = places.along(way.refs);
    let made = work.rules.way(way.id, way.refs, way.tags, &places, &mut interrupts::answer).or_raise();
    batch.add(&Element::Way(way), &made).or_raise();
}

/// Makes the tagged among the parents anew.
fn rebuild(work: &mut Work<'_>, parents: HashMap<i64, Vec<i64>>) {
    let mut parents: Vec<(i64, Vec<i64>)> = parents.into_iter().collect();
    parents.sort_unstable_by_key(|(id, _)| *id);
    let mut rest = parents.as_slice();
    while !rest.is_empty() {
        let mut refs = 0;
        let count = rest.iter().take(WAYS_A_BATCH).take_while(|(_, line)| {
            let fits = refs < REFS_A_BATCH;
            refs += line.len();
            fits
        });
        let (now, later) = rest.split_at(count.count());
        rest = later;
        rebuild_batch(work, now);
    }
}

fn rebuild_batch(work: &mut Work<'_>, ways: &[(i64, Vec<i64>)]) {
    let objects = stored_objects::fetch(ObjectKind::Way, ways.iter().map(|(id, _)| *id).collect());
    let refs_of = |id: i64| {
        let at = ways.binary_search_by_key(&id, |(id, _)| *id).ok();
        at.and_then(|at| ways.get(at)).map_or(&[][..], |(_, refs)| refs.as_slice())
    };
    let places = Places::fetch(objects.iter().flat_map(|object| refs_of(object.id)).copied().collect());
    let mut batch = Batch::new(ObjectKind::Way);
    for object in &objects {
        let refs = refs_of(object.id);
        let way = Way { id: object.id, refs, places: None, meta: object.meta(), tags: object.tags() };
        shape(work, &mut batch, way, &places);
        work.report.rebuilt += 1;
    }
    work.target.write(&batch);
}

/// Those of the given ways that are stored.
fn present(ids: Vec<i64>) -> HashMap<i64, Present> {
    let mut present = HashMap::with_capacity(ids.len());
    portal::each_row(
        "SELECT osm_id, version, refs FROM rawdata.way_nodes WHERE osm_id = ANY ($1)",
        &[Param::Int8Array(ids)],
        |row| {
            let (Some(id), Some(packed)) = (row.int8(0), row.bytes(2)) else { return };
            let mut way = Present { version: row.int4(1), refs: Vec::new() };
            refs::decode(packed, &mut way.refs).or_raise();
            present.insert(id, way);
        },
    );
    present
}

fn store(deleted: Vec<i64>, ids: Vec<i64>, versions: Vec<Option<i32>>, packed: Vec<Vec<u8>>) {
    if !deleted.is_empty() {
        Spi::run_with_args("DELETE FROM rawdata.way_nodes WHERE osm_id = ANY ($1)", &[deleted.into()]).or_raise();
    }
    Spi::run_with_args(
        "INSERT INTO rawdata.way_nodes AS t (osm_id, version, refs) \
         SELECT osm_id, version, refs FROM ROWS FROM (pg_catalog.unnest($1::bigint[]), pg_catalog.unnest($2::integer[]), \
             pg_catalog.unnest($3::bytea[])) AS v (osm_id, version, refs) \
         ON CONFLICT (osm_id) DO UPDATE SET version = excluded.version, refs = excluded.refs \
         WHERE ROW (t.version, t.refs)::record *<> ROW (excluded.version, excluded.refs)::record",
        &[ids.into(), versions.into(), packed.into()],
    )
    .or_raise();
}
