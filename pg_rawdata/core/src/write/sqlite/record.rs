//! Records: the types of all values, then the values.

/// A value of a small table.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(in crate::write) enum Value<'a> {
    /// Nothing; also what stands for a number that is the row's own.
    Null,
    /// A whole number.
    Int(i64),
    /// A number.
    Real(f64),
    /// A text.
    Text(&'a str),
}

/// Room for one record, used again for the next.
#[derive(Default)]
pub(in crate::write) struct Record {
    types: Vec<u8>,
    values: Vec<u8>,
    whole: Vec<u8>,
}

impl Record {
    /// Begins anew.
    pub(in crate::write) fn clear(&mut self) {
        self.types.clear();
        self.values.clear();
    }

    pub(in crate::write) fn null(&mut self) {
        self.types.push(0);
    }

    pub(in crate::write) fn int(&mut self, number: i64) {
        // Each kind of number, and how many bytes it has.
        let (kind, bytes) = match number {
            0 => (8, 0),
            1 => (9, 0),
            -0x80..=0x7f => (1, 1),
            -0x8000..=0x7fff => (2, 2),
            -0x80_0000..=0x7f_ffff => (3, 3),
            -0x8000_0000..=0x7fff_ffff => (4, 4),
            -0x8000_0000_0000..=0x7fff_ffff_ffff => (5, 6),
            _ => (6, 8),
        };
        self.types.push(kind);
        self.values.extend_from_slice(number.to_be_bytes().get(8 - bytes..).unwrap_or_default());
    }

    pub(in crate::write) fn real(&mut self, number: f64) {
        self.types.push(7);
        self.values.extend_from_slice(&number.to_be_bytes());
    }

    /// A text, appended by `write` as UTF-8.
    pub(in crate::write) fn text(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.sized(13, write);
    }

    /// Bytes, appended by `write`.
    pub(in crate::write) fn blob(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.sized(12, write);
    }

    fn sized(&mut self, kind: u64, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.values.len();
        write(&mut self.values);
        write_varint(2 * (self.values.len() - start) as u64 + kind, &mut self.types);
    }

    pub(super) fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.null(),
            Value::Int(number) => self.int(*number),
            Value::Real(number) => self.real(*number),
            Value::Text(text) => self.text(|out| out.extend_from_slice(text.as_bytes())),
        }
    }

    /// The record.
    pub(in crate::write) fn bytes(&mut self) -> &[u8] {
        self.whole.clear();
        // The size of the types counts itself.
        let mut size = self.types.len() as u64 + 1;
        while self.types.len() as u64 + varint_size(size) as u64 > size {
            size += 1;
        }
        write_varint(size, &mut self.whole);
        self.whole.extend_from_slice(&self.types);
        self.whole.extend_from_slice(&self.values);
        &self.whole
    }
}

/// Appends a number in as many bytes as it needs: seven bits each, the first ones first, all eight in the ninth.
pub(super) fn write_varint(number: u64, out: &mut Vec<u8>) {
    let size = varint_size(number);
    if size == 9 {
        (0..8).for_each(|place| out.push((number >> (57 - 7 * place)).to_le_bytes()[0] | 0x80));
        out.push(number.to_le_bytes()[0]);
        return;
    }
    for place in (0..size).rev() {
        let more = if place > 0 { 0x80 } else { 0 };
        out.push((number >> (7 * place) & 0x7f).to_le_bytes()[0] | more);
    }
}

/// How many bytes [`write_varint`] appends.
pub(super) fn varint_size(number: u64) -> usize {
    let bits = (u64::BITS - number.leading_zeros()).max(1);
    (bits.div_ceil(7) as usize).min(9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_bytes_that_the_format_says() {
        for (number, expected) in [
            (0, vec![0]),
            (0x7f, vec![0x7f]),
            (0x80, vec![0x81, 0]),
            (0x3fff, vec![0xff, 0x7f]),
            (0x4000, vec![0x81, 0x80, 0]),
            ((1 << 56) - 1, vec![0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
            (1 << 56, vec![0x80, 0xc0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0]),
            (u64::MAX, vec![0xff; 9]),
        ] {
            let mut out = Vec::new();
            write_varint(number, &mut out);
            assert_eq!(out, expected, "{number:#x}");
            assert_eq!(varint_size(number), expected.len());
        }
    }

    #[test]
    fn the_size_of_the_types_counts_itself() {
        let sizes = [0, 1, 126, 127, 128, 16_381, 16_382, 20_000].map(|columns| {
            let mut record = Record::default();
            (0..columns).for_each(|_| record.null());
            record.bytes().len()
        });
        assert_eq!(sizes, [1, 2, 127, 129, 130, 16_383, 16_385, 20_003]);
    }
}
