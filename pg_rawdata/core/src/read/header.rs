//! What a document says of itself before its first object.

use super::decompress::Compression;
use crate::osm::{Place, Timestamp};

/// How a document writes its objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// OSM XML.
    #[default]
    Xml,
    /// OSM PBF.
    Pbf,
}

impl Format {
    /// `xml` or `pbf`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Xml => "xml",
            Self::Pbf => "pbf",
        }
    }
}

/// What a document says of itself before its first object; each empty or `None` where it does not say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Header {
    /// How the objects are written.
    pub format: Format,
    /// What was wrapped around the document; the compression of a PBF's blobs is not told.
    pub compression: Compression,
    /// Features without which the document cannot be understood (PBF only).
    pub required_features: Vec<String>,
    /// Features that may be ignored (PBF only).
    pub optional_features: Vec<String>,
    /// The program that wrote it.
    pub generator: Option<String>,
    /// South-west and north-east corner of what it covers, where both lie on Earth.
    pub bbox: Option<(Place, Place)>,
    /// Where change files come from.
    pub replication_url: Option<String>,
    /// The change file up to which it is current.
    pub replication_sequence: Option<i64>,
    /// The time up to which it is current.
    pub timestamp: Option<Timestamp>,
    /// Whether it promises nodes, then ways, then relations, each by id.
    pub sorted: bool,
}

/// The corners of a box, where it is one.
pub(super) fn bbox(south_west: Option<Place>, north_east: Option<Place>) -> Option<(Place, Place)> {
    let (south_west, north_east) = (south_west?, north_east?);
    (south_west.y <= north_east.y).then_some((south_west, north_east))
}
