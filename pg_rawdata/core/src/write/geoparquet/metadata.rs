//! What the footer says of the geometry, under the key `geo`.

use parquet::file::metadata::KeyValue;
use serde_json::{Map, Value, json};

use super::schema::{BOX, CORNERS, GEOMETRY};
use crate::stored::geometry::View;
use crate::write::extent::Extent;

/// The names of geometry types, in the order they are listed.
const TYPES: [&str; 5] = ["Point", "LineString", "Polygon", "MultiLineString", "MultiPolygon"];

/// What was seen of the geometry.
pub(super) struct Metadata {
    seen: [bool; TYPES.len()],
    extent: Extent,
}

impl Default for Metadata {
    fn default() -> Self {
        Self { seen: [false; TYPES.len()], extent: Extent::EMPTY }
    }
}

impl Metadata {
    /// Takes in a geometry and its box.
    pub(super) fn add(&mut self, geometry: &View, extent: &Extent) {
        let [point, line, polygon, lines, polygons] = &mut self.seen;
        *match geometry {
            View::Point(_) => point,
            View::Line(_) => line,
            View::Polygon(_) => polygon,
            View::Lines(_) => lines,
            View::Polygons(_) => polygons,
        } = true;
        self.extent.add(extent);
    }

    /// The entry of the footer. Without a word on the reference system it is OGC:CRS84: longitude, latitude in WGS 84.
    pub(super) fn entry(&self) -> KeyValue {
        let types: Vec<&str> = TYPES.iter().zip(self.seen).filter(|(_, seen)| *seen).map(|(name, _)| *name).collect();
        let paths: Map<String, Value> =
            CORNERS.iter().map(|corner| ((*corner).to_owned(), json!([BOX, corner]))).collect();
        let mut column = Map::new();
        column.insert("encoding".to_owned(), json!("WKB"));
        column.insert("geometry_types".to_owned(), json!(types));
        column.insert("covering".to_owned(), json!({BOX: paths}));
        if !self.extent.is_empty() {
            column.insert("bbox".to_owned(), json!(self.extent.corners()));
        }
        let geo = json!({"version": "1.1.0", "primary_column": GEOMETRY, "columns": {GEOMETRY: column}});
        KeyValue::new("geo".to_owned(), geo.to_string())
    }
}
