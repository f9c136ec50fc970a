//! Features to files: one encoder for each format.

mod csv;
mod decimal;
mod extent;
mod fgb;
mod fields;
mod geojson;
mod geoparquet;
mod gpkg;
mod kml;
pub mod papers;
mod rows;
mod schema;
mod scratch;
mod shp;
mod sorter;
mod spool;
mod sql;
mod sqlite;
mod time;
mod wkb;
mod written;

pub use rows::{Head, Row, Rows};
pub use schema::Schema;
pub use scratch::{Scratch, ScratchFile};
pub use written::Written;

use spool::Spools;

use crate::request::Format;
use crate::stored::geometry::{Pair, View, centroid};
use crate::stored::jsonb::Object;
use crate::{Error, ErrorKind, Result};

/// Turns features into the bytes of one file format.
pub trait Encoder {
    /// Appends what comes before the first feature.
    fn begin(&mut self, schema: &Schema, out: &mut Vec<u8>) -> Result<()>;
    /// Appends one feature. May append nothing until later.
    fn feature(&mut self, feature: &Feature, out: &mut Vec<u8>) -> Result<()>;
    /// Appends a piece of the rest, of a few megabytes at most. To be called until it says that the file is whole.
    fn finish(&mut self, out: &mut Vec<u8>) -> Result<Rest>;
}

/// Whether [`Encoder::finish`] has to be called again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// Yes.
    More,
    /// No: the file is whole.
    Done,
}

/// What is asked for of a row: its tags and geometry ready to be read.
#[derive(Debug, Clone, Copy)]
pub struct Feature<'a> {
    /// Which object it is.
    pub head: Head,
    /// Name of the user who made its version.
    pub user: Option<&'a str>,
    /// Its tags.
    pub tags: Object<'a>,
    /// Its geometry, the real one even if the centroid is asked for.
    pub geometry: View<'a>,
}

impl<'a> Feature<'a> {
    /// The geometry as the file shows it: its own or, in `place`, the centroid.
    fn shown(&self, as_centroid: bool, place: &'a mut Pair) -> View<'a> {
        if as_centroid { View::point(centroid(&self.geometry), place) } else { self.geometry }
    }

    /// About how many bytes it has in a file, or more.
    fn size(&self) -> usize {
        self.geometry.size() + self.tags.size() * 6 // as many bytes has a control character in JSON
    }
}

/// The encoder for a schema's format, if nothing of it has to wait in files: it may work in another thread.
pub fn streaming_encoder(schema: &Schema) -> Result<Option<Box<dyn Encoder + Send>>> {
    Ok(Some(match schema.format {
        Format::GeoJson => Box::new(geojson::GeoJson::collection()),
        Format::GeoJsonSeq => Box::new(geojson::GeoJson::lines()),
        Format::Csv => Box::new(csv::Csv::default()),
        Format::Kml => Box::new(kml::Kml::default()),
        Format::Sql => Box::new(sql::Sql::default()),
        Format::GeoParquet => Box::new(geoparquet::GeoParquet::new(schema)?),
        _ => return Ok(None),
    }))
}

/// The encoder for a schema's format. What has to wait lies in files of `scratch`.
pub fn encoder(schema: &Schema, scratch: Box<dyn Scratch>) -> Result<Box<dyn Encoder>> {
    if let Some(encoder) = streaming_encoder(schema)? {
        return Ok(encoder);
    }
    let spools = Spools::new(scratch);
    Ok(match schema.format {
        Format::Shapefile => Box::new(shp::Shapefile::new(spools, shp::LARGEST_FILE)),
        Format::FlatGeobuf => Box::new(fgb::FlatGeobuf::new(spools)),
        Format::GeoPackage => Box::new(gpkg::GeoPackage::new(spools)),
        other => return Err(Error::new(ErrorKind::Unsupported, format!("no encoder for \"{}\"", other.name()))),
    })
}
