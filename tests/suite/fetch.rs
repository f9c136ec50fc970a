//! `rawdata fetch` asks servers that answer as the OSM API and Overpass do, errors included.

use std::{
    io::{Read, Write},
    net::TcpListener,
    process::Output,
    thread,
};

use rawdata_tests::{Database, Osm, Program};

/// What a first line holds, and the status and body for it.
type Answers = &'static [(&'static str, &'static str, &'static str)];

/// A server that answers requests whose first line holds a text, the first that fits.
fn server(answers: Answers) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    // Ends with the test program.
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let length = stream.read(&mut request).unwrap_or(0);
            let line = String::from_utf8_lossy(&request[..length]).lines().next().unwrap_or("").to_owned();
            let answer = answers.iter().find(|(text, ..)| line.contains(text));
            let (status, body) = answer.map_or(("404 Not Found", ""), |&(_, status, body)| (status, body));
            let length = body.len();
            let _ = write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
        }
    });
    address
}

fn fetch(database: &Database, arguments: &[&str]) -> Output {
    Program::rawdata("fetch").args(arguments).args(["--database-url", &database.url()]).output().unwrap()
}

/// What it says when it fails.
fn refusal(database: &Database, arguments: &[&str]) -> String {
    let output = fetch(database, arguments);
    assert!(!output.status.success(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn loaded(database: &Database) -> String {
    let sql = "SELECT string_agg(osm_id || ' v' || version, ', ' ORDER BY osm_id) FROM rawdata.nodes";
    database.psql(sql).trim().to_owned()
}

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
const EMPTY: &str = "<osm version=\"0.6\"></osm>";
/// Too much at first; then its quarters.
const QUARTERS: &[(&str, &str, &str)] = &[
    ("bbox=0.0000000,0.0000000,2.0000000,2.0000000 ", "400 Bad Request", TOO_MANY),
    ("bbox=0.0000000,0.0000000,1.0000000,1.0000000 ", "200 OK", WEST),
    ("bbox=1.0000000,0.0000000,2.0000000,1.0000000 ", "200 OK", EAST),
    ("/api/0.6/map?bbox=", "200 OK", EMPTY),
];

#[test]
fn a_box_that_is_too_much_is_fetched_in_quarters_and_replaces_the_data() {
    let database = Database::new();
    database.import(Osm::new().xml());
    let output = fetch(&database, &["--bbox", "0,0,2,2", "--osm-api-url", &server(QUARTERS)]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(loaded(&database), "1 v1, 2 v2, 3 v1");
}

#[test]
fn what_is_appended_does_not_go_behind_what_is_there() {
    let database = Database::new();
    let there = r#"<osm version="0.6"><node id="1" version="9" lat="0" lon="0"><tag k="a" v="b"/></node>
        <node id="7" version="1" lat="0" lon="0"><tag k="a" v="b"/></node></osm>"#;
    database.import(there);
    let output = fetch(&database, &["--append", "--bbox", "0,0,2,2", "--osm-api-url", &server(QUARTERS)]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(loaded(&database), "1 v9, 2 v2, 3 v1, 7 v1");
}

#[test]
fn a_broken_answer_changes_nothing() {
    let database = Database::new();
    database.import(r#"<osm version="0.6"><node id="7" version="1" lat="0" lon="0"><tag k="a" v="b"/></node></osm>"#);
    let answers: [(Answers, &str); 4] = [
        (&[("map", "400 Bad Request", TOO_MANY)], "too much for 256 calls"),
        (&[("map", "400 Bad Request", "The latitudes must be between -90 and 90")], "latitudes must be"),
        (&[("map", "200 OK", "<osm version=\"0.6\"><node id=\"1\" version=\"1\" lat=\"0\" ")], "breaks off"),
        (&[("map", "200 OK", "<osm version=\"0.6\"><error>out of memory</error></osm>")], "out of memory"),
    ];
    for (answers, expected) in answers {
        let said = refusal(&database, &["--bbox", "0,0,2,2", "--osm-api-url", &server(answers)]);
        assert!(said.contains(expected), "{said}");
    }
    let said = refusal(&database, &["--bbox", "0,0,2,2", "--max-bytes", "100", "--osm-api-url", &server(QUARTERS)]);
    assert!(said.contains("FETCH_MAX_BYTES"), "{said}");
    assert_eq!(loaded(&database), "7 v1");
}

#[test]
fn a_query_is_answered_whole_or_refused() {
    let database = Database::new();
    let query = ["--overpass", "[out:xml];node(1);out meta;", "--overpass-url"];
    let with = |address: &str| [&query[..], &[address]].concat().into_iter().map(str::to_owned).collect::<Vec<_>>();
    let ask = |answers| with(&server(answers));
    fn slices(arguments: &[String]) -> Vec<&str> {
        arguments.iter().map(String::as_str).collect()
    }
    let output = fetch(&database, &slices(&ask(&[("POST /interpreter", "200 OK", WEST)])));
    assert!(output.status.success(), "{output:?}");
    let refused: [(Answers, &str); 3] = [
        (
            &[(
                "POST",
                "200 OK",
                "<osm version=\"0.6\"><remark> runtime error: Query timed out in \"query\" at line 1 after 2 seconds. </remark></osm>",
            )],
            "Query timed out",
        ),
        (&[("POST", "200 OK", "{\"version\": 0.6}")], "[out:xml]"),
        (
            &[(
                "POST",
                "400 Bad Request",
                "<p><strong style=\"color:#FF0000\">Error</strong>: line 1: parse error: Unknown type \"nod\" </p>",
            )],
            "Unknown type",
        ),
    ];
    for (answers, expected) in refused {
        let said = refusal(&database, &slices(&ask(answers)));
        assert!(said.contains(expected), "{said}");
    }
    assert_eq!(loaded(&database), "1 v1, 2 v2");
}
