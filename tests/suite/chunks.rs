//! Chunks of an export are neither small nor large, whatever the features are like.

use rawdata_tests::Database;
use serde_json::json;

const AREA: &str = r#""geometry": {"type": "Polygon", "coordinates": [[[23,59],[26,59],[26,62],[23,62],[23,59]]]}"#;
/// The sizes that README tells: in bytes, of all chunks but the first and the last.
const SIZES: std::ops::RangeInclusive<usize> = 1 << 20..=4 << 20;

fn sizes(answer: &str) -> Vec<usize> {
    answer.lines().map(|size| size.parse().unwrap()).collect()
}

#[test]
fn a_feature_of_many_megabytes_comes_in_several_chunks() {
    let database = Database::new();
    database.psql(
        r#"INSERT INTO rawdata.nodes (osm_id, tags, geom)
            SELECT i, jsonb_build_object('a', repeat(E'\x01', 3000000)), 'SRID=4326;POINT(24 60)' FROM generate_series(1, 2) AS i;
        INSERT INTO rawdata.ways_line (osm_id, tags, geom)
            SELECT 1, '{"a": "b"}', ST_SetSRID(ST_MakeLine(array_agg(ST_MakePoint(24 + i / 1e7, 60) ORDER BY i)), 4326)
            FROM generate_series(1, 400000) AS i"#,
    );
    for format in database.formats() {
        let export = format!("SELECT rawdata.export('{{{AREA}, \"outputType\": \"{format}\"}}')");
        let sizes = sizes(&database.psql(&format!("SELECT octet_length(chunk) FROM ({export}) AS e(chunk)")));
        assert!(sizes.iter().all(|size| size <= SIZES.end()), "{format}: {sizes:?}");
        let between = &sizes[1..sizes.len() - 1];
        assert!(between.iter().all(|size| SIZES.contains(size)), "{format}: {sizes:?}");
    }
}

#[test]
fn features_that_are_larger_in_the_file_than_in_the_table_do_not_fill_memory() {
    let database = Database::new();
    database.psql(
        r#"INSERT INTO rawdata.nodes (osm_id, tags, geom)
            SELECT i, '{"a": "b"}', 'SRID=4326;POINT(24 60)' FROM generate_series(1, 5000) AS i"#,
    );
    // Each has six times its length in JSON: a feature takes more than a megabyte.
    let keys: Vec<String> = (0..200).map(|n| format!("{}{n:03}", "\u{1}".repeat(1000))).collect();
    for format in ["geojson", "geojsonseq"] {
        let filters = json!({"attributes": {"point": keys}});
        let export = format!("rawdata.export('{{{AREA}, \"outputType\": \"{format}\", \"filters\": {filters}}}')");
        let script = format!("BEGIN; DECLARE c CURSOR FOR SELECT octet_length({export}); FETCH 3 FROM c; COMMIT");
        let sizes = sizes(&database.psql(&script));
        assert!(sizes.len() == 3 && sizes[1..].iter().all(|size| SIZES.contains(size)), "{format}: {sizes:?}");
    }
}
