//! GeoPackage 1.3: a SQLite file with one table of features, its packed R-tree, and the tables that describe both.
//!
//! Features become pages as they come. Their boxes are sorted along a Hilbert curve for the index, and then once more by
//! feature, for SQLite keeps for each of them the node that holds it.

mod geometry;
mod rtree;
mod tables;

use super::extent::Extent;
use super::fields::{Field, Value, fields};
use super::sorter::{Sorted, Sorter};
use super::spool::{Cursor, Spool, Spools};
use super::sqlite::{Pages, Record, Table};
use super::{Encoder, Feature, Rest, Schema, time};
use crate::osm::Timestamp;
use crate::request::GeometryType;
use crate::stored::geometry::NO_PAIR;
use crate::{Error, ErrorKind, Result};
use rtree::{Bounds, Nodes, Rtree};
use tables::{Description, Roots};

/// Bytes that one call of `finish` handles.
const PIECE: usize = 1 << 20;
/// Most bytes of a feature as it is stored. SQLite reads rows of up to 10^9 bytes, and tags may be longer as JSON.
const LARGEST: usize = 1 << 29;

/// Writes the file.
pub(super) struct GeoPackage {
    spools: Spools,
    name: String,
    fields: Vec<Field>,
    centroid: bool,
    only_points: bool,
    pages: Option<Pages>,
    record: Record,
    features: i64,
    in_index: u64,
    extent: Extent,
    newest: Option<Timestamp>,
    roots: Roots,
    step: Step,
}

/// What is being done.
enum Step {
    /// Features are coming.
    Features(Table, Sorter),
    /// Boxes are packed into nodes; features are noted with their nodes.
    Index(Sorted, Rtree, Sorter),
    /// The nodes are being written.
    Nodes(Nodes, Table, Sorted),
    /// The node of each feature is being written.
    Places(Sorted, Table),
    /// All pages but the first are being copied.
    Copy(Spool, Cursor),
    /// All is written.
    Done,
}

impl GeoPackage {
    pub(super) fn new(spools: Spools) -> Self {
        Self {
            name: String::new(),
            fields: Vec::new(),
            centroid: false,
            only_points: false,
            pages: Some(Pages::new(&spools)),
            record: Record::default(),
            features: 0,
            in_index: 0,
            extent: Extent::EMPTY,
            newest: None,
            roots: Roots::default(),
            step: Step::Features(Table::default(), Sorter::new(&spools)),
            spools,
        }
    }
}

impl Encoder for GeoPackage {
    fn begin(&mut self, schema: &Schema, _out: &mut Vec<u8>) -> Result<()> {
        self.name = tables::layer_name(&schema.name);
        // The columns of all types are the same: Format::is_one_table.
        self.fields = fields(&schema.columns[GeometryType::Point]);
        self.centroid = schema.centroid;
        self.only_points = schema.centroid || schema.geometry_types == [GeometryType::Point];
        Ok(())
    }

