//! Relations: members for all, an area or lines for the tagged; those whose ways changed are rebuilt.

use std::collections::HashMap;

use pgrx::prelude::*;
use rawdata_core::geometry::multipolygon::RelationWay;
use rawdata_core::geometry::{Rules, is_tagged};
use rawdata_core::osm::{Element, Member, Members, ObjectId, ObjectKind, Place, Relation, Span};
use rawdata_core::packed::record::Decoder;
use rawdata_core::packed::{members, refs};
use rawdata_core::update::{Change, supersedes};
use rawdata_core::{Error, ErrorKind, Result};

use super::Work;
use super::batch::Batch;
use super::places::Places;
use super::stored_objects::{self, StoredObject};
use crate::crew::{Crew, Results};
use crate::error::OrRaise;
use crate::raw::interrupts;
use crate::raw::portal::{self, Param};

/// Relations that are shaped and written at once, and how many bytes their members may take together.
const RELATIONS_A_BATCH: usize = 500;
const BYTES_A_BATCH: usize = 100_000;

/// Ways that parents are looked for at once: a GIN scan takes longer for each item the more keys it has.
const WAYS_A_QUERY: usize = 64;

/// Puts and deletes relations, and rebuilds those whose ways changed.
pub fn apply(work: &mut Work<'_>) {
    let mut parents = parents(work);
    let mut changes = work.diff.changes(ObjectKind::Relation).peekable();
    while changes.peek().is_some() {
        apply_chunk(work, &next_chunk(&mut changes), &mut parents);
    }
    rebuild(work, parents);
}

/// As many changes as are handled at once.
pub(super) fn next_chunk<'a>(changes: &mut impl Iterator<Item = Change<'a>>) -> Vec<Change<'a>> {
    let mut chunk = Vec::new();
    let mut bytes = 0;
    while chunk.len() < RELATIONS_A_BATCH
        && bytes < BYTES_A_BATCH
        && let Some(change) = changes.next()
    {
        bytes += change.record.map_or(0, <[u8]>::len);
        chunk.push(change);
    }
    chunk
}

/// The relations that have a way whose line changed, with their packed members, by id.
fn parents(work: &Work<'_>) -> HashMap<i64, Vec<u8>> {
    let key = |id: &i64| members::key(ObjectId { kind: ObjectKind::Way, id: *id });
    let mut keys: Vec<i64> = work.reshaped.iter().map(key).collect();
    keys.sort_unstable();
    let mut parents = HashMap::new();
    for keys in keys.chunks(WAYS_A_QUERY) {
        portal::each_row(
            "SELECT osm_id, members FROM rawdata.relation_members WHERE rawdata._member_keys(members) && $1",
            &[Param::Int8Array(keys.to_vec())],
            |row| {
                if let (Some(id), Some(packed)) = (row.int8(0), row.bytes(1)) {
                    parents.entry(id).or_insert_with(|| packed.to_vec());
                }
            },
        );
        interrupts::check();
    }
    parents
}

