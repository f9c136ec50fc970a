//! Compact bytes for what updates need (places of nodes, refs of ways, members of relations) and for objects on their
//! way through an import.
//!
//! All numbers are LEB128 varints; signed ones are zigzag-coded first.

pub mod block_cache;
pub mod kept;
pub mod members;
pub mod node_block;
pub mod record;
pub mod refs;
pub mod varint;

use crate::{Error, ErrorKind};

/// What every decoder here says of bytes that it did not write.
fn damaged(what: &str) -> Error {
    Error::new(ErrorKind::Binary, format!("stored {what} are damaged"))
}