    fn feature(&mut self, feature: &Feature, _out: &mut Vec<u8>) -> Result<()> {
        let (Step::Features(table, sorter), Some(pages)) = (&mut self.step, &mut self.pages) else { return Ok(()) };
        if feature.size() > LARGEST {
            return Err(Error::new(
                ErrorKind::Limit,
                format!("{} {} is too large for GeoPackage", feature.head.source.table(), feature.head.id),
            ));
        }
        let mut place = NO_PAIR;
        let geometry = feature.shown(self.centroid, &mut place);
        let extent = Extent::of(&geometry);
        let record = &mut self.record;
        record.clear();
        // The row's number.
        record.null();
        record.blob(|out| geometry::write(&geometry, &extent, out));
        for field in &self.fields {
            match field.value(feature) {
                Value::Null => record.null(),
                Value::Int(number) => record.int(number.into()),
                Value::Long(number) => record.int(number),
                Value::Text(text) => record.text(|out| out.extend_from_slice(text.as_bytes())),
                Value::Tags(tags) => record.text(|out| tags.write_json(out)),
                Value::Time(time) => record.text(|out| write_time(time, out)),
            }
        }
        self.features += 1;
        table.add(self.features, record.bytes(), pages)?;
        self.newest = self.newest.max(feature.head.timestamp);
        if !extent.is_empty() {
            let bounds = Bounds::around(&extent);
            sorter.add(extent.place_on_curve(), &self.features.to_be_bytes(), &bounds.to_bytes())?;
            self.in_index += 1;
            self.extent.add(&extent);
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<Rest> {
        if let Some(mut pages) = self.pages.take() {
            self.step = match std::mem::replace(&mut self.step, Step::Done) {
                Step::Features(table, sorter) => {
                    self.roots.features = table.finish(&mut pages)?;
                    Step::Index(sorter.finish()?, Rtree::new(self.in_index, &self.spools), Sorter::new(&self.spools))
                }
                Step::Index(boxes, rtree, places) => pack(boxes, rtree, places)?,
                Step::Nodes(nodes, table, places) => self.write_nodes(nodes, table, places, &mut pages)?,
                Step::Places(places, table) => match self.write_places(places, table, &mut pages)? {
                    Some(step) => step,
                    None => {
                        let description = Description {
                            name: &self.name,
                            fields: &self.fields,
                            only_points: self.only_points,
                            features: self.features,
                            extent: &self.extent,
                            newest: self.newest,
                        };
                        out.extend_from_slice(&tables::write(&description, &self.roots, &mut pages)?);
                        let pages = pages.into_bytes();
                        let cursor = Cursor::new(0, pages.len(), PIECE);
                        self.step = Step::Copy(pages, cursor);
                        return Ok(Rest::More);
                    }
                },
                step @ (Step::Copy(..) | Step::Done) => step,
            };
            self.pages = Some(pages);
            return Ok(Rest::More);
        }
        if let Step::Copy(pages, cursor) = &mut self.step {
            cursor.take_some(pages, out)?;
            if !cursor.is_at_end() {
                return Ok(Rest::More);
            }
        }
        self.step = Step::Done;
        Ok(Rest::Done)
    }
}

impl GeoPackage {
    fn write_nodes(&mut self, mut nodes: Nodes, mut table: Table, places: Sorted, pages: &mut Pages) -> Result<Step> {
        let record = &mut self.record;
        for _ in 0..PIECE / rtree::NODE {
            record.clear();
            record.null();
            let mut number = None;
            let mut read = Ok(());
            record.blob(|out| match nodes.next(out) {
                Ok(next) => number = next,
                Err(error) => read = Err(error),
            });
            read?;
            let Some(number) = number else {
                self.roots.nodes = table.finish(pages)?;
                self.roots.parents = self.write_parents(&nodes, pages)?;
                return Ok(Step::Places(places, Table::default()));
            };
            table.add(number, record.bytes(), pages)?;
        }
        Ok(Step::Nodes(nodes, table, places))
    }

    fn write_parents(&mut self, nodes: &Nodes, pages: &mut Pages) -> Result<u32> {
        let mut table = Table::default();
        for (number, parent) in nodes.parents() {
            self.record.clear();
            self.record.null();
            self.record.int(parent);
            table.add(number, self.record.bytes(), pages)?;
        }
        table.finish(pages)
    }

    /// Nothing when all are written.
    fn write_places(&mut self, mut places: Sorted, mut table: Table, pages: &mut Pages) -> Result<Option<Step>> {
        let mut place = Vec::new();
        for _ in 0..PIECE / 16 {
            if !places.next(&mut place)? {
                self.roots.places = table.finish(pages)?;
                return Ok(None);
            }
            let [feature, node] = numbers(&place);
            self.record.clear();
            self.record.null();
            self.record.int(node);
            table.add(feature, self.record.bytes(), pages)?;
        }
        Ok(Some(Step::Places(places, table)))
    }
}

/// Packs some boxes into nodes.
fn pack(mut boxes: Sorted, mut rtree: Rtree, mut places: Sorter) -> Result<Step> {
    let mut item = Vec::new();
    for _ in 0..PIECE / rtree::CELL {
        if !boxes.next(&mut item)? {
            return Ok(Step::Nodes(rtree.finish()?, Table::default(), places.finish()?));
        }
        let [feature, ..] = numbers::<1>(&item);
        let node = rtree.add(feature, &Bounds::from_bytes(item.get(8..).unwrap_or_default()))?;
        places.add(feature.cast_unsigned(), &feature.to_be_bytes(), &node.to_be_bytes())?;
    }
    Ok(Step::Index(boxes, rtree, places))
}

/// The first numbers of a record.
fn numbers<const N: usize>(record: &[u8]) -> [i64; N] {
    let mut numbers = [0; N];
    for (number, bytes) in numbers.iter_mut().zip(record.as_chunks::<8>().0) {
        *number = i64::from_be_bytes(*bytes);
    }
    numbers
}

/// Appends a time as GeoPackage has it.
fn write_time(time: Timestamp, out: &mut Vec<u8>) {
    time::write(time, b'-', b'T', out);
    out.extend_from_slice(b".000Z");
}
