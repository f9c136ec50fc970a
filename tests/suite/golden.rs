//! Recorded exports of the old service, where the folder with them lies beside the repository: same files in the zip, same
//! features, columns and geometry. What differs is told where it is compared.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use rawdata_tests::{Database, Front, members, shared};
use serde_json::{Value, json};

use crate::gdal::{has_gdal, saved, through_gdal};

/// There, a key asked for twice is twice in a feature.
const TWICE: &str = "geojson_attr_collide";

/// A file: its columns in order, and each feature by table and id.
#[derive(Debug, Default)]
struct Content {
    columns: Vec<String>,
    features: BTreeMap<String, String>,
}

impl Content {
    fn add(&mut self, kind: &str, id: &str, feature: String) {
        assert!(self.features.insert(format!("{kind} {id}"), feature).is_none(), "{kind} {id} came twice");
    }

    /// Where two files differ.
    fn differences(&self, recorded: &Self) -> Vec<String> {
        let mut found = Vec::new();
        if self.columns != recorded.columns {
            found.push(format!("columns: recorded {:?}, ours {:?}", recorded.columns, self.columns));
        }
        for key in self.features.keys().chain(recorded.features.keys()).collect::<BTreeSet<_>>() {
            let (recorded, ours) = (recorded.features.get(key), self.features.get(key));
            if recorded != ours {
                found.push(format!("{key}: recorded {recorded:?}, ours {ours:?}"));
            }
        }
        found
    }
}

