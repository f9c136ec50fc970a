//! Jobs survive their workers.

use std::{
    collections::HashSet,
    fs,
    time::{Duration, Instant},
};

use rawdata_tests::{Database, Front, Program, members};
use reqwest::StatusCode;
use rustix::process::Signal;
use serde_json::{Value, json};

/// The extract that ships, whole.
pub const ALL: [f64; 4] = [24.9, 60.1, 25.0, 60.2];

/// Stops a worker in the middle of a job, and tells which.
pub async fn caught_at_work(database: &Database, worker: &Program) -> String {
    let started = Instant::now();
    loop {
        worker.signal(Signal::STOP);
        tokio::time::sleep(Duration::from_millis(50)).await;
        let query =
            format!("SELECT id FROM rawdata.jobs WHERE status = 'started' AND worker ~ '\\y{}\\y'", worker.id());
        let job = database.psql(&query);
        if !job.is_empty() {
            return job;
        }
        worker.signal(Signal::CONT);
        assert!(started.elapsed() < Duration::from_secs(30), "the worker was never seen at work");
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
}

#[tokio::test]
async fn a_killed_workers_job_is_taken_over_and_every_job_is_published_once() {
    let database = Database::helsinki();
    let front = Front::new(&database);
    let (first, second) = (front.worker(), front.worker());
    let mut tasks = Vec::new();
    for n in 0..20 {
        tasks.push(front.snapshot(Front::request(ALL, json!({ "fileName": format!("job {n}") }))).await);
    }
    let orphan = caught_at_work(&database, &first).await;
    first.kill();
    let killed = Instant::now();
    assert_eq!(front.ended(&orphan).await["status"], "SUCCESS");
    assert!(killed.elapsed() < Duration::from_secs(30), "taken over after {:?}", killed.elapsed());

    let mut urls = HashSet::new();
    let expected = database.psql(&format!("SELECT rawdata.feature_count('{}')", Front::request(ALL, json!({}))));
    for task in &tasks {
        let ended = front.ended(task).await;
        assert_eq!(ended["status"], "SUCCESS", "{ended}");
        let url = ended["result"]["download_url"].as_str().unwrap();
        assert!(urls.insert(url.to_owned()));
        let files: Vec<_> = fs::read_dir(front.results.join(task)).unwrap().collect();
        assert_eq!(files.len(), 1, "published more than once: {files:?}");
        let collection: Value = serde_json::from_slice(&members(&front.get(url).await.body)[0].1).unwrap();
        assert_eq!(collection["features"].as_array().unwrap().len().to_string(), expected);
    }
    assert_eq!(front.get("/v1/tasks/queue/").await.json()["raw_daemon"]["length"], 0);
    drop(second);
}

#[tokio::test]
async fn a_job_waits_for_a_worker() {
    let database = Database::helsinki();
    let front = Front::new(&database);
    let task = front.snapshot(Front::request(ALL, json!({}))).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(front.get(&format!("/v1/tasks/status/{task}/")).await.json()["status"], "PENDING");
    let _worker = front.worker();
    assert_eq!(front.ended(&task).await["status"], "SUCCESS");
}

#[tokio::test]
async fn a_worker_asked_to_stop_finishes_or_gives_back_its_job() {
    let database = Database::helsinki();
    let front = Front::new(&database);
    let worker = front.worker();
    let mut tasks = Vec::new();
    for _ in 0..4 {
        tasks.push(front.snapshot(Front::request(ALL, json!({}))).await);
    }
    worker.signal(Signal::TERM);
    assert!(worker.wait(Duration::from_secs(40)).success());
    let _other = front.worker();
    let start = Instant::now();
    for task in &tasks {
        assert_eq!(front.ended(task).await["status"], "SUCCESS");
    }
    assert!(start.elapsed() < Duration::from_secs(15), "a job that was given back had to wait for its lease");
}

#[tokio::test]
async fn an_interrupted_import_leaves_the_data_set_that_was_there() {
    let database = Database::helsinki();
    let hash = "SELECT md5(string_agg(f::text, '' ORDER BY osm_type, osm_id)) FROM rawdata.features f";
    let before = database.psql(hash);
    let session = database.session("BEGIN; COPY rawdata.load FROM STDIN (FORMAT binary)");
    session.kill();
    let file = rawdata_tests::data("helsinki-centre.osm.pbf");
    let whole = fs::read(file).unwrap();
    let cut = rawdata_tests::Servers::get().home().join("cut.osm.pbf");
    fs::write(&cut, &whole[..whole.len() - 1000]).unwrap();
    let output = Program::rawdata("import").arg(&cut).env("DATABASE_URL", database.url()).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(database.psql(hash), before);
    let front = Front::new(&database);
    assert_eq!(front.get("/v1/status/").await.status, StatusCode::OK);
}
