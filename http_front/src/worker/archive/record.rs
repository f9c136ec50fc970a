//! The records of a zip, as APPNOTE.TXT 6.3 has them: heads, descriptors, the directory. Those of ZIP64 only where they are needed.

use super::deflate::Sums;

/// From here on a field of 32 bits says: see ZIP64.
const LARGE: u64 = 0xFFFF_FFFF;
/// The same for the count of members.
const MANY: u64 = 0xFFFF;
const DEFLATED: u16 = 8;
/// Sizes and checksum come behind the member.
const STREAMED: u16 = 1 << 3;
const UTF8: u16 = 1 << 11;
/// A version that knows folders and deflate, and one that knows ZIP64.
const PLAIN: u16 = 20;
const ZIP64: u16 = 45;
/// Made on Unix.
const UNIX: u16 = 3 << 8;
/// An ordinary file that all may read.
const MODE: u32 = 0o100_644 << 16;

/// Date and time of all members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DosTime {
    time: u16,
    date: u16,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Sizes and checksum.
    pub sums: Sums,
    /// Where its head begins.
    pub offset: u64,
    /// Whether the head came before the sizes were known.
    pub streamed: bool,
}

impl DosTime {
    /// Of seconds since 1970; the first that there is where they are unknown or before it.
    pub fn new(seconds: Option<i64>) -> Self {
        const FIRST: DosTime = DosTime { time: 0, date: (1 << 5) | 1 };
        let Some(seconds) = seconds.and_then(|seconds| u64::try_from(seconds).ok()) else { return FIRST };
        let (year, month, day) = crate::words::date(seconds / 86_400);
        let (Some(year), of_day) = (year.checked_sub(1980).filter(|year| *year < 128), seconds % 86_400) else {
            return FIRST;
        };
        let packed = |value: u64| u16::try_from(value).unwrap_or_default();
        Self {
            time: packed(((of_day / 3600) << 11) | ((of_day / 60 % 60) << 5) | (of_day % 60 / 2)),
            date: packed((year << 9) | (month << 5) | day),
        }
    }
}

impl Entry {
    /// A member of which nothing but the name is known.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), sums: Sums::default(), offset: 0, streamed: false }
    }

    /// What stands before the member.
    pub fn head(&self, time: DosTime) -> Vec<u8> {
        let mut head = Record::new(0x0403_4B50);
        let zip64 = self.streamed || self.is_large();
        head.short(if zip64 { ZIP64 } else { PLAIN });
        self.common(time, zip64, &mut head);
        head.short(if zip64 { 20 } else { 0 });
        head.bytes(self.name.as_bytes());
        if zip64 {
            // Where they are not known yet, they are 0.
            head.zip64(&[self.sums.unpacked, self.sums.packed]);
        }
        head.0
    }

    /// What stands behind a member that is streamed.
    pub fn descriptor(&self) -> Vec<u8> {
        let mut record = Record::new(0x0807_4B50);
        record.long(self.sums.crc);
        record.longer(self.sums.packed);
        record.longer(self.sums.unpacked);
        record.0
    }

    /// What the directory says of the member.
    fn listing(&self, time: DosTime) -> Vec<u8> {
        let sizes = if self.is_large() { vec![self.sums.unpacked, self.sums.packed] } else { vec![] };
        let offset = Some(self.offset).filter(|offset| *offset >= LARGE);
        let large: Vec<u64> = sizes.into_iter().chain(offset).collect();
        let mut record = Record::new(0x0201_4B50);
        record.short(UNIX | ZIP64);
        record.short(if self.streamed || !large.is_empty() { ZIP64 } else { PLAIN });
        self.common(time, self.is_large(), &mut record);
        record.short(if large.is_empty() { 0 } else { 4 + 8 * large.len() });
        record.short(0_u16); // comment
        record.short(0_u16); // disk
        record.short(0_u16); // no text
        record.long(MODE);
        record.clamped(self.offset);
        record.bytes(self.name.as_bytes());
        if !large.is_empty() {
            record.zip64(&large);
        }
        record.0
    }

    /// What head and directory have in common: from the flags to the length of the name.
    fn common(&self, time: DosTime, zip64: bool, record: &mut Record) {
        record.short(UTF8 | if self.streamed { STREAMED } else { 0 });
        record.short(DEFLATED);
        record.short(time.time);
        record.short(time.date);
        record.long(self.sums.crc);
        record.clamped(if zip64 { LARGE } else { self.sums.packed });
        record.clamped(if zip64 { LARGE } else { self.sums.unpacked });
        record.short(self.name.len());
    }

    fn is_large(&self) -> bool {
        self.sums.packed.max(self.sums.unpacked) >= LARGE
    }
}

