//! An export that ends before its time, in any format, leaves nothing behind: no temporary file, no memory, no thread.

use std::{thread, time::Duration};

use rawdata_tests::{Database, Session};

/// Formats that write nothing to temporary files, however large the export.
const STREAMED: [&str; 6] = ["geojson", "geojsonseq", "kml", "sql", "csv", "parquet"];
/// So many nodes, of which any sort of whole rows would not stay in memory.
const NODES: usize = 100_000;
/// More than a session's memory grows by in some exports that lose nothing.
const GROWTH_KB: i64 = 8 << 10;

/// A database with many rows in two tables, whose ids lie in another order than the rows.
fn many() -> Database {
    let database = Database::new();
    database.psql(&format!(
        r#"INSERT INTO rawdata.nodes (osm_id, version, changeset, "timestamp", uid, "user", tags, geom)
            SELECT (i * 7919) % {NODES} + 1, 1, i, '2024-03-01Z'::timestamptz + i * interval '1 s', 7, 'tester',
                jsonb_build_object('number', i::text, 'note', repeat(md5(i::text), 8)),
                ST_SetSRID(ST_MakePoint(24 + (i % 997) / 1e3, 60 + (i % 1009) / 1e3), 4326)
            FROM generate_series(1, {NODES}) AS i;
        INSERT INTO rawdata.ways_poly (osm_id, tags, geom)
            SELECT osm_id, tags, ST_Envelope(ST_Buffer(geom, 1e-4)) FROM rawdata.nodes WHERE osm_id % 3 = 0 ORDER BY tags;
        VACUUM ANALYZE rawdata.nodes, rawdata.ways_poly"#
    ));
    database
}

/// Makes an export in a format.
fn once(format: &str) -> String {
    let request = format!(
        r#"{{"outputType": "{format}", "geometry": {{"type": "Polygon", "coordinates": [[[23,59],[26,59],[26,62],[23,62],[23,59]]]}}}}"#
    );
    format!("SELECT rawdata.export('{request}')")
}

/// Makes an export, and again, so often that it will not be done.
fn endless(format: &str) -> String {
    format!("{} FROM generate_series(1, 100000)", once(format))
}

/// The number of a session's process.
fn process(session: &mut Session) -> String {
    session.ask("SELECT pg_backend_pid()")
}

/// Kilobytes of memory that a session's process has for itself.
fn memory(session: &mut Session, pid: &str) -> i64 {
    let status = format!("SELECT substring(pg_read_file('/proc/{pid}/status') FROM 'RssAnon:\\s*(\\d+)')");
    session.ask(&status).parse().unwrap()
}

/// How many temporary files a process has.
fn files(database: &Database, pid: &str) -> usize {
    let count = format!("SELECT count(*) FROM pg_ls_tmpdir() WHERE name LIKE 'pgsql\\_tmp{pid}.%'");
    database.psql(&count).parse().unwrap()
}

/// How many threads a process has.
fn threads(database: &Database, pid: &str) -> usize {
    database.psql(&format!("SELECT count(*) FROM pg_ls_dir('/proc/{pid}/task')")).parse().unwrap()
}

/// Waits until a process has its own thread alone.
fn wait_for_threads(database: &Database, what: &str, pid: &str) {
    wait_until(&format!("the thread of {what} has ended"), || threads(database, pid) == 1);
}

/// Waits until something is so.
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..3000 {
        if is_so() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("waited in vain until {what}");
}

/// Waits until a process is in the middle of an export: it has temporary files where the format needs them.
fn wait_until_busy(database: &Database, format: &str, pid: &str) {
    wait_until(&format!("{format} is being written"), || {
        let active =
            format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {pid} AND query LIKE '%generate_series%'");
        database.psql(&active) == "1" && (STREAMED.contains(&format) || files(database, pid) > 0)
    });
    thread::sleep(Duration::from_millis(30));
}

#[test]
fn a_cancelled_export_leaves_neither_files_nor_memory() {
    let database = many();
    for format in database.formats() {
        let mut session = database.open();
        let pid = process(&mut session);
        // A whole export first, so that what the allocator keeps for the next time is there from the start.
        session.ask(&format!("SELECT count(*) FROM ({}) AS chunks", once(&format)));
        let at_first = memory(&mut session, &pid);
        let mut taken = vec![at_first];
        for _ in 0..8 {
            session.begin(&format!("SELECT count(*) FROM ({}) AS chunks", endless(&format)));
            wait_until_busy(&database, &format, &pid);
            database.psql(&format!("SELECT pg_cancel_backend({pid})"));
            let answer = session.answer();
            assert!(answer.contains("canceling statement due to user request"), "{format}: {answer}");
            assert_eq!(files(&database, &pid), 0, "{format}");
            wait_for_threads(&database, &format, &pid);
            taken.push(memory(&mut session, &pid));
        }
        // What is lost is lost each time, while what the allocator keeps is kept once or twice.
        let mut growth: Vec<i64> = taken.windows(2).map(|pair| pair[1] - pair[0]).collect();
        growth.sort_unstable();
        let adds_up: i64 = growth[..growth.len() - 2].iter().sum();
        assert!(adds_up < GROWTH_KB, "{format}: {taken:?}");
    }
}

