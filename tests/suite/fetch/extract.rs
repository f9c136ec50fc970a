//! A region of an extract server, and boundaries.

use std::fs;

use rawdata_tests::{Database, Servers};
use serde_json::{Value, json};

use super::{
    WEST, fetched, loaded, refusal, refused, run,
    web::{Answer, Web, answer},
};

/// An index as the server of extracts has it.
fn index(address: &str) -> String {
    let region = |id: &str, name: &str, updates: Value| {
        json!({
            "type": "Feature",
            "properties": { "id": id, "parent": "europe", "iso3166-1:alpha2": ["XX"], "name": name,
                "urls": { "pbf": format!("{address}/europe/{id}-latest.osm.pbf"), "shp": "x", "updates": updates } },
            "geometry": { "type": "MultiPolygon", "coordinates": [[[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]] },
        })
    };
    let updates = json!(format!("{address}/europe/west-updates"));
    let nothing =
        json!({ "type": "Feature", "properties": { "id": "north", "name": "North", "urls": {} }, "geometry": null });
    let features = [
        region("west", "The West", updates),
        region("a", "Twin", Value::Null),
        region("b", "Twin", Value::Null),
        nothing,
    ];
    json!({ "type": "FeatureCollection", "features": features }).to_string()
}

fn server() -> Web {
    Web::with(|address| with_index(address, answer("GET /europe/", "200 OK", WEST)))
}

fn with_index(address: &str, file: Answer) -> Vec<Answer> {
    vec![answer("GET /index-v1.json ", "200 OK", index(address)), file]
}

/// Where updates come from, and whether there is a boundary.
fn about(database: &Database) -> (String, String) {
    let sql = "SELECT replication_url, round(boundary_km2) FROM rawdata.status()";
    let row = database.psql(sql);
    let (url, km2) = row.trim().split_once('|').unwrap();
    (url.to_owned(), km2.to_owned())
}

#[test]
fn a_region_is_fetched_by_id_or_name() {
    let database = Database::new();
    let web = server();
    let ask = |arguments: &[&str]| fetched(&database, &[arguments, &["--extract-url", &web.address]].concat());
    ask(&["--extract", "the west"]);
    assert_eq!(loaded(&database), "1 v1, 2 v2");
    assert_eq!(about(&database), (format!("{}/europe/west-updates", web.address), String::new()));
    assert!(web.asked()[1].contains("/europe/west-latest.osm.pbf"));
    let said = ask(&["--extract", "west", "--boundary"]);
    assert!(said.contains("boundary_km2: 12308.78"), "{said}");
    assert_eq!(about(&database).1, "12309");
    ask(&["--extract", "a"]);
    assert_eq!(about(&database), (String::new(), String::new()));
    ask(&["--extract", "a", "--append"]);
}

#[test]
fn what_the_file_says_of_its_updates_counts_first() {
    let database = Database::new();
    let file = header_only("https://own.example/u");
    let web = Web::with(|address| with_index(address, answer("GET /europe/", "200 OK", file)));
    fetched(&database, &["--extract", "west", "--extract-url", &web.address]);
    assert_eq!(about(&database).0, "https://own.example/u");
}

/// A PBF of a header alone, which tells where its updates come from.
fn header_only(updates: &str) -> Vec<u8> {
    let field = |key: &[u8], value: &[u8]| [key, &[u8::try_from(value.len()).unwrap()], value].concat();
    let block = [field(&[0x22], b"OsmSchema-V0.6"), field(&[0x92, 0x02], updates.as_bytes())].concat();
    let blob = field(&[0x0a], &block);
    let header = [field(&[0x0a], b"OSMHeader"), vec![0x18, u8::try_from(blob.len()).unwrap()]].concat();
    [&u32::try_from(header.len()).unwrap().to_be_bytes()[..], &header, &blob].concat()
}

#[test]
fn a_region_that_is_not_found_changes_nothing() {
    let database = Database::new();
    database.import(WEST);
    let web = server();
    for (wanted, expected) in [
        ("wset", "there is no region wset; there is west (The West)"),
        ("Twin", "several regions are called Twin: give the id of one: a (Twin), b (Twin)"),
        ("qqq", "there is no region qqq, nor one like it, among 4"),
        ("north", "of north there is no PBF"),
    ] {
        let said = refused(&database, &["--extract", wanted, "--extract-url", &web.address]);
        assert!(said.contains(expected), "{said}");
    }
    for (status, body, expected) in [
        ("200 OK", "<html><title>Moved</title></html>", "a web page came in place of map data: Moved"),
        ("200 OK", "{\"type\": \"Feature", "index-v1.json is no index of extracts"),
        ("404 Not Found", "", "answers 404 Not Found"),
    ] {
        let web = Web::new([answer("GET /index-v1.json ", status, body)]);
        let said = refused(&database, &["--extract", "west", "--extract-url", &web.address]);
        assert!(said.contains(expected), "{said}");
    }
    // An index may name any address; only hosts that are allowed are asked.
    let elsewhere = Web::with(|address| {
        let index = index(&address.replace("127.0.0.1", "localhost"));
        vec![answer("GET /index-v1.json ", "200 OK", index)]
    });
    let said = refused(&database, &["--extract", "west", "--extract-url", &elsewhere.address]);
    assert!(said.contains("--allow-host localhost") && elsewhere.asked().len() == 1, "{said}");
    assert_eq!(loaded(&database), "1 v1, 2 v2");
}

#[test]
fn an_import_gives_its_boundary_in_the_same_step() {
    let database = Database::new();
    let folder = Servers::get().home();
    let file = |name: &str, text: &str| {
        let path = folder.join(format!("{}-{name}", database.name()));
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let map = file("map.osm", WEST);
    let geojson = json!({ "type": "Feature", "properties": {}, "geometry":
        { "type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]] } });
    let polygon = "west\n1\n 0 0\n 1.0E+00 0\n 1 1\n 0 1\nEND\nEND\n";
    for text in [geojson.to_string(), polygon.to_owned()] {
        let boundary = file("boundary", &text);
        let output = run(&database, "import", &[&map, "--boundary", &boundary]);
        assert!(String::from_utf8_lossy(&output.stdout).contains("boundary_km2: 12308.78"), "{output:?}");
        assert_eq!(about(&database).1, "12309");
        let output = run(&database, "status", &["--redis-url", Servers::get().env("REDIS_URL")]);
        assert!(String::from_utf8_lossy(&output.stdout).contains("boundary_km2: 12308.78"), "{output:?}");
        // What lies outside is left out of what is appended.
        let far = Web::new([answer(
            "",
            "200 OK",
            r#"<osm version="0.6"><node id="9" version="1" lat="40" lon="40"><tag k="a" v="far"/></node></osm>"#,
        )]);
        fetched(&database, &["--append", &far.address]);
        assert_eq!(loaded(&database), "1 v1, 2 v2");
    }
    for (text, expected) in [("", "neither GeoJSON nor a polygon file"), ("{\"type\": \"Point\"}", "'Polygon'")] {
        let boundary = file("boundary", text);
        let said = refusal(run(&database, "import", &["-", "--boundary", &boundary]));
        assert!(said.contains("no boundary") && said.contains(expected), "{said}");
    }
    assert_eq!(about(&database).1, "12309");
    let output = run(&database, "import", &[&map]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("boundary_km2: null"), "{output:?}");
}