fn apply_chunk(work: &mut Work<'_>, chunk: &[Change<'_>], parents: &mut HashMap<i64, Vec<u8>>) {
    let present = present(chunk.iter().map(|change| change.id).collect());
    let mut decoder = Decoder::default();
    let mut accepted = Vec::new();
    let mut ways = Vec::new();
    let (mut deleted, mut ids, mut versions, mut packed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for change in chunk {
        let before = present.get(&change.id);
        let counts = before.map_or(change.record.is_some(), |before| supersedes(change.version, *before));
        if !counts {
            work.report.ignored += 1;
            continue;
        }
        accepted.push(change);
        parents.remove(&change.id);
        work.growth.relations += i64::from(change.record.is_some()) - i64::from(before.is_some());
        let Some(record) = change.record else {
            work.report.deleted += 1;
            deleted.push(change.id);
            continue;
        };
        let Element::Relation(relation) = decoder.decode(ObjectKind::Relation, record).or_raise() else { continue };
        work.report.relations += 1;
        if is_tagged(relation.tags) {
            ways.extend(relation.members.iter().filter_map(way_of));
        }
        let mut bytes = Vec::new();
        members::encode(relation.members.iter(), &mut bytes);
        ids.push(relation.id);
        versions.push(relation.meta.version);
        packed.push(bytes);
    }
    store(deleted, ids, versions, packed);

    let lines = PackedLines::fetch(ways).unpack();
    let mut batch = Batch::new(ObjectKind::Relation);
    for change in accepted {
        let element = change.record.map(|record| decoder.decode(ObjectKind::Relation, record).or_raise());
        match element {
            Some(Element::Relation(relation)) if is_tagged(relation.tags) => {
                shape(&work.rules, &mut batch, relation, &lines, &mut interrupts::answer).or_raise();
            }
            _ => batch.without_row(change.id),
        }
    }
    work.target.write(&batch);
}

/// Makes the area or the lines of a relation.
fn shape(
    rules: &Rules,
    batch: &mut Batch,
    relation: Relation<'_>,
    lines: &Lines,
    go_on: &mut dyn FnMut() -> Result<()>,
) -> Result<()> {
    let ways: Vec<RelationWay<'_>> = relation
        .members
        .iter()
        .filter_map(|member| {
            let id = way_of(member)?;
            Some(RelationWay { id, role: member.role, places: lines.0.get(&id).map(Vec::as_slice) })
        })
        .collect();
    let made = rules.relation(relation.tags, &ways, go_on)?;
    batch.add(&Element::Relation(relation), &made)
}

/// Makes the tagged among the parents anew. Where they are many, a thread shapes some while those before are written.
fn rebuild(work: &mut Work<'_>, parents: HashMap<i64, Vec<u8>>) {
    let mut parents: Vec<(i64, Vec<u8>)> = parents.into_iter().collect();
    parents.sort_unstable_by_key(|(id, _)| *id);
    let rules = work.rules;
    let mut crew = None;
    let mut rest = parents.as_slice();
    while !rest.is_empty() {
        let mut bytes = 0;
        let count = rest.iter().take(RELATIONS_A_BATCH).take_while(|(_, packed)| {
            let fits = bytes < BYTES_A_BATCH;
            bytes += packed.len();
            fits
        });
        let (now, later) = rest.split_at(count.count());
        rest = later;
        let job = Rebuild::fetch(now);
        work.report.rebuilt += i64::try_from(job.relations.len()).unwrap_or(i64::MAX);
        if rest.is_empty() && crew.is_none() {
            let batch = job.shape(&rules, &mut interrupts::answer).or_raise();
            work.target.write(&batch);
            return;
        }
        let crew = crew.get_or_insert_with(|| shapers(rules));
        crew.give(job, |batch| work.target.write(&batch.or_raise()));
    }
    if let Some(mut crew) = crew {
        while crew.take(|batch| work.target.write(&batch.or_raise())) {}
    }
}

/// Threads that shape relations, a job each.
fn shapers(rules: Rules) -> Crew<Rebuild, Result<Batch>> {
    Crew::start("rawdata update", 1, 0, |stop| {
        move |job: Rebuild, made: &Results<_>| {
            let mut go_on = || match stop.is_asked() {
                true => Err(Error::new(ErrorKind::Io, "update was ended")),
                false => Ok(()),
            };
            made.put(job.shape(&rules, &mut go_on), 0);
        }
    })
}

/// Relations that are made anew, and all that it takes.
struct Rebuild {
    relations: Vec<(StoredObject, Vec<u8>)>,
    lines: PackedLines,
}

impl Rebuild {
    /// Fetches the tagged of some relations, given by id with their packed members.
    fn fetch(relations: &[(i64, Vec<u8>)]) -> Self {
        let objects = stored_objects::fetch(ObjectKind::Relation, relations.iter().map(|(id, _)| *id).collect());
        let packed = |id: i64| {
            let at = relations.binary_search_by_key(&id, |(id, _)| *id).ok();
            at.and_then(|at| relations.get(at)).map(|(_, packed)| packed.clone()).unwrap_or_default()
        };
        let mut ways = Vec::new();
        let with_members = objects.into_iter().map(|object| {
            let packed = packed(object.id);
            members::decode(&packed, |member| ways.extend(way_of(member))).or_raise();
            (object, packed)
        });
        let relations = with_members.collect();
        Self { relations, lines: PackedLines::fetch(ways) }
    }

    fn shape(self, rules: &Rules, go_on: &mut dyn FnMut() -> Result<()>) -> Result<Batch> {
        let lines = self.lines.unpack();
        let mut batch = Batch::new(ObjectKind::Relation);
        for (object, packed) in &self.relations {
            let unpacked = Unpacked::of(packed)?;
            let relation =
                Relation { id: object.id, members: unpacked.members(), meta: object.meta(), tags: object.tags() };
            shape(rules, &mut batch, relation, &lines, go_on)?;
        }
        Ok(batch)
    }
}

/// Members as they were stored.
#[derive(Default)]
struct Unpacked {
    roles: String,
    members: Vec<(ObjectId, Span)>,
}

impl Unpacked {
    fn of(packed: &[u8]) -> Result<Self> {
        let mut unpacked = Self::default();
        members::decode(packed, |member| {
            let start = u32::try_from(unpacked.roles.len()).unwrap_or(u32::MAX);
            unpacked.roles.push_str(member.role);
            let end = u32::try_from(unpacked.roles.len()).unwrap_or(u32::MAX);
            unpacked.members.push((member.object, Span { start, end }));
        })?;
        Ok(unpacked)
    }

    fn members(&self) -> Members<'_> {
        Members::new(&self.roles, &self.members)
    }
}

