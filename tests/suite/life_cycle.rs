//! What a database goes through in its life: dump and restore, a standby, other settings.

use std::fs;

use rawdata_tests::{Database, Osm, Servers, Standby, data};

use crate::diffs::{ROWS, change};

/// Every row of every table of the data set, and of what hangs on it.
const EVERYTHING: &str =
    "SELECT md5(string_agg(t.name || xpath('//row', query_to_xml('SELECT md5(r::text) AS m FROM rawdata.'
    || t.name || ' r ORDER BY 1', false, false, ''))::text, '' ORDER BY t.name))
    FROM (SELECT relname::text AS name FROM pg_class WHERE relnamespace = 'rawdata'::regnamespace AND relkind = 'r') t";

/// A format's export, as a query whose one column is the file.
fn file(format: &str) -> String {
    let geometry = "[[[24.9,60.1],[25,60.1],[25,60.2],[24.9,60.2],[24.9,60.1]]]";
    format!(
        "SELECT string_agg(c, '') AS file FROM (SELECT rawdata.export('{{\"outputType\": \"{format}\",
         \"geometry\": {{\"type\": \"Polygon\", \"coordinates\": {geometry}}}}}') AS c) chunks"
    )
}

/// Size and digest of the file of each format.
fn exports(database: &Database) -> String {
    let digest = |format: &String| format!("SELECT '{format}', length(file), md5(file) FROM ({}) f;", file(format));
    database.formats().iter().map(digest).collect()
}

#[test]
fn a_dump_restores_rows_rights_views_and_exports() {
    let database = Database::helsinki();
    database.psql(
        "CREATE VIEW public.cafes AS SELECT osm_id FROM rawdata.nodes WHERE tags->>'amenity' = 'cafe';
         GRANT SELECT ON public.cafes TO rawdata_reader;
         CREATE INDEX my_names ON rawdata.nodes ((tags->>'name'));
         INSERT INTO rawdata.users VALUES (42, 1)",
    );
    let file = Servers::get().home().join(format!("dump-{}", Servers::get().number()));
    fs::write(&file, database.tool("pg_dump", &["-Fc"])).unwrap();
    let restored = Database::bare();
    restored.tool("pg_restore", &["--exit-on-error", file.to_str().unwrap()]);

    let facts = |database: &Database| {
        let rights =
            "SELECT c.relname, c.relacl FROM pg_class c WHERE relnamespace = 'rawdata'::regnamespace ORDER BY 1;
            SELECT proname, proacl FROM pg_proc WHERE pronamespace = 'rawdata'::regnamespace ORDER BY 1";
        let indexes = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'rawdata' ORDER BY 1";
        let comments = "SELECT c.relname, objsubid, description FROM pg_description d JOIN pg_class c ON c.oid = objoid
            WHERE relnamespace = 'rawdata'::regnamespace ORDER BY 1, 2";
        [EVERYTHING, &exports(database), rights, indexes, comments].map(|query| database.psql(query))
    };
    let (before, after) = (facts(&database), facts(&restored));
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before, after);
    }
    let cafes = "SET ROLE rawdata_reader; SELECT count(*) FROM public.cafes";
    assert_eq!(restored.psql(cafes), database.psql(cafes));
    // What was restored can be replaced like what was made.
    restored.import_file(&data("helsinki-centre.osm.pbf"));
    assert_eq!(restored.psql(&exports(&restored)), before[1]);
}

/// A square, a place, a line and a multipolygon for each id.
fn quarter(ids: impl Iterator<Item = i64>, name: &str) -> Osm {
    ids.fold(Osm::new(), |town, id| {
        let corner = [24.91 + (id % 40) as f64 * 0.002, 60.11 + (id % 70) as f64 * 0.001];
        let town = town.square(id * 10, corner, 0.0005, &[("building", name)]);
        let town = town.node(id * 10 + 4, corner[0], corner[1], &[("place", name)]);
        let line = town.way(id * 10 + 5, &[id * 10, id * 10 + 2], &[("highway", name)]);
        line.relation(id, &[("way", id * 10, "outer")], &[("type", "multipolygon"), ("landuse", name)])
    })
}

#[test]
fn rows_that_came_by_diffs_are_exported_in_the_same_order() {
    let fresh = Database::new();
    fresh.import(quarter(1..300, "yes").xml().replace("version=\"1\"", "version=\"2\""));
    // The highest ids first, then those below and between them, then a change of each that moves its row.
    let grown = Database::new();
    grown.import(quarter((1..300).filter(|id| id % 3 == 0), "old").xml());
    for (name, rest) in [("old", 1), ("old", 2), ("yes", 0), ("yes", 2), ("yes", 1)] {
        let part = quarter((1..300).filter(|id| id % 3 == rest), name).xml();
        let part = if name == "yes" { part.replace("version=\"1\"", "version=\"2\"") } else { part };
        let part = part.replace("<osm version", "<osmChange version").replace("</osm>", "</modify></osmChange>");
        let part = part.replace("\"0.6\">", "\"0.6\"><modify>");
        grown.psql(&format!("SELECT rawdata.apply_change(convert_to('{part}', 'UTF8'))"));
    }
    let lying = "SELECT string_agg(osm_id::text, ' ' ORDER BY ctid) FROM rawdata.ways_poly";
    assert_ne!(grown.psql(lying), fresh.psql(lying), "the rows lie alike, which shows nothing");
    let exports = exports(&fresh);
    assert_eq!(grown.psql(&exports), fresh.psql(&exports));
}

