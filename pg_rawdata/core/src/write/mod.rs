//! Features to files: one encoder for each format.

mod csv;
mod decimal;
mod geojson;
pub mod names;
pub mod papers;
mod time;

use crate::osm::Timestamp;
use crate::request::query::Source;
use crate::request::{Columns, Format, PerType};
use crate::stored::geometry::View;
use crate::stored::jsonb::Object;
use crate::{Error, ErrorKind, Result};

/// Turns features into the bytes of one file format.
pub trait Encoder {
    /// Appends what comes before the first feature.
    fn begin(&mut self, schema: &Schema, out: &mut Vec<u8>) -> Result<()>;
    /// Appends one feature. May append nothing until later.
    fn feature(&mut self, feature: &Feature, out: &mut Vec<u8>) -> Result<()>;
    /// Appends the rest. The encoder is used up.
    fn finish(self: Box<Self>, out: &mut Vec<u8>) -> Result<()>;
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    /// The format.
    pub format: Format,
    /// Name of the layer: that of the data file, without its extension.
    pub name: String,
    /// The columns of features of each geometry type.
    pub columns: PerType<Columns>,
    /// Whether the centroid stands for the geometry.
    pub centroid: bool,
}

/// A row, as it is stored.
#[derive(Debug, Clone, Copy)]
pub struct Feature<'a> {
    /// Where it comes from: its `osm_type`, and whose columns it has.
    pub source: Source,
    /// Its number.
    pub id: i64,
    /// Its version.
    pub version: Option<i32>,
    /// The changeset of that version.
    pub changeset: Option<i64>,
    /// The time of that version.
    pub timestamp: Option<Timestamp>,
    /// Number of the user who made it.
    pub uid: Option<i32>,
    /// Name of the user who made it.
    pub user: Option<&'a str>,
    /// Its tags.
    pub tags: Object<'a>,
    /// Its geometry, the real one even if the centroid is asked for.
    pub geometry: View<'a>,
}

/// The encoder for a schema's format.
pub fn encoder(schema: &Schema) -> Result<Box<dyn Encoder + Send>> {
    match schema.format {
        Format::GeoJson => Ok(Box::new(geojson::GeoJson::default())),
        Format::Csv => Ok(Box::new(csv::Csv::default())),
        other => Err(Error::new(ErrorKind::Unsupported, format!("no encoder for \"{}\"", other.name()))),
    }
}