#[test]
fn an_ended_session_leaves_no_files() {
    let database = many();
    for format in database.formats() {
        let mut session = database.open();
        let pid = process(&mut session);
        session.begin(&format!("SELECT count(*) FROM ({}) AS chunks", endless(&format)));
        wait_until_busy(&database, &format, &pid);
        database.psql(&format!("SELECT pg_terminate_backend({pid})"));
        let gone = format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}");
        wait_until(&format!("the session of {format} has ended"), || database.psql(&gone) == "0");
        assert_eq!(files(&database, &pid), 0, "{format}");
        // A client that goes away in the middle of its file.
        let mut session = database.open();
        let pid = process(&mut session);
        session.begin(&format!("COPY ({}) TO STDOUT", endless(&format)));
        wait_until_busy(&database, &format, &pid);
        drop(session);
        let gone = format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}");
        wait_until(&format!("the session of {format} has ended"), || database.psql(&gone) == "0");
        assert_eq!(files(&database, &pid), 0, "{format}");
    }
}

#[test]
fn temporary_files_stay_within_their_limit_and_go() {
    let database = many();
    // Tables, triggers and views of the server's own are no part of this.
    let count = "SELECT count(*) > 0 FROM pg_ls_tmpdir() WHERE name LIKE 'pgsql_tmp' || pg_backend_pid() || '.%';";
    for format in database.formats() {
        let export = once(&format);
        let (limit, state) = if STREAMED.contains(&format.as_str()) { ("0", "00000") } else { ("1MB", "53400") };
        let script = format!(
            "\\set ON_ERROR_STOP off
            SET temp_file_limit = '{limit}';
            SELECT count(*) > 1 FROM ({export}) chunks;
            \\echo :SQLSTATE
            {count}
            RESET temp_file_limit;
            BEGIN;
            DECLARE chunks CURSOR FOR {export};
            MOVE 2 FROM chunks;
            {count}
            COMMIT;
            {count}
            SELECT sum(octet_length(chunk)) > 1 << 20 FROM ({export} AS chunk) chunks;
            {count}"
        );
        let expected = match state {
            "00000" => "t\n00000\nf\nf\nf\nt\nf",
            _ => "53400\nf\nt\nf\nt\nf",
        };
        assert_eq!(database.psql(&script), expected, "{format}");
    }
}

#[test]
fn rows_are_encoded_in_a_thread_that_goes_with_the_export() {
    let database = many();
    let mut session = database.open();
    let pid = process(&mut session);
    for format in database.formats() {
        let export = once(&format);
        let few = export.replace(
            r#""outputType""#,
            r#""filters": {"tags": {"all_geometry": {"join_or": {"number": ["5"]}}}}, "outputType""#,
        );
        let expected = if STREAMED.contains(&format.as_str()) { 2 } else { 1 };
        for (end, what) in [("CLOSE chunks", "closed"), ("COMMIT", "committed"), ("ROLLBACK", "rolled back")] {
            session.ask("BEGIN");
            session.ask(&format!("DECLARE few CURSOR FOR {few}"));
            session.ask("MOVE 1 FROM few");
            assert_eq!(threads(&database, &pid), 1, "{format}: few rows need no thread");
            session.ask(&format!("DECLARE chunks CURSOR FOR {export}"));
            session.ask("MOVE 1 FROM chunks");
            assert_eq!(threads(&database, &pid), expected, "{format}");
            session.ask(end);
            wait_for_threads(&database, &format!("{format}, {what}"), &pid);
            session.ask("ROLLBACK");
        }
        session.ask(&format!("SELECT octet_length(chunk) FROM ({export} AS chunk LIMIT 1) AS chunks"));
        wait_for_threads(&database, &format!("{format} with a limit"), &pid);
        let size =
            session.ask(&format!("SELECT sum(octet_length(chunk)) > 1 << 20 FROM ({export} AS chunk) AS chunks"));
        assert_eq!(size, "t", "{format}");
        wait_for_threads(&database, &format!("{format}, complete"), &pid);
    }
}

#[test]
fn a_broken_row_is_an_error_in_every_format() {
    let database = many();
    database.psql(&format!("UPDATE rawdata.nodes SET tags = '{{\"number\": 5}}' WHERE osm_id = {NODES} - 1"));
    let mut session = database.open();
    let pid = process(&mut session);
    session.ask("\\set VERBOSITY verbose");
    for format in database.formats() {
        let answer = session.ask(&format!("SELECT count(*) FROM ({}) AS chunks", endless(&format)));
        assert!(answer.contains("0A000: a tag's value is not a string"), "{format}: {answer}");
        assert_eq!(files(&database, &pid), 0, "{format}");
        wait_for_threads(&database, &format!("{format}, broken"), &pid);
    }
}
