//! While a data set is replaced: readers have one or the other whole, and what fails leaves the old one.

use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rawdata_tests::{Database, Osm, Program, data};
use serde_json::Value;

const HASH: &str = "SELECT md5(string_agg(f::text, '' ORDER BY osm_type, osm_id)) FROM rawdata.features f";
const WORLD: &str = r#"{"geometry": {"type": "Polygon", "coordinates": [[[0,0],[2,0],[2,2],[0,2],[0,0]]]}}"#;
const EXPORT: &str = "string_agg(convert_from(chunk, 'UTF8'), '') FROM (SELECT rawdata.export('REQUEST') AS chunk) c";

/// Nodes, lines and areas that all say of which data set they are.
fn town(name: &str, size: u8) -> String {
    let mut town = Osm::new();
    for n in 0..size {
        let (id, place) = (i64::from(n) * 10 + 1, 0.1 + f64::from(n) * 0.003);
        town = town.square(id, [1.0, place], 0.001, &[("building", name)]).node(id + 4, 0.5, place, &[("place", name)]);
    }
    town.xml()
}

fn sql_import(document: &str) -> String {
    format!("INSERT INTO rawdata.load VALUES (convert_to($x${document}$x$, 'UTF8'))")
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "never: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Which data set a file is from, and how many features it has. A mixed or broken file fails.
fn origin(file: &str) -> (String, usize) {
    let collection: Value = serde_json::from_str(file).unwrap_or_else(|error| panic!("no whole file: {error}"));
    let features = collection["features"].as_array().unwrap();
    let name = |feature: &Value| {
        let tags = &feature["properties"]["tags"];
        tags.get("building").or(tags.get("place")).unwrap().as_str().unwrap().to_owned()
    };
    let first = name(features.first().expect("an empty file"));
    assert!(features.iter().all(|feature| name(feature) == first), "a file from two data sets");
    (first, features.len())
}

#[test]
fn exports_during_replacements_are_whole_and_from_one_data_set() {
    let database = Database::new();
    database.import(town("red", 50));
    let export = format!("SELECT {}", EXPORT.replace("REQUEST", WORLD));
    let seen = thread::scope(|scope| {
        let exports = scope.spawn(|| {
            let one = |_| {
                let begun = Instant::now();
                let found = origin(&database.psql(&export));
                assert!(begun.elapsed() < Duration::from_secs(5), "an export waited {:?}", begun.elapsed());
                found
            };
            (0..40).map(one).collect::<Vec<_>>()
        });
        for (name, size) in [("green", 60), ("red", 50), ("green", 60)] {
            database.psql(&sql_import(&town(name, size)));
        }
        exports.join().unwrap()
    });
    for (name, count) in seen {
        assert_eq!(count, if name == "red" { 100 } else { 120 }, "{name}");
    }
}

#[test]
fn a_transaction_that_reads_holds_up_the_swap_but_nobody_else() {
    let database = Database::helsinki();
    let whole = "{\"geometry\": {\"type\": \"Polygon\", \"coordinates\": [[[24,60],[26,60],[26,61],[24,61],[24,60]]]}}";
    let (mut reader, mut import) = (database.open(), database.open());
    let before = database.psql(HASH);
    let count = database.psql("SELECT count(*) FROM rawdata.features");
    // An export that has begun has its rows, whatever comes.
    reader.ask("BEGIN");
    reader.ask(&format!("DECLARE file CURSOR FOR SELECT rawdata.export('{whole}') AS chunk"));
    assert!(reader.ask("FETCH 1 FROM file").starts_with("\\x7b"));
    import.begin(&sql_import(&town("blue", 3)));
    let swaps = "SELECT count(*) FROM rawdata.import_progress WHERE phase = 'swap' AND datname = current_database()";
    wait_until("the import wants the tables", || database.psql(swaps) == "1");
    // Longer than one try for the lock: others come through all the time.
    for _ in 0..20 {
        let begun = Instant::now();
        assert_eq!(database.psql("SELECT count(*) FROM rawdata.features"), count);
        assert!(begun.elapsed() < Duration::from_secs(1), "a reader waited {:?}", begun.elapsed());
    }
    let rest = reader.ask("FETCH ALL FROM file");
    assert!(rest.trim_end().ends_with("7d"), "the file has no end");
    assert_eq!(reader.ask(HASH), before);
    reader.ask("COMMIT");
    assert_eq!(import.answer().lines().filter(|line| line.contains("ERROR")).count(), 0);
    assert_eq!(reader.ask("SELECT count(*) FROM rawdata.features"), "6");
}

#[test]
fn a_cancel_is_heard_also_in_the_moment_when_a_try_for_the_tables_ends() {
    let database = Database::helsinki();
    let before = database.psql(HASH);
    for (stop, reason) in
        [("SELECT pg_cancel_backend", "user request"), ("SELECT pg_sleep(8) WHERE 0 <> ", "statement timeout")]
    {
        let (mut reader, mut import) = (database.open(), database.open());
        let pid = import.ask("SELECT pg_backend_pid()");
        let signal = |name: &str| assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
        reader.ask("BEGIN");
        reader.ask("SELECT count(*) FROM rawdata.nodes");
        if reason == "statement timeout" {
            import.ask("SET statement_timeout = '8s'");
        }
        import.begin(&sql_import(&town("blue", 3)));
        // The process stands still while it waits for the lock, so that the end of its wait and the request meet.
        let waits = format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {pid} AND wait_event_type = 'Lock'");
        wait_until("the import is stopped in its wait", || {
            database.psql(&waits) == "1" && {
                signal("-STOP");
                database.psql(&waits) == "1" || {
                    signal("-CONT");
                    false
                }
            }
        });
        thread::sleep(Duration::from_millis(100));
        database.psql(&format!("{stop}({pid})"));
        signal("-CONT");
        wait_until(&format!("the import ends by {reason}"), || {
            database.psql(&format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {pid} AND state = 'active'"))
                == "0"
        });
        let answer = import.answer();
        assert!(answer.contains(&format!("canceling statement due to {reason}")), "{answer}");
        reader.ask("COMMIT");
        assert_eq!(database.psql(HASH), before);
    }
}

#[test]
fn a_snapshot_older_than_the_swap_sees_the_new_data_whole() {
    let database = Database::new();
    database.import(town("red", 5));
    let mut reader = database.open();
    reader.ask("BEGIN ISOLATION LEVEL REPEATABLE READ");
    // The snapshot is taken; no table of the data set is open.
    assert_eq!(reader.ask("SELECT 1"), "1");
    database.psql(&sql_import(&town("green", 8)));
    assert_eq!(reader.ask("SELECT count(*), count(DISTINCT osm_type) FROM rawdata.features"), "16|2");
    let file = reader.ask(&format!("SELECT {}", EXPORT.replace("REQUEST", WORLD)));
    assert_eq!(origin(&file), ("green".to_owned(), 16));
}

#[test]
fn a_second_import_is_refused_at_once() {
    let database = Database::new();
    let (mut first, mut second) = (database.open(), database.open());
    first.ask("BEGIN");
    first.ask(&sql_import(&town("red", 2)));
    second.ask("\\set VERBOSITY sqlstate");
    let countries = "SELECT rawdata.replace_countries('{\"features\": []}')";
    for statement in [sql_import(&town("green", 1)).as_str(), countries] {
        let begun = Instant::now();
        assert_eq!(second.ask(statement), "ERROR:  55006", "{statement}");
        assert!(begun.elapsed() < Duration::from_secs(1), "it waited {:?}", begun.elapsed());
    }
    let program =
        Program::rawdata("import").arg(data("helsinki-centre.osm.pbf")).env("DATABASE_URL", database.url()).output();
    let said = String::from_utf8(program.unwrap().stderr).unwrap();
    assert!(said.contains("another import or update of the data set is running"), "{said}");
    first.ask("COMMIT");
    assert_eq!(second.ask("SELECT count(*) FROM rawdata.features"), "4");
    second.ask(&sql_import(&town("green", 1)));
    assert_eq!(second.ask("SELECT count(*) FROM rawdata.features"), "2");
}

#[test]
fn a_client_that_dies_in_the_middle_leaves_what_was_there() {
    let database = Database::helsinki();
    let before = database.psql(HASH);
    let document = fs::read(data("helsinki-centre.osm.pbf")).unwrap();
    let mut client = Program::rawdata("import");
    client
        .arg("-")
        .env("DATABASE_URL", database.url())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut client = client.spawn().unwrap();
    let mut input = client.stdin.take().unwrap();
    input.write_all(&document[..document.len() / 2]).unwrap();
    let running = "SELECT count(*) FROM rawdata.import_progress WHERE datname = current_database()";
    wait_until("the import runs", || database.psql(running) == "1");
    client.kill().unwrap();
    client.wait().unwrap();
    let died = Instant::now();
    wait_until("the import has ended", || database.psql(running) == "0");
    assert!(died.elapsed() < Duration::from_secs(3), "noticed after {:?}", died.elapsed());
    assert_eq!(database.psql(HASH), before);
    let left = "SELECT count(*) FROM pg_class WHERE relname LIKE '\\_fresh\\_%'";
    assert_eq!(database.psql(left), "0");
    database.import(town("red", 2));
    assert_eq!(database.psql("SELECT count(*) FROM rawdata.features"), "4");
}

#[test]
fn maintenance_during_an_import_disturbs_neither() {
    let database = Database::helsinki();
    let before = database.psql(HASH);
    let maintained = thread::scope(|scope| {
        let import = scope.spawn(|| database.import_file(&data("helsinki-centre.osm.pbf")));
        let mut rounds = 0;
        while !import.is_finished() {
            database.psql(
                "VACUUM FULL rawdata.ways_line; ANALYZE rawdata.nodes; CLUSTER rawdata.ways_poly USING ways_poly_pkey",
            );
            database.psql("REINDEX TABLE rawdata.relations; VACUUM rawdata.way_nodes");
            rounds += 1;
        }
        import.join().unwrap();
        rounds
    });
    assert!(maintained > 0);
    assert_eq!(database.psql(HASH), before);
    database.psql("VACUUM FULL; REINDEX SCHEMA rawdata");
    assert_eq!(database.psql(HASH), before);
}
