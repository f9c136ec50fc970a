//! KML 2.2: one folder, the columns as a schema.
//!
//! Columns of 64 bits are `double`, which holds every id there is exactly: `int` has 32 bits, and readers cut what is
//! longer. What XML cannot hold, control characters, comes out as U+FFFD; within `tags` it is escaped by JSON and stays.

use super::decimal::{self, write_signed};
use super::fields::{Field, Kind, Value, fields};
use super::{Encoder, Feature, Rest, Schema, time};
use crate::Result;
use crate::request::GeometryType;
use crate::stored::geometry::{NO_PAIR, Points, Rings, View};

/// Writes a document.
#[derive(Default)]
pub(super) struct Kml {
    columns: Vec<Column>,
    centroid: bool,
    /// The bytes of one value, before they are escaped.
    value: Vec<u8>,
}

/// A column, and what is written before its values.
struct Column {
    field: Field,
    opening: Vec<u8>,
}

impl Encoder for Kml {
    fn begin(&mut self, schema: &Schema, out: &mut Vec<u8>) -> Result<()> {
        self.centroid = schema.centroid;
        let mut name = Vec::new();
        escape(schema.name.as_bytes(), &mut name);
        out.extend_from_slice(
            b"<?xml version=\"1.0\" encoding=\"utf-8\" ?>\n<kml xmlns=\"http://www.opengis.net/kml/2.2\">\n\
              <Document id=\"root_doc\">\n<Style id=\"outline\"><LineStyle><color>ff0000ff</color></LineStyle>\
              <PolyStyle><fill>0</fill></PolyStyle></Style>\n<Schema name=\"",
        );
        out.extend_from_slice(&name);
        out.extend_from_slice(b"\" id=\"columns\">\n");
        // The columns of all types are the same: Format::is_one_table.
        for field in fields(&schema.columns[GeometryType::Point]) {
            let mut name = Vec::new();
            escape(field.name.as_bytes(), &mut name);
            out.extend_from_slice(b"<SimpleField name=\"");
            out.extend_from_slice(&name);
            out.extend_from_slice(b"\" type=\"");
            out.extend_from_slice(type_name(field.kind).as_bytes());
            out.extend_from_slice(b"\"></SimpleField>\n");
            let opening = [b"<SimpleData name=\"", name.as_slice(), b"\">"].concat();
            self.columns.push(Column { field, opening });
        }
        out.extend_from_slice(b"</Schema>\n<Folder><name>");
        out.extend_from_slice(&name);
        out.extend_from_slice(b"</name>\n");
        Ok(())
    }

    fn feature(&mut self, feature: &Feature, out: &mut Vec<u8>) -> Result<()> {
        let mut place = NO_PAIR;
        let geometry = feature.shown(self.centroid, &mut place);
        out.extend_from_slice(b"<Placemark>");
        if !matches!(geometry, View::Point(_)) {
            out.extend_from_slice(b"<styleUrl>#outline</styleUrl>");
        }
        out.extend_from_slice(b"<ExtendedData><SchemaData schemaUrl=\"#columns\">");
        for column in &self.columns {
            let value = column.field.value(feature);
            if matches!(value, Value::Null) {
                continue;
            }
            out.extend_from_slice(&column.opening);
            match value {
                Value::Null => {}
                Value::Int(number) => write_signed(number.into(), out),
                Value::Long(number) => write_signed(number, out),
                Value::Text(text) => escape(text.as_bytes(), out),
                Value::Tags(tags) => {
                    self.value.clear();
                    tags.write_json(&mut self.value);
                    escape(&self.value, out);
                }
                Value::Time(time) => time::write(time, b'/', b' ', out),
            }
            out.extend_from_slice(b"</SimpleData>");
        }
        out.extend_from_slice(b"</SchemaData></ExtendedData>");
        write_geometry(&geometry, out);
        out.extend_from_slice(b"</Placemark>\n");
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<Rest> {
        out.extend_from_slice(b"</Folder>\n</Document></kml>\n");
        Ok(Rest::Done)
    }
}

fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Int => "int",
        Kind::Long => "double",
        Kind::Text | Kind::Json | Kind::Time => "string",
    }
}

fn write_geometry(geometry: &View, out: &mut Vec<u8>) {
    match geometry {
        // KML has no empty point: the placemark has no geometry then.
        View::Point(points) if points.is_empty() => {}
        View::Point(points) => write_line("Point", points, out),
        View::Line(points) => write_line("LineString", points, out),
        View::Lines(lines) => {
            write_many(|out| lines.iter().for_each(|points| write_line("LineString", &points, out)), out)
        }
        View::Polygon(rings) => write_polygon(rings, out),
        View::Polygons(polygons) => {
            write_many(|out| polygons.iter().for_each(|rings| write_polygon(&rings, out)), out);
        }
    }
}

fn write_many(write: impl Fn(&mut Vec<u8>), out: &mut Vec<u8>) {
    out.extend_from_slice(b"<MultiGeometry>");
    write(out);
    out.extend_from_slice(b"</MultiGeometry>");
}

fn write_polygon(rings: &Rings, out: &mut Vec<u8>) {
    out.extend_from_slice(b"<Polygon>");
    for (index, points) in rings.iter().enumerate() {
        let side: &[u8] = if index == 0 { b"outerBoundaryIs>" } else { b"innerBoundaryIs>" };
        out.push(b'<');
        out.extend_from_slice(side);
        write_line("LinearRing", &points, out);
        out.extend_from_slice(b"</");
        out.extend_from_slice(side);
    }
    out.extend_from_slice(b"</Polygon>");
}

fn write_line(element: &str, points: &Points, out: &mut Vec<u8>) {
    out.push(b'<');
    out.extend_from_slice(element.as_bytes());
    out.extend_from_slice(b"><coordinates>");
    for (index, (x, y)) in points.iter().enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        decimal::write(x, out);
        out.push(b',');
        decimal::write(y, out);
    }
    out.extend_from_slice(b"</coordinates></");
    out.extend_from_slice(element.as_bytes());
    out.push(b'>');
}

/// Appends UTF-8 as it may stand in an element or an attribute.
fn escape(text: &[u8], out: &mut Vec<u8>) {
    const NO_CHARACTER: &[u8] = "\u{fffd}".as_bytes();
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let mut skipped = after;
        match first {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'"' => out.extend_from_slice(b"&quot;"),
            // A reader turns these into others, where they are not written as numbers.
            b'\t' => out.extend_from_slice(b"&#9;"),
            b'\n' => out.extend_from_slice(b"&#10;"),
            b'\r' => out.extend_from_slice(b"&#13;"),
            0..=0x1f => out.extend_from_slice(NO_CHARACTER),
            // U+FFFE and U+FFFF are no characters of XML.
            0xef if matches!(after, [0xbf, 0xbe | 0xbf, ..]) => {
                out.extend_from_slice(NO_CHARACTER);
                skipped = after.get(2..).unwrap_or_default();
            }
            other => out.push(*other),
        }
        rest = skipped;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comes_back_from_a_reader_or_as_the_sign_for_no_character() {
        let mut out = Vec::new();
        escape("<a b=\"&\">\t\n\r\u{1}\u{fffe}\u{ffff}\u{fffd}\u{feff}é".as_bytes(), &mut out);
        let expected = "&lt;a b=&quot;&amp;&quot;&gt;&#9;&#10;&#13;\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{feff}é";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
