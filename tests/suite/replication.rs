//! Following a server of change files, whatever that server does.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::Output,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use rawdata_tests::{Database, Front, Osm, Program};
use rustix::process::Signal;

/// What a server may do instead of answering as it should.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// A status, a header and a body.
    Says(&'static str, &'static str, &'static str),
    /// The right answer, of which half comes.
    Breaks,
    /// The right answer, of which half comes, as if that were all.
    Halves,
    /// The right answer, a byte a second.
    Drips,
    /// Nothing.
    Hangs,
}

const NOT_FOUND: Fault = Fault::Says("404 Not Found", "x: y", "");

/// A server that has diffs 1 to `top`, one an hour, each of which makes a node of its number. It answers the first requests of
/// a path as told.
struct Source {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Source {
    fn new(top: i64, faults: &[(&'static str, Fault)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/replication", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::<String>::new()));
        let log = Arc::clone(&asked);
        let mut faults = faults.to_vec();
        // Ends with the test program.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut request = [0; 4096];
                let length = stream.read(&mut request).unwrap_or(0);
                let path = String::from_utf8_lossy(&request[..length]).split(' ').nth(1).unwrap_or("").to_owned();
                let fault = faults.iter().position(|(name, _)| path.ends_with(name)).map(|at| faults.remove(at).1);
                log.lock().unwrap().push(path.clone());
                thread::spawn(move || answer(stream, &whole(&path, top).unwrap_or_default(), fault));
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// What a sound server has there.
fn whole(path: &str, top: i64) -> Option<String> {
    let number: i64 = path.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap_or(top);
    if !(1..=top).contains(&number) {
        return None;
    }
    Some(if path.ends_with("state.txt") {
        format!("sequenceNumber={number}\ntimestamp=2024-01-01T{number:02}\\:00\\:00Z\n")
    } else {
        format!(
            "<osmChange version=\"0.6\"><create><node id=\"{number}\" version=\"1\" lat=\"1\" lon=\"1\">\
             <tag k=\"number\" v=\"{number}\"/></node></create></osmChange>"
        )
    })
}

/// `body` is what a sound server has there; nothing where that is nothing.
fn answer(mut stream: TcpStream, body: &str, fault: Option<Fault>) {
    let head = |status: &str, header: &str, length: usize| {
        format!("HTTP/1.1 {status}\r\n{header}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n")
    };
    let half = &body[..body.len() / 2];
    let mut send = |text: String| drop(stream.write_all(text.as_bytes()));
    match fault {
        None if body.is_empty() => send(head("404 Not Found", "x: y", 0)),
        None => send(head("200 OK", "x: y", body.len()) + body),
        Some(Fault::Says(status, header, text)) => send(head(status, header, text.len()) + text),
        Some(Fault::Breaks) => send(head("200 OK", "x: y", body.len()) + half),
        Some(Fault::Halves) => send(head("200 OK", "x: y", half.len()) + half),
        Some(Fault::Drips) => {
            send(head("200 OK", "x: y", body.len()));
            for byte in body.chars().take(10) {
                send(byte.to_string());
                thread::sleep(Duration::from_secs(1));
            }
        }
        Some(Fault::Hangs) => thread::sleep(Duration::from_secs(10)),
    }
}

fn update_with(database: &Database, source: &Source, arguments: &[&str]) -> Output {
    let mut update = Program::rawdata("update");
    update.env("FETCH_ALLOW_HOST", "127.0.0.1");
    update.args(["--once", "--update-retry", "0", "--replication-url", &source.address]);
    update.args(["--replication-idle-limit", "2", "--replication-time-limit", "3"]);
    update.args(["--database-url", &database.url()]).args(arguments).output().unwrap()
}

fn update(database: &Database, source: &Source) -> Output {
    update_with(database, source, &["--sequence", "0"])
}

fn empty() -> Database {
    let database = Database::new();
    database.import(Osm::new().xml());
    database
}

fn loaded(database: &Database) -> String {
    database.psql(
        "SELECT sequence, (SELECT string_agg(osm_id::text, ' ' ORDER BY osm_id) FROM rawdata.nodes) FROM rawdata.status()",
    )
}

/// Every row that an update writes, but for the time of writing.
fn hash(database: &Database) -> String {
    let tables =
        ["nodes", "ways_line", "ways_poly", "relations", "node_places", "way_nodes", "relation_members", "unplaced"];
    let rows = |table: &str| format!("SELECT '{table}' || t::text FROM rawdata.{table} t");
    let changes = "SELECT concat(sequence, osm_type, osm_id, action) FROM rawdata.changes";
    let state = "SELECT concat(sequence, data_timestamp, nodes, ways, relations) FROM rawdata.data_set";
    let all = [tables.map(rows).join(" UNION ALL "), changes.to_owned(), state.to_owned()].join(" UNION ALL ");
    database.psql(&format!("SELECT md5(string_agg(r, ',' ORDER BY r)) FROM ({all}) AS a (r)"))
}

#[test]
fn all_that_the_server_has_is_applied_and_no_more_is_asked_for() {
    let database = empty();
    let source = Source::new(3, &[]);
    // In looks of two diffs.
    let output = update_with(&database, &source, &["--sequence", "0", "--update-batch", "2"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(loaded(&database).trim(), "3|1 2 3");
    assert!(!source.asked().iter().any(|path| path.contains("004")), "{:?}", source.asked());
    let time = database.psql("SELECT data_timestamp AT TIME ZONE 'UTC' FROM rawdata.status()");
    assert_eq!(time.trim(), "2024-01-01 03:00:00");

    // Again: nothing is fetched but the state.
    let before = source.asked().len();
    assert!(update(&database, &source).status.success());
    assert_eq!((source.asked().len() - before, loaded(&database).trim()), (1, "3|1 2 3"));
}

#[test]
fn whatever_the_server_does_meanwhile_the_end_is_that_of_a_clean_run() {
    let elsewhere = Fault::Says("302 Found", "location: http://169.254.169.254/latest/", "");
    let file = Fault::Says("302 Found", "location: file:///etc/passwd", "");
    let in_circles = Fault::Says("302 Found", "location: ?", "");
    let page = Fault::Says("200 OK", "x: y", "<html><body>502 Bad Gateway</body></html>");
    let nothing = Fault::Says("200 OK", "x: y", "");
    let zeros = Fault::Says("200 OK", "x: y", "\0\0\0\0\0\0\0\0");
    let map =
        Fault::Says("200 OK", "x: y", "<osm version=\"0.6\"><node id=\"77\" version=\"1\" lat=\"1\" lon=\"1\"/></osm>");
    let busy = Fault::Says("503 Service Unavailable", "retry-after: 1", "");
    let ahead = Fault::Says("200 OK", "x: y", "sequenceNumber=99\ntimestamp=2124-01-01T00\\:00\\:00Z\n");
    let of_another = Fault::Says("200 OK", "x: y", "sequenceNumber=2\ntimestamp=2024-01-01T00\\:00\\:00Z\n");
    let cut = Fault::Says("200 OK", "x: y", "timestamp=2024-01-01T00\\:00\\:00Z\nsequenceNumber=1");
    let faulty = Source::new(
        12,
        &[
            ("n/state.txt", busy),
            ("n/state.txt", ahead),
            ("n/state.txt", cut),
            ("n/state.txt", Fault::Drips),
            ("001.osc.gz", Fault::Breaks),
            ("002.osc.gz", Fault::Halves),
            ("003.osc.gz", Fault::Hangs),
            ("003.state.txt", Fault::Hangs),
            ("004.osc.gz", page),
            ("005.osc.gz", nothing),
            ("006.osc.gz", zeros),
            ("007.osc.gz", map),
            ("007.state.txt", of_another),
            ("008.osc.gz", NOT_FOUND),
            ("009.osc.gz", elsewhere),
            ("010.osc.gz", file),
            ("011.osc.gz", in_circles),
            ("012.osc.gz", Fault::Says("500 Internal Server Error", "x: y", "x")),
        ],
    );
    let (clean, tried) = (empty(), empty());
    assert!(update(&clean, &Source::new(12, &[])).status.success());
    let output = update(&tried, &faulty);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(loaded(&tried).trim(), "12|1 2 3 4 5 6 7 8 9 10 11 12");
    assert_eq!(hash(&tried), hash(&clean));
    assert!(!faulty.asked().iter().any(|path| path.contains("013")), "{:?}", faulty.asked());
}

#[test]
fn what_went_wrong_is_told_until_it_goes_well() {
    let database = empty();
    let gone = Source::new(3, &[("002.osc.gz", NOT_FOUND); 6]);
    let output = update(&database, &gone);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("import a newer file"), "{said}");
    let told = "SELECT sequence, server_sequence, failures, error_kind, error, failing_since IS NULL, lag_seconds > 0
                  FROM rawdata.replication";
    let error =
        "000/000/002.osc.gz: the server answers 404 Not Found; if it keeps only newer diffs, import a newer file";
    assert_eq!(database.psql(told).trim(), format!("1|3|6|missing|{error}|f|t"));
    assert_eq!(database.psql("SELECT last_error FROM rawdata.status()").trim(), error);

    // A look that goes well ends it; what was is still to be read.
    assert!(update(&database, &gone).status.success());
    assert_eq!(database.psql(told).trim(), format!("3|3|0|missing|{error}|t|t"));
    assert_eq!(database.psql("SELECT last_error IS NULL FROM rawdata.status()").trim(), "t");

    // Who counts anew, and is newer, is another server.
    database.psql("UPDATE rawdata.data_set SET sequence = 7, data_timestamp = '2024-01-01T02:00Z'");
    assert!(!update(&database, &gone).status.success());
    assert_eq!(database.psql("SELECT sequence, error_kind FROM rawdata.replication").trim(), "7|state");
}

#[test]
fn where_to_begin_is_found_by_the_time_of_the_data() {
    let database = empty();
    database.psql("UPDATE rawdata.data_set SET data_timestamp = '2024-01-01T09:30Z'");
    // It has lost the first ones.
    let lost = [("000/001.state.txt", NOT_FOUND), ("000/002.state.txt", NOT_FOUND)];
    // The one before the time, and one after it, it does not have for a moment.
    let source = Source::new(12, &[&lost[..], &[("005.state.txt", NOT_FOUND), ("008.state.txt", NOT_FOUND)]].concat());
    let output = update_with(&database, &source, &[]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(loaded(&database).trim(), "12|7 8 9 10 11 12");

    database.psql("UPDATE rawdata.data_set SET sequence = NULL, data_timestamp = '2023-01-01T09:30Z'");
    let output = update_with(&database, &source, &[]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("no diff as old as the data"), "{said}");
    assert_eq!(database.psql("SELECT error_kind FROM rawdata.replication").trim(), "setting");
}

#[test]
fn only_hosts_that_are_allowed_are_asked() {
    let database = empty();
    let source = Source::new(1, &[]);
    for of_the_file in [false, true] {
        let mut update = Program::rawdata("update");
        update.args(["--once", "--sequence", "0", "--database-url", &database.url()]);
        if of_the_file {
            database.psql(&format!("UPDATE rawdata.data_set SET replication_url = '{}'", source.address));
        } else {
            update.args(["--replication-url", &source.address]);
        }
        let output = update.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("name it by --allow-host 127.0.0.1"), "{said}");
    }
    assert_eq!(
        (source.asked(), database.psql("SELECT error_kind FROM rawdata.replication").trim()),
        (vec![], "setting")
    );
}

/// The limits of the server are far away: the stop does not wait for them.
#[test]
fn a_stop_does_not_wait_for_the_server() {
    let database = empty();
    let source = Source::new(2, &[("002.osc.gz", Fault::Hangs)]);
    let mut update = Program::rawdata("update");
    update.env("FETCH_ALLOW_HOST", "127.0.0.1").args(["--sequence", "0", "--replication-url", &source.address]);
    update.args(["--database-url", &database.url()]);
    let update = Program::spawn("rawdata-update", update);
    let begun = Instant::now();
    while !source.asked().iter().any(|path| path.ends_with("002.osc.gz")) {
        assert!(begun.elapsed() < Duration::from_secs(30), "{}", update.log());
        thread::sleep(Duration::from_millis(20));
    }
    update.signal(Signal::TERM);
    assert!(update.wait(Duration::from_secs(5)).success());
    assert_eq!(loaded(&database).trim(), "1|1");
    // It is no failure of the server.
    assert_eq!(database.psql("SELECT failures, error FROM rawdata.replication").trim(), "0|");
}

#[tokio::test]
async fn what_cannot_be_written_down_makes_a_worker_slower() {
    let database = empty();
    database.psql("ALTER TABLE rawdata.replication_state ADD CHECK (false) NOT VALID");
    let source = Source::new(1, &[]);
    let settings = [
        ("UPDATES", "true"),
        ("FETCH_ALLOW_HOST", "127.0.0.1"),
        ("REPLICATION_URL", source.address.as_str()),
        ("REPLICATION_SEQUENCE", "0"),
        ("UPDATE_RETRY", "300"),
    ];
    let worker = Front::with(&database, &settings).worker();
    let begun = Instant::now();
    while !worker.log().contains("could not be written down") {
        assert!(begun.elapsed() < Duration::from_secs(60), "{}", worker.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // It asks the table of jobs each second.
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(loaded(&database).trim(), "1|1");
    assert_eq!(source.asked().len(), 3, "{:?}", source.asked());
}

#[test]
fn without_an_address_or_a_number_it_says_what_to_give() {
    let database = empty();
    let mut command = Program::rawdata("update");
    let output = command.args(["--once", "--database-url", &database.url()]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("--replication-url"), "{said}");
    let output = update_with(&database, &Source::new(1, &[]), &[]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("--replication-sequence"), "{said}");
}

#[tokio::test]
async fn workers_update_in_turn() {
    let database = empty();
    let source = Source::new(9, &[("004.osc.gz", Fault::Halves)]);
    let settings = [
        ("UPDATES", "true"),
        ("FETCH_ALLOW_HOST", "127.0.0.1"),
        ("REPLICATION_URL", source.address.as_str()),
        ("REPLICATION_SEQUENCE", "0"),
        ("UPDATE_BATCH", "2"),
        ("UPDATE_RETRY", "1"),
    ];
    let front = Front::with(&database, &settings);
    let workers = [front.worker(), front.worker(), front.worker()];
    let begun = Instant::now();
    let current = "SELECT count(*) FROM rawdata.replication WHERE sequence = 9 AND failures = 0 AND next_look > now()";
    while database.psql(current).trim() != "1" {
        assert!(begun.elapsed() < Duration::from_secs(120), "{}", workers[0].log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(loaded(&database).trim(), "9|1 2 3 4 5 6 7 8 9");
    // Nobody fetched what another did, and nothing is left in the table of jobs.
    let fetched = source.asked().iter().filter(|path| path.ends_with(".osc.gz")).count();
    assert_eq!(fetched, 10, "{:?}", source.asked());
    while database.psql("SELECT count(*) FROM rawdata.jobs").trim() != "0" {
        assert!(begun.elapsed() < Duration::from_secs(120));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let status = front.get("/v1/status/").await.json();
    assert_eq!(
        (&status["replication"]["sequence"], &status["replication"]["error_kind"]),
        (&9.into(), &"document".into())
    );
    let metrics = String::from_utf8(front.get("/metrics").await.body).unwrap();
    assert!(metrics.contains("\nrawdata_replication_server_sequence 9\n"), "{metrics}");
}