/// Nodes of member ways, and the places of these nodes.
struct PackedLines {
    refs_of: Vec<(i64, Vec<i64>)>,
    places: Places,
}

/// Places along member ways; a way that is not in the data is not there.
struct Lines(HashMap<i64, Vec<Option<Place>>>);

impl PackedLines {
    fn fetch(mut ways: Vec<i64>) -> Self {
        ways.sort_unstable();
        ways.dedup();
        let mut refs_of: Vec<(i64, Vec<i64>)> = Vec::with_capacity(ways.len());
        portal::each_row(
            "SELECT osm_id, refs FROM rawdata.way_nodes WHERE osm_id = ANY ($1)",
            &[Param::Int8Array(ways)],
            |row| {
                let (Some(id), Some(packed)) = (row.int8(0), row.bytes(1)) else { return };
                let mut refs = Vec::new();
                refs::decode(packed, &mut refs).or_raise();
                refs_of.push((id, refs));
            },
        );
        let places = Places::fetch(refs_of.iter().flat_map(|(_, refs)| refs).copied().collect());
        Self { refs_of, places }
    }

    fn unpack(self) -> Lines {
        let Self { refs_of, places } = self;
        Lines(refs_of.into_iter().map(|(id, refs)| (id, places.along(&refs))).collect())
    }
}

/// The number of a member that is a way.
fn way_of(member: Member<'_>) -> Option<i64> {
    (member.object.kind == ObjectKind::Way).then_some(member.object.id)
}

/// The versions of those of the given relations that are stored.
fn present(ids: Vec<i64>) -> HashMap<i64, Option<i32>> {
    let mut present = HashMap::with_capacity(ids.len());
    portal::each_row(
        "SELECT osm_id, version FROM rawdata.relation_members WHERE osm_id = ANY ($1)",
        &[Param::Int8Array(ids)],
        |row| {
            if let Some(id) = row.int8(0) {
                present.insert(id, row.int4(1));
            }
        },
    );
    present
}

fn store(deleted: Vec<i64>, ids: Vec<i64>, versions: Vec<Option<i32>>, packed: Vec<Vec<u8>>) {
    if !deleted.is_empty() {
        Spi::run_with_args("DELETE FROM rawdata.relation_members WHERE osm_id = ANY ($1)", &[deleted.into()])
            .or_raise();
    }
    Spi::run_with_args(
        "INSERT INTO rawdata.relation_members AS t (osm_id, version, members) \
         SELECT osm_id, version, members FROM ROWS FROM (pg_catalog.unnest($1::bigint[]), pg_catalog.unnest($2::integer[]), \
             pg_catalog.unnest($3::bytea[])) AS v (osm_id, version, members) \
         ON CONFLICT (osm_id) DO UPDATE SET version = excluded.version, members = excluded.members \
         WHERE ROW (t.version, t.members)::record *<> ROW (excluded.version, excluded.members)::record",
        &[ids.into(), versions.into(), packed.into()],
    )
    .or_raise();
}
