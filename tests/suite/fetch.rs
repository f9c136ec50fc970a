//! `rawdata fetch`, and `rawdata import` of an address, ask servers that answer as the real ones do, errors included.

mod extract;
mod file;
mod web;

use std::process::Output;

use rawdata_tests::{Database, Osm, Program};

use web::{Answer, Web, answer};

/// Runs a command, which may ask servers of this machine, each once.
fn run(database: &Database, command: &str, arguments: &[&str]) -> Output {
    let mut program = Program::rawdata(command);
    program.env("FETCH_ALLOW_HOST", "127.0.0.1").env("FETCH_TRIES", "1");
    program.args(arguments).args(["--database-url", &database.url()]).output().unwrap()
}

/// What `rawdata fetch` says when it has done it.
fn fetched(database: &Database, arguments: &[&str]) -> String {
    let output = run(database, "fetch", arguments);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// What it says when it fails.
fn refusal(output: Output) -> String {
    assert!(!output.status.success(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn refused(database: &Database, arguments: &[&str]) -> String {
    refusal(run(database, "fetch", arguments))
}

fn loaded(database: &Database) -> String {
    let sql = "SELECT string_agg(osm_id || ' v' || version, ', ' ORDER BY osm_id) FROM rawdata.nodes";
    database.psql(sql).trim().to_owned()
}

/// What is there before, which a failure leaves.
const BEFORE: &str = r#"<osm version="0.6"><node id="7" version="1" lat="0" lon="0"><tag k="a" v="b"/></node></osm>"#;
const TOO_MANY: &str =
    "You requested too many nodes (limit is 50000). Either request a smaller area, or use planet.osm";
const WEST: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6" generator="CGImap 2.0.1"><bounds minlat="0.0" minlon="0.0" maxlat="1.0" maxlon="1.0"/>
 <node id="1" version="1" lat="0.5" lon="0.5"><tag k="a" v="west"/></node>
 <node id="2" version="2" lat="0.5" lon="1"><tag k="a" v="both"/></node>
</osm>
"#;
const EAST: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6" generator="CGImap 2.0.1"><bounds minlat="0.0" minlon="1.0" maxlat="1.0" maxlon="2.0"/>
 <node id="2" version="2" lat="0.5" lon="1"><tag k="a" v="both"/></node>
 <node id="3" version="1" lat="0.5" lon="1.5"><tag k="a" v="east"/></node>
</osm>
"#;
/// The page that an Overpass server answers with where it is busy or the query is wrong.
const PAGE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en"><head><title>OSM3S Response</title></head><body>
<p>The data included in this document is from www.openstreetmap.org.</p>
<p><strong style="color:#FF0000">Error</strong>: line 1: parse error: Unknown type "nod" </p>
</body></html>
"#;
const REMARK: &str = r#"<osm version="0.6" generator="Overpass API 0.7.62.1"><node id="1" version="1" lat="0.5" lon="0.5"><tag k="a" v="b"/></node>
<remark> runtime error: Query timed out in "query" at line 1 after 2 seconds. </remark>
</osm>
"#;

/// Too much at first; then its quarters.
fn quarters() -> Vec<Answer> {
    vec![
        answer("bbox=0.0000000,0.0000000,2.0000000,2.0000000 ", "400 Bad Request", TOO_MANY),
        answer("bbox=0.0000000,0.0000000,1.0000000,1.0000000 ", "200 OK", WEST),
        answer("bbox=1.0000000,0.0000000,2.0000000,1.0000000 ", "200 OK", EAST),
        answer("/api/0.6/map?bbox=", "200 OK", "<osm version=\"0.6\"></osm>"),
    ]
}

#[test]
fn a_box_that_is_too_much_is_fetched_in_quarters_and_replaces_the_data() {
    let database = Database::new();
    database.import(Osm::new().xml());
    fetched(&database, &["--bbox", "0,0,2,2", "--osm-api-url", &Web::new(quarters()).address]);
    assert_eq!(loaded(&database), "1 v1, 2 v2, 3 v1");
}

#[test]
fn what_is_appended_does_not_go_behind_what_is_there() {
    let database = Database::new();
    let there = r#"<osm version="0.6"><node id="1" version="9" lat="0" lon="0"><tag k="a" v="b"/></node>
        <node id="7" version="1" lat="0" lon="0"><tag k="a" v="b"/></node></osm>"#;
    database.import(there);
    fetched(&database, &["--append", "--bbox", "0,0,2,2", "--osm-api-url", &Web::new(quarters()).address]);
    assert_eq!(loaded(&database), "1 v9, 2 v2, 3 v1, 7 v1");
}

#[test]
fn a_broken_answer_of_the_api_changes_nothing() {
    let database = Database::new();
    database.import(BEFORE);
    for (status, body, expected) in [
        ("400 Bad Request", TOO_MANY, "too much for 256 calls"),
        ("400 Bad Request", "The latitudes must be between -90 and 90", "latitudes must be"),
        ("200 OK", "<osm version=\"0.6\"><node id=\"1\" version=\"1\" lat=\"0\" ", "breaks off"),
        ("200 OK", "<osm version=\"0.6\"><error>out of memory</error></osm>", "out of memory"),
        (
            "200 OK",
            "<!DOCTYPE html>\n<html><head><title>Offline</title></head></html>",
            "a web page came in place of map data: Offline",
        ),
        ("401 Unauthorized", "", "answers 401 Unauthorized"),
    ] {
        let web = Web::new([answer("GET /api/0.6/map", status, body)]);
        let said = refused(&database, &["--bbox", "0,0,2,2", "--osm-api-url", &web.address]);
        assert!(said.contains(expected), "{said}");
    }
    let said = refused(
        &database,
        &["--bbox", "0,0,2,2", "--max-bytes", "100", "--osm-api-url", &Web::new(quarters()).address],
    );
    assert!(said.contains("FETCH_MAX_BYTES"), "{said}");
    assert_eq!(loaded(&database), "7 v1");
}

#[test]
fn a_query_is_answered_whole_or_refused() {
    let database = Database::new();
    let ask = |status, body| {
        let web = Web::new([answer("POST /interpreter", status, body)]);
        run(&database, "fetch", &["--overpass", "[out:xml];node(1);out meta;", "--overpass-url", &web.address])
    };
    let output = ask("200 OK", WEST);
    assert!(output.status.success(), "{output:?}");
    for (status, body, expected) in [
        ("200 OK", REMARK, "Query timed out"),
        ("200 OK", "{\"version\": 0.6}", "[out:xml]"),
        ("200 OK", PAGE, "a web page came in place of map data: OSM3S Response"),
        ("400 Bad Request", PAGE, "400 Bad Request: line 1: parse error: Unknown type \"nod\""),
        ("504 Gateway Timeout", PAGE, "the server is busy (504 Gateway Timeout)"),
    ] {
        let said = refusal(ask(status, body));
        assert!(said.contains(expected), "{said}");
    }
    assert_eq!(loaded(&database), "1 v1, 2 v2");
}
