//! Comma-separated values (RFC 4180): the columns, then the centroid and what kind of geometry it stands for.
//!
//! Values come out as they are, also those a spreadsheet would take for a formula. A missing value is an empty field, a
//! tag whose value is empty is `""`.

use super::decimal::{self, write_signed};
use super::{Encoder, Feature, Rest, Schema, time};
use crate::Result;
use crate::request::{Columns, GeometryType, PerType};
use crate::stored::geometry::centroid;

/// Writes a header and a line for each feature.
#[derive(Default)]
pub(super) struct Csv {
    columns: PerType<Columns>,
    centroid: bool,
    tags: Vec<u8>,
}

impl Encoder for Csv {
    fn begin(&mut self, schema: &Schema, out: &mut Vec<u8>) -> Result<()> {
        self.columns = schema.columns.clone();
        self.centroid = schema.centroid;
        let mut names = vec!["osm_id", "osm_type"];
        // The columns of all types are the same: Format::is_one_table.
        match &self.columns[GeometryType::Point] {
            Columns::All { user_metadata: false } => names.extend(["version", "tags", "changeset", "timestamp"]),
            Columns::All { user_metadata: true } => {
                names.extend(["version", "tags", "changeset", "uid", "user", "timestamp"]);
            }
            Columns::Tags => names.push("tags"),
            Columns::Attributes(attributes) => names.extend(attributes.iter().map(|attribute| attribute.name.as_str())),
        }
        names.extend(["longitude", "latitude", "geom_type"]);
        for (index, name) in names.into_iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            write_text(name.as_bytes(), out);
        }
        out.extend_from_slice(b"\r\n");
        Ok(())
    }

    fn feature(&mut self, feature: &Feature, out: &mut Vec<u8>) -> Result<()> {
        write_signed(feature.head.id, out);
        out.push(b',');
        out.extend_from_slice(feature.head.source.table().as_bytes());
        out.push(b',');
        match &self.columns[feature.head.source.geometry_type()] {
            Columns::All { user_metadata } => {
                number(feature.head.version.map(i64::from), out);
                write_tags(feature, &mut self.tags, out);
                number(feature.head.changeset, out);
                if *user_metadata {
                    number(feature.head.uid.map(i64::from), out);
                    text(feature.user, out);
                }
                if let Some(timestamp) = feature.head.timestamp {
                    time::write(timestamp, b'/', b' ', out);
                }
                out.push(b',');
            }
            Columns::Tags => write_tags(feature, &mut self.tags, out),
            Columns::Attributes(attributes) => {
                attributes.iter().for_each(|attribute| text(feature.tags.get(&attribute.key), out));
            }
        }
        match centroid(&feature.geometry) {
            Some((x, y)) => {
                decimal::write(x, out);
                out.push(b',');
                decimal::write(y, out);
            }
            None => out.push(b','),
        }
        out.push(b',');
        let kind = if self.centroid { "POINT" } else { feature.geometry.type_name() };
        out.extend_from_slice(kind.as_bytes());
        out.extend_from_slice(b"\r\n");
        Ok(())
    }

    fn finish(&mut self, _out: &mut Vec<u8>) -> Result<Rest> {
        Ok(Rest::Done)
    }
}

fn write_tags(feature: &Feature, scratch: &mut Vec<u8>, out: &mut Vec<u8>) {
    scratch.clear();
    feature.tags.write_json(scratch);
    write_text(scratch, out);
    out.push(b',');
}

fn number(number: Option<i64>, out: &mut Vec<u8>) {
    if let Some(number) = number {
        write_signed(number, out);
    }
    out.push(b',');
}

fn text(text: Option<&str>, out: &mut Vec<u8>) {
    if let Some(text) = text {
        write_text(text.as_bytes(), out);
    }
    out.push(b',');
}

/// Appends a text, in quotes where its signs or its ends need them.
fn write_text(text: &[u8], out: &mut Vec<u8>) {
    let is_special = |byte: &u8| matches!(byte, b'"' | b',' | b'\r' | b'\n');
    let ends_in_space = text.first() == Some(&b' ') || text.last() == Some(&b' ');
    if !text.is_empty() && !ends_in_space && !text.iter().any(is_special) {
        out.extend_from_slice(text);
        return;
    }
    out.push(b'"');
    for byte in text {
        if *byte == b'"' {
            out.push(b'"');
        }
        out.push(*byte);
    }
    out.push(b'"');
}
