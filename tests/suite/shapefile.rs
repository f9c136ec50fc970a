//! Shapefiles as GDAL reads them, against the GeoJSON of the same request.

use std::{collections::BTreeMap, fs, path::Path};

use rawdata_tests::{Database, Front, members, shared};
use serde_json::{Value, json};

use crate::gdal::{has_gdal, through_gdal};

/// The extract that ships, whole.
const ALL: [f64; 4] = [24.9, 60.1, 25.0, 60.2];
/// Most bytes of a text.
const WIDEST: usize = 254;

pub type Features = BTreeMap<(String, i64), Value>;

/// The features of a collection by table and id.
pub fn by_id(collection: &Value) -> Features {
    let features = collection["features"].as_array().unwrap();
    let id = |properties: &Value| {
        (properties["osm_type"].as_str().unwrap().to_owned(), properties["osm_id"].as_i64().unwrap())
    };
    let found: Features = features.iter().map(|feature| (id(&feature["properties"]), feature.clone())).collect();
    assert_eq!(found.len(), features.len(), "a feature came twice");
    found
}

/// What GDAL reads in a folder of shapefiles.
pub fn read_by_gdal(folder: &Path, files: &[(String, Vec<u8>)]) -> Features {
    let mut found = Features::new();
    for (name, content) in files {
        fs::write(folder.join(name), content).unwrap();
    }
    for (name, _) in files.iter().filter(|(name, _)| name.ends_with(".shp")) {
        found.extend(by_id(&through_gdal(&folder.join(name), &[])));
    }
    found
}

/// The lists of places in coordinates of any depth.
fn collect<'a>(value: &'a Value, found: &mut Vec<&'a [Value]>) {
    let list = value.as_array().unwrap();
    if list[0][0].is_number() { found.push(list) } else { list.iter().for_each(|part| collect(part, found)) }
}

/// All lines or rings of a geometry, wherever a ring begins and whichever way it goes round.
fn lists(geometry: &Value) -> Vec<Vec<(i64, i64)>> {
    let unit = |value: &Value| format!("{:.0}", value.as_f64().unwrap() * 1e7).parse::<i64>().unwrap();
    let place = |value: &Value| (unit(&value[0]), unit(&value[1]));
    let kind = geometry["type"].as_str().unwrap();
    if kind == "Point" {
        return vec![vec![place(&geometry["coordinates"])]];
    }
    let mut found = Vec::new();
    collect(&geometry["coordinates"], &mut found);
    let mut lists: Vec<Vec<(i64, i64)>> = found.into_iter().map(|list| list.iter().map(place).collect()).collect();
    if kind.ends_with("Polygon") {
        for ring in &mut lists {
            ring.pop();
            let turned = |ring: &[(i64, i64)]| {
                (0..ring.len()).map(|start| [&ring[start..], &ring[..start]].concat()).min().unwrap()
            };
            let back: Vec<_> = ring.iter().rev().copied().collect();
            *ring = turned(ring).min(turned(&back));
        }
    }
    lists.sort();
    lists
}

#[tokio::test]
async fn gdal_reads_in_shapefiles_what_geojson_holds() {
    if !has_gdal() {
        return;
    }
    let database = Database::helsinki();
    let front = Front::new(&database);
    let _worker = front.worker();
    let keys = ["name", "building", "addr:street", "addr:housenumber", "description"];
    let attributes = json!({ "filters": { "attributes": { "all_geometry": keys } } });
    for (number, more) in [json!({}), attributes].into_iter().enumerate() {
        let asked = |format: &str| {
            let mut more = more.clone();
            more["outputType"] = format.into();
            Front::request(ALL, more)
        };
        let (_, geojson) = front.export(asked("geojson")).await;
        let wanted = by_id(&serde_json::from_slice(&members(&geojson)[0].1).unwrap());
        let (result, zip) = front.export(asked("shp")).await;
        let files = members(&zip);
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        let mut expected = Vec::new();
        // What is always the same comes before all data.
        for ends in [&["prj", "cpg"][..], &["shp", "shx", "dbf"]] {
            for layer in ["point", "line", "poly"] {
                expected.extend(ends.iter().map(|end| format!("RawExport_{layer}.{end}")));
            }
        }
        expected.extend(["clipping_boundary.geojson", "Readme.txt"].map(str::to_owned));
        assert_eq!(names, expected);
        let size: usize = files.iter().map(|(_, content)| content.len()).sum();
        assert_eq!(result["binded_file_size"], format!("{:.2} MB", size as f64 / 1e6));
        let folder = std::env::temp_dir().join(format!("{}-shp-{number}", database.name()));
        fs::create_dir_all(&folder).unwrap();
        let found = read_by_gdal(&folder, &files[..15]);
        fs::remove_dir_all(&folder).unwrap();
        compare(&found, &wanted);
    }
}

