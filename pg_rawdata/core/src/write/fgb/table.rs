//! The tables of FlatGeobuf's schema, as FlatBuffers.

use flatbuffers::{FlatBufferBuilder, TableFinishedWIPOffset, VOffsetT, WIPOffset};

use super::index::WIDTH;
use crate::stored::geometry::{Points, Rings, View};
use crate::write::extent::Extent;
use crate::write::fields::{Field, Kind, Value};
use crate::write::time;

const POLYGON: u8 = 3;
const MULTIPOLYGON: u8 = 6;
const COLLECTION: u8 = 7;

/// Where a table has its field: fields are numbered, two bytes each, behind the head of two words.
const fn slot(number: VOffsetT) -> VOffsetT {
    4 + 2 * number
}

type Built = WIPOffset<TableFinishedWIPOffset>;

/// Room for one table, used again for the next.
#[derive(Default)]
pub(super) struct Tables {
    builder: FlatBufferBuilder<'static>,
    ends: Vec<u32>,
    places: Vec<f64>,
    properties: Vec<u8>,
}

impl Tables {
    /// The header, with its size in front.
    pub(super) fn header(
        &mut self,
        name: &str,
        fields: &[Field],
        geometry_type: u8,
        extent: &Extent,
        features: u64,
    ) -> &[u8] {
        let builder = &mut self.builder;
        builder.reset();
        let columns: Vec<Built> = fields
            .iter()
            .map(|field| {
                let name = builder.create_string(&field.name);
                let table = builder.start_table();
                builder.push_slot_always(slot(0), name);
                builder.push_slot_always(slot(1), column_type(field.kind));
                builder.end_table(table)
            })
            .collect();
        let columns = builder.create_vector(&columns);
        let crs = {
            let authority = builder.create_string("EPSG");
            let table = builder.start_table();
            builder.push_slot_always(slot(0), authority);
            builder.push_slot_always(slot(1), 4326_i32);
            builder.end_table(table)
        };
        let name = builder.create_string(name);
        let envelope = (!extent.is_empty()).then(|| builder.create_vector(&extent.corners()));
        let table = builder.start_table();
        builder.push_slot_always(slot(0), name);
        if let Some(envelope) = envelope {
            builder.push_slot_always(slot(1), envelope);
        }
        builder.push_slot_always(slot(2), geometry_type);
        builder.push_slot_always(slot(7), columns);
        builder.push_slot_always(slot(8), features);
        builder.push_slot_always(slot(9), if features == 0 { 0 } else { WIDTH });
        builder.push_slot_always(slot(10), crs);
        let header = builder.end_table(table);
        builder.finish_size_prefixed(header, None);
        builder.finished_data()
    }

    /// A feature, with its size in front.
    pub(super) fn feature<'a>(
        &mut self,
        geometry: &View,
        in_collection: bool,
        values: impl Iterator<Item = Value<'a>>,
    ) -> &[u8] {
        self.builder.reset();
        self.write_properties(values);
        let properties = self.builder.create_vector(&self.properties);
        let shape = self.geometry(geometry, in_collection);
        let table = self.builder.start_table();
        if let Some(shape) = shape {
            self.builder.push_slot_always(slot(0), shape);
        }
        self.builder.push_slot_always(slot(1), properties);
        let feature = self.builder.end_table(table);
        self.builder.finish_size_prefixed(feature, None);
        self.builder.finished_data()
    }

    /// Number of the column and value, for each that has one.
    fn write_properties<'a>(&mut self, values: impl Iterator<Item = Value<'a>>) {
        let out = &mut self.properties;
        out.clear();
        for (number, value) in (0u16..).zip(values) {
            if matches!(value, Value::Null) {
                continue;
            }
            out.extend_from_slice(&number.to_le_bytes());
            match value {
                Value::Null => {}
                Value::Int(number) => out.extend_from_slice(&number.to_le_bytes()),
                Value::Long(number) => out.extend_from_slice(&number.to_le_bytes()),
                Value::Text(text) => write_sized(out, |out| out.extend_from_slice(text.as_bytes())),
                Value::Tags(tags) => write_sized(out, |out| tags.write_json(out)),
                Value::Time(time) => write_sized(out, |out| time::write(time, b'-', b'T', out)),
            }
        }
    }

    fn geometry(&mut self, geometry: &View, in_collection: bool) -> Option<Built> {
        let parts: Vec<Built> = match geometry {
            View::Point(points) if points.is_empty() => return None,
            View::Point(points) => vec![self.simple(1, std::iter::once(*points))],
            View::Line(points) => vec![self.line(*points)],
            View::Polygon(rings) => vec![self.polygon(rings)],
            // The parts of a collection are plain.
            View::Lines(lines) if in_collection => lines.iter().map(|points| self.line(points)).collect(),
            View::Lines(lines) => vec![self.simple(5, lines.iter())],
            View::Polygons(polygons) => polygons.iter().map(|rings| self.polygon(&rings)).collect(),
        };
        Some(match (geometry, parts.as_slice()) {
            _ if in_collection => self.of_parts(COLLECTION, &parts),
            (View::Polygons(_), _) => self.of_parts(MULTIPOLYGON, &parts),
            (_, [shape, ..]) => *shape,
            (_, []) => return None,
        })
    }

    fn line(&mut self, points: Points) -> Built {
        self.simple(2, std::iter::once(points))
    }

    fn polygon(&mut self, rings: &Rings) -> Built {
        self.simple(POLYGON, rings.iter())
    }

    /// A geometry of lists of places. Where each list ends is told of all but single lists.
    fn simple<'a>(&mut self, kind: u8, lists: impl Iterator<Item = Points<'a>>) -> Built {
        self.ends.clear();
        self.places.clear();
        for points in lists {
            self.places.extend(points.iter().flat_map(<[f64; 2]>::from));
            // A stored geometry has at most 2^26 places.
            self.ends.push(u32::try_from(self.places.len() / 2).unwrap_or(u32::MAX));
        }
        let ends = (kind >= POLYGON).then(|| self.builder.create_vector(&self.ends));
        let places = self.builder.create_vector(&self.places);
        let table = self.builder.start_table();
        if let Some(ends) = ends {
            self.builder.push_slot_always(slot(0), ends);
        }
        self.builder.push_slot_always(slot(1), places);
        self.builder.push_slot_always(slot(6), kind);
        self.builder.end_table(table)
    }

    fn of_parts(&mut self, kind: u8, parts: &[Built]) -> Built {
        let parts = self.builder.create_vector(parts);
        let table = self.builder.start_table();
        self.builder.push_slot_always(slot(6), kind);
        self.builder.push_slot_always(slot(7), parts);
        self.builder.end_table(table)
    }
}

/// The geometry type of a file whose features are all collections, or of any.
pub(super) fn geometry_type(in_collection: bool) -> u8 {
    if in_collection { COLLECTION } else { 0 }
}

fn column_type(kind: Kind) -> u8 {
    match kind {
        Kind::Int => 5,
        Kind::Long => 7,
        Kind::Text => 11,
        Kind::Json => 12,
        Kind::Time => 13,
    }
}

fn write_sized(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out);
    let size = u32::try_from(out.len() - start - 4).unwrap_or(u32::MAX);
    if let Some(word) = out.get_mut(start..start + 4) {
        word.copy_from_slice(&size.to_le_bytes());
    }
}
