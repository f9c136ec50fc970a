//! The HTTP face: what a client sends, and what it gets.

use rawdata_tests::{Database, Front, Osm, Program, members};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const BOX: [f64; 4] = [24.0, 60.0, 24.02, 60.02];

/// Five features within [`BOX`], and one outside of it.
fn town() -> Osm {
    Osm::new()
        .node(1, 24.001, 60.001, &[("amenity", "cafe"), ("name", "Tee & \"Kaffee\"")])
        .node(2, 24.002, 60.002, &[("amenity", "bench")])
        .node(3, 24.003, 60.003, &[])
        .node(4, 24.5, 60.5, &[("amenity", "cafe")])
        .square(10, [24.005, 60.005], 0.001, &[("building", "yes")])
        .square(20, [24.007, 60.007], 0.001, &[("building", "house")])
        .way(30, &[1, 2, 3], &[("highway", "path")])
}

/// Kept whole as long as the test runs: what is dropped ends.
struct System {
    _worker: Program,
    front: Front,
    database: Database,
}

fn system() -> System {
    let database = Database::new();
    database.import(town().xml());
    let front = Front::new(&database);
    let worker = front.worker();
    System { _worker: worker, front, database }
}

fn area(more: Value) -> Value {
    Front::request(BOX, more)
}

fn features(file: &[u8]) -> Vec<Value> {
    let collection: Value = serde_json::from_slice(file).unwrap();
    assert_eq!(collection["type"], "FeatureCollection");
    collection["features"].as_array().unwrap().clone()
}

fn ids(features: &[Value]) -> Vec<i64> {
    let mut ids: Vec<i64> = features.iter().map(|feature| feature["properties"]["osm_id"].as_i64().unwrap()).collect();
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn a_snapshot_is_asked_for_waited_for_and_fetched() {
    let system = system();
    let (database, front) = (&system.database, &system.front);
    let asked = front.post("/v1/snapshot/", &area(json!({ "fileName": "my town" }))).await;
    assert_eq!(asked.status, StatusCode::OK);
    let asked = asked.json();
    let id = asked["task_id"].as_str().unwrap();
    assert_eq!(asked["track_link"], format!("/tasks/status/{id}/"));
    assert!(asked["queue"].is_u64(), "{asked}");

    let ended = front.ended(id).await;
    assert_eq!((&ended["status"], &ended["id"]), (&json!("SUCCESS"), &json!(id)));
    let result = &ended["result"];
    assert_eq!(result["file_name"], "my_town");
    assert!(result["query_area"].as_str().unwrap().ends_with(" Sq Km"), "{result}");
    let url = result["download_url"].as_str().unwrap();
    assert_eq!(url, format!("{}/exports/{id}/my_town_geojson_uid_{id}.zip", front.url));

    let file = front.get(url).await;
    assert_eq!(result["zip_file_size_bytes"], file.body.len());
    let members = members(&file.body);
    let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["my_town.geojson", "clipping_boundary.geojson", "Readme.txt"]);
    let exported = features(&members[0].1);
    assert_eq!(ids(&exported), [1, 2, 10, 20, 30]);
    assert_eq!(database.psql(&format!("SELECT rawdata.feature_count('{}')", area(json!({})))), "5");
    let cafe = exported.iter().find(|feature| feature["properties"]["osm_id"] == 1).unwrap();
    assert_eq!(cafe["geometry"], json!({ "type": "Point", "coordinates": [24.001, 60.001] }));
    assert_eq!(
        cafe["properties"],
        json!({ "osm_id": 1, "osm_type": "nodes", "version": 1, "tags": { "amenity": "cafe", "name": "Tee & \"Kaffee\"" },
                "changeset": 9, "timestamp": "2024-03-01T10:20:30" })
    );
    let boundary: Value = serde_json::from_slice(&members[1].1).unwrap();
    assert_eq!((&boundary["type"], &boundary["bbox"]), (&json!("Polygon"), &Value::Null));
    let readme = String::from_utf8(members[2].1.clone()).unwrap();
    assert!(readme.starts_with("Exported Timestamp (UTC+0000): 20"), "{readme}");
    assert!(readme.contains("OpenStreetMap") && readme.contains("ODbL"), "{readme}");
}

