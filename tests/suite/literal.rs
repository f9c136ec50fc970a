//! The documents of `data/osm`, one idea each, and the rows that they become.

use rawdata_tests::{Database, data};

const ROWS: &str = "SELECT osm_type, osm_id, tags, ST_AsText(geom) FROM rawdata.features ORDER BY osm_type, osm_id";
const PROBLEMS: &str = "SELECT osm_type, osm_id, problem FROM rawdata.problems ORDER BY osm_type, osm_id, problem";

fn imported(file: &str) -> Database {
    let database = Database::new();
    database.import_file(&data(&format!("osm/{file}.osm")));
    database
}

fn rows(file: &str) -> Vec<String> {
    imported(file).psql(ROWS).lines().map(str::to_owned).collect()
}

#[test]
fn a_roundabout_is_a_line() {
    assert_eq!(
        rows("roundabout"),
        [
            r#"ways_line|1|{"highway": "residential", "junction": "roundabout"}|LINESTRING(24 60,24.001 60,24.0005 60.001,24 60)"#
        ]
    );
}

#[test]
fn a_lake_has_its_island_as_a_hole() {
    let database = imported("island-in-lake");
    let shape =
        "SELECT osm_type, osm_id, GeometryType(geom), ST_NumInteriorRings(ST_GeometryN(geom, 1)), ST_IsValid(geom)
                 FROM rawdata.features ORDER BY osm_type, osm_id";
    assert_eq!(database.psql(shape), "relations|1|POLYGON|1|t\nways_poly|3|POLYGON|0|t");
    assert_eq!(database.psql(PROBLEMS), "");
}

#[test]
fn a_bow_tie_is_no_area_and_the_place_is_told() {
    let database = imported("bow-tie");
    assert_eq!(database.psql(ROWS), "");
    assert_eq!(
        database.psql("SELECT osm_type, osm_id, problem, ST_AsText(location) FROM rawdata.problems"),
        "way|1|crossing|POINT(24.0005 60.0005)"
    );
}

#[test]
fn a_missing_node_is_left_out_of_its_way() {
    assert_eq!(rows("missing-node"), [r#"ways_line|1|{"highway": "path"}|LINESTRING(24 60,24.001 60)"#]);
}

#[test]
fn a_route_is_its_ways_joined_end_to_end() {
    let rows = rows("route");
    assert_eq!(rows.len(), 4, "{rows:?}");
    assert_eq!(
        rows[1],
        r#"relations|1|{"type": "route", "route": "bus"}|MULTILINESTRING((24 60,24.001 60,24.002 60))"#
    );
}

#[test]
fn what_has_only_dropped_tags_has_no_row() {
    assert_eq!(
        rows("dropped-tags"),
        [r#"nodes|2|{"amenity": "bench"}|POINT(24.001 60)"#, r#"nodes|3|{"created_by": "JOSM"}|POINT(24.002 60)"#]
    );
}

#[test]
fn what_a_document_does_not_say_is_null() {
    let database = imported("no-metadata");
    let unsaid = "SELECT osm_type, num_nulls(version, changeset, \"timestamp\", uid, \"user\") FROM rawdata.features ORDER BY osm_type";
    assert_eq!(database.psql(unsaid), "nodes|5\nways_line|5");
}

#[test]
fn the_ends_of_the_world_are_places() {
    let places: Vec<String> = rows("date-line").iter().map(|row| row.rsplit('|').next().unwrap().to_owned()).collect();
    assert_eq!(places, ["POINT(180 0)", "POINT(-180 0)", "POINT(0 90)", "POINT(0 -90)", "POINT(180 -16.5)"]);
}
