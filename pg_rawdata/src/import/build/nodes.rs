//! Nodes: places for all, rows for the tagged.

use std::sync::Arc;

use rawdata_core::Result;
use rawdata_core::geometry::{Geometry, is_tagged};
use rawdata_core::osm::{Element, ObjectKind};
use rawdata_core::packed::node_block::{self, Entry, NodeBlock};
use rawdata_core::packed::record;

use super::builder::{Builder, Made, Work};
use super::far::FarValues;
use crate::error::OrRaise;
use crate::import::country::Countries;
use crate::import::fresh::Fresh;
use crate::import::packed_table::{Columns, PackedTable, Stored};
use crate::import::piece::version_of;
use crate::import::rows::{Table, Written};
use crate::settings;

/// Nodes being built.
pub struct Nodes {
    builder: Builder,
    /// The block of the last node.
    last: Option<i64>,
}

impl Nodes {
    pub fn start(fresh: Fresh, countries: &Arc<Countries>) -> Self {
        let table = PackedTable::open(fresh, "node_places", Columns::KeyValue, settings::import_memory());
        let builder = Builder::start(ObjectKind::Node, table, fresh, || Maker {
            countries: Arc::clone(countries),
            block: NodeBlock::default(),
            number: None,
        });
        Self { builder, last: None }
    }

    pub fn add(&mut self, record: &[u8]) {
        let (id, _) = record::peek(record).or_raise();
        // A block is made by one thread.
        let number = Some(node_block::block_of(id));
        self.builder.add(record, number != self.last, |_| {});
        self.last = number;
    }

    /// The places of all nodes, and the rows written.
    pub fn finish(self, fresh: Fresh) -> (Stored, Written) {
        let (places, written) = self.builder.finish();
        (places.finish(fresh), written)
    }

    pub fn abandon(self) {
        self.builder.abandon();
    }
}

/// What a thread does.
struct Maker {
    countries: Arc<Countries>,
    block: NodeBlock,
    number: Option<i64>,
}

impl Work for Maker {
    fn object(
        &mut self,
        element: &Element<'_>,
        _far: &FarValues,
        _go_on: &mut dyn FnMut() -> Result<()>,
        made: &mut Made,
    ) -> Result<()> {
        let Element::Node(node) = element else { return Ok(()) };
        let Some(place) = node.place else { return Ok(()) };
        let number = node_block::block_of(node.id);
        if self.number != Some(number) {
            self.end(made);
            self.number = Some(number);
        }
        let version = version_of(node).map_or(0, i32::unsigned_abs);
        self.block.set(node_block::slot_of(node.id), Some(Entry { place, version }));
        if is_tagged(node.tags) {
            made.rows.add(element, Some((Table::Nodes, &Geometry::Point(place))), &self.countries)?;
        }
        Ok(())
    }

    fn end(&mut self, made: &mut Made) {
        let Some(number) = self.number.take() else { return };
        made.packed.add(number, None, |out| self.block.encode(out));
        self.block.clear();
    }
}
