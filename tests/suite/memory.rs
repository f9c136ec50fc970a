//! What an export takes of the server's memory, where features are large.

use rawdata_tests::Database;

/// So many relations, all of which are found at once, with so many points each: 160 MB of geometry.
const RELATIONS: usize = 200;
const POINTS: usize = 50_000;
/// What a session may take for an export of them at one time.
const HELD_KB: i64 = 100 << 10;
const EARTH: &str =
    r#""geometry": {"type": "Polygon", "coordinates": [[[-180,-90],[180,-90],[180,90],[-180,90],[-180,-90]]]}"#;

#[test]
fn large_features_are_not_in_memory_all_at_once() {
    let database = Database::new();
    database.psql(&format!(
        "INSERT INTO rawdata.relations (osm_id, tags, geom)
            SELECT i, '{{}}', shape FROM generate_series(1, {RELATIONS}) AS i,
                (SELECT ST_Buffer('SRID=4326;POINT(24 60)'::geometry, 1, {POINTS} / 4) AS shape) AS s"
    ));
    let exports = database.formats().into_iter().map(|format| {
        format!(r#"SELECT count(*) FROM (SELECT rawdata.export('{{"outputType": "{format}", {EARTH}}}')) AS chunks"#)
    });
    let counted = format!("SELECT rawdata.feature_count('{{{EARTH}}}')");
    let listed = format!("SELECT count(*) FROM rawdata.features('{{{EARTH}}}')");
    for query in exports.chain([counted, listed]) {
        let mut session = database.open();
        session.ask(&query);
        // What is shared with others counts for the peak, too, and grows with what is read.
        let part = |name| format!(r"substring(status FROM '{name}:\s*(\d+)')::bigint");
        let [peak, file, shared] = ["VmHWM", "RssFile", "RssShmem"].map(part);
        let held: i64 = session
            .ask(&format!("SELECT {peak} - {file} - {shared} FROM pg_read_file('/proc/self/status') AS status"))
            .parse()
            .unwrap();
        assert!(held < HELD_KB, "{held} kB: {query}");
    }
}
