//! The text formats, to the byte.

#![cfg(test)]

mod rows;

use rawdata_core::geometry::Geometry;
use rawdata_core::request::query::Source;
use rows::{Row, cafe, file, house, places, request, track};
use serde_json::{Value, json};

fn point_with(tags: &[(&str, &str)]) -> Row {
    Row::new(Source::Nodes, 1, tags, &Geometry::Point(places(&[(1.0, 2.0)])[0]))
}

#[test]
fn a_geojson_sequence_is_the_features_of_the_collection_one_a_line() {
    let rows = [&cafe(), &house(), &track()];
    let sequence = file(&request(json!({"outputType": "geojsonseq"})), rows);
    assert!(sequence.ends_with("}\n"));
    let lines: Vec<&str> = sequence.lines().collect();
    assert_eq!(lines.len(), 3);
    let collection = file(&request(json!({})), rows);
    assert_eq!(collection, format!(r#"{{"type": "FeatureCollection","features": [{}]}}"#, lines.join(",")));
    assert_eq!(file(&request(json!({"outputType": "geojsonseq"})), []), "");
}

#[test]
fn no_value_breaks_a_line_of_a_sequence() {
    let row = point_with(&[("a\nb", "c\r\n\u{2028}")]);
    let text = file(&request(json!({"outputType": "geojsonseq"})), [&row, &row]);
    assert_eq!(text.lines().count(), 2);
    for line in text.lines() {
        let feature: Value = serde_json::from_str(line).unwrap();
        assert_eq!(feature["properties"]["tags"]["a\nb"], "c\r\n\u{2028}");
    }
}

#[test]
fn kml_is_written_to_the_byte() {
    let body =
        json!({"outputType": "kml", "fileName": "R&D", "filters": {"attributes": {"all_geometry": ["name", "<x>"]}}});
    assert_eq!(
        file(&request(body), [&cafe(), &house(), &track()]),
        concat!(
            "<?xml version=\"1.0\" encoding=\"utf-8\" ?>\n<kml xmlns=\"http://www.opengis.net/kml/2.2\">\n",
            "<Document id=\"root_doc\">\n",
            "<Style id=\"outline\"><LineStyle><color>ff0000ff</color></LineStyle><PolyStyle><fill>0</fill></PolyStyle></Style>\n",
            "<Schema name=\"R&amp;D\" id=\"columns\">\n",
            "<SimpleField name=\"osm_id\" type=\"double\"></SimpleField>\n",
            "<SimpleField name=\"osm_type\" type=\"string\"></SimpleField>\n",
            "<SimpleField name=\"name\" type=\"string\"></SimpleField>\n",
            "<SimpleField name=\"&lt;x&gt;\" type=\"string\"></SimpleField>\n",
            "</Schema>\n<Folder><name>R&amp;D</name>\n",
            "<Placemark><ExtendedData><SchemaData schemaUrl=\"#columns\"><SimpleData name=\"osm_id\">1</SimpleData>",
            "<SimpleData name=\"osm_type\">nodes</SimpleData>",
            "<SimpleData name=\"name\">Tea &amp; &quot;Co&quot;</SimpleData></SchemaData></ExtendedData>",
            "<Point><coordinates>83.971,-0.0000001</coordinates></Point></Placemark>\n",
            "<Placemark><styleUrl>#outline</styleUrl><ExtendedData><SchemaData schemaUrl=\"#columns\">",
            "<SimpleData name=\"osm_id\">30</SimpleData><SimpleData name=\"osm_type\">relations</SimpleData>",
            "</SchemaData></ExtendedData><Polygon><outerBoundaryIs><LinearRing><coordinates>0,0 4,0 4,4 0,4 0,0</coordinates>",
            "</LinearRing></outerBoundaryIs><innerBoundaryIs><LinearRing><coordinates>1,1 1,2 2,2 2,1 1,1</coordinates>",
            "</LinearRing></innerBoundaryIs></Polygon></Placemark>\n",
            "<Placemark><styleUrl>#outline</styleUrl><ExtendedData><SchemaData schemaUrl=\"#columns\">",
            "<SimpleData name=\"osm_id\">31</SimpleData><SimpleData name=\"osm_type\">relations</SimpleData>",
            "</SchemaData></ExtendedData><MultiGeometry><LineString><coordinates>0,0 2,0</coordinates></LineString>",
            "<LineString><coordinates>0,1 0,2</coordinates></LineString></MultiGeometry></Placemark>\n",
            "</Folder>\n</Document></kml>\n",
        )
    );
}

#[test]
fn kml_is_well_formed_whatever_the_values() {
    let row = point_with(&[("k", "]]>\u{1}\u{0}<&\u{ffff}"), ("a\"'<\u{b}>", "x")]);
    for body in [
        json!({"outputType": "kml"}),
        json!({"outputType": "kml", "filters": {"attributes": {"point": ["k", "a\"'<\u{b}>"]}}}),
    ] {
        let text = file(&request(body), [&row]);
        let mut reader = quick_xml::Reader::from_str(&text);
        loop {
            match reader.read_event().unwrap() {
                quick_xml::events::Event::Eof => break,
                quick_xml::events::Event::Start(element) => {
                    element.attributes().for_each(|attribute| assert!(attribute.is_ok()));
                }
                _ => {}
            }
        }
        let is_harmless = |letter: char| letter == '\n' || (' '..'\u{fffe}').contains(&letter);
        assert!(text.chars().all(is_harmless), "{text}");
    }
}

#[test]
fn sql_is_written_to_the_byte() {
    let body = json!({"outputType": "sql", "fileName": "My Roads", "filters": {"attributes": {"all_geometry": ["name", "ctid"]}}});
    assert_eq!(
        file(&request(body), [&cafe()]),
        concat!(
            "BEGIN;\nSET LOCAL client_encoding = 'UTF8';\nDROP TABLE IF EXISTS \"public\".\"my_roads\";\n",
            "CREATE TABLE \"public\".\"my_roads\" (\n  \"ogc_fid\" serial PRIMARY KEY,\n",
            "  \"geom\" geometry(Geometry, 4326),\n  \"osm_id\" bigint,\n  \"osm_type\" text,\n  \"name\" text,\n",
            "  \"ctid_2\" text\n);\n",
            "COPY \"public\".\"my_roads\" (\"geom\", \"osm_id\", \"osm_type\", \"name\", \"ctid_2\") FROM stdin;\n",
            "0101000020E6100000A01A2FDD24FE544048AFBC9AF2D77ABE\t1\tnodes\tTea & \"Co\"\t\\N\n",
            "\\.\nCREATE INDEX ON \"public\".\"my_roads\" USING gist (\"geom\");\nCOMMIT;\nANALYZE \"public\".\"my_roads\";\n",
        )
    );
}

#[test]
fn no_value_or_name_leaves_its_place_in_sql() {
    let row = point_with(&[("k", "a\\b\tc\nd\re\\.\u{1}"), ("x\"; DROP TABLE y; --", "")]);
    let body = json!({"outputType": "sql", "fileName": "a'b;c", "filters": {"attributes": {"point": ["k", "x\"; DROP TABLE y; --"]}}});
    let text = file(&request(body), [&row]);
    assert!(text.contains("\"public\".\"a'b;c\""), "{text}");
    assert!(text.contains("\"x\"\"; DROP TABLE y; --\"".to_lowercase().replace(' ', "_").as_str()), "{text}");
    assert!(text.contains("\t1\tnodes\ta\\\\b\\tc\\nd\\re\\\\.\u{1}\t\n\\.\n"), "{text}");
}

#[test]
fn identifiers_of_sql_are_as_long_as_the_server_keeps_them_and_still_differ() {
    let keys: Vec<String> = ["a", "b"].iter().map(|end| "é".repeat(40) + end).collect();
    let name = "É".repeat(60);
    let body = json!({"outputType": "sql", "fileName": name, "filters": {"attributes": {"point": keys}}});
    let text = file(&request(body), []);
    let column = "é".repeat(31);
    assert!(text.contains(&format!("  \"{column}\" text,\n  \"{}_2\" text\n", "é".repeat(30))), "{text}");
    assert!(text.contains(&format!("\"public\".\"{column}\"")), "{text}");
}

#[test]
fn times_and_tags_of_sql_are_as_the_server_reads_them() {
    let text = file(&request(json!({"outputType": "sql", "includeUserMetadata": true})), [&cafe()]);
    let tags = r#"{"name": "Tea & \\"Co\\"", "cuisine": "नेपाली", "addr:city": "Pokhara"}"#;
    let row = format!("\t1\tnodes\t2\t{tags}\t900\t7\ta \"user\"\t2024-03-01 10:20:30+00\n");
    assert!(text.contains(&row), "{text}");
}
