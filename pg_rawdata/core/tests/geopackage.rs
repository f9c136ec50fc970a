//! GeoPackage files, read by SQLite.

#![cfg(test)]

mod rows;

use rawdata_core::geometry::Geometry;
use rawdata_core::request::query::Source;
use rows::{Row, bytes, cafe, house, places, request, track};
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, OptionalExtension};
use serde_json::{Value, json};

/// The file of a request, opened; it is sound, whatever it holds.
fn opened<'a>(mut body: Value, rows: impl IntoIterator<Item = &'a Row>) -> Connection {
    body["outputType"] = "gpkg".into();
    let file = bytes(&request(body), rows);
    let mut connection = Connection::open_in_memory().unwrap();
    connection.deserialize_read_exact("main", file.as_slice(), file.len(), false).unwrap();
    for check in
        ["PRAGMA integrity_check", "SELECT rtreecheck(name) FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL%'"]
    {
        assert_eq!(text(&connection, check), "ok", "{check}");
    }
    let broken = connection.prepare("PRAGMA foreign_key_check").unwrap().query([]).unwrap().next().unwrap().is_some();
    assert!(!broken, "a foreign key leads nowhere");
    connection
}

/// The values of the first row, as JSON; nothing where there is no row.
fn first(connection: &Connection, sql: &str) -> Option<Vec<Value>> {
    let mut statement = connection.prepare(sql).unwrap();
    let columns = statement.column_count();
    let values = statement.query_row([], |row| {
        use rusqlite::types::ValueRef;
        (0..columns)
            .map(|column| {
                Ok(match row.get_ref(column)? {
                    ValueRef::Null => Value::Null,
                    ValueRef::Integer(number) => number.into(),
                    ValueRef::Real(number) => number.into(),
                    ValueRef::Text(text) => String::from_utf8(text.to_vec()).unwrap().into(),
                    ValueRef::Blob(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into(),
                })
            })
            .collect()
    });
    values.optional().unwrap()
}

fn text(connection: &Connection, sql: &str) -> String {
    match first(connection, sql).unwrap().swap_remove(0) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn number(connection: &Connection, sql: &str) -> i64 {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Points all over the world, each somewhere else.
fn points(count: i64) -> Vec<Row> {
    let point = |id: i64| {
        let (x, y) = ((id * 7919 % 360) as f64 - 180.0, (id * 104_729 % 180) as f64 - 90.0);
        Row::new(Source::Nodes, id, &[("n", "x")], &Geometry::Point(places(&[(x, y)])[0]))
    };
    (1..=count).map(point).collect()
}

#[test]
fn a_file_says_what_it_holds() {
    let file = opened(json!({"fileName": "Pok hara", "includeUserMetadata": true}), [&cafe(), &house(), &track()]);
    assert_eq!(number(&file, "PRAGMA application_id"), i64::from(u32::from_be_bytes(*b"GPKG")));
    assert_eq!(number(&file, "PRAGMA user_version"), 10_300);
    assert_eq!(
        first(&file, "SELECT * FROM gpkg_contents").unwrap()[..3],
        [json!("Pok_hara"), json!("features"), json!("Pok_hara")]
    );
    assert!(text(&file, "SELECT description FROM gpkg_contents").contains("openstreetmap.org/copyright"));
    assert_eq!(
        first(&file, "SELECT last_change, min_x, min_y, max_x, max_y, srs_id FROM gpkg_contents").unwrap(),
        [json!("2024-03-01T10:20:30.000Z"), json!(0.0), json!(-1e-7), json!(83.971), json!(4.0), json!(4326)]
    );
    assert_eq!(
        first(&file, "SELECT * FROM gpkg_geometry_columns").unwrap(),
        [json!("Pok_hara"), json!("geom"), json!("GEOMETRY"), json!(4326), json!(0), json!(0)]
    );
    assert_eq!(
        text(&file, "SELECT group_concat(srs_id || organization) FROM gpkg_spatial_ref_sys"),
        "-1NONE,0NONE,4326EPSG"
    );
    assert_eq!(
        text(&file, "SELECT group_concat(name || ' ' || type, ', ') FROM pragma_table_info('Pok_hara')"),
        "fid INTEGER, geom GEOMETRY, osm_id INTEGER, osm_type TEXT, version MEDIUMINT, tags TEXT, changeset INTEGER, \
         uid MEDIUMINT, user TEXT, timestamp DATETIME"
    );
    assert_eq!(text(&file, "SELECT column_name || mime_type FROM gpkg_data_columns"), "tagsapplication/json");
    assert_eq!(number(&file, "SELECT feature_count FROM gpkg_ogr_contents"), 3);
    assert_eq!(number(&file, "SELECT seq FROM sqlite_sequence WHERE name = 'Pok_hara'"), 3);
}

#[test]
fn features_are_rows() {
    let file = opened(json!({"includeUserMetadata": true}), [&cafe(), &house(), &track()]);
    let point = "47500001e6100000\
                 0101000000" // a point
        .to_owned()
        + &[83.971f64, -1e-7].map(|degrees| degrees.to_le_bytes().map(|byte| format!("{byte:02x}")).concat()).concat();
    assert_eq!(
        first(&file, "SELECT * FROM RawExport").unwrap(),
        [
            json!(1),
            json!(point),
            json!(1),
            json!("nodes"),
            json!(2),
            json!(r#"{"name": "Tea & \"Co\"", "cuisine": "नेपाली", "addr:city": "Pokhara"}"#),
            json!(900),
            json!(7),
            json!("a \"user\""),
            json!("2024-03-01T10:20:30.000Z")
        ]
    );
    let four = "0000000000001040";
    let (zero, two) = ("0".repeat(16), "0000000000000040");
    let house = first(&file, "SELECT hex(geom) FROM RawExport WHERE osm_id = 30").unwrap();
    let expected = format!("47500003E6100000{zero}{four}{zero}{four}01030000000200000005000000");
    assert!(house[0].as_str().unwrap().starts_with(&expected), "{house:?}");
    let track = first(&file, "SELECT hex(geom) FROM RawExport WHERE osm_id = 31").unwrap();
    let expected = format!("47500003E6100000{zero}{two}{zero}{two}01050000000200000001020000000200");
    assert!(track[0].as_str().unwrap().starts_with(&expected), "{track:?}");
}

#[test]
fn the_index_finds_what_a_look_at_each_feature_finds() {
    for count in [0, 1, 2, 50, 51, 52, 102, 103, 2601, 2602, 9000] {
        let rows = points(count);
        let file = opened(json!({}), &rows);
        assert_eq!(number(&file, "SELECT count(*) FROM RawExport"), count);
        assert_eq!(number(&file, "SELECT count(*) FROM rtree_RawExport_geom"), count);
        for (x, y) in [(-180, -90), (0, 0), (179, 89), (13, -77)] {
            let found = "SELECT group_concat(osm_id) FROM (SELECT osm_id FROM RawExport \
                         JOIN rtree_RawExport_geom ON fid = id WHERE minx <= ?1 + 20 AND maxx >= ?1 AND miny <= ?2 + 20 \
                         AND maxy >= ?2 ORDER BY osm_id)";
            let found: Option<String> = file.query_row(found, [x, y], |row| row.get(0)).unwrap();
            let inside = |id: &i64| {
                let (left, lower) = (id * 7919 % 360 - 180 - x, id * 104_729 % 180 - 90 - y);
                (0..=20).contains(&left) && (0..=20).contains(&lower)
            };
            let expected: Vec<String> = (1..=count).filter(inside).map(|id| id.to_string()).collect();
            assert_eq!(found.unwrap_or_default(), expected.join(","), "{count} at {x} {y}");
        }
    }
}

#[test]
fn changes_keep_index_and_count_true() {
    let file = opened(json!({}), &points(3000));
    // What a program that edits GeoPackage has; here a geometry is a text that ends in its x.
    for name in ["ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"] {
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
        file.create_scalar_function(name, 1, flags, |call| {
            Ok(call.get::<String>(0)?.trim_start_matches("at ").parse::<f64>().ok())
        })
        .unwrap();
    }
    file.create_scalar_function("ST_IsEmpty", 1, FunctionFlags::SQLITE_UTF8, |call| {
        Ok(call.get::<String>(0)?.is_empty())
    })
    .unwrap();
    let indexed = |id: i64| {
        let sql = format!("SELECT CAST(minx AS INTEGER) FROM rtree_RawExport_geom WHERE id = {id}");
        first(&file, &sql).map(|row| row[0].as_i64().unwrap())
    };
    let change = |sql: &str| file.execute(sql, []).unwrap();
    change("INSERT INTO RawExport (geom, osm_id) VALUES ('at 17', 5)");
    assert_eq!((number(&file, "SELECT max(fid) FROM RawExport"), indexed(3001)), (3001, Some(17)));
    change("UPDATE RawExport SET geom = 'at 18' WHERE fid = 3001");
    assert_eq!(indexed(3001), Some(18));
    change("UPDATE RawExport SET fid = 4000 WHERE fid = 3001");
    assert_eq!((indexed(3001), indexed(4000)), (None, Some(18)));
    change("UPDATE RawExport SET geom = '' WHERE fid = 4000");
    assert_eq!(indexed(4000), None);
    change("DELETE FROM RawExport WHERE fid > 50");
    assert_eq!(number(&file, "SELECT count(*) FROM rtree_RawExport_geom"), 50);
    assert_eq!(number(&file, "SELECT feature_count FROM gpkg_ogr_contents"), 50);
    change("INSERT INTO RawExport (geom) VALUES ('at 1')");
    assert_eq!(number(&file, "SELECT max(fid) FROM RawExport"), 3002, "numbers are not used twice");
    for check in ["PRAGMA integrity_check", "SELECT rtreecheck('rtree_RawExport_geom')"] {
        assert_eq!(text(&file, check), "ok");
    }
}

#[test]
fn no_name_breaks_the_file() {
    let keys = ["fid", "geom", "FID", "a\"b", "it's", "select", "rowid", "addr:city", "is-in", "1", "a;b", ")--"];
    for name in
        ["O'Brien", "gpkg_contents", "sqlite_schema", "rtree_RawExport_geom", "%q", "ü😀", "select", &"n".repeat(300)]
    {
        let row = Row::new(Source::Nodes, 7, &keys.map(|key| (key, key)), &Geometry::Point(places(&[(1.0, 2.0)])[0]));
        let body = json!({"fileName": name, "filters": {"attributes": {"point": keys}}});
        let file = opened(body, [&row]);
        let table = text(&file, "SELECT table_name FROM gpkg_contents");
        let table = table.replace('"', "\"\"");
        let mut values = first(&file, &format!("SELECT * FROM \"{table}\"")).unwrap();
        assert_eq!(values.split_off(4), keys.map(Value::from), "{name}");
        assert_eq!(number(&file, &format!("SELECT id FROM \"rtree_{table}_geom\"")), 1);
        // Triggers are read only when something is changed.
        file.execute(&format!("DELETE FROM \"{table}\""), []).unwrap();
        assert_eq!(number(&file, &format!("SELECT count(*) FROM \"rtree_{table}_geom\"")), 0);
        assert_eq!(number(&file, "SELECT count(*) FROM sqlite_schema WHERE name = 'gpkg_data_columns'"), 0);
    }
}

#[test]
fn a_layer_of_points_says_so() {
    for body in [json!({"geometryType": ["point"]}), json!({"centroid": true})] {
        let file = opened(body, [&cafe()]);
        assert_eq!(text(&file, "SELECT geometry_type_name FROM gpkg_geometry_columns"), "POINT");
        assert_eq!(text(&file, "SELECT type FROM pragma_table_info('RawExport') WHERE name = 'geom'"), "POINT");
    }
}

#[test]
fn a_file_without_features_is_whole() {
    let file = opened(json!({}), []);
    assert_eq!(
        first(&file, "SELECT last_change, min_x, max_y FROM gpkg_contents").unwrap(),
        [json!("1970-01-01T00:00:00.000Z"), Value::Null, Value::Null]
    );
}

#[test]
fn two_hundred_columns_and_long_values_come_back() {
    let keys: Vec<String> = (0..200).map(|number| format!("key{number}")).collect();
    let values: Vec<String> = (0..200).map(|number| "é".repeat(number)).collect();
    let tags: Vec<(&str, &str)> = keys.iter().map(String::as_str).zip(values.iter().map(String::as_str)).collect();
    let row = Row::new(Source::Nodes, 7, &tags, &Geometry::Point(places(&[(1.0, 2.0)])[0]));
    let file = opened(json!({"filters": {"attributes": {"point": keys}}}), [&row, &row]);
    assert_eq!(first(&file, "SELECT * FROM RawExport WHERE fid = 2").unwrap().split_off(4), values);
}

#[test]
fn the_same_rows_give_the_same_bytes() {
    let rows = points(500);
    let request = request(json!({"outputType": "gpkg"}));
    assert!(bytes(&request, &rows) == bytes(&request, &rows));
}
