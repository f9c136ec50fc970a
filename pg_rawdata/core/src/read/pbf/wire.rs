//! The wire format of Protocol Buffers, over positions in a buffer instead of slices of it, so that a block can keep
//! them beside the buffer.

use crate::{Error, ErrorKind, Result};

pub(super) fn broken(what: impl AsRef<str>) -> Error {
    Error::new(ErrorKind::Binary, format!("broken PBF: {}", what.as_ref()))
}

/// A stretch of a buffer that is read from its front.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cursor {
    at: usize,
    end: usize,
}

/// How the value of a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire {
    Varint,
    Bytes,
    /// 4 or 8 bytes; no field of OSM's is written so.
    Fixed,
}

/// A field of a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub number: u32,
    pub wire: Wire,
    /// The value without its length.
    body: Cursor,
}

impl Cursor {
    pub fn all(buffer: &[u8]) -> Self {
        Self { at: 0, end: buffer.len() }
    }

    pub fn is_empty(self) -> bool {
        self.at >= self.end
    }

    #[inline]
    pub fn bytes(self, buffer: &[u8]) -> &[u8] {
        buffer.get(self.at..self.end).unwrap_or_default()
    }

    #[inline]
    pub fn varint(&mut self, buffer: &[u8]) -> Result<u64> {
        // Nearly all numbers are differences of up to three bytes.
        let (value, length) = match *self.bytes(buffer) {
            [a, ..] if a < 0x80 => (u64::from(a), 1),
            [a, b, ..] if b < 0x80 => (u64::from(a & 0x7f) | u64::from(b) << 7, 2),
            [a, b, c, ..] if c < 0x80 => (u64::from(a & 0x7f) | u64::from(b & 0x7f) << 7 | u64::from(c) << 14, 3),
            _ => self.long_varint(buffer)?,
        };
        self.at += length;
        Ok(value)
    }

