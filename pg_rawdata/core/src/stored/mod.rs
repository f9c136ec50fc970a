//! The bytes that PostgreSQL and PostGIS store, written and read without them.
//!
//! Going through the text input functions for each row costs more than all the rest of an import, and decoding a
//! geometry to text costs more than all the rest of an export. The forms are those of PostgreSQL 14 to 17 and
//! PostGIS 3, in the byte order of the machine.

pub mod centroid;
pub mod ewkb;
pub mod geometry;
mod json_text;
pub mod jsonb;
pub mod varlena;

pub(crate) use json_text::json_string;

use crate::{Error, ErrorKind};

fn broken(what: &str) -> Error {
    Error::new(ErrorKind::Binary, format!("stored {what} is broken"))
}

/// The four bytes at `at` as a number.
fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let word = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_ne_bytes(word.try_into().ok()?))
}
