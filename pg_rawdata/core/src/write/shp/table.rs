//! Rows of a `.dbf`.
//!
//! How wide a column is stands in the head of the file, so rows wait as texts with their lengths, and get their blanks when
//! all are known.

use crate::osm::Timestamp;
use crate::request::Columns;
use crate::write::decimal::write_signed;
use crate::write::fields::{Field, Kind, Value, fields};
use crate::write::spool::{Cursor, Spool};
use crate::write::time;
use crate::{Error, ErrorKind, Result};

/// Most columns, and widest text, that readers agree on.
const MOST_FIELDS: usize = 255;
const WIDEST: usize = 254;
/// What is in front of a row: it is not deleted.
const KEPT: u8 = b' ';
/// What is behind the last row.
pub(super) const END: u8 = 0x1a;

/// The columns of a layer. Not among them are `version`, `uid` and `user`, as clients know it, unless they are tags.
pub(super) fn columns(columns: &Columns) -> Result<Vec<Field>> {
    let mut fields = fields(columns);
    if matches!(columns, Columns::All { .. }) {
        fields.retain(|field| !["version", "uid", "user"].contains(&field.name.as_str()));
    }
    if fields.len() > MOST_FIELDS {
        let message = format!("a shapefile has at most {MOST_FIELDS} columns, and {} are asked for", fields.len());
        return Err(Error::new(ErrorKind::Limit, message).with_hint("Ask for fewer attributes or another format."));
    }
    Ok(fields)
}

/// How wide the columns of a file are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Widths(Vec<u8>);

impl Widths {
    /// Of a file without rows.
    pub(super) fn new(fields: &[Field]) -> Self {
        let least = |kind| match kind {
            Kind::Int => 9,
            Kind::Long => 18,
            Kind::Text | Kind::Json => 1,
            Kind::Time => 8,
        };
        Self(fields.iter().map(|field| least(field.kind)).collect())
    }

    /// Makes room for a row.
    pub(super) fn fit(&mut self, lengths: &[u8]) {
        for (width, length) in self.0.iter_mut().zip(lengths) {
            *width = (*width).max(*length);
        }
    }

    /// Bytes of a row.
    fn row(&self) -> u64 {
        1 + self.0.iter().copied().map(u64::from).sum::<u64>()
    }

    /// Bytes of a file of so many rows.
    pub(super) fn file(&self, rows: u64) -> u64 {
        self.head() + rows * self.row() + 1
    }

    fn head(&self) -> u64 {
        32 * (1 + self.0.len() as u64) + 1
    }
}

/// A row that waits.
#[derive(Default)]
pub(super) struct Row {
    /// Length of each text.
    pub(super) lengths: Vec<u8>,
    texts: Vec<u8>,
}

impl Row {
    /// Takes the values of the next row in place of the last one's.
    pub(super) fn set<'a>(&mut self, values: impl Iterator<Item = Value<'a>>) {
        self.lengths.clear();
        self.texts.clear();
        for value in values {
            let start = self.texts.len();
            match value {
                Value::Null => {}
                Value::Int(number) => write_signed(number.into(), &mut self.texts),
                Value::Long(number) => write_signed(number, &mut self.texts),
                Value::Text(text) => self.texts.extend_from_slice(cut(text).as_bytes()),
                Value::Tags(tags) => {
                    tags.write_json(&mut self.texts);
                    let json = self.texts.get(start..).and_then(|json| std::str::from_utf8(json).ok());
                    let length = json.map_or(0, |json| cut(json).len());
                    self.texts.truncate(start + length);
                }
                Value::Time(time) => time::write_day(time, &mut self.texts),
            }
            // No number has more than 20 digits, and texts are cut.
            self.lengths.push(u8::try_from(self.texts.len() - start).unwrap_or(u8::MAX));
        }
    }

    /// Puts it to those that wait.
    pub(super) fn append_to(&self, spool: &mut Spool) -> Result<()> {
        spool.append(&self.lengths)?;
        spool.append(&self.texts)
    }
}

/// As much of a text as a column holds, in whole characters.
fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(WIDEST)).unwrap_or_default()
}

/// Appends the head of a file, changed last on the day of `changed`.
pub(super) fn write_head(fields: &[Field], widths: &Widths, rows: u64, changed: Timestamp, out: &mut Vec<u8>) {
    let short = |number: u64| u16::try_from(number).unwrap_or(u16::MAX).to_le_bytes();
    let (year, month, day) = time::date(changed.0.div_euclid(86_400));
    let byte = |number: i64| u8::try_from(number).unwrap_or_default();
    out.extend_from_slice(&[3, byte(year - 1900), byte(month), byte(day)]);
    out.extend_from_slice(&u32::try_from(rows).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(&short(widths.head()));
    out.extend_from_slice(&short(widths.row()));
    out.extend_from_slice(&[0; 20]);
    for (field, width) in fields.iter().zip(&widths.0) {
        // Names are cut and unlike each other since the request was read.
        out.extend(field.name.bytes().chain(std::iter::repeat(0)).take(11));
        out.push(match field.kind {
            Kind::Int | Kind::Long => b'N',
            Kind::Text | Kind::Json => b'C',
            Kind::Time => b'D',
        });
        out.extend_from_slice(&[0; 4]);
        out.push(*width);
        out.extend_from_slice(&[0; 15]);
    }
    out.push(b'\r');
}

/// Appends the next row of those that wait.
pub(super) fn write_row(
    fields: &[Field],
    widths: &Widths,
    lengths: &mut Vec<u8>,
    cursor: &mut Cursor,
    rows: &mut Spool,
    out: &mut Vec<u8>,
) -> Result<()> {
    lengths.clear();
    cursor.take(rows, fields.len(), lengths)?;
    out.push(KEPT);
    for ((field, width), length) in fields.iter().zip(&widths.0).zip(lengths.iter()) {
        let blanks = usize::from(width.saturating_sub(*length));
        let is_number = matches!(field.kind, Kind::Int | Kind::Long);
        if is_number {
            out.resize(out.len() + blanks, b' ');
        }
        cursor.take(rows, usize::from(*length), out)?;
        if !is_number {
            out.resize(out.len() + blanks, b' ');
        }
    }
    Ok(())
}
