//! Exports of tables that a user has changed.

use rawdata_tests::{Database, Osm};

const EXPORT: &str = r#"SELECT convert_from(chunk, 'UTF8') FROM (SELECT rawdata.export('{"outputType": "csv", "useStWithin": false,
    "geometry": {"type": "Polygon", "coordinates": [[[0,0],[1,0],[1,1],[0,1],[0,0]]]}}') AS chunk) c"#;

fn database() -> Database {
    let database = Database::new();
    database.import(Osm::new().node(1, 0.5, 0.5, &[("a", "b")]).xml());
    database
}

#[test]
fn a_column_that_is_gone_or_of_another_type_is_named() {
    let database = database();
    let view = "DROP VIEW rawdata.features CASCADE;";
    for (change, told) in [
        (r#"ALTER TABLE rawdata.nodes DROP COLUMN "user""#, "ERROR:  42703: nodes.user"),
        ("ALTER TABLE rawdata.nodes RENAME COLUMN tags TO labels", "ERROR:  42703: "),
        (r#"ALTER TABLE rawdata.nodes ALTER COLUMN "user" TYPE integer USING 1"#, "ERROR:  42804: nodes.user"),
        ("ALTER TABLE rawdata.nodes ALTER COLUMN osm_id TYPE numeric", "ERROR:  42804: column 1 "),
        ("ALTER TABLE rawdata.nodes ALTER COLUMN tags TYPE text", "ERROR:  42804: nodes.tags"),
    ] {
        let error = database.error(&format!("\\set VERBOSITY verbose\nBEGIN; {view} {change}; {EXPORT}"));
        assert!(error.contains(told), "{change}: {error}");
    }
}

#[test]
fn a_row_that_is_broken_is_named() {
    let database = database();
    database.psql(
        "DROP VIEW rawdata.features CASCADE;
        ALTER TABLE rawdata.nodes ALTER COLUMN tags DROP NOT NULL, ALTER COLUMN geom TYPE geometry",
    );
    for change in ["tags = NULL", "tags = '[1]'", "geom = ST_SetSRID(ST_MakePoint(0.5, 0.5, 1), 4326)"] {
        let error = database.error(&format!("BEGIN; UPDATE rawdata.nodes SET {change}; {EXPORT}"));
        assert!(error.contains("node 1."), "{change}: {error}");
    }
}

#[test]
fn rows_that_were_updated_are_found() {
    let database = database();
    let before = database.psql(EXPORT);
    // Of no column that has an index: the new row is reached by way of the old one alone.
    database.psql("UPDATE rawdata.nodes SET version = 4, changeset = 5");
    assert_eq!(
        database.psql(
            "SELECT pg_stat_force_next_flush(); SELECT n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'nodes'"
        ),
        "\n1"
    );
    let after = database.psql(EXPORT);
    assert_ne!(before, after);
    database.psql("VACUUM FULL rawdata.nodes");
    assert_eq!(database.psql(EXPORT), after);
}

#[test]
fn columns_may_be_added_and_lie_in_any_order() {
    let database = database();
    let before = database.psql(EXPORT);
    database.psql(
        "ALTER TABLE rawdata.nodes ADD COLUMN note text DEFAULT 'mine', ADD COLUMN u text;
        UPDATE rawdata.nodes SET u = \"user\";
        DROP VIEW rawdata.features CASCADE;
        ALTER TABLE rawdata.nodes DROP COLUMN \"user\";
        ALTER TABLE rawdata.nodes RENAME COLUMN u TO \"user\"",
    );
    assert_eq!(database.psql(EXPORT), before);
}

#[test]
fn a_part_that_lies_in_another_database_is_refused() {
    let database = database();
    database.psql(
        "CREATE EXTENSION file_fdw;
        CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
        CREATE FOREIGN TABLE elsewhere () INHERITS (rawdata.nodes) SERVER files OPTIONS (program 'printf \"2,,,,,,{},0101000020E6100000000000000000E03F000000000000E03F,{0}\"', format 'csv')",
    );
    let error = database.error(&format!("\\set VERBOSITY verbose\n{EXPORT}"));
    assert!(error.contains("0A000: rows of the foreign table elsewhere"), "{error}");
}

#[test]
fn ids_of_any_size_and_infinite_times_are_exported() {
    let database = database();
    database.psql(
        "INSERT INTO rawdata.nodes (osm_id, \"timestamp\", tags, geom) SELECT id, time, '{}', ST_SetSRID(ST_MakePoint(0.5, 0.5), 4326)
        FROM (VALUES (-9223372036854775808, 'infinity'::timestamptz), (9223372036854775807, '-infinity'), (-1, '2024-03-01')) v (id, time)",
    );
    let text = database.psql(EXPORT);
    let start = |line: &str| line.split(',').take(6).collect::<Vec<_>>().join(",");
    let rows: Vec<String> = text.lines().skip(1).filter(|line| !line.is_empty()).map(start).collect();
    assert_eq!(
        rows,
        [
            "-9223372036854775808,nodes,,{},,",
            "-1,nodes,,{},,2024/03/01 00:00:00",
            r#"1,nodes,1,"{""a"": ""b""}",9,2024/03/01 10:20:30"#,
            "9223372036854775807,nodes,,{},,",
        ]
    );
}
