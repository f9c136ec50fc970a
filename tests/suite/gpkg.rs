//! GeoPackage files against GeoJSON, both read by GDAL where it is installed.

use std::collections::BTreeMap;

use rawdata_tests::{Database, Front};
use serde_json::{Value, json};

use crate::gdal::{has_gdal, saved, through_gdal};

const HELSINKI: [f64; 4] = [24.0, 60.0, 25.5, 60.5];

/// The file of a request.
fn export(database: &Database, body: &Value) -> Vec<u8> {
    let body = body.to_string().replace('\'', "''");
    database.bytes(&format!("SELECT rawdata.export('{body}')"))
}

/// Features by table and id. GDAL spells times in its own way, and says that they are UTC.
fn by_id(collection: &Value) -> BTreeMap<String, Value> {
    let features = collection["features"].as_array().unwrap();
    let mut found = BTreeMap::new();
    for feature in features {
        let mut feature = json!({"geometry": feature["geometry"], "properties": feature["properties"]});
        if let Some(Value::String(time)) = feature["properties"].get_mut("timestamp") {
            *time = time.trim_end_matches("+00").trim_end_matches('Z').replace('/', "-").replace(' ', "T");
        }
        let key = format!("{} {}", feature["properties"]["osm_type"], feature["properties"]["osm_id"]);
        assert!(found.insert(key, feature).is_none(), "a feature came twice");
    }
    found
}

fn compare(ours: &Value, theirs: &Value) -> usize {
    let (ours, theirs) = (by_id(ours), by_id(theirs));
    for (key, feature) in &theirs {
        assert_eq!(ours.get(key), Some(feature));
    }
    assert_eq!(ours.len(), theirs.len());
    ours.len()
}

#[test]
fn gdal_reads_what_geojson_says() {
    if !has_gdal() {
        return;
    }
    let database = Database::helsinki();
    for more in [
        json!({}),
        json!({"centroid": true, "includeUserMetadata": true}),
        json!({"geometryType": ["line", "polygon"], "fileName": "it's",
               "filters": {"attributes": {"all_geometry": ["name", "addr:street", "is-in", "fid"]}}}),
    ] {
        let mut body = Front::request(HELSINKI, more);
        // Both through GDAL, which writes 18.9999999 as 19.
        let expected = through_gdal(&saved(&export(&database, &body), "geojson"), &[]);
        body["outputType"] = "gpkg".into();
        let mut read = through_gdal(&saved(&export(&database, &body), "gpkg"), &[]);
        // The row's own number is `fid`, so the tag's column has another name here.
        for feature in read["features"].as_array_mut().unwrap() {
            let properties = feature["properties"].as_object_mut().unwrap();
            if let Some(value) = properties.remove("fid_2") {
                properties.insert("fid".to_owned(), value);
            }
        }
        assert!(compare(&read, &expected) > 1000);
    }
}

#[test]
fn gdal_finds_by_the_index_what_it_finds_without() {
    if !has_gdal() {
        return;
    }
    let database = Database::helsinki();
    let body = Front::request(HELSINKI, json!({"outputType": "gpkg"}));
    let file = saved(&export(&database, &body), "gpkg");
    let all = through_gdal(&file, &[]);
    let window = ["24.94", "60.165", "24.95", "60.17"];
    let found = through_gdal(&file, &[["-spat"].as_slice(), &window].concat());
    // GDAL with a function of x and y reads every row.
    let without = through_gdal(
        &file,
        &[
            "-dialect",
            "sqlite",
            "-sql",
            "SELECT * FROM RawExport WHERE ST_Intersects(geom, BuildMbr(24.94, 60.165, 24.95, 60.17))",
        ],
    );
    let count = compare(&found, &without);
    assert!(0 < count && count < all["features"].as_array().unwrap().len());
}
