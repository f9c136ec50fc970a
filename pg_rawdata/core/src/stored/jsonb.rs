//! `jsonb` objects whose values are strings: tags.
//!
//! ```text
//! count | object flag      4 bytes
//! an entry for each key    4 bytes each
//! an entry for each value  4 bytes each
//! keys, then values        text, nothing between
//! ```
//!
//! Keys are sorted by length, then by bytes. An entry has the length of its text; every 32nd has the offset of its end
//! instead, so that a place far behind is found without adding up all before it.

use super::{broken, json_string, u32_at};
use crate::{Error, ErrorKind, Result};

const IS_OBJECT: u32 = 0x2000_0000;
const COUNT: u32 = 0x0fff_ffff;
const FLAGS: u32 = 0xf000_0000;

const HAS_OFFSET: u32 = 0x8000_0000;
const KIND: u32 = 0x7000_0000;
const LENGTH: u32 = 0x0fff_ffff;
const STRIDE: usize = 32;

/// Appends an object as the server would store it, without the length word ([`super::varlena`] puts it in front).
///
/// Of equal keys the last one counts.
pub fn write<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>, out: &mut Vec<u8>) -> Result<()> {
    let mut pairs: Vec<(&str, &str)> = tags.into_iter().collect();
    let by_key = |(key, _): &(&'a str, &'a str)| (key.len(), *key);
    if !pairs.is_sorted_by(|a, b| by_key(a) < by_key(b)) {
        // Turned round first, so that of equal keys the last one comes first and is kept.
        pairs.reverse();
        pairs.sort_by_key(by_key);
        pairs.dedup_by_key(|(key, _)| *key);
    }
    let too_long = || Error::new(ErrorKind::Limit, "the tags of an object have more than 256 MB");

    let count = u32::try_from(pairs.len()).ok().filter(|count| *count <= COUNT).ok_or_else(too_long)?;
    out.extend_from_slice(&(count | IS_OBJECT).to_ne_bytes());
    let texts = || pairs.iter().map(|(key, _)| *key).chain(pairs.iter().map(|(_, value)| *value));
    let mut end = 0u32;
    for (index, text) in texts().enumerate() {
        let length = u32::try_from(text.len()).map_err(|_| too_long())?;
        end = end.checked_add(length).filter(|end| *end <= LENGTH).ok_or_else(too_long)?;
        let entry = if index % STRIDE == 0 { end | HAS_OFFSET } else { length };
        out.extend_from_slice(&entry.to_ne_bytes());
    }
    texts().for_each(|text| out.extend_from_slice(text.as_bytes()));
    Ok(())
}

/// A stored object, checked, and read where it lies.
#[derive(Debug, Clone, Copy)]
pub struct Object<'a> {
    /// Entries of the keys, then of the values.
    entries: &'a [u8],
    keys: &'a str,
    values: &'a str,
}

impl<'a> Object<'a> {
    /// The object without members.
    pub const EMPTY: Self = Self { entries: &[], keys: "", values: "" };

    /// Reads an object, given without its length word.
    ///
    /// What is no object, or holds a value that is no string, is [`ErrorKind::Unsupported`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self> {
        let broken = || broken("jsonb");
        let header = u32_at(bytes, 0).ok_or_else(broken)?;
        if header & FLAGS != IS_OBJECT {
            return Err(Error::new(ErrorKind::Unsupported, "tags are not a jsonb object"));
        }
        let count = usize::try_from(header & COUNT).map_err(|_| broken())?;
        let after = count.checked_mul(8).and_then(|size| size.checked_add(4)).ok_or_else(broken)?;
        let entries = bytes.get(4..after).ok_or_else(broken)?;
        if words(entries).any(|entry| entry & KIND != 0) {
            return Err(Error::new(ErrorKind::Unsupported, "a tag's value is not a string"));
        }
        let text = bytes.get(after..).ok_or_else(broken)?;
        let text = std::str::from_utf8(text).map_err(|_| Error::new(ErrorKind::Encoding, "tags are not UTF-8"))?;

        let mut end = 0;
        let mut end_of_keys = 0;
        for (index, entry) in words(entries).enumerate() {
            end = end_of(entry, end);
            if !text.is_char_boundary(end) {
                return Err(broken());
            }
            if index + 1 == count {
                end_of_keys = end;
            }
        }
        if end != text.len() {
            return Err(broken());
        }
        let (keys, values) = text.split_at_checked(end_of_keys).ok_or_else(broken)?;
        Ok(Self { entries, keys, values })
    }

    /// How many members.
    pub fn len(&self) -> usize {
        self.entries.len() / 8
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes of all keys and values.
    pub fn size(&self) -> usize {
        self.keys.len() + self.values.len()
    }

    /// Key and value of each member, in stored order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a str)> + Clone + use<'a> {
        let (keys, values) = self.entries.split_at(self.entries.len() / 2);
        Texts::new(keys, self.keys, 0).zip(Texts::new(values, self.values, self.keys.len()))
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&'a str> {
        self.iter().take_while(|(k, _)| k.len() <= key.len()).find(|(k, _)| *k == key).map(|(_, value)| value)
    }

    /// Appends the object as the server shows it: `{"a": "b", "c": "d"}`.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        for (index, (key, value)) in self.iter().enumerate() {
            if index > 0 {
                out.extend_from_slice(b", ");
            }
            json_string(key, out);
            out.extend_from_slice(b": ");
            json_string(value, out);
        }
        out.push(b'}');
    }
}

impl PartialEq for Object<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Object<'_> {}

fn words(entries: &[u8]) -> impl Iterator<Item = u32> + Clone {
    entries.as_chunks().0.iter().map(|word| u32::from_ne_bytes(*word))
}