/// A GeoJSON collection, each feature as its bytes.
fn geojson(file: &[u8], is_exact: bool) -> Content {
    const FEATURE: &str = r#"{"type": "Feature", "#;
    let text = std::str::from_utf8(file).unwrap();
    let text = text.strip_prefix(r#"{"type": "FeatureCollection","features": ["#).unwrap().strip_suffix("]}").unwrap();
    let mut content = Content::default();
    for (number, rest) in text.split(FEATURE).skip(1).enumerate() {
        let text = format!("{FEATURE}{}", rest.strip_suffix(',').unwrap_or(rest));
        let value: Value =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: feature {number}, {text}"));
        let (kind, id) = (&value["properties"]["osm_type"], &value["properties"]["osm_id"]);
        content.add(kind.as_str().unwrap(), &id.to_string(), if is_exact { text } else { value.to_string() });
    }
    content
}

/// The records of a CSV file.
fn records(text: &str) -> Vec<Vec<String>> {
    let (mut records, mut record, mut field, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut rest = text.chars().peekable();
    while let Some(sign) = rest.next() {
        match sign {
            '"' if quoted && rest.peek() == Some(&'"') => field.extend(rest.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(std::mem::take(&mut field)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
            }
            other => field.push(other),
        }
    }
    assert!(field.is_empty() && record.is_empty(), "the last line has no end");
    records
}

/// A CSV file. Without attributes the old service wrote no place: three columns that only ours has are left out.
fn csv(file: &[u8]) -> Content {
    let mut records = records(std::str::from_utf8(file).unwrap()).into_iter();
    let mut columns = records.next().unwrap();
    let width = columns.len();
    columns.truncate(columns.iter().position(|name| name == "timestamp").map_or(width, |last| last + 1));
    let mut content = Content { columns, ..Content::default() };
    for record in records {
        assert_eq!(record.len(), width);
        let value = |(name, text): (&String, &String)| match name.as_str() {
            // Centroids have nine decimals here, and more there.
            "longitude" | "latitude" => format!("{:.8}", text.parse::<f64>().unwrap()),
            _ => text.clone(),
        };
        let values: Vec<String> = content.columns.iter().zip(&record).map(value).collect();
        content.add(&record[1], &record[0], format!("{values:?}"));
    }
    content
}

/// A file that psql loads.
fn sql(file: &[u8]) -> Content {
    let database = Database::bare();
    database.psql("CREATE EXTENSION postgis");
    database.psql(std::str::from_utf8(file).unwrap());
    let columns =
        "SELECT attname FROM pg_attribute WHERE attrelid = 'public.rawexport'::regclass AND attnum > 0 ORDER BY attnum";
    let mut content =
        Content { columns: database.psql(columns).lines().map(str::to_owned).collect(), ..Content::default() };
    let rows = "SET timezone = 'UTC'; SELECT to_jsonb(r) - 'ogc_fid' - 'geom' || jsonb_build_object('geom', ST_AsEWKT(geom)) FROM rawexport r";
    for row in database.psql(rows).lines() {
        let value: Value = serde_json::from_str(row).unwrap();
        content.add(value["osm_type"].as_str().unwrap(), &value["osm_id"].to_string(), row.to_owned());
    }
    content
}

/// A file that GDAL reads.
fn gdal(file: &[u8], kind: &str) -> Content {
    let mut content = Content::default();
    for feature in through_gdal(&saved(file, kind), &[])["features"].as_array().unwrap() {
        let properties = feature["properties"].as_object().unwrap();
        content.columns = properties.keys().cloned().collect();
        let mut properties = properties.clone();
        // That times are UTC is told in GeoPackage alone, as its standard wants. GDAL knows ids of KML by either of two types.
        if kind == "gpkg" {
            let time =
                properties["timestamp"].as_str().unwrap().trim_end_matches("+00").trim_end_matches('Z').to_owned();
            properties.insert("timestamp".into(), time.into());
        }
        for name in ["osm_id", "changeset"] {
            properties.insert(name.into(), format!("{:.0}", properties[name].as_f64().unwrap()).into());
        }
        let (kind, id) = (properties["osm_type"].as_str().unwrap().to_owned(), properties["osm_id"].to_string());
        content.add(&kind, &id, json!([properties, feature["geometry"]]).to_string());
    }
    content
}

/// What a data file of a case holds, or nothing where its reader is not there.
fn content(case: &str, format: &str, file: &[u8]) -> Option<Content> {
    match format {
        "geojson" => Some(geojson(file, case != TWICE)),
        "csv" => Some(csv(file)),
        "sql" => Some(sql(file)),
        _ => has_gdal().then(|| gdal(file, format)),
    }
}

/// The recorded members of a zip: the data file's content, and the boundary's.
fn recorded(case: &Path, name: &str) -> (Vec<u8>, Option<Vec<u8>>) {
    let zip = case.join("zip");
    (fs::read(zip.join(name)).unwrap(), fs::read(zip.join("clipping_boundary.geojson")).ok())
}

#[tokio::test]
async fn exports_hold_what_the_old_service_exported() {
    let Some(golden) = shared("contract/golden") else { return };
    let database = Database::new();
    database.import_with(&["--area-rule", "closed"], &golden.join("input/t.osm"));
    let front = Front::new(&database);
    let _worker = front.worker();
    let (mut failed, mut compared) = (Vec::new(), BTreeMap::<String, usize>::new());
    let mut cases: Vec<_> = fs::read_dir(&golden).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    for case in cases {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let Ok(request) = fs::read(case.join("request.json")) else { continue };
        let request: Value = serde_json::from_slice(&request).unwrap();
        let format = request["outputType"].as_str().unwrap_or("geojson").to_owned();
        // Tiles are not written yet, and what is in shapefiles is compared with the other tests of these.
        if ["mbtiles", "pmtiles", "mvt", "shp"].contains(&format.as_str()) {
            continue;
        }
        let reply: Value = serde_json::from_slice(&fs::read(case.join("reply.json")).unwrap()).unwrap();
        let reply = &reply["final"];
        let ended = front.ended(&front.snapshot(request.clone()).await).await;
        if ended["status"] != "SUCCESS" {
            failed.push(format!("{name}: {ended}"));
            continue;
        }
        *compared.entry(format.clone()).or_default() += 1;
        // What the old service failed at works here.
        if reply["status"] == "FAILURE" {
            continue;
        }
        let keys = |result: &Value| result.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(keys(&ended["result"]), keys(&reply["result"]), "{name}");
        for key in ["file_name", "query_area", "process_time"] {
            assert_eq!(ended["result"][key], reply["result"][key], "{name}: {key}");
        }
        let data_file = format!("{}.{format}", reply["result"]["file_name"].as_str().unwrap());
        let (wanted, boundary) = recorded(&case, &data_file);
        let file = front.get(ended["result"]["download_url"].as_str().unwrap()).await.body;
        let file = if request["bindZip"] == false {
            file
        } else {
            let mut files = members(&file);
            let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, [&data_file, "clipping_boundary.geojson", "Readme.txt"], "{name}");
            assert_eq!(Some(&files[1].1), boundary.as_ref(), "{name}");
            files.swap_remove(0).1
        };
        let (Some(ours), Some(wanted)) = (content(&name, &format, &file), content(&name, &format, &wanted)) else {
            continue;
        };
        failed.extend(ours.differences(&wanted).into_iter().map(|difference| format!("{name}: {difference}")));
    }
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
    assert!(compared.len() >= 7 && compared["geojson"] > 10, "{compared:?}");
}
