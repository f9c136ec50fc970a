//! An export of more rows than are sorted at once.

use rawdata_tests::Database;

/// Rows of one table: more than a sort of all would hold in memory.
const ROWS: usize = 450_000;

#[test]
fn many_rows_come_in_order_each_once_and_without_temporary_files() {
    let database = Database::new();
    // Sorted, not read by the index on ids.
    database.psql(&format!(
        r#"DROP INDEX rawdata.nodes_geom, rawdata.nodes_country;
        INSERT INTO rawdata.nodes (osm_id, tags, geom)
            SELECT (i::bigint * 7919) % {ROWS} + 1, '{{"a": "b"}}', ST_SetSRID(ST_MakePoint(24 + i % 997 / 1e3, 60 + i % 1009 / 1e3), 4326)
            FROM generate_series(1, {ROWS}) AS i;
        ANALYZE rawdata.nodes;
        ALTER DATABASE {name} SET temp_file_limit = 0;
        ALTER DATABASE {name} SET enable_indexscan = off"#,
        name = database.name()
    ));
    let request = r#"{"outputType": "csv", "geometry": {"type": "Polygon", "coordinates": [[[23,59],[26,59],[26,62],[23,62],[23,59]]]}}"#;
    let file =
        database.bytes(&format!("SELECT string_agg(chunk, '') FROM (SELECT rawdata.export('{request}') AS chunk) c"));
    let text = String::from_utf8(file).unwrap();
    let ids: Vec<usize> = text.lines().skip(1).map(|line| line.split(',').next().unwrap().parse().unwrap()).collect();
    assert_eq!(ids.len(), ROWS);
    assert!(ids.iter().copied().eq(1..=ROWS));
    let count = format!("SELECT rawdata.feature_count('{request}')");
    assert_eq!(database.psql(&count), ROWS.to_string());
}
