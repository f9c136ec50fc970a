//! relation_members, way_nodes, rebuild: what lies behind a feature.

use pgrx::JsonB;
use pgrx::prelude::*;
use rawdata_core::geometry::multipolygon::{Problem, RelationWay};
use rawdata_core::geometry::{AreaRule, Geometry, Rules, is_tagged};
use rawdata_core::osm::{Member, ObjectId, ObjectKind, OwnedTags, Place};
use rawdata_core::packed::{members, refs};
use rawdata_core::stored::jsonb::Object;
use serde_json::{Value, json};

use crate::assemble::to_stored;
use crate::error::{OrRaise, Refused, refuse};
use crate::import::{Parts, Places, WayMember, detail};
use crate::raw::datum::StoredGeometry;
use crate::raw::interrupts;
use crate::raw::portal::{Param, Portal};
use crate::raw::row::Row;
use crate::{settings, tables};

/// Blocks of nodes kept unpacked while one object is built: 128 kB.
const UNPACKED: usize = 64;

/// The members of a stored relation, in order; no rows where there is no such relation.
#[pg_extern(stable, strict)]
fn relation_members(
    id: i64,
) -> TableIterator<
    'static,
    (name!(position, i32), name!(osm_type, &'static str), name!(osm_id, i64), name!(role, String)),
> {
    let members = stored_members(id).unwrap_or_default();
    TableIterator::new((1..).zip(members).map(|(n, (object, role))| (n, object.kind.name(), object.id, role)))
}

/// The nodes of a stored way, in order, and where they are; no rows where there is no such way.
#[pg_extern(stable, strict)]
fn way_nodes(
    id: i64,
) -> TableIterator<'static, (name!(position, i32), name!(osm_id, i64), name!(location, Option<StoredGeometry>))> {
    let Some(refs) = stored_refs(id) else { return TableIterator::empty() };
    let mut places = Places::in_use(UNPACKED);
    let found: Vec<Option<Place>> = refs.iter().map(|node| places.get(*node)).collect();
    places.close();
    let located = found.into_iter().map(|place| place.map(|place| to_stored(&Geometry::Point(place))));
    TableIterator::new((1..).zip(refs.into_iter().zip(located)).map(|(n, (id, location))| (n, id, location)))
}

/// What a stored object becomes if it is built now: its geometry as an import makes it, and what is wrong.
#[pg_extern(stable, strict)]
fn rebuild(
    osm_type: &str,
    id: i64,
    best_effort: default!(bool, "false"),
) -> TableIterator<'static, (name!(geom, Option<StoredGeometry>), name!(problems, JsonB))> {
    let kind = match osm_type {
        "node" | "nodes" => ObjectKind::Node,
        "way" | "ways_line" | "ways_poly" => ObjectKind::Way,
        "relation" | "relations" => ObjectKind::Relation,
        _ => refuse(Refused::OsmType, osm_type),
    };
    let Some((geometry, problems)) = built(ObjectId { kind, id }, best_effort) else { return TableIterator::empty() };
    let problems = JsonB(problems.iter().map(problem_as_json).collect());
    TableIterator::once((geometry.as_ref().map(to_stored), problems))
}

/// An object as it would be stored now; `None` where there is none in the data.
fn built(object: ObjectId, best_effort: bool) -> Option<(Option<Geometry>, Vec<Problem>)> {
    let tags = stored_tags(object);
    let tags = tags.tags();
    let rules = Rules { best_effort, ..loaded_rules() };
    let made = match object.kind {
        ObjectKind::Node => {
            let mut places = Places::in_use(1);
            let place = places.get(object.id);
            places.close();
            return place.map(|place| (is_tagged(tags).then_some(Geometry::Point(place)), Vec::new()));
        }
        ObjectKind::Way => {
            let refs = stored_refs(object.id)?;
            let mut parts = Parts::in_use(UNPACKED);
            let places = parts.places(&refs);
            parts.close();
            is_tagged(tags).then(|| rules.way(object.id, &refs, tags, &places, &mut interrupts::answer).or_raise())
        }
        ObjectKind::Relation => {
            let members = stored_members(object.id)?;
            let mut parts = Parts::in_use(UNPACKED);
            let ways = parts.ways(members.iter().map(|(object, role)| Member { object: *object, role }));
            parts.close();
            let ways: Vec<RelationWay<'_>> = ways.iter().map(WayMember::as_way).collect();
            is_tagged(tags).then(|| rules.relation(tags, &ways, &mut interrupts::answer).or_raise())
        }
    };
    Some(made.map(|made| (made.geometry, made.problems)).unwrap_or_default())
}

/// The rules that the data set was imported under.
fn loaded_rules() -> Rules {
    let name = one("SELECT area_rule FROM rawdata.data_set", &[], |row| row.text(0).map(str::to_owned));
    settings::rules(name.and_then(|name| AreaRule::parse(&name)).unwrap_or_default())
}

/// The tags of an object, which the table of its kind holds, or `unplaced`; none where it has none.
fn stored_tags(object: ObjectId) -> OwnedTags {
    let tables: &[&str] = match object.kind {
        ObjectKind::Node => &["nodes"],
        ObjectKind::Way => &["ways_line", "ways_poly"],
        ObjectKind::Relation => &["relations"],
    };
    let mut branches: Vec<String> =
        tables.iter().map(|table| format!("SELECT tags FROM rawdata.{table} WHERE osm_id = $1")).collect();
    let kind = object.kind.name();
    branches.push(format!("SELECT tags FROM rawdata.unplaced WHERE osm_type = '{kind}' AND osm_id = $1"));
    one(&branches.join(" UNION ALL "), &[Param::Int8(object.id)], |row| {
        Some(Object::parse(row.bytes(0)?).or_raise().iter().collect())
    })
    .unwrap_or_default()
}

fn stored_refs(way: i64) -> Option<Vec<i64>> {
    one("SELECT refs FROM rawdata.way_nodes WHERE osm_id = $1", &[Param::Int8(way)], |row| {
        let mut ids = Vec::new();
        refs::decode(row.bytes(0)?, &mut ids).or_raise();
        Some(ids)
    })
}

fn stored_members(relation: i64) -> Option<Vec<(ObjectId, String)>> {
    one("SELECT members FROM rawdata.relation_members WHERE osm_id = $1", &[Param::Int8(relation)], |row| {
        let mut found = Vec::new();
        members::decode(row.bytes(0)?, |member| found.push((member.object, member.role.to_owned()))).or_raise();
        Some(found)
    })
}

/// What is in the first row of a query, run with the caller's rights and snapshot.
fn one<T>(query: &str, params: &[Param], read: impl FnOnce(&Row) -> Option<T>) -> Option<T> {
    if !tables::exist() {
        refuse(Refused::NoTables, "");
    }
    let portal = Portal::open(query, params);
    let (mut read, mut found) = (Some(read), None);
    portal.fetch(1, |row| found = read.take().and_then(|read| read(row)));
    portal.close();
    found
}

fn problem_as_json(problem: &Problem) -> Value {
    let location = problem.place.map(|place| json!({"type": "Point", "coordinates": [place.lon(), place.lat()]}));
    json!({"problem": problem.kind.name(), "location": location, "detail": detail(&problem.ways)})
}
