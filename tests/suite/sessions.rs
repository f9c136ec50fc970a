//! Sessions of exports: used again, closed where work broke off, and one snapshot for a file and what is said of it.

use std::time::{Duration, Instant};

use rawdata_tests::{Database, Front, Osm, Session, members};
use reqwest::StatusCode;
use serde_json::{Value, json};

const BOX: [f64; 4] = [24.0, 60.0, 24.02, 60.02];
/// Waits for a lock that a test holds.
const WAITING: &str = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query ~ 'export' AND wait_event_type = 'Lock'";

fn town(name: &str) -> Osm {
    Osm::new().node(1, 24.001, 60.001, &[("place", name)]).node(2, 24.002, 60.002, &[("place", name)])
}

fn system(settings: &[(&'static str, &str)]) -> (Database, Front) {
    let database = Database::new();
    database.import(town("red").xml());
    let front = Front::with(&database, settings);
    (database, front)
}

/// Holds every export of the database, until it is dropped.
fn barrier(database: &Database) -> Session {
    let mut session = database.open();
    session.ask("BEGIN; LOCK TABLE rawdata.nodes IN ACCESS EXCLUSIVE MODE");
    session
}

async fn waited_for(what: &str, mut answer: impl FnMut() -> String) -> String {
    let begun = Instant::now();
    loop {
        let now = answer();
        if !now.is_empty() {
            return now;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn plain(front: &Front) -> StatusCode {
    front.post("/v1/snapshot/plain/", &Front::request(BOX, json!({}))).await.status
}

#[tokio::test]
async fn plain_exports_use_a_session_again() {
    let (database, front) = system(&[("PLAIN_LIMIT", "1")]);
    let mut sessions = Vec::new();
    for _ in 0..3 {
        let held = barrier(&database);
        let (status, session) = tokio::join!(plain(&front), async {
            let session = waited_for("an export waits", || database.psql(WAITING)).await;
            drop(held);
            session
        });
        assert_eq!(status, StatusCode::OK);
        sessions.push(session);
    }
    assert!(sessions.iter().all(|session| session == &sessions[0]), "{sessions:?}");
}

#[tokio::test]
async fn a_session_whose_client_left_is_closed() {
    let (database, front) = system(&[("PLAIN_LIMIT", "1")]);
    let held = barrier(&database);
    tokio::select! {
        status = plain(&front) => panic!("answered {status} behind a lock"),
        session = waited_for("the export waits", || database.psql(WAITING)) => drop(session),
    }
    let gone = format!("SELECT 'gone' WHERE NOT EXISTS ({WAITING})");
    waited_for("the session ends", || database.psql(&gone)).await;
    drop(held);
    assert_eq!(plain(&front).await, StatusCode::OK);
}

#[tokio::test]
async fn the_readme_speaks_of_the_data_beside_it() {
    let (database, front) = system(&[]);
    let _worker = front.worker();
    let documents = [("red", "2024-03-01 10:20:30"), ("blue", "2025-04-02 11:21:31")].map(|(name, time)| {
        let stamp = format!("{}Z", time.replace(' ', "T"));
        (name, time, town(name).xml().replace("2024-03-01T10:20:30Z", &stamp))
    });
    for round in 0..8 {
        let (_, _, document) = &documents[(round + 1) % 2];
        let tasks = [
            front.snapshot(Front::request(BOX, json!({}))).await,
            front.snapshot(Front::request(BOX, json!({}))).await,
        ];
        database.import(document);
        for task in tasks {
            let ended = front.ended(&task).await;
            assert_eq!(ended["status"], "SUCCESS", "{ended}");
            let zip = front.get(ended["result"]["download_url"].as_str().unwrap()).await.body;
            let members = members(&zip);
            let collection: Value = serde_json::from_slice(&members[0].1).unwrap();
            let place = collection["features"][0]["properties"]["tags"]["place"].as_str().unwrap().to_owned();
            let readme = String::from_utf8(members[2].1.clone()).unwrap();
            let (_, time, _) = documents.iter().find(|(name, ..)| *name == place).unwrap();
            assert!(readme.contains(time), "{place}: {readme}");
        }
    }
}

/// An export that waits for its tables takes its snapshot when it has them: what was committed meanwhile is in file and readme.
#[tokio::test]
async fn an_export_that_had_to_wait_speaks_of_what_it_found() {
    let (database, front) = system(&[]);
    let _worker = front.worker();
    let mut session = barrier(&database);
    let task = front.snapshot(Front::request(BOX, json!({}))).await;
    let waits = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'rawdata worker' \
                 AND wait_event_type = 'Lock'";
    waited_for("the export waits", || database.psql(waits)).await;
    let change = "<osmChange version=\"0.6\"><create><node id=\"3\" version=\"1\" timestamp=\"2025-04-02T11:21:31Z\" lat=\"60.003\" lon=\"24.003\"><tag k=\"place\" v=\"new\"/></node></create></osmChange>";
    let applied = session.ask(&format!(
        "SELECT applied FROM rawdata.apply_change(convert_to('{change}', 'UTF8'), 7, '2025-04-02T11:21:31Z')"
    ));
    assert_eq!(applied, "t");
    session.ask("COMMIT");
    let ended = front.ended(&task).await;
    assert_eq!(ended["status"], "SUCCESS", "{ended}");
    let members = members(&front.get(ended["result"]["download_url"].as_str().unwrap()).await.body);
    let collection: Value = serde_json::from_slice(&members[0].1).unwrap();
    let readme = String::from_utf8(members[2].1.clone()).unwrap();
    assert_eq!(collection["features"].as_array().unwrap().len(), 3);
    assert!(readme.contains("2025-04-02 11:21:31") && readme.contains("last update: 7"), "{readme}");
}