/// The directory, where it begins at `offset`, and the end of the zip.
pub fn directory<'a>(entries: impl Iterator<Item = &'a Entry>, offset: u64, time: DosTime) -> Vec<u8> {
    let (mut directory, mut count) = (Vec::new(), 0_u64);
    for entry in entries {
        directory.extend(entry.listing(time));
        count += 1;
    }
    let size = directory.len() as u64;
    if count >= MANY || size >= LARGE || offset >= LARGE {
        let mut record = Record::new(0x0606_4B50);
        record.longer(44); // what follows
        record.short(UNIX | ZIP64);
        record.short(ZIP64);
        record.long(0); // this disk
        record.long(0); // that of the directory
        record.longer(count);
        record.longer(count);
        record.longer(size);
        record.longer(offset);
        record.long(0x0706_4B50);
        record.long(0); // the disk of the record above
        record.longer(offset + size);
        record.long(1); // disks
        directory.extend(record.0);
    }
    let mut end = Record::new(0x0605_4B50);
    end.short(0_u16); // this disk
    end.short(0_u16); // that of the directory
    end.short(count.min(MANY));
    end.short(count.min(MANY));
    end.clamped(size);
    end.clamped(offset);
    end.short(0_u16); // comment
    directory.extend(end.0);
    directory
}

/// Little-endian fields, one behind the other.
struct Record(Vec<u8>);

impl Record {
    fn new(signature: u32) -> Self {
        Self(signature.to_le_bytes().to_vec())
    }

    /// 16 bits. All that comes here fits: names are at most 255 bytes.
    fn short(&mut self, value: impl TryInto<u16>) {
        self.bytes(&value.try_into().unwrap_or(u16::MAX).to_le_bytes());
    }

    fn long(&mut self, value: u32) {
        self.bytes(&value.to_le_bytes());
    }

    /// 32 bits, or what says that the value is elsewhere.
    fn clamped(&mut self, value: u64) {
        self.long(u32::try_from(value).unwrap_or(u32::MAX));
    }

    fn longer(&mut self, value: u64) {
        self.bytes(&value.to_le_bytes());
    }

    fn zip64(&mut self, values: &[u64]) {
        self.short(1_u16);
        self.short(8 * values.len());
        values.iter().for_each(|value| self.longer(*value));
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_data() {
        let at = |time, date| DosTime { time, date };
        // 2024-03-01 10:20:30
        assert_eq!(DosTime::new(Some(1_709_288_430)), at((10 << 11) | (20 << 5) | 15, (44 << 9) | (3 << 5) | 1));
        for unknown in [None, Some(-1), Some(0), Some(315_532_799), Some(i64::MAX)] {
            assert_eq!(DosTime::new(unknown), at(0, (1 << 5) | 1), "{unknown:?}");
        }
        assert_eq!(DosTime::new(Some(315_532_801)), at(0, (1 << 5) | 1));
    }

    #[test]
    fn zip64_is_used_where_it_is_needed() {
        let time = DosTime::new(None);
        let small = Entry::new("a");
        assert_eq!(small.head(time).len(), 31);
        assert_eq!(Entry { streamed: true, ..small.clone() }.head(time).len(), 51);
        assert_eq!(directory([&small].into_iter(), 40, time).len(), 47 + 22);
        let large = Entry { sums: Sums { unpacked: LARGE, ..Sums::default() }, ..small.clone() };
        assert_eq!(large.head(time).len(), 51);
        assert_eq!(directory([&large].into_iter(), 40, time).len(), 47 + 20 + 22);
        let far = Entry { offset: LARGE, ..small.clone() };
        assert_eq!(directory([&far].into_iter(), LARGE, time).len(), 47 + 12 + 76 + 22);
        assert_eq!(directory(std::iter::repeat_n(&small, 65_535), 40, time).len(), 65_535 * 47 + 76 + 22);
    }
}
