//! GeoParquet 1.1: row groups in the order of rows, each with the boxes of its geometry, and a footer.
//!
//! Only the row group at hand is in memory. It is written when it has enough rows or bytes, so its size depends on the data
//! alone, and the same rows give the same bytes.

mod column;
mod metadata;
mod schema;

use parquet::errors::ParquetError;
use parquet::file::writer::SerializedFileWriter;

use super::extent::Extent;
use super::fields::{Field, fields};
use super::{Encoder, Feature, Rest, Schema, wkb};
use crate::request::GeometryType;
use crate::stored::geometry::{NO_PAIR, View};
use crate::{Error, ErrorKind, Result};
use column::{Column, Leaf};
use metadata::Metadata;

/// Most rows of a row group.
const ROWS: usize = 65_536;
/// Bytes of values after which a row group ends.
const BYTES: usize = 6 << 20;
/// Most bytes of a feature: a page has a signed size of 32 bits.
const LARGEST: usize = 1 << 30;

/// Writes the file.
pub(super) struct GeoParquet {
    writer: SerializedFileWriter<Vec<u8>>,
    fields: Vec<Field>,
    columns: Vec<Column>,
    geometry: Leaf,
    corners: [Leaf; 4],
    centroid: bool,
    metadata: Metadata,
    rows: usize,
    held: usize,
}

impl GeoParquet {
    pub(super) fn new(schema: &Schema) -> Result<Self> {
        // The columns of all types are the same: Format::is_one_table.
        let fields = fields(&schema.columns[GeometryType::Point]);
        let properties = schema::properties(&fields);
        let root = schema::root(&fields).map_err(failed)?;
        Ok(Self {
            writer: SerializedFileWriter::new(Vec::new(), root.into(), properties.into()).map_err(failed)?,
            columns: fields.iter().map(|field| Column::new(field.kind)).collect(),
            fields,
            geometry: Leaf::bytes(),
            corners: std::array::from_fn(|_| Leaf::floats()),
            centroid: schema.centroid,
            metadata: Metadata::default(),
            rows: 0,
            held: 0,
        })
    }

    fn add_geometry(&mut self, geometry: &View) {
        let extent = Extent::of(geometry);
        if extent.is_empty() {
            self.geometry.null();
            self.corners.iter_mut().for_each(Leaf::null);
            return;
        }
        self.metadata.add(geometry, &extent);
        self.held += self.geometry.bytes_of(|bytes| wkb::write(geometry, bytes));
        let outward = [below(extent.min_x), below(extent.min_y), above(extent.max_x), above(extent.max_y)];
        for (leaf, corner) in self.corners.iter_mut().zip(outward) {
            self.held += leaf.float(corner);
        }
    }

    /// Writes the rows at hand as a row group.
    fn row_group(&mut self) -> std::result::Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        let columns = self.columns.iter_mut().flat_map(Column::leaves);
        for leaf in columns.chain([&mut self.geometry]).chain(&mut self.corners) {
            if let Some(mut column) = group.next_column()? {
                leaf.write(&mut column)?;
                column.close()?;
            }
        }
        group.close()?;
        (self.rows, self.held) = (0, 0);
        Ok(())
    }

    /// Hands out what is written.
    fn hand_out(&mut self, out: &mut Vec<u8>) -> Result<()> {
        self.writer.flush().map_err(|error| failed(error.into()))?;
        out.append(self.writer.inner_mut());
        Ok(())
    }
}

impl Encoder for GeoParquet {
    fn begin(&mut self, _schema: &Schema, out: &mut Vec<u8>) -> Result<()> {
        self.hand_out(out)
    }

    fn feature(&mut self, feature: &Feature, out: &mut Vec<u8>) -> Result<()> {
        if feature.size() > LARGEST {
            return Err(Error::new(
                ErrorKind::Limit,
                format!("{} {} is too large for GeoParquet", feature.head.source.table(), feature.head.id),
            ));
        }
        for (column, field) in self.columns.iter_mut().zip(&self.fields) {
            self.held += column.add(field.value(feature));
        }
        let mut place = NO_PAIR;
        self.add_geometry(&feature.shown(self.centroid, &mut place));
        self.rows += 1;
        if self.rows < ROWS && self.held < BYTES {
            return Ok(());
        }
        self.row_group().map_err(failed)?;
        self.hand_out(out)
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<Rest> {
        if self.rows > 0 {
            self.row_group().map_err(failed)?;
            self.hand_out(out)?;
            return Ok(Rest::More);
        }
        self.writer.append_key_value_metadata(self.metadata.entry());
        self.writer.finish().map_err(failed)?;
        out.append(self.writer.inner_mut());
        Ok(Rest::Done)
    }
}

/// The next number of 32 bits that is not above.
#[expect(clippy::cast_possible_truncation, reason = "degrees are in range; what is rounded is put right")]
fn below(degrees: f64) -> f32 {
    let near = degrees as f32;
    if f64::from(near) > degrees { near.next_down() } else { near }
}

/// The next number of 32 bits that is not below.
fn above(degrees: f64) -> f32 {
    -below(-degrees)
}

fn failed(error: ParquetError) -> Error {
    Error::new(ErrorKind::Limit, format!("a row group of GeoParquet cannot be written: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_of_32_bits_lie_around_those_of_64() {
        for degrees in [0.0, 0.1, -0.1, 24.941_234_5, -70.670_000_1, 180.0, -180.0, 1e-7, -1e-7] {
            let (low, high) = (f64::from(below(degrees)), f64::from(above(degrees)));
            assert!(low <= degrees && degrees <= high && high - low < 4e-5, "{low} {degrees} {high}");
        }
        assert_eq!((below(180.0), above(-90.0)), (180.0, -90.0));
    }
}
