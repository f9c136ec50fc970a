//! Shapefiles, a set of files for each geometry type, in a zip that is only a container: nothing in it is packed.
//!
//! The heads of the files need what is behind them, and a zip's members need their checksums: records wait in temporary
//! files, and each member is made twice, once to sum it up and once to write it. Members that are always the same come
//! first, before any record.

mod archive;
mod layer;
mod shape;
mod table;
#[cfg(test)]
mod tests;

use flate2::Crc;

use super::extent::Extent;
use super::spool::Spools;
use super::{Encoder, Feature, Rest, Schema};
use crate::Result;
use crate::osm::Timestamp;
use crate::request::{Columns, GeometryType, PerType};
use crate::stored::geometry::NO_PAIR;
use archive::Archive;
use layer::{Kind, Layer, Progress};
use shape::Shapes;

/// Most bytes of a file: readers keep places in signed numbers of 32 bits.
pub(super) const LARGEST_FILE: u64 = 0x7fff_ffff;

/// Writes the files.
pub(super) struct Shapefile {
    spools: Spools,
    limit: u64,
    name: String,
    columns: PerType<Columns>,
    centroid: bool,
    layers: Vec<Layer>,
    /// Of how many layers the members that are always the same are written.
    begun: usize,
    shapes: Shapes,
    /// The time of the newest feature: that of the files.
    newest: Timestamp,
    archive: Archive,
    step: Step,
}

/// What is being done.
enum Step {
    /// Features are coming.
    Features,
    /// A member is being summed up.
    Sum(Member, Progress, Crc),
    /// A member is being written.
    Copy(Member, Progress),
    /// All is written.
    Done,
}

/// One of the files.
#[derive(Debug, Clone, Copy)]
struct Member {
    layer: usize,
    part: usize,
    kind: usize,
}

impl Shapefile {
    pub(super) fn new(spools: Spools, limit: u64) -> Self {
        Self {
            spools,
            limit,
            name: String::new(),
            columns: PerType::default(),
            centroid: false,
            layers: Vec::new(),
            begun: 0,
            shapes: Shapes::default(),
            newest: Timestamp(0),
            archive: Archive::default(),
            step: Step::Features,
        }
    }

    fn layer(&self, kind: GeometryType) -> Result<Layer> {
        Layer::new(&self.spools, kind, self.centroid, &self.columns[kind], self.limit)
    }

    /// Appends a piece of a member. Whether it is whole.
    fn piece(&mut self, member: Member, progress: &mut Progress, out: &mut Vec<u8>) -> Result<bool> {
        let (Some(layer), Some(kind)) = (self.layers.get_mut(member.layer), Kind::ALL.get(member.kind)) else {
            return Ok(true);
        };
        let Some(part) = layer.parts.get(member.part).cloned() else { return Ok(true) };
        layer.write(&part, *kind, self.newest, progress, out)
    }

    fn member_name(&self, member: Member) -> String {
        let suffix = self.layers.get(member.layer).map_or("", Layer::suffix);
        let extension = Kind::ALL.get(member.kind).map_or("", |kind| kind.extension());
        let part = if member.part == 0 { String::new() } else { format!("_{}", member.part + 1) };
        format!("{}{suffix}{part}.{extension}", self.name)
    }

    /// Writes those members of a layer's first part that are always the same. As no data are in them, they have the zip's
    /// earliest time.
    fn write_constants(&mut self, layer: usize, out: &mut Vec<u8>) {
        self.archive.set_time(Timestamp(0));
        for (kind, content) in Kind::ALL.iter().enumerate().filter_map(|(at, kind)| Some((at, kind.constant()?))) {
            let mut sum = Crc::new();
            sum.update(content);
            self.archive.begin(self.member_name(Member { layer, part: 0, kind }), sum.sum(), sum.amount(), out);
            out.extend_from_slice(content);
        }
    }

    /// The member after one that is still to be written, or the directory, if there is none.
    fn after(&self, member: Member, out: &mut Vec<u8>) -> Step {
        let Member { layer, part, kind } = member;
        let is_written = |kind: &Kind| part == 0 && layer < self.begun && kind.constant().is_some();
        let next = if Kind::ALL.get(kind + 1).is_some_and(|kind| !is_written(kind)) {
            Member { layer, part, kind: kind + 1 }
        } else if self.layers.get(layer).is_some_and(|layer| part + 1 < layer.parts.len()) {
            Member { layer, part: part + 1, kind: 0 }
        } else {
            Member { layer: layer + 1, part: 0, kind: 0 }
        };
        self.sum(next, out)
    }

    fn sum(&self, member: Member, out: &mut Vec<u8>) -> Step {
        if member.layer < self.layers.len() {
            return Step::Sum(member, Progress::default(), Crc::new());
        }
        self.archive.finish(out);
        Step::Done
    }
}

impl Encoder for Shapefile {
    fn begin(&mut self, schema: &Schema, out: &mut Vec<u8>) -> Result<()> {
        self.name.clone_from(&schema.name);
        self.columns.clone_from(&schema.columns);
        self.centroid = schema.centroid;
        self.layers = schema.geometry_types.iter().map(|kind| self.layer(*kind)).collect::<Result<_>>()?;
        self.begun = self.layers.len();
        (0..self.begun).for_each(|layer| self.write_constants(layer, out));
        Ok(())
    }

    fn feature(&mut self, feature: &Feature, _out: &mut Vec<u8>) -> Result<()> {
        let kind = shape::layer(&feature.geometry);
        if !self.layers.iter().any(|layer| layer.kind == kind) {
            let layer = self.layer(kind)?;
            self.layers.push(layer);
        }
        let Some(layer) = self.layers.iter_mut().find(|layer| layer.kind == kind) else { return Ok(()) };
        let mut place = NO_PAIR;
        let shown = feature.shown(self.centroid, &mut place);
        let extent = Extent::of(&shown);
        layer.add(feature, &extent, self.shapes.content(&shown, &extent))?;
        self.newest = self.newest.max(feature.head.timestamp.unwrap_or(self.newest));
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<Rest> {
        self.step = match std::mem::replace(&mut self.step, Step::Done) {
            Step::Features => {
                self.archive.set_time(self.newest);
                self.sum(Member { layer: 0, part: 0, kind: 0 }, out)
            }
            Step::Sum(member, mut progress, mut sum) => {
                let mut piece = Vec::new();
                let is_whole = self.piece(member, &mut progress, &mut piece)?;
                sum.update(&piece);
                if is_whole {
                    let name = self.member_name(member);
                    // Crc counts bytes modulo 2^32, and no file is as large.
                    self.archive.begin(name, sum.sum(), sum.amount(), out);
                    Step::Copy(member, Progress::default())
                } else {
                    Step::Sum(member, progress, sum)
                }
            }
            Step::Copy(member, mut progress) => {
                if self.piece(member, &mut progress, out)? {
                    self.after(member, out)
                } else {
                    Step::Copy(member, progress)
                }
            }
            Step::Done => Step::Done,
        };
        Ok(if matches!(self.step, Step::Done) { Rest::Done } else { Rest::More })
    }
}