#[tokio::test]
async fn a_csv_carries_coordinates() {
    let system = system();
    let front = &system.front;
    let (_, zip) = front.export(area(json!({ "outputType": "csv", "geometryType": ["point"] }))).await;
    let members = members(&zip);
    assert_eq!(members[0].0, "RawExport.csv");
    let csv = String::from_utf8(members[0].1.clone()).unwrap();
    assert_eq!(csv.lines().count(), 3, "{csv}");
    assert!(csv.lines().next().unwrap().starts_with("osm_id,osm_type,"), "{csv}");
    assert!(csv.contains("24.001") && csv.contains("60.001"), "{csv}");
}

#[tokio::test]
async fn filters_choose_features_and_columns() {
    let system = system();
    let front = &system.front;
    let filtered = async |filters: Value| {
        let reply = front.post("/v1/snapshot/plain/", &area(json!({ "filters": filters }))).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", String::from_utf8_lossy(&reply.body));
        features(&reply.body)
    };
    let tags = |tags: Value| json!({ "tags": { "all_geometry": tags } });
    assert_eq!(ids(&filtered(tags(json!({ "join_or": { "amenity": [] } }))).await), [1, 2]);
    assert_eq!(
        ids(&filtered(tags(json!({ "join_or": { "amenity": ["cafe"], "building": ["house", "hut"] } }))).await),
        [1, 20]
    );
    assert_eq!(ids(&filtered(tags(json!({ "join_and": { "amenity": ["cafe"], "name": [] } }))).await), [1]);
    // A key without join_or or join_and was never a filter.
    assert_eq!(filtered(tags(json!({ "amenity": [] }))).await.len(), 5);
    let columns = filtered(json!({ "tags": { "all_geometry": { "join_or": { "amenity": [] } } },
                                   "attributes": { "all_geometry": ["name"] } }));
    let properties: Vec<Value> = columns.await.into_iter().map(|feature| feature["properties"].clone()).collect();
    assert!(
        properties.contains(&json!({ "osm_id": 1, "osm_type": "nodes", "name": "Tee & \"Kaffee\"" })),
        "{properties:?}"
    );
    assert!(properties.contains(&json!({ "osm_id": 2, "osm_type": "nodes", "name": null })), "{properties:?}");
}

#[tokio::test]
async fn problems_are_exported_instead_of_features() {
    let database = Database::new();
    database.import(town().way(40, &[1, 2, 99, 1], &[("building", "yes")]).xml());
    let front = Front::new(&database);
    let problems = async |area: [f64; 4]| {
        let reply = front.post("/v1/snapshot/plain/", &Front::request(area, json!({ "problems": true }))).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", String::from_utf8_lossy(&reply.body));
        features(&reply.body)
    };
    let found = problems(BOX).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["geometry"]["type"], "Point");
    assert_eq!(
        (&found[0]["properties"]["osm_id"], &found[0]["properties"]["tags"]["problem"]),
        (&json!(40), &json!("missing_member"))
    );
    assert_eq!(problems([25.0, 61.0, 25.02, 61.02]).await.len(), 0);
}

#[tokio::test]
async fn values_of_filters_are_data_and_never_sql() {
    let system = system();
    let front = &system.front;
    for hostile in ["'", "\"", "') OR true --", "%", "_", "\\", "$1", "$$", "{}", "a','b"] {
        let filters = json!({ "tags": { "all_geometry": { "join_or": { hostile: [hostile], "amenity": [hostile] } } },
                              "attributes": { "all_geometry": [hostile] } });
        let reply = front.post("/v1/snapshot/plain/", &area(json!({ "filters": filters }))).await;
        assert!([200, 422].contains(&reply.status.as_u16()), "{hostile}: {}", reply.status);
        if reply.status == StatusCode::OK {
            assert_eq!(features(&reply.body).len(), 0, "{hostile}");
        }
    }
}

