//! Exports of problems.

use rawdata_tests::Database;

const REQUEST: &str =
    r#""problems": true, "geometry": {"type": "Polygon", "coordinates": [[[23,59],[26,59],[26,62],[23,62],[23,59]]]}"#;

#[test]
fn more_problems_than_fit_into_memory_are_exported_in_every_format() {
    let database = Database::new();
    database.psql(
        "INSERT INTO rawdata.problems (osm_type, osm_id, problem, location, detail)
            SELECT 'way', i, 'open_ring', ST_SetSRID(ST_MakePoint(24 + i / 1e5, 60), 4326), repeat('x', 200)
            FROM generate_series(1, 30000) AS i",
    );
    for format in database.formats() {
        let export = format!("rawdata.export('{{{REQUEST}, \"outputType\": \"{format}\"}}')");
        let digest = format!(
            "SELECT md5(string_agg(chunk, '' ORDER BY n)) FROM ROWS FROM ({export}) WITH ORDINALITY AS c (chunk, n)"
        );
        let parts = format!("BEGIN; DECLARE c CURSOR FOR SELECT octet_length({export}); FETCH 2 FROM c; COMMIT");
        let answer = database.psql(&format!("{digest}; {digest}; {parts}; {digest}"));
        let lines: Vec<&str> = answer.lines().collect();
        assert!(lines.len() >= 4 && lines[0] == lines[1] && lines.first() == lines.last(), "{format}: {answer}");
    }
    let count = format!("SELECT rawdata.feature_count('{{{REQUEST}}}')");
    assert_eq!(database.psql(&count), "30000");
}
