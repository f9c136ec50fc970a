//! One layer: its records wait in spools, and are cut into parts where a file would become too large.

use super::shape;
use super::table::{self, Row, Widths};
use crate::osm::Timestamp;
use crate::request::{Columns, GeometryType};
use crate::write::extent::Extent;
use crate::write::fields::Field;
use crate::write::spool::{Cursor, Spool, Spools};
use crate::{Error, ErrorKind, Result};

const PIECE: usize = 256 << 10;
/// Bytes that one call of [`Layer::write`] appends, or a little more.
const CALL: usize = 1 << 20;
/// Bytes of the head of a `.shp` and `.shx`.
const HEAD: u64 = 100;
const PRJ: &[u8] = br#"GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]"#;

/// One of the files of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Shapes,
    Index,
    Table,
    Reference,
    Encoding,
}

impl Kind {
    pub(super) const ALL: [Self; 5] = [Self::Shapes, Self::Index, Self::Table, Self::Reference, Self::Encoding];

    /// What a file of this kind holds, where it is always the same.
    pub(super) fn constant(self) -> Option<&'static [u8]> {
        match self {
            Self::Shapes | Self::Index | Self::Table => None,
            Self::Reference => Some(PRJ),
            Self::Encoding => Some(b"UTF-8"),
        }
    }

    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Shapes => "shp",
            Self::Index => "shx",
            Self::Table => "dbf",
            Self::Reference => "prj",
            Self::Encoding => "cpg",
        }
    }
}

/// The records of one set of files, and where they wait.
#[derive(Debug, Clone)]
pub(super) struct Part {
    records: u64,
    extent: Extent,
    widths: Widths,
    shapes: (u64, u64),
    index: (u64, u64),
    rows: (u64, u64),
}

/// How far a file of a part is written.
#[derive(Default)]
pub(super) struct Progress {
    cursor: Option<Cursor>,
    record: u64,
    offset: u64,
}

/// The records of a layer.
pub(super) struct Layer {
    pub(super) kind: GeometryType,
    code: i32,
    fields: Vec<Field>,
    limit: u64,
    shapes: Spool,
    /// The length of each record's content, in words.
    index: Spool,
    rows: Spool,
    pub(super) parts: Vec<Part>,
    row: Row,
}

impl Layer {
    /// A layer without records. No file of it will have more than `limit` bytes.
    pub(super) fn new(
        spools: &Spools,
        kind: GeometryType,
        centroid: bool,
        columns: &Columns,
        limit: u64,
    ) -> Result<Self> {
        let fields = table::columns(columns)?;
        let code = if centroid { shape::POINT } else { shape::code(kind) };
        let (shapes, index, rows) = (spools.spool(), spools.spool(), spools.spool());
        let mut layer = Self { kind, code, fields, limit, shapes, index, rows, parts: Vec::new(), row: Row::default() };
        layer.parts.push(layer.next_part());
        Ok(layer)
    }

