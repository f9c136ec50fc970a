//! The string table of a block: all its texts in one.

use super::wire::{Cursor, broken};
use crate::osm::Span;
use crate::{Error, ErrorKind, Result};

/// The most strings of a block.
const STRINGS: usize = 4 << 20;

/// A string that is no text: used, it is an error; unused, it does no harm.
const BAD: Span = Span { start: 1, end: 0 };

#[derive(Debug, Default)]
pub(super) struct Strings {
    text: String,
    spans: Vec<Span>,
}

impl Strings {
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn clear(&mut self) {
        self.text.clear();
        self.spans.clear();
    }

    /// The string of a number.
    pub fn get(&self, number: u64) -> Result<Span> {
        match usize::try_from(number).ok().and_then(|number| self.spans.get(number)) {
            Some(span) if *span == BAD => Err(Error::new(
                ErrorKind::Encoding,
                format!("string {number} of the block is not UTF-8 or holds U+0000"),
            )),
            Some(span) => Ok(*span),
            None => Err(broken(format!("the block has no string {number}"))),
        }
    }

    /// Takes all strings of the table.
    pub fn load(&mut self, block: &[u8], table: Cursor) -> Result<()> {
        let mut bytes = std::mem::take(&mut self.text).into_bytes();
        bytes.clear();
        self.spans.clear();
        each(block, table, |string| {
            let start = position(&bytes)?;
            bytes.extend_from_slice(string);
            self.spans.push(Span { start, end: position(&bytes)? });
            Ok(())
        })?;
        // All strings in one go, as nearly all blocks allow; then each on its own.
        match String::from_utf8(bytes) {
            Ok(text) if self.splits(&text) => {
                self.text = text;
                Ok(())
            }
            _ => self.load_each(block, table),
        }
    }

    /// Whether each string is a text where all of them together are.
    fn splits(&self, text: &str) -> bool {
        !text.as_bytes().contains(&0)
            && (text.is_ascii() || self.spans.iter().all(|span| text.is_char_boundary(span.start as usize)))
    }

    fn load_each(&mut self, block: &[u8], table: Cursor) -> Result<()> {
        self.clear();
        each(block, table, |string| {
            let start = position(self.text.as_bytes())?;
            let span = match std::str::from_utf8(string) {
                Ok(string) if !string.contains('\0') => {
                    self.text.push_str(string);
                    Span { start, end: position(self.text.as_bytes())? }
                }
                _ => BAD,
            };
            self.spans.push(span);
            Ok(())
        })
    }
}

fn each(block: &[u8], mut table: Cursor, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let mut count = 0;
    while let Some(field) = table.field(block)? {
        if field.number == 1 {
            count += 1;
            if count > STRINGS {
                return Err(Error::new(ErrorKind::Limit, format!("a block has more than {STRINGS} strings")));
            }
            take(field.message()?.bytes(block))?;
        }
    }
    Ok(())
}

/// Where the next string begins; a block has far less than 4 GiB.
fn position(bytes: &[u8]) -> Result<u32> {
    u32::try_from(bytes.len()).map_err(|_| broken("a block's strings are longer than a block"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(strings: &[&[u8]]) -> Strings {
        let mut block = Vec::new();
        for string in strings {
            block.extend_from_slice(&[0x0a, u8::try_from(string.len()).unwrap()]);
            block.extend_from_slice(string);
        }
        let mut loaded = Strings::default();
        loaded.load(&block, Cursor::all(&block)).unwrap();
        loaded
    }

    fn get(strings: &Strings, number: u64) -> std::result::Result<&str, ErrorKind> {
        strings.get(number).map(|span| span.of(strings.text())).map_err(|e| e.kind())
    }

    #[test]
    fn strings_are_found_by_their_number() {
        let strings = load(&[b"", b"name", "Schaanwälder".as_bytes()]);
        assert_eq!([get(&strings, 0), get(&strings, 1), get(&strings, 2)], [Ok(""), Ok("name"), Ok("Schaanwälder")]);
        assert_eq!(get(&strings, 3), Err(ErrorKind::Binary));
        assert_eq!(get(&strings, u64::MAX), Err(ErrorKind::Binary));
    }

    #[test]
    fn a_string_that_is_no_text_is_an_error_only_where_it_is_used() {
        for bad in [&b"a\xff"[..], b"\xed\xa0\x80", b"a\0b", b"\xc3"] {
            let strings = load(&[b"", bad, b"good"]);
            assert_eq!(get(&strings, 1), Err(ErrorKind::Encoding), "{bad:?}");
            assert_eq!(get(&strings, 2), Ok("good"));
        }
    }

    #[test]
    fn halves_of_a_character_do_not_make_two_strings() {
        let strings = load(&[b"a\xc3", b"\xa4b", b"good"]);
        assert_eq!(get(&strings, 0), Err(ErrorKind::Encoding));
        assert_eq!(get(&strings, 1), Err(ErrorKind::Encoding));
        assert_eq!(get(&strings, 2), Ok("good"));
    }
}
