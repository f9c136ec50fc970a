//! The files that lie beside the data in a zip.

use super::time;
use crate::osm::Timestamp;
use crate::request::Format;

/// Name of the file that holds the area asked for. Clients look for exactly this.
pub const BOUNDARY_FILE: &str = "clipping_boundary.geojson";
/// Name of the file that says what this is, and under which licence.
pub const README_FILE: &str = "Readme.txt";

/// The text of the readme.
///
/// `as_of` is the time of the data, not of the export: the same request over the same data gives the same file. The
/// first line is the one that programs read. `extra` is the operator's.
pub fn readme(as_of: Option<Timestamp>, sequence: Option<i64>, format: Format, mended: bool, extra: &str) -> String {
    let mut time = Vec::new();
    match as_of {
        Some(as_of) => time::write(as_of, b'-', b' ', &mut time),
        None => time.extend_from_slice(b"unknown"),
    }
    let time = String::from_utf8(time).unwrap_or_default();
    let mut text = format!("Exported Timestamp (UTC+0000): {time}\n");
    if let Some(sequence) = sequence {
        text.push_str(&format!("Sequence number of the last update: {sequence}\n"));
    }
    text.push_str(
        "\n\
         This file holds map data from OpenStreetMap, made by its contributors.\n\
         (c) OpenStreetMap contributors, https://www.openstreetmap.org/copyright\n\
         \n\
         The database is open under the Open Database License (ODbL) 1.0, https://opendatacommons.org/licenses/odbl/1-0/\n\
         its contents under the Database Contents License (DbCL) 1.0, https://opendatacommons.org/licenses/dbcl/1-0/\n\
         You may share and change it if you name the source and share what you make of the database alike.\n\
         About OpenStreetMap: https://www.openstreetmap.org/about\n",
    );
    if format == Format::Shapefile {
        text.push_str(
            "\nShapefiles hold less than there is: texts are cut to 254 bytes, names of columns to 10, times to their day; the\n\
             version is left out, and an empty text is none. What is too large for one file goes on in _2, _3 and so on.\n",
        );
    }
    if mended {
        text.push_str("\nThe area asked for crosses itself. It was mended by the even-odd rule before it was used.\n");
    }
    if !extra.trim().is_empty() {
        text.push('\n');
        text.push_str(extra.trim());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_time_of_the_data() {
        let text = readme(Some(Timestamp(1_709_288_430)), Some(7), Format::GeoJson, false, "");
        assert_eq!(text.lines().next(), Some("Exported Timestamp (UTC+0000): 2024-03-01 10:20:30"));
        assert!(text.contains("last update: 7") && text.contains("ODbL") && !text.contains("mended"));
        assert!(readme(None, None, Format::Csv, true, " By us. ").ends_with("\nBy us.\n"));
        assert!(!text.contains("254"));
        assert!(readme(None, None, Format::Shapefile, false, "").contains("cut to 254 bytes"));
    }
}
