//! File formats: names, extensions, media types, and which of them this version writes.

/// A file format, as `outputType` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// GeoJSON.
    GeoJson,
    /// GeoJSON, a feature a line.
    GeoJsonSeq,
    /// Keyhole markup.
    Kml,
    /// Shapefiles, one for each geometry type.
    Shapefile,
    /// FlatGeobuf.
    FlatGeobuf,
    /// GeoPackage.
    GeoPackage,
    /// Statements that load into PostGIS.
    Sql,
    /// Comma-separated values.
    Csv,
    /// GeoParquet.
    GeoParquet,
    /// MBTiles.
    MbTiles,
    /// PMTiles.
    PmTiles,
    /// A tree of vector tiles.
    VectorTiles,
}

impl Format {
    /// Every format that the service has a name for, in the order it lists them.
    pub const ALL: [Self; 12] = [
        Self::GeoJson,
        Self::GeoJsonSeq,
        Self::Kml,
        Self::Shapefile,
        Self::FlatGeobuf,
        Self::GeoPackage,
        Self::Sql,
        Self::Csv,
        Self::GeoParquet,
        Self::MbTiles,
        Self::PmTiles,
        Self::VectorTiles,
    ];

    /// The formats that this version writes.
    pub const WRITTEN: [Self; 9] = [
        Self::GeoJson,
        Self::GeoJsonSeq,
        Self::Kml,
        Self::Shapefile,
        Self::FlatGeobuf,
        Self::GeoPackage,
        Self::Sql,
        Self::Csv,
        Self::GeoParquet,
    ];

    /// The value of `outputType`.
    pub fn name(self) -> &'static str {
        match self {
            Self::GeoJson => "geojson",
            Self::GeoJsonSeq => "geojsonseq",
            Self::Kml => "kml",
            Self::Shapefile => "shp",
            Self::FlatGeobuf => "fgb",
            Self::GeoPackage => "gpkg",
            Self::Sql => "sql",
            Self::Csv => "csv",
            Self::GeoParquet => "parquet",
            Self::MbTiles => "mbtiles",
            Self::PmTiles => "pmtiles",
            Self::VectorTiles => "mvt",
        }
    }

    /// The extension of the data file, without a dot.
    pub fn extension(self) -> &'static str {
        match self {
            // What readers look for.
            Self::GeoJsonSeq => "geojsonl",
            other => other.name(),
        }
    }

    /// The media type of the data file.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::GeoJson => "application/geo+json",
            Self::GeoJsonSeq => "application/x-ndjson",
            Self::Kml => "application/vnd.google-earth.kml+xml",
            Self::Shapefile => "application/vnd.shp",
            Self::FlatGeobuf => "application/flatgeobuf",
            Self::GeoPackage => "application/geopackage+sqlite3",
            Self::Sql => "application/sql",
            Self::Csv => "text/csv; charset=utf-8",
            Self::GeoParquet => "application/vnd.apache.parquet",
            Self::MbTiles => "application/vnd.sqlite3",
            Self::PmTiles => "application/vnd.pmtiles",
            Self::VectorTiles => "application/vnd.mapbox-vector-tile",
        }
    }

    /// The format of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Whether this version writes it.
    pub fn is_written(self) -> bool {
        Self::WRITTEN.contains(&self)
    }

    /// Whether it may be delivered without a zip around it.
    pub fn may_be_unzipped(self) -> bool {
        matches!(self, Self::GeoJson | Self::GeoJsonSeq | Self::FlatGeobuf | Self::GeoParquet | Self::PmTiles)
    }

    /// Whether it is several files, which an export holds in a zip.
    pub fn is_several_files(self) -> bool {
        self == Self::Shapefile
    }

    /// Whether rows of every geometry type have the same columns. Otherwise each type keeps its own.
    pub fn is_one_table(self) -> bool {
        !matches!(self, Self::GeoJson | Self::GeoJsonSeq | Self::Shapefile)
    }
}
