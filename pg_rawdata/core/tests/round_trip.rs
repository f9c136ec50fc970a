//! From values to stored bytes and from there to files.

#![cfg(test)]

mod reference;
mod rows;

use std::collections::HashMap;
use std::path::Path;

use rawdata_core::geometry::{Geometry, Polygon};
use rawdata_core::osm::Place;
use rawdata_core::request::query::Source;
use rawdata_core::request::{Limits, Request, Service};
use rows::{Row, cafe, file, house, places, request, track};
use serde_json::{Value, json};

#[test]
fn geojson_is_written_to_the_byte() {
    assert_eq!(
        file(&request(json!({})), [&cafe(), &track()]),
        concat!(
            r#"{"type": "FeatureCollection","features": ["#,
            r#"{"type": "Feature", "geometry": {"type":"Point","coordinates":[83.971,-0.0000001]}, "#,
            r#""properties": {"osm_id": 1, "osm_type": "nodes", "version": 2, "#,
            r#""tags": {"name": "Tea & \"Co\"", "cuisine": "नेपाली", "addr:city": "Pokhara"}, "#,
            r#""changeset": 900, "timestamp": "2024-03-01T10:20:30"}},"#,
            r#"{"type": "Feature", "geometry": {"type":"MultiLineString","coordinates":[[[0,0],[2,0]],[[0,1],[0,2]]]}, "#,
            r#""properties": {"osm_id": 31, "osm_type": "relations", "version": 2, "tags": {}, "#,
            r#""changeset": 900, "timestamp": "2024-03-01T10:20:30"}}]}"#,
        )
    );
    assert_eq!(file(&request(json!({})), []), r#"{"type": "FeatureCollection","features": []}"#);
}

#[test]
fn every_geometry_is_written() {
    let square = |x: f64| places(&[(x, 0.0), (x + 1.0, 0.0), (x + 1.0, 1.0), (x, 0.0)]);
    let polygon = |x| Polygon { outer: square(x), inners: Vec::new() };
    for (shape, expected) in [
        (Geometry::Line(places(&[(0.0, 0.5), (1.0, 2.0)])), r#"{"type":"LineString","coordinates":[[0,0.5],[1,2]]}"#),
        (
            Geometry::Polygons(vec![polygon(0.0), polygon(5.0)]),
            r#"{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]],[[[5,0],[6,0],[6,1],[5,0]]]]}"#,
        ),
    ] {
        let text = file(&request(json!({})), [&Row::new(Source::WaysPoly, 1, &[], &shape)]);
        assert!(text.contains(&format!("\"geometry\": {expected}, \"properties\"")), "{text}");
    }
}

#[test]
fn what_is_not_known_is_null() {
    let mut row = cafe();
    (row.version, row.changeset, row.timestamp) = (None, None, None);
    let text = file(&request(json!({})), [&row]);
    assert!(
        text.contains(r#""version": null, "#) && text.contains(r#""changeset": null, "timestamp": null}"#),
        "{text}"
    );
}

#[test]
fn users_stand_between_changeset_and_time() {
    let text = file(&request(json!({"includeUserMetadata": true})), [&cafe()]);
    assert!(text.contains(r#""changeset": 900, "uid": 7, "user": "a \"user\"", "timestamp": "#), "{text}");
}

#[test]
fn attributes_are_flat_and_each_type_has_its_own() {
    let body = json!({"filters": {"attributes": {"point": ["addr:city", "x"], "polygon": ["*"]}}});
    let text = file(&request(body), [&cafe(), &house(), &track()]);
    for part in [
        r#"{"osm_id": 1, "osm_type": "nodes", "addr_city": "Pokhara", "x": null}"#,
        r#"{"osm_id": 30, "osm_type": "relations", "tags": {"building": "yes"}}"#,
        r#"{"osm_id": 31, "osm_type": "relations", "version": 2, "tags": {}, "#,
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn the_centroid_stands_for_the_geometry() {
    let text = file(&request(json!({"centroid": true})), [&house()]);
    assert!(text.contains(r#"{"type":"Point","coordinates":[2.033333333,2.033333333]}"#), "{text}");
}

/// Header and lines of a CSV file, as a reader sees them.
fn table(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn csv_has_the_columns_then_the_place() {
    let text = file(&request(json!({"outputType": "csv", "includeUserMetadata": true})), [&cafe(), &house()]);
    assert_eq!(
        text.lines().next(),
        Some("osm_id,osm_type,version,tags,changeset,uid,user,timestamp,longitude,latitude,geom_type")
    );
    assert!(text.ends_with("\r\n") && !text.replace("\r\n", "").contains('\n'));
    let rows = table(&text);
    let tags = r#"{"name": "Tea & \"Co\"", "cuisine": "नेपाली", "addr:city": "Pokhara"}"#;
    let time = "2024/03/01 10:20:30";
    assert_eq!(rows[1], ["1", "nodes", "2", tags, "900", "7", "a \"user\"", time, "83.971", "-0.0000001", "POINT"]);
    assert_eq!(rows[2][8..], ["2.033333333", "2.033333333", "POLYGON"]);
    let centroid = file(&request(json!({"outputType": "csv", "centroid": true})), [&house()]);
    assert!(centroid.ends_with(",2.033333333,2.033333333,POINT\r\n"));
}

#[test]
fn csv_gives_back_every_value_as_it_was() {
    let values = ["", " ", "a,b", "\"", "a\"b", "\r\n", "a\nb", "=1+1", "\t", "'", "é", " a", "\u{1}", "a;b", "NULL"];
    let rows: Vec<Row> = values
        .iter()
        .map(|value| Row::new(Source::Nodes, 1, &[("k", value)], &Geometry::Point(places(&[(1.0, 2.0)])[0])))
        .collect();
    let body = json!({"outputType": "csv", "filters": {"attributes": {"point": ["k"], "line": ["a \"b\"|c"]}}});
    let text = file(&request(body), &rows);
    assert!(text.starts_with("osm_id,osm_type,k,\"a_\"\"b\"\"|c\",longitude"), "{text}");
    let table = table(&text);
    assert_eq!(table.len(), values.len() + 1);
    for (row, value) in table[1..].iter().zip(values) {
        assert_eq!(row[2], value);
    }
    assert!(text.contains("1,nodes,\"\",,1,2,POINT"), "an empty value is not a missing one: {text}");
}

#[test]
fn geojson_gives_back_every_value_as_it_was() {
    for value in ["", "\"", "\\", "\u{8}\u{c}\n\r\t\u{1}\u{1f}\u{7f}", "é\u{10ffff}", "</script>", "\u{2028}"] {
        let row = Row::new(Source::Nodes, i64::MAX, &[(value, value)], &Geometry::Point(places(&[(1.0, 2.0)])[0]));
        let parsed: Value = serde_json::from_str(&file(&request(json!({})), [&row])).unwrap();
        let properties = &parsed["features"][0]["properties"];
        assert_eq!(properties["tags"], json!({ value: value }));
        assert_eq!(properties["osm_id"], json!(i64::MAX));
    }
}

// The recorded files of the old service, made again from the same features.

fn shape(geometry: &Value) -> Geometry {
    fn place(position: &Value) -> Place {
        places(&[(position[0].as_f64().unwrap(), position[1].as_f64().unwrap())])[0]
    }
    fn list<T>(value: &Value, of: impl Fn(&Value) -> T) -> Vec<T> {
        value.as_array().unwrap().iter().map(of).collect()
    }
    fn polygon(value: &Value) -> Polygon {
        let mut rings = list(value, |ring| list(ring, place));
        Polygon { outer: rings.remove(0), inners: rings }
    }
    let coordinates = &geometry["coordinates"];
    match geometry["type"].as_str().unwrap() {
        "Point" => Geometry::Point(place(coordinates)),
        "LineString" => Geometry::Line(list(coordinates, place)),
        "MultiLineString" => Geometry::Lines(list(coordinates, |line| list(line, place))),
        "Polygon" => Geometry::Polygon(polygon(coordinates)),
        "MultiPolygon" => Geometry::Polygons(list(coordinates, polygon)),
        other => panic!("{other}"),
    }
}

fn recorded_rows(golden: &Path) -> HashMap<(String, i64), Row> {
    // The recorded file that holds most features.
    let text = std::fs::read(golden.join("geojson_intersects/zip/RawExport.geojson")).unwrap();
    let file: Value = serde_json::from_slice(&text).unwrap();
    let mut rows = HashMap::new();
    for feature in file["features"].as_array().unwrap() {
        let properties = &feature["properties"];
        let kind = properties["osm_type"].as_str().unwrap();
        let shape = shape(&feature["geometry"]);
        let source = match (kind, &shape) {
            ("nodes", _) => Source::Nodes,
            ("ways_line", _) => Source::WaysLine,
            ("ways_poly", _) => Source::WaysPoly,
            (_, Geometry::Lines(_)) => Source::LineRelations,
            _ => Source::AreaRelations,
        };
        let tags: Vec<(&str, &str)> =
            properties["tags"].as_object().unwrap().iter().map(|(k, v)| (k.as_str(), v.as_str().unwrap())).collect();
        let mut row = Row::new(source, properties["osm_id"].as_i64().unwrap(), &tags, &shape);
        row.version = properties["version"].as_i64().and_then(|version| i32::try_from(version).ok());
        rows.insert((kind.to_owned(), row.id), row);
    }
    rows
}

#[test]
fn recorded_geojson_files_are_made_again_byte_for_byte() {
    let Some(golden) = reference::folder("contract/golden") else { return };
    let rows = recorded_rows(&golden);
    let mut made = 0;
    for case in std::fs::read_dir(&golden).unwrap() {
        let case = case.unwrap().path();
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        // There a column stands twice, which ours does not.
        if !name.starts_with("geojson_") || name == "geojson_attr_collide" {
            continue;
        }
        let body = std::fs::read(case.join("request.json")).unwrap();
        let request = Request::parse(&body, Service::Snapshot, &Limits::default()).unwrap();
        let data = case.join("zip").join(request.file_name.data_file(request.format));
        let Ok(recorded) = std::fs::read_to_string(data) else { continue };
        let parsed: Value = serde_json::from_str(&recorded).unwrap();
        let key = |feature: &Value| {
            let properties = &feature["properties"];
            (properties["osm_type"].as_str().unwrap().to_owned(), properties["osm_id"].as_i64().unwrap())
        };
        let features = parsed["features"].as_array().unwrap().iter().map(|feature| &rows[&key(feature)]);
        assert_eq!(file(&request, features), recorded, "{name}");
        if let Ok(boundary) = std::fs::read_to_string(case.join("zip/clipping_boundary.geojson")) {
            assert_eq!(request.area.boundary_json(), boundary, "{name}");
        }
        made += 1;
    }
    assert!(made >= 12, "{made}");
}

#[test]
fn recorded_csv_files_hold_what_ours_hold() {
    let Some(golden) = reference::folder("contract/golden") else { return };
    let rows = recorded_rows(&golden);
    for case in ["csv_default", "csv_attr"] {
        let body = std::fs::read(golden.join(case).join("request.json")).unwrap();
        let request = Request::parse(&body, Service::Snapshot, &Limits::default()).unwrap();
        let recorded = table(&std::fs::read_to_string(golden.join(case).join("zip/RawExport.csv")).unwrap());
        let features = recorded[1..].iter().map(|row| &rows[&(row[1].clone(), row[0].parse().unwrap())]);
        let ours = table(&file(&request, features));
        assert_eq!(ours.len(), recorded.len());
        for (ours, theirs) in ours.iter().zip(&recorded) {
            for (ours, theirs) in ours.iter().zip(theirs) {
                let numbers = (ours.parse::<f64>(), theirs.parse::<f64>());
                let near = matches!(numbers, (Ok(ours), Ok(theirs)) if (ours - theirs).abs() < 1e-9);
                assert!(ours == theirs || near, "{case}: {ours} {theirs}");
            }
        }
    }
}
