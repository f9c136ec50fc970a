//! What each geometry type has of its own.

use std::ops::Index;

use super::GeometryType;

/// One of a thing for each geometry type.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PerType<T> {
    /// Of points.
    pub point: T,
    /// Of lines.
    pub line: T,
    /// Of polygons.
    pub polygon: T,
}

impl<T> PerType<T> {
    /// One for each type, in the order of rows.
    pub fn from_fn(mut make: impl FnMut(GeometryType) -> T) -> Self {
        Self { point: make(GeometryType::Point), line: make(GeometryType::Line), polygon: make(GeometryType::Polygon) }
    }
}

impl<T> Index<GeometryType> for PerType<T> {
    type Output = T;

    fn index(&self, kind: GeometryType) -> &T {
        match kind {
            GeometryType::Point => &self.point,
            GeometryType::Line => &self.line,
            GeometryType::Polygon => &self.polygon,
        }
    }
}