#[tokio::test]
async fn a_finished_file_can_be_fetched_in_pieces() {
    let system = system();
    let front = &system.front;
    let (result, whole) = front.export(area(json!({}))).await;
    let url = result["download_url"].as_str().unwrap();
    let fetch = async |method: Method, headers: &[(&str, &str)]| front.send(method, url, headers, None).await;

    let head = fetch(Method::HEAD, &[]).await;
    assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
    assert_eq!(head.header("content-length"), whole.len().to_string());
    assert_eq!(head.header("accept-ranges"), "bytes");
    let etag = head.header("etag").to_owned();
    assert!(etag.starts_with('"'), "{etag}");

    let piece = fetch(Method::GET, &[("range", "bytes=4-9")]).await;
    assert_eq!((piece.status, &piece.body[..]), (StatusCode::PARTIAL_CONTENT, &whole[4..10]));
    assert_eq!(piece.header("content-range"), format!("bytes 4-9/{}", whole.len()));
    let end = fetch(Method::GET, &[("range", "bytes=-7")]).await;
    assert_eq!(end.body, whole[whole.len() - 7..]);
    let beyond = fetch(Method::GET, &[("range", "bytes=99999999-")]).await;
    assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(fetch(Method::GET, &[("if-none-match", &etag)]).await.status, StatusCode::NOT_MODIFIED);
    let changed = fetch(Method::GET, &[("range", "bytes=4-9"), ("if-range", "\"other\"")]).await;
    assert_eq!((changed.status, changed.body.len()), (StatusCode::OK, whole.len()));
}

#[tokio::test]
async fn only_finished_files_can_be_fetched() {
    let system = system();
    let front = &system.front;
    for path in [
        "/exports/",
        "/exports/../Cargo.toml",
        "/exports/%2e%2e/env",
        "/exports/..%2fenv",
        "/exports/.partial/",
        "//etc/passwd",
    ] {
        let reply = front.get(path).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn the_status_says_how_current_the_data_are() {
    let system = system();
    let front = &system.front;
    assert_eq!(front.get("/v1/status/").await.json()["lastUpdated"], "2024-03-01 10:20:30+00:00");
    assert_eq!(front.get("/v1/status").await.status, StatusCode::OK);
}

#[tokio::test]
async fn queue_workers_and_health_can_be_asked() {
    let system = system();
    let front = &system.front;
    assert_eq!(
        front.get("/v1/tasks/queue/").await.json(),
        json!({ "raw_daemon": { "length": 0 }, "raw_ondemand": { "length": 0 } })
    );
    assert_eq!(front.get("/healthz").await.status, StatusCode::OK);
    assert_eq!(front.get("/readyz").await.status, StatusCode::OK);
    let _exported = front.export(area(json!({}))).await;
    let workers = front.get("/v1/workers/").await.json();
    assert_eq!(workers["workers"].as_array().unwrap().len(), 1, "{workers}");
}

#[tokio::test]
async fn every_path_of_the_openapi_document_exists() {
    let system = system();
    let front = &system.front;
    let document = front.get("/v1/openapi.json").await.json();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() > 5, "{paths:?}");
    for (path, methods) in paths {
        for method in methods.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let path = path.replace("{id}", "00000000-0000-0000-0000-000000000000");
            if path.contains('{') {
                continue;
            }
            let is_for_operators = ["/healthz", "/readyz", "/metrics"].iter().any(|known| path.starts_with(known));
            let path = if path.starts_with("/v1") || is_for_operators { path } else { format!("/v1{path}") };
            let reply = front.send(method.clone(), &path, &[], None).await;
            assert!(![404, 405, 500].contains(&reply.status.as_u16()), "{method} {path}: {}", reply.status);
        }
    }
}

#[tokio::test]
async fn a_server_that_is_asked_to_stop_stops() {
    let mut system = system();
    system.front.program().signal(rustix::process::Signal::TERM);
    let limit = std::time::Instant::now();
    while system.front.program().runs() {
        assert!(limit.elapsed().as_secs() < 10, "it still runs");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}
