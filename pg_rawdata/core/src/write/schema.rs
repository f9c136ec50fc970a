//! What a request asks a file to hold.

use crate::request::{Columns, Format, GeometryType, PerType, Request};

/// What a file holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    /// The format.
    pub format: Format,
    /// Name of the layer: that of the data file, without its extension.
    pub name: String,
    /// The kinds of geometry asked for, in the order of rows.
    pub geometry_types: Vec<GeometryType>,
    /// The columns of features of each geometry type.
    pub columns: PerType<Columns>,
    /// Whether the centroid stands for the geometry.
    pub centroid: bool,
    /// Whether every geometry is put into a collection, where the format can.
    pub wrap_geometries: bool,
}

impl Schema {
    /// The file that a request asks for.
    pub fn of(request: &Request) -> Self {
        Self {
            format: request.format,
            name: request.file_name.stem().to_owned(),
            geometry_types: if request.problems { vec![GeometryType::Point] } else { request.geometry_types.clone() },
            columns: request.columns.clone(),
            centroid: request.centroid,
            wrap_geometries: request.wrap_geometries,
        }
    }
}
