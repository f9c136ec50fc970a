//! An export of more rows than are sorted at once.

use rawdata_tests::Database;

/// Rows of one table: more than the extension sorts, and more than a sort of all by the server would hold in memory.
const ROWS: usize = 600_000;

#[test]
fn many_rows_come_in_order_each_once_and_without_temporary_files() {
    let database = Database::new();
    // Sorted, not read by the index on ids.
    database.psql(&format!(
        r#"DROP INDEX rawdata.nodes_geom, rawdata.nodes_country;
        ALTER TABLE rawdata.nodes SET (autovacuum_enabled = off);
        INSERT INTO rawdata.nodes (osm_id, tags, geom)
            SELECT (i::bigint * 7919) % {ROWS} + 1, '{{"a": "b"}}', ST_SetSRID(ST_MakePoint(24 + i % 997 / 1e3, 60 + i % 1009 / 1e3), 4326)
            FROM generate_series(1, {ROWS}) AS i;
        ALTER DATABASE {name} SET temp_file_limit = 0;
        ALTER DATABASE {name} SET enable_indexscan = off"#,
        name = database.name()
    ));
    let request = r#"{"outputType": "csv", "geometry": {"type": "Polygon", "coordinates": [[[23,59],[26,59],[26,62],[23,62],[23,59]]]}}"#;
    let export = || {
        let query = format!("SELECT string_agg(chunk, '') FROM (SELECT rawdata.export('{request}') AS chunk) c");
        String::from_utf8(database.bytes(&query)).unwrap()
    };
    // Without statistics the planner expects fewer than there are.
    let unexpected = export();
    database.psql("ANALYZE rawdata.nodes");
    assert!(export() == unexpected);
    let id = |line: &str| line.split(',').next().unwrap().parse().unwrap();
    let ids: Vec<usize> = unexpected.lines().skip(1).map(id).collect();
    assert_eq!(ids.len(), ROWS);
    assert!(ids.iter().copied().eq(1..=ROWS));
    let count = format!("SELECT rawdata.feature_count('{request}')");
    assert_eq!(database.psql(&count), ROWS.to_string());
}
