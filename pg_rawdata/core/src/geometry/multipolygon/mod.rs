//! Areas from ways.
//!
//! The member ways are cut into segments; equal ones cancel in pairs; what is left must not cross and must have no open
//! end. Then it divides the plane into inside and outside by the even-odd rule, which roles have no part in, and every
//! connected piece of inside is a polygon. All is decided by place, not by node number.
//!
//! Where there is no valid area there is none, and [`Problem`]s say why.

mod assembly;
mod plain_ring;
mod problem;
mod relation;

pub use assembly::{Assembly, Limits, MemberWay, assemble};
pub use problem::{Problem, ProblemKind};
pub use relation::{RelationWay, lines_area, relation_area, way_area};