#[tokio::test]
async fn shapefiles_hold_what_the_old_service_exported() {
    let Some(golden) = shared("contract/golden").filter(|_| has_gdal()) else { return };
    let database = Database::new();
    database.import_with(&["--area-rule", "closed"], &golden.join("input/t.osm"));
    let front = Front::new(&database);
    let _worker = front.worker();
    for case in ["shp_default", "shp_line_only", "shp_leak"] {
        let request: Value =
            serde_json::from_slice(&fs::read(golden.join(case).join("request.json")).unwrap()).unwrap();
        let (_, zip) = front.export(request).await;
        let recorded = fs::read_dir(golden.join(case).join("zip")).unwrap().map(|entry| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap())
        });
        let read = |side: &str, files: Vec<(String, Vec<u8>)>| {
            let folder = std::env::temp_dir().join(format!("{}-{case}-{side}", database.name()));
            fs::create_dir_all(&folder).unwrap();
            let mut found = read_by_gdal(&folder, &files);
            fs::remove_dir_all(&folder).unwrap();
            // There, filter and columns of points were those of areas, too.
            found.retain(|(table, _), _| case != "shp_leak" || table == "nodes");
            found
        };
        let (wanted, found) = (read("recorded", recorded.collect()), read("ours", members(&zip)));
        assert!(!wanted.is_empty(), "{case}");
        assert_eq!(found.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>(), "{case}");
        for (id, wanted) in &wanted {
            assert_eq!(found[id]["properties"], wanted["properties"], "{case} {id:?}");
            assert_eq!(lists(&found[id]["geometry"]), lists(&wanted["geometry"]), "{case} {id:?}");
        }
    }
}

/// Holds shapefiles against the GeoJSON of the same request.
pub fn compare(found: &Features, wanted: &Features) {
    assert_eq!(found.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>());
    for (id, wanted) in wanted {
        let found = &found[id];
        assert_eq!(lists(&found["geometry"]), lists(&wanted["geometry"]), "{id:?}");
        let mut wanted = wanted["properties"].as_object().unwrap().clone();
        wanted.remove("version");
        let mut found = found["properties"].as_object().unwrap().clone();
        // GDAL has no word for a day that is none.
        if wanted.get("timestamp").is_some_and(Value::is_null) {
            found.entry("timestamp").or_insert(Value::Null);
        }
        assert_eq!(found.len(), wanted.len(), "{id:?}: {found:?}");
        for (name, wanted) in &wanted {
            let name = name.get(..10).unwrap_or(name);
            assert!(holds(&found[name], wanted), "{id:?} {name}: {} in place of {wanted}", found[name]);
        }
    }
}

/// Whether a value is what a shapefile holds of another.
pub fn holds(found: &Value, wanted: &Value) -> bool {
    match (found.as_str(), wanted) {
        (Some(found), Value::Object(_)) if found.len() > WIDEST - 4 => {
            wanted.to_string().len() >= WIDEST - 60 && found.starts_with('{')
        }
        (Some(found), Value::Object(_)) => serde_json::from_str::<Value>(found).unwrap() == *wanted,
        (Some(found), Value::String(wanted)) => {
            // GDAL writes days with slashes.
            let (found, wanted) = (found.replace('/', "-"), wanted.replace('/', "-"));
            let is_day = wanted.as_bytes().get(10) == Some(&b'T') && wanted.get(..10) == Some(&found);
            is_day || found == wanted[..wanted.floor_char_boundary(WIDEST)].trim_matches(' ')
        }
        _ => found == wanted,
    }
}
