//! FlatGeobuf 3: a header, a packed R-tree, and the features along a Hilbert curve.
//!
//! The index comes before the features and needs the boxes of all, so features wait in a temporary file, sorted in runs, which
//! are merged once for the index and once more for the features.

mod index;
mod table;

use super::extent::Extent;
use super::fields::{Field, fields};
use super::sorter::{Sorted, Sorter};
use super::spool::{Cursor, Spool, Spools};
use super::{Encoder, Feature, Rest, Schema};
use crate::request::GeometryType;
use crate::stored::geometry::NO_PAIR;
use crate::{Error, ErrorKind, Result};
use index::Index;
use table::Tables;

const MAGIC: [u8; 8] = *b"fgb\x03fgb\x01";
/// Bytes that one call of `finish` handles.
const PIECE: usize = 1 << 20;
/// Bytes of a box.
const BOX: usize = 32;
/// Most bytes of a feature: its table has signed offsets of 32 bits.
const LARGEST: usize = 1 << 30;

/// Writes the file.
pub(super) struct FlatGeobuf {
    spools: Spools,
    name: String,
    fields: Vec<Field>,
    centroid: bool,
    in_collection: bool,
    tables: Tables,
    features: u64,
    extent: Extent,
    step: Step,
}

/// What is being done.
enum Step {
    /// Features are coming.
    Features(Sorter),
    /// The index is being made; so many bytes of features have their place.
    Index(Sorted, Index, u64),
    /// The levels of the index are being written.
    Levels(Sorted, Vec<Spool>, Option<Cursor>),
    /// The features are being written.
    Rest(Sorted),
    /// All is written.
    Done,
}

impl FlatGeobuf {
    pub(super) fn new(spools: Spools) -> Self {
        let sorter = Sorter::new(&spools);
        Self {
            spools,
            name: String::new(),
            fields: Vec::new(),
            centroid: false,
            in_collection: false,
            tables: Tables::default(),
            features: 0,
            extent: Extent::EMPTY,
            step: Step::Features(sorter),
        }
    }

    /// Gives some features their places in the file.
    fn place(&mut self, mut sorted: Sorted, mut index: Index, mut end: u64) -> Result<Step> {
        let mut record = Vec::new();
        let mut seen = 0;
        while seen < PIECE {
            if !sorted.next(&mut record)? {
                index.finish()?;
                sorted.rewind()?;
                let levels = if self.features == 0 { Vec::new() } else { index.into_levels().collect() };
                return Ok(Step::Levels(sorted, levels, None));
            }
            index.add(&extent(&record), end)?;
            end += (record.len() - BOX) as u64;
            seen += record.len();
        }
        Ok(Step::Index(sorted, index, end))
    }
}

impl Encoder for FlatGeobuf {
    fn begin(&mut self, schema: &Schema, _out: &mut Vec<u8>) -> Result<()> {
        self.name.clone_from(&schema.name);
        // The columns of all types are the same: Format::is_one_table.
        self.fields = fields(&schema.columns[GeometryType::Point]);
        self.centroid = schema.centroid;
        self.in_collection = schema.wrap_geometries;
        Ok(())
    }

    fn feature(&mut self, feature: &Feature, _out: &mut Vec<u8>) -> Result<()> {
        let Step::Features(sorter) = &mut self.step else { return Ok(()) };
        let mut place = NO_PAIR;
        let geometry = feature.shown(self.centroid, &mut place);
        if feature.size() > LARGEST {
            return Err(Error::new(
                ErrorKind::Limit,
                format!("{} {} is too large for FlatGeobuf", feature.head.source.table(), feature.head.id),
            ));
        }
        let extent = Extent::of(&geometry);
        let mut corners = [0; BOX];
        for (place, corner) in corners.as_chunks_mut::<8>().0.iter_mut().zip(extent.corners()) {
            *place = corner.to_le_bytes();
        }
        let values = self.fields.iter().map(|field| field.value(feature));
        sorter.add(extent.place_on_curve(), &corners, self.tables.feature(&geometry, self.in_collection, values))?;
        self.extent.add(&extent);
        self.features += 1;
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<Rest> {
        self.step = match std::mem::replace(&mut self.step, Step::Done) {
            Step::Features(sorter) => {
                out.extend_from_slice(&MAGIC);
                let kind = table::geometry_type(self.in_collection);
                let header = self.tables.header(&self.name, &self.fields, kind, &self.extent, self.features);
                out.extend_from_slice(header);
                Step::Index(sorter.finish()?, Index::new(&self.spools), 0)
            }
            Step::Index(sorted, index, end) => self.place(sorted, index, end)?,
            Step::Levels(sorted, mut levels, cursor) => match levels.first_mut() {
                None => Step::Rest(sorted),
                Some(level) => {
                    let size = level.len();
                    let mut cursor = cursor.unwrap_or_else(|| Cursor::new(0, size, PIECE));
                    cursor.take_some(level, out)?;
                    let cursor = if cursor.is_at_end() {
                        levels.remove(0);
                        None
                    } else {
                        Some(cursor)
                    };
                    Step::Levels(sorted, levels, cursor)
                }
            },
            Step::Rest(mut sorted) => {
                let mut record = Vec::new();
                let start = out.len();
                loop {
                    if !sorted.next(&mut record)? {
                        break Step::Done;
                    }
                    out.extend_from_slice(record.get(BOX..).unwrap_or_default());
                    if out.len() - start >= PIECE {
                        break Step::Rest(sorted);
                    }
                }
            }
            Step::Done => Step::Done,
        };
        Ok(if matches!(self.step, Step::Done) { Rest::Done } else { Rest::More })
    }
}

/// The box in front of a record.
fn extent(record: &[u8]) -> Extent {
    let mut corners = [0.0; 4];
    for (corner, bytes) in corners.iter_mut().zip(record.as_chunks::<8>().0) {
        *corner = f64::from_le_bytes(*bytes);
    }
    Extent::from_corners(corners)
}