    fn long_varint(self, buffer: &[u8]) -> Result<(u64, usize)> {
        let mut value = 0;
        for (index, &byte) in self.bytes(buffer).iter().take(10).enumerate() {
            // The tenth byte holds the 64th bit and no more.
            if index == 9 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                return Ok((value, index + 1));
            }
        }
        Err(broken("a number ends early or is too long"))
    }

    /// A number written zigzag: 0, −1, 1, −2 …
    #[inline]
    pub fn zigzag(&mut self, buffer: &[u8]) -> Result<i64> {
        self.varint(buffer).map(|value| (value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    /// Adds the next zigzag number to a sum.
    #[inline]
    pub fn add_delta(&mut self, buffer: &[u8], sum: &mut i64) -> Result<i64> {
        *sum = sum.checked_add(self.zigzag(buffer)?).ok_or_else(|| broken("a sum of differences overflows"))?;
        Ok(*sum)
    }

    /// The next field of the message that the stretch is; `None` at its end.
    pub fn field(&mut self, buffer: &[u8]) -> Result<Option<Field>> {
        if self.is_empty() {
            return Ok(None);
        }
        let key = self.varint(buffer)?;
        let number = u32::try_from(key >> 3).ok().filter(|number| (1..1 << 29).contains(number));
        let number = number.ok_or_else(|| broken("a field has an impossible number"))?;
        let (wire, length) = match key & 7 {
            0 => {
                let from = self.at;
                self.varint(buffer)?;
                return Ok(Some(Field { number, wire: Wire::Varint, body: Self { at: from, end: self.at } }));
            }
            1 => (Wire::Fixed, 8),
            2 => (Wire::Bytes, self.varint(buffer)?),
            5 => (Wire::Fixed, 4),
            other => return Err(broken(format!("a field has wire type {other}"))),
        };
        let end = usize::try_from(length).ok().and_then(|length| self.at.checked_add(length));
        let end = end.filter(|end| *end <= self.end).ok_or_else(|| broken("a field is longer than what holds it"))?;
        let body = Self { at: self.at, end };
        self.at = end;
        Ok(Some(Field { number, wire, body }))
    }
}

impl Field {
    /// The value as a message or a string.
    pub fn message(self) -> Result<Cursor> {
        if self.wire == Wire::Bytes { Ok(self.body) } else { Err(self.misfit()) }
    }

    /// The value as an `int64` or `uint64`.
    pub fn int(mut self, buffer: &[u8]) -> Result<i64> {
        if self.wire == Wire::Varint { self.body.varint(buffer).map(u64::cast_signed) } else { Err(self.misfit()) }
    }

    /// The value as a `sint64`.
    pub fn sint(mut self, buffer: &[u8]) -> Result<i64> {
        if self.wire == Wire::Varint { self.body.zigzag(buffer) } else { Err(self.misfit()) }
    }

    fn misfit(self) -> Error {
        broken(format!("field {} is of another type", self.number))
    }
}

/// A repeated field of numbers: as a rule one packed stretch, but several of them and single values mean the same.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Column {
    cursor: Cursor,
    found: bool,
    scattered: bool,
}

impl Column {
    /// Takes one occurrence of the field.
    pub fn add(&mut self, field: Field) -> Result<()> {
        match field.wire {
            Wire::Fixed => return Err(field.misfit()),
            Wire::Bytes if !self.found => self.cursor = field.body,
            _ => self.scattered = true,
        }
        self.found = true;
        Ok(())
    }

    /// The numbers one behind the other. What is scattered in the message is gathered at the buffer's end.
    pub fn gather(self, buffer: &mut Vec<u8>, mut message: Cursor, number: u32) -> Result<Cursor> {
        if !self.scattered {
            return Ok(self.cursor);
        }
        let at = buffer.len();
        while let Some(field) = message.field(buffer)? {
            if field.number == number {
                // A single value is written as it would be among others.
                buffer.extend_from_within(field.body.at..field.body.end);
            }
        }
        Ok(Cursor { at, end: buffer.len() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_up_to_ten_bytes() {
        let read = |bytes: &[u8]| Cursor::all(bytes).varint(bytes).ok();
        assert_eq!(read(&[0]), Some(0));
        assert_eq!(read(&[0x96, 1]), Some(150));
        assert_eq!(read(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]), Some(u64::MAX));
        assert_eq!(read(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2]), None);
        assert_eq!(read(&[0xff; 11]), None);
        assert_eq!(read(&[0x80, 0x80]), None);
        assert_eq!(read(&[]), None);
        let buffer = [0x96, 1];
        let mut cut = Cursor { at: 0, end: 1 };
        assert!(cut.varint(&buffer).is_err(), "a stretch's end counts, not the buffer's");
    }

    #[test]
    fn zigzag_numbers_reach_both_ends() {
        let read = |bytes: &[u8]| Cursor::all(bytes).zigzag(bytes).unwrap();
        assert_eq!([read(&[0]), read(&[1]), read(&[2]), read(&[3])], [0, -1, 1, -2]);
        let mut lowest = vec![0xff; 9];
        lowest.push(1);
        assert_eq!(read(&lowest), i64::MIN);
        lowest[0] = 0xfe;
        assert_eq!(read(&lowest), i64::MAX);
    }

    #[test]
    fn fields_that_cannot_be_are_refused() {
        let first = |bytes: &[u8]| Cursor::all(bytes).field(bytes).map(|f| f.map(|f| f.number)).ok();
        assert_eq!(first(&[0x08, 0x01]), Some(Some(1)));
        assert_eq!(first(&[]), Some(None));
        assert_eq!(first(&[0x00, 0x01]), None, "field number 0");
        assert_eq!(first(&[0x0b]), None, "group");
        assert_eq!(first(&[0x0e]), None, "wire type 6");
        assert_eq!(first(&[0x0a, 0x02, 0x00]), None, "past the end");
        assert_eq!(first(&[0x09, 0, 0, 0, 0, 0, 0, 0]), None, "8 bytes of which 7 are there");
        assert_eq!(first(&[0x80, 0x80, 0x80, 0x80, 0x10, 0]), None, "field number 2^29");
    }

    #[test]
    fn packed_and_single_values_of_a_field_are_gathered_in_order() {
        let mut buffer = vec![0x0a, 2, 1, 2, 0x10, 9, 0x08, 0x96, 1, 0x0a, 1, 3];
        let message = Cursor::all(&buffer);
        let mut fields = message;
        let mut column = Column::default();
        while let Some(field) = fields.field(&buffer).unwrap() {
            if field.number == 1 {
                column.add(field).unwrap();
            }
        }
        let mut cursor = column.gather(&mut buffer, message, 1).unwrap();
        let mut values = Vec::new();
        while !cursor.is_empty() {
            values.push(cursor.varint(&buffer).unwrap());
        }
        assert_eq!(values, [1, 2, 150, 3]);
    }
}