/// Where the text of an entry ends that begins at `start`.
fn end_of(entry: u32, start: usize) -> usize {
    let length = usize::try_from(entry & LENGTH).unwrap_or(usize::MAX);
    if entry & HAS_OFFSET == 0 { start.saturating_add(length) } else { length }
}

/// Texts of consecutive entries.
#[derive(Clone)]
struct Texts<'a> {
    entries: std::slice::Iter<'a, [u8; 4]>,
    text: &'a str,
    /// Where `text` begins, as entries count.
    base: usize,
    start: usize,
}

impl<'a> Texts<'a> {
    fn new(entries: &'a [u8], text: &'a str, base: usize) -> Self {
        Self { entries: entries.as_chunks().0.iter(), text, base, start: base }
    }
}

impl<'a> Iterator for Texts<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let entry = u32::from_ne_bytes(*self.entries.next()?);
        let start = self.start;
        self.start = end_of(entry, start);
        self.text.get(start.checked_sub(self.base)?..self.start.checked_sub(self.base)?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stored<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
        let mut out = Vec::new();
        write(tags, &mut out).unwrap();
        out
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    // The expected bytes and sums are those of what PostgreSQL 15 put on a page.

    #[test]
    fn small_objects_are_the_servers_bytes() {
        assert_eq!(hex(&stored([])), "00000020");
        assert_eq!(hex(&stored([("b", "2"), ("a", "1")])), "020000200100008001000000010000000100000061623132");
        assert_eq!(
            hex(&stored([("name", "é"), ("highway", "x")])),
            "02000020040000800700000002000000010000006e616d6568696768776179c3a978"
        );
    }

    #[test]
    fn large_objects_are_the_servers_bytes() {
        for (count, length, sum) in [
            (31, 662, 0x3aba_9d6e),
            (32, 684, 0x2f37_fda2),
            (33, 707, 0xb8e5_0834),
            (40, 868, 0xa8e0_b501),
            (70, 1558, 0x0b63_c82c),
            (100, 2248, 0x0ca0_10a6),
        ] {
            // jsonb_object_agg('key' || i, 'value ' || i * i) over i from 0 to count - 1
            let tags: Vec<_> = (0..count).map(|i| (format!("key{i}"), format!("value {}", i * i))).collect();
            let bytes = stored(tags.iter().map(|(key, value)| (key.as_str(), value.as_str())));
            let mut crc = flate2::Crc::new();
            crc.update(&bytes);
            assert_eq!((bytes.len(), crc.sum()), (length, sum), "{count} keys");
        }
    }

    #[test]
    fn of_equal_keys_the_last_counts() {
        assert_eq!(stored([("k", "1"), ("l", "2"), ("k", "3"), ("k", "4")]), stored([("k", "4"), ("l", "2")]));
    }

    #[test]
    fn json_is_as_the_server_shows_it() {
        let bytes = stored([("addr:city", "Pokhara"), ("name", "Tea & \"Co\""), ("amenity", "cafe")]);
        let mut out = Vec::new();
        Object::parse(&bytes).unwrap().write_json(&mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"{"name": "Tea & \"Co\"", "amenity": "cafe", "addr:city": "Pokhara"}"#
        );
        let mut out = Vec::new();
        Object::EMPTY.write_json(&mut out);
        assert_eq!(out, b"{}");
    }

    #[test]
    fn what_is_no_object_of_strings_is_unsupported() {
        for (json, bytes) in [
            ("[]", &b"\x00\x00\x00\x40"[..]),
            (r#"{"a": 1}"#, b"\x01\0\0\x20\x01\0\0\x80\x0b\0\0\x10a\0\0\0\x20\0\0\0\0\x80\x01\0"),
            (r#"{"a": null}"#, b"\x01\0\0\x20\x01\0\0\x80\0\0\0\x40a"),
            (
                r#"{"a": {"b": "c"}}"#,
                b"\x01\0\0\x20\x01\0\0\x80\x11\0\0\x50a\0\0\0\x01\0\0\x20\x01\0\0\x80\x01\0\0\0bc",
            ),
        ] {
            assert_eq!(Object::parse(bytes).unwrap_err().kind(), ErrorKind::Unsupported, "{json}");
        }
    }

    #[test]
    fn every_cut_and_every_addition_is_an_error() {
        let tags: Vec<_> = (0..40).map(|i| (format!("k{i}"), format!("é{i}"))).collect();
        let mut bytes = stored(tags.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        for cut in 0..bytes.len() {
            assert!(Object::parse(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        bytes.push(b'x');
        assert!(Object::parse(&bytes).is_err());
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(tags in prop::collection::hash_map(".{0,12}", ".{0,12}", 0..90)) {
            let bytes = stored(tags.iter().map(|(key, value)| (key.as_str(), value.as_str())));
            let object = Object::parse(&bytes).unwrap();
            prop_assert_eq!(object.len(), tags.len());
            for (key, value) in &tags {
                prop_assert_eq!(object.get(key), Some(value.as_str()));
            }
            prop_assert_eq!(object.get("a key that is longer than twelve"), None);
            prop_assert!(object.iter().is_sorted_by_key(|(key, _)| (key.len(), key)));
        }

        #[test]
        fn no_bytes_make_the_reader_fail_badly(bytes in prop::collection::vec(any::<u8>(), 0..80), count in 0u8..9) {
            let mut bytes = bytes;
            bytes.splice(0..0, [count, 0, 0, 0x20]);
            if let Ok(object) = Object::parse(&bytes) {
                prop_assert_eq!(object.iter().count(), object.len());
            }
        }
    }
}