    /// The suffix of the files' names.
    pub(super) fn suffix(&self) -> &'static str {
        match self.kind {
            GeometryType::Point => "_point",
            GeometryType::Line => "_line",
            GeometryType::Polygon => "_poly",
        }
    }

    fn next_part(&self) -> Part {
        let at_end = |spool: &Spool| (spool.len(), spool.len());
        Part {
            records: 0,
            extent: Extent::EMPTY,
            widths: Widths::new(&self.fields),
            shapes: at_end(&self.shapes),
            index: at_end(&self.index),
            rows: at_end(&self.rows),
        }
    }

    /// Takes a feature.
    pub(super) fn add(&mut self, feature: &crate::write::Feature, extent: &Extent, content: &[u8]) -> Result<()> {
        let size = content.len() as u64 + 8;
        if HEAD + size > self.limit {
            return Err(Error::new(
                ErrorKind::Limit,
                format!("{} {} is too large for a shapefile", feature.head.source.table(), feature.head.id),
            ));
        }
        self.row.set(self.fields.iter().map(|field| field.value(feature)));
        let mut part = self.parts.pop().unwrap_or_else(|| self.next_part());
        let mut widths = part.widths.clone();
        widths.fit(&self.row.lengths);
        let shapes = HEAD + part.shapes.1 - part.shapes.0 + size;
        if part.records > 0 && (shapes > self.limit || widths.file(part.records + 1) > self.limit) {
            self.parts.push(part);
            part = self.next_part();
            widths = part.widths.clone();
            widths.fit(&self.row.lengths);
        }
        part.widths = widths;
        part.records += 1;
        part.extent.add(extent);
        let words = u32::try_from(content.len() / 2).unwrap_or(u32::MAX).to_be_bytes();
        self.shapes.append(&u32::try_from(part.records).unwrap_or(u32::MAX).to_be_bytes())?;
        self.shapes.append(&words)?;
        self.shapes.append(content)?;
        self.index.append(&words)?;
        self.row.append_to(&mut self.rows)?;
        (part.shapes.1, part.index.1, part.rows.1) = (self.shapes.len(), self.index.len(), self.rows.len());
        self.parts.push(part);
        Ok(())
    }

    /// Appends a piece of a file. Whether it is whole.
    pub(super) fn write(
        &mut self,
        part: &Part,
        kind: Kind,
        changed: Timestamp,
        progress: &mut Progress,
        out: &mut Vec<u8>,
    ) -> Result<bool> {
        if let Some(content) = kind.constant() {
            out.extend_from_slice(content);
            return Ok(true);
        }
        let (start, end) = match kind {
            Kind::Shapes => part.shapes,
            Kind::Index => part.index,
            _ => part.rows,
        };
        let Some(cursor) = &mut progress.cursor else {
            match kind {
                Kind::Table => table::write_head(&self.fields, &part.widths, part.records, changed, out),
                Kind::Index => self.head(part, HEAD + 8 * part.records, out),
                _ => self.head(part, HEAD + end - start, out),
            }
            progress.cursor = Some(Cursor::new(start, end, PIECE));
            progress.offset = HEAD;
            return Ok(false);
        };
        if kind == Kind::Shapes {
            cursor.take_some(&mut self.shapes, out)?;
            return Ok(cursor.is_at_end());
        }
        let first = out.len();
        let mut lengths = Vec::new();
        while progress.record < part.records && out.len() - first < CALL {
            progress.record += 1;
            if kind == Kind::Table {
                table::write_row(&self.fields, &part.widths, &mut lengths, cursor, &mut self.rows, out)?;
                continue;
            }
            let words = cursor.word::<4>(&mut self.index)?;
            out.extend_from_slice(&words_of(progress.offset));
            out.extend_from_slice(&words);
            progress.offset += 8 + 2 * u64::from(u32::from_be_bytes(words));
        }
        let is_whole = progress.record == part.records;
        if is_whole && kind == Kind::Table {
            out.push(table::END);
        }
        Ok(is_whole)
    }

    /// The head of a `.shp` or `.shx` of so many bytes.
    fn head(&self, part: &Part, size: u64, out: &mut Vec<u8>) {
        out.extend_from_slice(&9994_i32.to_be_bytes());
        out.extend_from_slice(&[0; 20]);
        out.extend_from_slice(&words_of(size));
        out.extend_from_slice(&1000_i32.to_le_bytes());
        out.extend_from_slice(&self.code.to_le_bytes());
        let corners = if part.extent.is_empty() { [0.0; 4] } else { part.extent.corners() };
        out.extend(corners.iter().chain(&[0.0; 4]).flat_map(|corner| corner.to_le_bytes()));
    }
}

/// Bytes as words of 16 bits.
fn words_of(bytes: u64) -> [u8; 4] {
    u32::try_from(bytes / 2).unwrap_or(u32::MAX).to_be_bytes()
}
