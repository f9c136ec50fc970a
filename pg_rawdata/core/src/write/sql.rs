//! SQL for psql: a transaction that makes a table in PostGIS and fills it by COPY.
//!
//! The table is `public.{name of the export in lower case}`, as clients know it. Values of features are only ever rows of
//! the COPY; names are quoted.

use super::decimal::write_signed;
use super::fields::{Field, Kind, Value, fields};
use super::{Encoder, Feature, Rest, Schema, time, wkb};
use crate::Result;
use crate::request::{GeometryType, LONGEST_IDENTIFIER};
use crate::stored::geometry::NO_PAIR;

/// Writes the statements.
#[derive(Default)]
pub(super) struct Sql {
    fields: Vec<Field>,
    centroid: bool,
    table: String,
    /// The bytes of one value, before they are written as text.
    value: Vec<u8>,
}

impl Encoder for Sql {
    fn begin(&mut self, schema: &Schema, out: &mut Vec<u8>) -> Result<()> {
        // The columns of all types are the same: Format::is_one_table.
        self.fields = fields(&schema.columns[GeometryType::Point]);
        self.centroid = schema.centroid;
        let name = schema.name.to_lowercase();
        let name = name.get(..name.floor_char_boundary(LONGEST_IDENTIFIER)).unwrap_or_default();
        let table = format!("\"public\".{}", quoted(name));
        let mut text = format!(
            "BEGIN;\nSET LOCAL client_encoding = 'UTF8';\nDROP TABLE IF EXISTS {table};\nCREATE TABLE {table} (\n  \
             \"ogc_fid\" serial PRIMARY KEY,\n  \"geom\" geometry(Geometry, 4326)"
        );
        let mut names = String::from("\"geom\"");
        for field in &self.fields {
            let name = quoted(&field.name);
            text.push_str(&format!(",\n  {name} {}", type_name(field.kind)));
            names.push_str(&format!(", {name}"));
        }
        text.push_str(&format!("\n);\nCOPY {table} ({names}) FROM stdin;\n"));
        out.extend_from_slice(text.as_bytes());
        self.table = table;
        Ok(())
    }

    fn feature(&mut self, feature: &Feature, out: &mut Vec<u8>) -> Result<()> {
        let mut place = NO_PAIR;
        self.value.clear();
        wkb::write_extended(&feature.shown(self.centroid, &mut place), &mut self.value);
        write_hex(&self.value, out);
        for field in &self.fields {
            out.push(b'\t');
            match field.value(feature) {
                Value::Null => out.extend_from_slice(br"\N"),
                Value::Int(number) => write_signed(number.into(), out),
                Value::Long(number) => write_signed(number, out),
                Value::Text(text) => write_text(text.as_bytes(), out),
                Value::Tags(tags) => {
                    self.value.clear();
                    tags.write_json(&mut self.value);
                    write_text(&self.value, out);
                }
                Value::Time(time) => {
                    time::write(time, b'-', b' ', out);
                    out.extend_from_slice(b"+00");
                }
            }
        }
        out.push(b'\n');
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<Rest> {
        let table = &self.table;
        let text = format!("\\.\nCREATE INDEX ON {table} USING gist (\"geom\");\nCOMMIT;\nANALYZE {table};\n");
        out.extend_from_slice(text.as_bytes());
        Ok(Rest::Done)
    }
}

fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Int => "integer",
        Kind::Long => "bigint",
        Kind::Text => "text",
        Kind::Json => "json",
        Kind::Time => "timestamp with time zone",
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn write_hex(bytes: &[u8], out: &mut Vec<u8>) {
    let digit = |value: u8| value + if value < 10 { b'0' } else { b'A' - 10 };
    let start = out.len();
    out.resize(start + bytes.len() * 2, 0);
    let pairs = out.get_mut(start..).unwrap_or_default().as_chunks_mut::<2>().0;
    for (pair, byte) in pairs.iter_mut().zip(bytes) {
        *pair = [digit(byte >> 4), digit(byte & 15)];
    }
}

/// Appends a value as the text form of COPY has it.
fn write_text(text: &[u8], out: &mut Vec<u8>) {
    for byte in text {
        match byte {
            b'\\' => out.extend_from_slice(br"\\"),
            b'\t' => out.extend_from_slice(br"\t"),
            b'\n' => out.extend_from_slice(br"\n"),
            b'\r' => out.extend_from_slice(br"\r"),
            other => out.push(*other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_two_digits() {
        let bytes: Vec<u8> = (0..=255).collect();
        let mut out = b"x".to_vec();
        write_hex(&bytes, &mut out);
        let slow: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        assert_eq!(String::from_utf8(out).unwrap(), format!("x{slow}"));
    }
}
