//! Recorded exports of the old service, where the folder with them lies beside the repository: same features, same properties.

use std::{collections::BTreeMap, fs};

use rawdata_tests::{Database, Front, members, shared};
use serde_json::Value;

/// The features of a collection by table and id.
fn by_id(file: &[u8]) -> BTreeMap<String, Value> {
    let collection: Value = serde_json::from_slice(file).unwrap();
    let features = collection["features"].as_array().unwrap();
    let key = |feature: &Value| format!("{} {}", feature["properties"]["osm_type"], feature["properties"]["osm_id"]);
    let found: BTreeMap<String, Value> =
        features.iter().map(|feature| (key(feature), feature["properties"].clone())).collect();
    assert_eq!(found.len(), features.len(), "a feature came twice");
    found
}

#[tokio::test]
async fn geojson_exports_hold_what_the_old_service_exported() {
    let Some(golden) = shared("contract/golden") else { return };
    let database = Database::new();
    database.import_with(&["--area-rule", "closed"], &golden.join("input/t.osm"));
    let front = Front::new(&database);
    let _worker = front.worker();
    let mut failed = Vec::new();
    let mut cases: Vec<_> = fs::read_dir(&golden).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    for case in cases {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let recorded = case.join("zip/RawExport.geojson");
        if !name.starts_with("geojson_") || !recorded.exists() {
            continue;
        }
        // What the recorder said is read as it is: equal keys keep their last value on both sides.
        let request: Value = serde_json::from_slice(&fs::read(case.join("request.json")).unwrap()).unwrap();
        let ended = front.ended(&front.snapshot(request).await).await;
        if ended["status"] != "SUCCESS" {
            failed.push(format!("{name}: {ended}"));
            continue;
        }
        let file = front.get(ended["result"]["download_url"].as_str().unwrap()).await.body;
        let file = if file.starts_with(b"PK") { members(&file).swap_remove(0).1 } else { file };
        let (wanted, found) = (by_id(&fs::read(recorded).unwrap()), by_id(&file));
        for key in wanted.keys().chain(found.keys()).collect::<std::collections::BTreeSet<_>>() {
            if wanted.get(key) != found.get(key) {
                failed.push(format!("{name}: {key}: recorded {:?}, ours {:?}", wanted.get(key), found.get(key)));
            }
        }
    }
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
}
