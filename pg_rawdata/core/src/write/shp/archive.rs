//! A zip whose members are stored as they are, with ZIP64 where it becomes too large without.

use crate::osm::Timestamp;
use crate::write::time;

const FIRST_YEAR: i64 = 1980;
const LAST_YEAR: i64 = 2107;
const UTF8_NAMES: u16 = 1 << 11;
/// Version of the format that a reader must know, without and with ZIP64.
const PLAIN: u16 = 10;
const ZIP64: u16 = 45;
/// Made on Unix.
const MADE_BY: u16 = 3 << 8 | ZIP64;
const REGULAR_FILE: u32 = 0o100_644 << 16;

/// What stands in front of a member and, again, in the directory.
struct Entry {
    name: String,
    sum: u32,
    size: u32,
    offset: u64,
    time: [u8; 4],
}

impl Entry {
    /// What a member's head and its entry in the directory have in common, up to the length of its name.
    fn describe(&self, version: u16, out: &mut Vec<u8>) {
        for short in [version, UTF8_NAMES, 0] {
            out.extend_from_slice(&short.to_le_bytes());
        }
        out.extend_from_slice(&self.time);
        for word in [self.sum, self.size, self.size] {
            out.extend_from_slice(&word.to_le_bytes());
        }
        out.extend_from_slice(&saturated_short(self.name.len() as u64));
    }
}

/// The members so far.
#[derive(Default)]
pub(super) struct Archive {
    entries: Vec<Entry>,
    /// Bytes so far.
    size: u64,
    time: [u8; 4],
}

impl Archive {
    /// The time of the members that follow.
    pub(super) fn set_time(&mut self, time: Timestamp) {
        let (days, seconds) = (time.0.div_euclid(86_400), time.0.rem_euclid(86_400));
        let (year, month, day) = match time::date(days) {
            (year, ..) if year < FIRST_YEAR => (FIRST_YEAR, 1, 1),
            (year, ..) if year > LAST_YEAR => (LAST_YEAR, 12, 31),
            date => date,
        };
        let clock = (seconds / 3600) << 11 | (seconds / 60 % 60) << 5 | (seconds % 60 / 2);
        let date = (year - FIRST_YEAR) << 9 | month << 5 | day;
        self.time = u32::try_from(date << 16 | clock).unwrap_or_default().to_le_bytes();
    }

    /// Appends what comes before the bytes of a member, of known checksum and size.
    pub(super) fn begin(&mut self, name: String, sum: u32, size: u32, out: &mut Vec<u8>) {
        let start = out.len();
        let entry = Entry { name, sum, size, offset: self.size, time: self.time };
        out.extend_from_slice(b"PK\x03\x04");
        entry.describe(PLAIN, out);
        out.extend_from_slice(&0_u16.to_le_bytes());
        out.extend_from_slice(entry.name.as_bytes());
        self.entries.push(entry);
        self.size += (out.len() - start) as u64 + u64::from(size);
    }

    /// Appends the directory.
    pub(super) fn finish(&self, out: &mut Vec<u8>) {
        let start = out.len();
        for entry in &self.entries {
            let is_far = entry.offset >= u64::from(u32::MAX);
            out.extend_from_slice(b"PK\x01\x02");
            out.extend_from_slice(&MADE_BY.to_le_bytes());
            entry.describe(if is_far { ZIP64 } else { PLAIN }, out);
            out.extend_from_slice(&(if is_far { 12_u16 } else { 0 }).to_le_bytes());
            out.extend_from_slice(&[0; 6]);
            out.extend_from_slice(&REGULAR_FILE.to_le_bytes());
            out.extend_from_slice(&saturated(entry.offset));
            out.extend_from_slice(entry.name.as_bytes());
            if is_far {
                out.extend_from_slice(&[1, 0, 8, 0]);
                out.extend_from_slice(&entry.offset.to_le_bytes());
            }
        }
        let (count, size) = (self.entries.len() as u64, (out.len() - start) as u64);
        if self.size >= u64::from(u32::MAX) || size >= u64::from(u32::MAX) || count >= u64::from(u16::MAX) {
            let end = self.size + size;
            out.extend_from_slice(b"PK\x06\x06");
            out.extend_from_slice(&44_u64.to_le_bytes());
            out.extend_from_slice(&MADE_BY.to_le_bytes());
            out.extend_from_slice(&ZIP64.to_le_bytes());
            out.extend_from_slice(&[0; 8]);
            for long in [count, count, size, self.size] {
                out.extend_from_slice(&long.to_le_bytes());
            }
            out.extend_from_slice(b"PK\x06\x07\0\0\0\0");
            out.extend_from_slice(&end.to_le_bytes());
            out.extend_from_slice(&1_u32.to_le_bytes());
        }
        out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
        out.extend_from_slice(&saturated_short(count));
        out.extend_from_slice(&saturated_short(count));
        out.extend_from_slice(&saturated(size));
        out.extend_from_slice(&saturated(self.size));
        out.extend_from_slice(&[0; 2]);
    }
}

fn saturated(number: u64) -> [u8; 4] {
    u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes()
}

fn saturated_short(number: u64) -> [u8; 2] {
    u16::try_from(number).unwrap_or(u16::MAX).to_le_bytes()
}
