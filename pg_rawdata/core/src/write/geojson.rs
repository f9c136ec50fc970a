//! GeoJSON (RFC 7946), byte for byte as PostgreSQL and the old service write it (but for centroids whose tenth decimal is a tie):
//! a collection, or a feature a line.

use super::decimal::{self, write_signed};
use super::{Encoder, Feature, Rest, Schema, time};
use crate::Result;
use crate::request::{Columns, PerType};
use crate::stored::geometry::{Points, Rings, View, centroid};
use crate::stored::json_string;

/// Writes features, and what stands before, between and behind them.
pub(super) struct GeoJson {
    columns: PerType<Columns>,
    centroid: bool,
    has_features: bool,
    before: &'static [u8],
    between: &'static [u8],
    behind: &'static [u8],
}

impl GeoJson {
    /// For a FeatureCollection.
    pub(super) fn collection() -> Self {
        Self::new(br#"{"type": "FeatureCollection","features": ["#, b",", b"]}")
    }

    /// For one feature a line, without the signs of RFC 8142 that only some readers know.
    pub(super) fn lines() -> Self {
        Self::new(b"", b"\n", b"\n")
    }

    fn new(before: &'static [u8], between: &'static [u8], behind: &'static [u8]) -> Self {
        Self { columns: PerType::default(), centroid: false, has_features: false, before, between, behind }
    }
}

impl Encoder for GeoJson {
    fn begin(&mut self, schema: &Schema, out: &mut Vec<u8>) -> Result<()> {
        self.columns = schema.columns.clone();
        self.centroid = schema.centroid;
        out.extend_from_slice(self.before);
        Ok(())
    }

    fn feature(&mut self, feature: &Feature, out: &mut Vec<u8>) -> Result<()> {
        if self.has_features {
            out.extend_from_slice(self.between);
        }
        self.has_features = true;
        out.extend_from_slice(br#"{"type": "Feature", "geometry": "#);
        if self.centroid {
            write_point(centroid(&feature.geometry), out);
        } else {
            write_geometry(&feature.geometry, out);
        }
        out.extend_from_slice(br#", "properties": "#);
        write_properties(feature, &self.columns[feature.head.source.geometry_type()], out);
        out.push(b'}');
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<Rest> {
        if self.has_features || !self.before.is_empty() {
            out.extend_from_slice(self.behind);
        }
        Ok(Rest::Done)
    }
}

fn write_properties(feature: &Feature, columns: &Columns, out: &mut Vec<u8>) {
    out.extend_from_slice(br#"{"osm_id": "#);
    write_signed(feature.head.id, out);
    out.extend_from_slice(br#", "osm_type": ""#);
    out.extend_from_slice(feature.head.source.table().as_bytes());
    out.push(b'"');
    match columns {
        Columns::All { user_metadata } => {
            write_number(br#", "version": "#, feature.head.version.map(i64::from), out);
            write_tags(feature, out);
            write_number(br#", "changeset": "#, feature.head.changeset, out);
            if *user_metadata {
                write_number(br#", "uid": "#, feature.head.uid.map(i64::from), out);
                out.extend_from_slice(br#", "user": "#);
                write_text(feature.user, out);
            }
            out.extend_from_slice(br#", "timestamp": "#);
            match feature.head.timestamp {
                Some(timestamp) => {
                    out.push(b'"');
                    time::write(timestamp, b'-', b'T', out);
                    out.push(b'"');
                }
                None => out.extend_from_slice(b"null"),
            }
        }
        Columns::Tags => write_tags(feature, out),
        Columns::Attributes(attributes) => {
            for attribute in attributes {
                out.extend_from_slice(b", ");
                json_string(&attribute.name, out);
                out.extend_from_slice(b": ");
                write_text(feature.tags.get(&attribute.key), out);
            }
        }
    }
    out.push(b'}');
}

fn write_number(before: &[u8], number: Option<i64>, out: &mut Vec<u8>) {
    out.extend_from_slice(before);
    match number {
        Some(number) => write_signed(number, out),
        None => out.extend_from_slice(b"null"),
    }
}

fn write_text(text: Option<&str>, out: &mut Vec<u8>) {
    match text {
        Some(text) => json_string(text, out),
        None => out.extend_from_slice(b"null"),
    }
}

fn write_tags(feature: &Feature, out: &mut Vec<u8>) {
    out.extend_from_slice(br#", "tags": "#);
    feature.tags.write_json(out);
}

fn write_geometry(geometry: &View, out: &mut Vec<u8>) {
    match geometry {
        View::Point(points) => write_point(points.iter().next(), out),
        View::Line(points) => {
            open("LineString", out);
            write_points(points, out);
            out.push(b'}');
        }
        View::Lines(lines) => {
            open("MultiLineString", out);
            write_list(lines.iter(), |points, out| write_points(&points, out), out);
            out.push(b'}');
        }
        View::Polygon(rings) => {
            open("Polygon", out);
            write_rings(rings, out);
            out.push(b'}');
        }
        View::Polygons(polygons) => {
            open("MultiPolygon", out);
            write_list(polygons.iter(), |rings, out| write_rings(&rings, out), out);
            out.push(b'}');
        }
    }
}

fn write_point(point: Option<(f64, f64)>, out: &mut Vec<u8>) {
    open("Point", out);
    match point {
        Some(point) => write_position(point, out),
        None => out.extend_from_slice(b"[]"),
    }
    out.push(b'}');
}

fn open(kind: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(br#"{"type":""#);
    out.extend_from_slice(kind.as_bytes());
    out.extend_from_slice(br#"","coordinates":"#);
}

fn write_rings(rings: &Rings, out: &mut Vec<u8>) {
    write_list(rings.iter(), |points, out| write_points(&points, out), out);
}

fn write_points(points: &Points, out: &mut Vec<u8>) {
    write_list(points.iter(), write_position, out);
}

fn write_position((x, y): (f64, f64), out: &mut Vec<u8>) {
    out.push(b'[');
    decimal::write(x, out);
    out.push(b',');
    decimal::write(y, out);
    out.push(b']');
}

fn write_list<T>(items: impl Iterator<Item = T>, write: impl Fn(T, &mut Vec<u8>), out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(item, out);
    }
    out.push(b']');
}
