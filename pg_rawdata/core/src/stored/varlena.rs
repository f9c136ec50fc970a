//! The length word in front of a value of variable length.

use crate::{Error, ErrorKind, Result};

/// Length of the word.
pub const HEADER: usize = 4;

/// Values are shorter than this; the two bits above say how a value is compressed or where it lies.
const LIMIT: usize = 1 << 30;

/// Appends a value that `write` appends the body of, with its length word in front.
///
/// On an error `out` is as before.
pub fn write(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<()> {
    let start = out.len();
    out.extend_from_slice(&[0; HEADER]);
    let written = write(out).and_then(|()| header(out.len() - start));
    match (written, out.get_mut(start..start + HEADER)) {
        (Ok(header), Some(place)) => {
            place.copy_from_slice(&header);
            Ok(())
        }
        (written, _) => {
            out.truncate(start);
            written.map(|_| ())
        }
    }
}

fn header(length: usize) -> Result<[u8; HEADER]> {
    let length = u32::try_from(length).ok().filter(|_| length < LIMIT);
    let length = length.ok_or_else(|| Error::new(ErrorKind::Limit, "a value has more than 1 GB"))?;
    let word = if cfg!(target_endian = "little") { length << 2 } else { length };
    Ok(word.to_ne_bytes())
}
