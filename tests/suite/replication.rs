//! `rawdata update` follows a server of change files, whatever that server does.

use std::{
    io::{Read, Write},
    net::TcpListener,
    process::Output,
    sync::{Arc, Mutex},
    thread,
};

use rawdata_tests::{Database, Osm, Program};

/// A server that has diffs 1 to `top`, each of which makes a node of its number. It answers a path's first requests as told.
struct Source {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Source {
    fn new(top: i64, faults: &'static [(&'static str, &'static str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/replication", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::<String>::new()));
        let log = Arc::clone(&asked);
        // Ends with the test program.
        thread::spawn(move || {
            let mut faults = faults.to_vec();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut request = [0; 4096];
                let length = stream.read(&mut request).unwrap_or(0);
                let path = String::from_utf8_lossy(&request[..length]).split(' ').nth(1).unwrap_or("").to_owned();
                let fault = faults.iter().position(|(name, _)| path.ends_with(name));
                let answer = fault.map_or_else(|| whole(&path, top), |at| faults.remove(at).1.to_owned());
                log.lock().unwrap().push(path);
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// The answer of a sound server.
fn whole(path: &str, top: i64) -> String {
    let number: i64 = path.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap_or(top);
    let body = if path.ends_with("state.txt") {
        format!("sequenceNumber={number}\ntimestamp=2024-01-01T00\\:{number:02}\\:00Z\n")
    } else {
        format!(
            "<osmChange version=\"0.6\"><create><node id=\"{number}\" version=\"1\" lat=\"1\" lon=\"1\">\
             <tag k=\"number\" v=\"{number}\"/></node></create></osmChange>"
        )
    };
    if number > top {
        return "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned();
    }
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

fn update(database: &Database, source: &Source) -> Output {
    let mut update = Program::rawdata("update");
    update.args(["--once", "--sequence", "0", "--replication-url", &source.address]);
    update.args(["--database-url", &database.url()]).output().unwrap()
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

#[test]
fn all_that_the_server_has_is_applied_and_no_more_is_asked_for() {
    let database = empty();
    let source = Source::new(3, &[]);
    let output = update(&database, &source);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(loaded(&database).trim(), "3|1 2 3");
    assert!(!source.asked().iter().any(|path| path.contains("004")), "{:?}", source.asked());
    let time = database.psql("SELECT data_timestamp AT TIME ZONE 'UTC' FROM rawdata.status()");
    assert_eq!(time.trim(), "2024-01-01 00:03:00");

    // Again: nothing is fetched but the state.
    let before = source.asked().len();
    assert!(update(&database, &source).status.success());
    assert_eq!((source.asked().len() - before, loaded(&database).trim()), (1, "3|1 2 3"));
}

#[test]
fn a_broken_answer_is_fetched_again() {
    let database = empty();
    let source = Source::new(
        2,
        &[
            (
                "000/001.osc.gz",
                "HTTP/1.1 200 OK\r\ncontent-length: 41\r\nconnection: close\r\n\r\n<osmChange version=\"0.6\"><create></create",
            ),
            (
                "000/002.state.txt",
                "HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            ),
        ],
    );
    let output = update(&database, &source);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(loaded(&database).trim(), "2|1 2");
}

#[test]
fn without_an_address_or_a_number_it_says_what_to_give() {
    let database = empty();
    let mut command = Program::rawdata("update");
    let output = command.args(["--once", "--database-url", &database.url()]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("--replication-url"), "{said}");
}
