//! What is written past PostgreSQL's own input functions is what they would have written.

use std::fmt::Write;

use rawdata_tests::{Database, Osm};

/// Rows whose tags do not read as they write, or in which a key is not found: an object's keys must be in jsonb's own order.
const TAGS: &str = "SELECT osm_type, osm_id FROM
    (SELECT osm_type, osm_id, tags FROM rawdata.features UNION ALL SELECT osm_type, osm_id, tags FROM rawdata.unplaced) AS o
    WHERE tags::text::jsonb IS DISTINCT FROM tags OR tags::text::jsonb::text IS DISTINCT FROM tags::text
       OR EXISTS (SELECT FROM jsonb_each_text(tags) WHERE tags->>key IS DISTINCT FROM value OR NOT tags ? key)";

/// Rows whose shape is not what PostGIS makes of it, box and flags included, or whose country is not what the array's input makes.
const SHAPES: &str = "SELECT osm_type, osm_id FROM rawdata.features
    WHERE ST_AsEWKB(ST_GeomFromEWKB(ST_AsEWKB(geom))) <> ST_AsEWKB(geom) OR NOT ST_IsValid(geom) OR ST_SRID(geom) <> 4326
       OR geom::box2d::text <> ST_GeomFromEWKB(ST_AsEWKB(geom))::box2d::text OR country <> country::text::int[]
       OR array_send(country) <> array_send(country::text::int[])";

fn assert_sound(database: &Database) {
    assert_eq!(database.psql(TAGS), "");
    assert_eq!(database.psql(SHAPES), "");
}

#[test]
fn a_real_extract_is_stored_soundly() {
    assert_sound(&Database::helsinki());
}

#[test]
fn odd_tags_and_shapes_are_stored_soundly() {
    let long = "x".repeat(100_000);
    let many: Vec<(String, String)> = (0..5000).map(|n| (format!("key:{n}"), format!("{}", n * n))).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let odd = [
        ("", "no key"),
        ("no value", ""),
        ("kéy \u{1F5FA}", "\u{10FFFF} \u{7f} \u{200f}"),
        ("quote \" back \\ slash", "line\u{2028}end & < > '"),
        ("bb", "1"),
        ("a", "2"),
        ("ccc", "3"),
    ];
    let database = Database::new();
    let document = Osm::new()
        .node(1, 180.0, 90.0, &odd)
        .node(2, -180.0, -90.0, &[("long", long.as_str())])
        .node(3, 0.0000001, -0.0000001, &many)
        .square(10, [10.0, 10.0], 0.0000001, &[("building", "tiny")])
        .square(20, [-180.0, -90.0], 90.0, &[("building", "huge")])
        .way(30, &[1, 2, 3], &odd)
        .relation(40, &[("way", 10, "outer"), ("way", 20, "outer")], &[("type", "multipolygon"), ("natural", "wood")])
        .relation(41, &[("way", 30, ""), ("way", 10, "")], &[("type", "route"), ("long", long.as_str())])
        .relation(42, &[("way", 99, "")], &many);
    database.import(document.xml());
    assert_sound(&database);
    assert_eq!(database.psql("SELECT count(*) FROM rawdata.features"), "8");
    assert_eq!(database.psql("SELECT osm_type, osm_id FROM rawdata.unplaced"), "relation|42");
    assert_eq!(database.psql("SELECT count(*) FROM rawdata.nodes, jsonb_each(tags) WHERE osm_id = 3"), "5000");
    assert_eq!(
        database
            .psql("SELECT tags->>'kéy \u{1F5FA}' = U&'\\+10FFFF \\007F \\200F' FROM rawdata.nodes WHERE osm_id = 1"),
        "t"
    );
}

#[test]
fn what_jsonb_and_text_refuse_is_refused() {
    let database = Database::new();
    for value in ["&#0;", "\u{1}"] {
        let document = Osm::new().node(1, 0.0, 0.0, &[("a", "b")]).xml().replace("v=\"b\"", &format!("v=\"{value}\""));
        let mut hex = String::new();
        document.bytes().for_each(|byte| write!(hex, "{byte:02x}").unwrap());
        let refused = database.error(&format!("INSERT INTO rawdata.load VALUES ('\\x{hex}')"));
        assert!(!refused.contains("XX000"), "{refused}");
    }
    let broken = "INSERT INTO rawdata.load VALUES ('<osm version=\"0.6\"><node id=\"1\" lat=\"0\" lon=\"0\"><tag k=\"a\" v=\"'::bytea || '\\xff'::bytea || '\"/></node></osm>'::bytea)";
    assert!(database.error(&format!("\\set VERBOSITY sqlstate\n{broken}")).starts_with("ERROR:  22021"));
}

#[test]
fn every_table_is_permanent() {
    let database = Database::helsinki();
    let query = "SELECT relname FROM pg_class WHERE relnamespace = 'rawdata'::regnamespace AND relpersistence <> 'p'";
    assert_eq!(database.psql(query), "");
}