#[test]
fn a_standby_exports_the_same_bytes() {
    let database = Database::helsinki();
    let standby = Standby::new();
    standby.catch_up(&database);
    let exports = exports(&database);
    assert_eq!(standby.psql(&database, "SELECT pg_is_in_recovery()"), "t");
    assert_eq!(standby.psql(&database, &exports), database.psql(&exports));
    let area = r#"{"geometry": {"type": "Polygon", "coordinates": [[[24.9,60.1],[25,60.1],[25,60.2],[24.9,60.1]]]}}"#;
    let others = format!(
        "SELECT * FROM rawdata.status(); SELECT rawdata.feature_count('{area}');
         SELECT md5(string_agg(f::text, '' ORDER BY osm_type, osm_id)) FROM rawdata.features('{area}') f"
    );
    assert_eq!(standby.psql(&database, &others), database.psql(&others));
    // It follows a replacement, and sees it whole.
    database.import(Osm::new().square(1, [24.95, 60.15], 0.01, &[("building", "yes")]).xml());
    standby.catch_up(&database);
    assert_eq!(standby.psql(&database, EVERYTHING), database.psql(EVERYTHING));
    assert_eq!(standby.psql(&database, &exports), database.psql(&exports));
}

/// A diff that moves a corner of a building, adds a café and takes a street away.
fn diff(number: i64) -> String {
    let version = number + 1;
    let changes = format!(
        r#"<modify><node id="10" version="{version}" lon="24.9{number}" lat="60.11"/></modify>
        <create><node id="{number}" version="1" lon="24.9" lat="60.1"><tag k="amenity" v="cafe"/></node></create>
        <delete><way id="{number}5" version="2"/></delete>"#
    );
    change(&changes).replace("')", &format!("', {number})"))
}

/// What diffs wrote, and which number comes next.
fn diffed() -> String {
    format!(
        "{ROWS}; SELECT sequence FROM rawdata.status(); SELECT osm_type, osm_id, action, last_sequence FROM rawdata.changes_since(0)"
    )
}

#[test]
fn the_next_diff_applies_after_dump_and_restore() {
    let database = Database::new();
    database.import(quarter(1..20, "yes").xml());
    database.psql(&diff(1));
    let file = Servers::get().home().join(format!("dump-{}", Servers::get().number()));
    fs::write(&file, database.tool("pg_dump", &["-Fc"])).unwrap();
    let restored = Database::bare();
    restored.tool("pg_restore", &["--exit-on-error", file.to_str().unwrap()]);
    assert_eq!(restored.psql(&diffed()), database.psql(&diffed()));
    assert!(restored.error(&diff(3)).contains("the next is 2"), "the number came along");
    for database in [&database, &restored] {
        database.psql(&diff(2));
    }
    assert_eq!(restored.psql("SELECT sequence FROM rawdata.status()"), "2");
    assert_eq!(restored.psql(&diffed()), database.psql(&diffed()));
}

#[test]
fn the_next_diff_applies_on_a_promoted_standby() {
    let database = Database::new();
    database.import(quarter(1..20, "yes").xml());
    database.psql(&diff(1));
    let standby = Standby::new();
    standby.catch_up(&database);
    standby.promote(&database);
    standby.psql(&database, &diff(2));
    database.psql(&diff(2));
    assert_eq!(standby.psql(&database, "SELECT sequence FROM rawdata.status()"), "2");
    assert_eq!(standby.psql(&database, &diffed()), database.psql(&diffed()));
}

#[test]
fn settings_of_tables_outlive_an_import() {
    let database = Database::new();
    database.psql("ALTER TABLE rawdata.nodes SET (autovacuum_vacuum_cost_delay = 7)");
    let settings = "SELECT relname, reloptions FROM pg_class WHERE relnamespace = 'rawdata'::regnamespace AND relkind = 'r' ORDER BY 1";
    let before = database.psql(settings);
    let nodes = before.lines().find(|line| line.starts_with("nodes|")).unwrap();
    assert!(nodes.contains("autovacuum_vacuum_scale_factor") && nodes.contains("cost_delay=7"), "{nodes}");
    for _ in 0..2 {
        database.import(quarter(1..20, "yes").xml());
        assert_eq!(database.psql(settings), before);
    }
}

#[test]
fn settings_of_a_session_change_no_byte_of_an_export() {
    let database = Database::helsinki();
    let exports = exports(&database);
    let usual = database.psql(&exports);
    for setting in [
        "standard_conforming_strings = off",
        "DateStyle = 'German, DMY'",
        "IntervalStyle = sql_standard",
        "extra_float_digits = -10",
        "TimeZone = 'Asia/Kathmandu'",
        "bytea_output = escape",
        "lc_numeric = 'C'",
        "search_path = ''",
        "client_encoding = 'LATIN1'",
        "synchronize_seqscans = on",
        "enable_indexscan = off",
        "enable_sort = off",
        "enable_nestloop = off",
        "enable_tidscan = off",
        "work_mem = '64kB'",
        "debug_parallel_query = on",
        "force_parallel_mode = on",
        "jit = on",
        "default_transaction_isolation = serializable",
        "default_transaction_read_only = on",
    ] {
        let name = setting.split_once(' ').unwrap().0;
        // Not every version has every setting.
        if database.psql(&format!("SELECT count(*) FROM pg_settings WHERE lower(name) = lower('{name}')")) == "1" {
            assert_eq!(database.psql(&format!("SET {setting};{exports}")), usual, "{setting}");
        }
    }
}

#[test]
fn a_database_in_another_encoding_is_refused() {
    let database = Database::bare();
    let name = format!("latin_{}", database.name());
    database.psql(&format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'"));
    let script = "CREATE EXTENSION postgis; CREATE EXTENSION pg_rawdata";
    let answer = database.error(&format!("\\connect {name}\n{script}"));
    database.psql(&format!("DROP DATABASE {name} WITH (FORCE)"));
    assert!(answer.contains("needs a database with the encoding UTF8, not SQL_ASCII"), "{answer}");
}
