//! What indexes on packed columns go by.

use pgrx::prelude::*;
use rawdata_core::packed::{members, refs};

use crate::error::OrRaise;

/// The blocks of nodes that a way's refs lie in.
#[pg_extern(immutable, strict, parallel_safe)]
fn _node_blocks(refs: &[u8]) -> Vec<i64> {
    refs::blocks(refs).or_raise()
}

/// A number for each member of a relation: its id times 4, plus 0 for a node, 1 for a way, 2 for a relation.
#[pg_extern(immutable, strict, parallel_safe)]
fn _member_keys(members: &[u8]) -> Vec<i64> {
    members::keys(members).or_raise()
}
