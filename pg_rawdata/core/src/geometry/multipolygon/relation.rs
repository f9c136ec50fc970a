//! Areas of relations and closed ways as they are found in the data, where parts may be missing; and of any lines.

use super::plain_ring::plain_ring;
use super::{Assembly, Limits, MemberWay, Problem, ProblemKind, assemble};
use crate::Result;
use crate::osm::Place;

/// A member way of a relation.
#[derive(Debug, Clone, Copy)]
pub struct RelationWay<'a> {
    /// The way's number.
    pub id: i64,
    /// Its role.
    pub role: &'a str,
    /// The places of its nodes in order, `None` for nodes that are not in the data; `None` where the way is not.
    pub places: Option<&'a [Option<Place>]>,
}

/// Makes the area of a relation.
///
/// Where a way that is not `inner`, or a node of any way, is not in the data, there is no area: what the rest makes may
/// be the island instead of the lake. With `best_effort` it is made of what there is.
pub fn relation_area(
    ways: &[RelationWay<'_>],
    best_effort: bool,
    limits: &Limits,
    interrupt: &mut dyn FnMut() -> Result<()>,
) -> Result<Assembly> {
    let mut missing = Vec::new();
    let mut incomplete = false;
    let mut known = Vec::with_capacity(ways.len());
    for way in ways {
        let Some(places) = way.places else {
            incomplete |= way.role != "inner";
            missing.push((way.id, None));
            continue;
        };
        let there: Vec<Place> = places.iter().copied().flatten().collect();
        if there.len() < places.len() {
            incomplete = true;
            missing.push((way.id, there.first().copied()));
        }
        known.push((way.id, way.role, there));
    }
    missing.sort_unstable();
    missing.dedup();
    // Nobody knows where a way is that is not there; the rest of the relation is where to look.
    let somewhere =
        if missing.is_empty() { None } else { known.iter().flat_map(|(_, _, places)| places).min().copied() };
    let missing = missing
        .into_iter()
        .map(|(id, place)| Problem { kind: ProblemKind::MissingMember, place: place.or(somewhere), ways: vec![id] })
        .take(limits.max_problems);
    if incomplete && !best_effort {
        return Ok(Assembly { geometry: None, problems: missing.collect() });
    }
    let known: Vec<MemberWay<'_>> =
        known.iter().map(|(id, role, places)| MemberWay { id: *id, role, places }).collect();
    let mut assembly = assemble(&known, limits, interrupt)?;
    assembly.problems.splice(0..0, missing);
    assembly.problems.truncate(limits.max_problems);
    Ok(assembly)
}

/// Makes the area of a closed way, which may have several rings if it meets itself at nodes.
///
/// Where a node is not in the data there is no area; with `best_effort` the ring goes past it.
pub fn way_area(
    id: i64,
    places: &[Option<Place>],
    best_effort: bool,
    limits: &Limits,
    interrupt: &mut dyn FnMut() -> Result<()>,
) -> Result<Assembly> {
    if let Some(geometry) = plain_ring(places).filter(|_| places.len() - 1 <= limits.max_segments) {
        return Ok(Assembly { geometry: Some(geometry), problems: Vec::new() });
    }
    let way = RelationWay { id, role: "", places: Some(places) };
    let mut assembly = relation_area(&[way], best_effort, limits, interrupt)?;
    without_roles(&mut assembly);
    Ok(assembly)
}

/// Makes an area of lines of any origin; problems name them by their place in the slice, from 1.
///
/// Equal lines are copies here, not one way listed twice, so they cancel in pairs.
pub fn lines_area(
    lines: &[Vec<Place>],
    limits: &Limits,
    interrupt: &mut dyn FnMut() -> Result<()>,
) -> Result<Assembly> {
    let ways: Vec<MemberWay<'_>> = (1..).zip(lines).map(|(id, places)| MemberWay { id, role: "", places }).collect();
    let mut assembly = assemble(&ways, limits, interrupt)?;
    without_roles(&mut assembly);
    Ok(assembly)
}

/// What is no member of a relation has no role that could be wrong.
fn without_roles(assembly: &mut Assembly) {
    assembly.problems.retain(|problem| problem.kind != ProblemKind::WrongRole);
}
