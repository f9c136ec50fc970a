//! Results in a bucket, of moto's S3 server: what a client gets, who may publish, and what is left behind.

use std::{
    net::TcpListener,
    path::PathBuf,
    process::Command,
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use rawdata_tests::{Database, Front, Program, members, target};
use reqwest::{Method, StatusCode};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::worker::{ALL, caught_at_work};

const MOTO: &str = "moto[server]==5.2.5";
/// So many bytes are in a file that nobody may hold whole, at least, and so many may a process take for it.
const WHOLE: u64 = 256 << 20;
const HELD: u64 = 128 << 20;

/// An object store with one bucket.
struct ObjectStore {
    url: String,
    _server: Program,
}

impl ObjectStore {
    /// Starts one; `None`, and a word why, where it cannot be installed.
    fn start() -> Option<Self> {
        static SERVER: OnceLock<Result<PathBuf, String>> = OnceLock::new();
        let server = match SERVER.get_or_init(installed) {
            Ok(server) => server,
            Err(reason) => {
                eprintln!("skipped: {MOTO} cannot be installed: {reason}");
                return None;
            }
        };
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(server);
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        let store =
            Self { url: format!("http://127.0.0.1:{port}"), _server: Program::spawn("rawdata-object-store", command) };
        let begun = Instant::now();
        while store.ask(&["-X", "PUT"], "").is_none() {
            assert!(begun.elapsed() < Duration::from_secs(30), "moto does not answer");
            thread::sleep(Duration::from_millis(100));
        }
        Some(store)
    }

    fn ask(&self, options: &[&str], query: &str) -> Option<String> {
        let url = format!("{}/results{query}", self.url);
        let output = Command::new("curl").args(["-sf", "--noproxy", "*"]).args(options).arg(url).output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    }

    /// How many objects there are of a job.
    fn objects(&self, job: &str) -> usize {
        self.ask(&[], &format!("?list-type=2&prefix=exports/{job}/")).unwrap().matches("<Key>").count()
    }

    /// How many uploads are begun and not ended.
    fn uploads(&self) -> usize {
        self.ask(&[], "?uploads").unwrap().matches("<UploadId>").count()
    }

    fn front(&self, database: &Database) -> Front {
        let settings = [
            ("BUCKET_NAME", "results"),
            ("AWS_ENDPOINT_URL", self.url.as_str()),
            ("AWS_ACCESS_KEY_ID", "key"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            // So that a file has several parts.
            ("ZIP_LEVEL", "0"),
        ];
        Front::with(database, &settings)
    }
}

/// moto's server, in an environment of its own below the build folder.
fn installed() -> Result<PathBuf, String> {
    let folder = target().join("moto");
    let server = folder.join("bin/moto_server");
    if server.exists() {
        return Ok(server);
    }
    let run = |command: &mut Command| match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(said.trim().lines().last().unwrap_or("it says nothing").to_owned())
        }
        Err(error) => Err(error.to_string()),
    };
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    run(Command::new(folder.join("bin/pip")).args(["install", "-q", "--disable-pip-version-check", MOTO]))?;
    Ok(server)
}

/// The extract in the format that makes most of it, in several parts.
fn large() -> Value {
    Front::request(ALL, json!({ "fileName": "नेपाल 1", "outputType": "kml" }))
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(40), "never: {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

#[tokio::test]
async fn a_result_in_a_bucket_is_fetched_like_any_other() {
    let Some(store) = ObjectStore::start() else { return };
    let database = Database::helsinki();
    let front = store.front(&database);
    let _worker = front.worker();
    let (result, whole) = front.export(large()).await;
    let url = result["download_url"].as_str().unwrap();
    assert!(url.starts_with(&format!("{}/exports/", front.url)) && url.ends_with(".zip"), "{url}");
    assert_eq!(result["zip_file_size_bytes"], whole.len());
    assert_eq!(members(&whole)[0].0, "नेपाल_1.kml");

    let fetch = async |method: Method, headers: &[(&str, &str)]| front.send(method, url, headers, None).await;
    let head = fetch(Method::HEAD, &[]).await;
    assert_eq!((head.status, head.header("content-length")), (StatusCode::OK, whole.len().to_string().as_str()));
    let etag = head.header("etag");
    assert!(etag.ends_with("-2\""), "not sent in two parts: {etag}, {} bytes", whole.len());
    let piece = fetch(Method::GET, &[("range", "bytes=4-9"), ("if-range", etag)]).await;
    assert_eq!((piece.status, &piece.body[..]), (StatusCode::PARTIAL_CONTENT, &whole[4..10]));
    assert_eq!(fetch(Method::GET, &[("if-none-match", etag)]).await.status, StatusCode::NOT_MODIFIED);
    let missing = url.replace("kml_uid", "csv_uid");
    assert_eq!(front.get(&missing).await.status, StatusCode::NOT_FOUND);

    let folder = Front::with(&database, &[("ZIP_LEVEL", "0")]);
    let _worker = folder.worker();
    let (_, same) = folder.export(large()).await;
    assert!(same == whole, "a file differs by where it lies");
    let (_, bare) = front.export(Front::request(ALL, json!({ "bindZip": false }))).await;
    assert!(bare.starts_with(b"{"));
    assert_eq!(store.uploads(), 0);
}

#[tokio::test]
async fn a_worker_that_has_lost_its_job_leaves_nothing_in_the_bucket() {
    let Some(store) = ObjectStore::start() else { return };
    let database = Database::helsinki();
    let front = store.front(&database);
    let worker = front.worker();
    for _ in 0..20 {
        front.snapshot(large()).await;
    }
    let job = caught_at_work(&database, &worker).await;
    database.psql(&format!("UPDATE rawdata.jobs SET attempt = attempt + 1, worker = 'another' WHERE id = '{job}'"));
    worker.signal(Signal::CONT);
    wait_until("the worker sees that it has lost its job", || worker.log().contains("another worker has taken"));
    worker.signal(Signal::TERM);
    assert!(worker.wait(Duration::from_secs(40)).success());
    wait_until("the upload is given up", || store.uploads() == 0);
    assert_eq!(store.objects(&job), 0);
}

#[tokio::test]
async fn neither_worker_nor_server_holds_a_file_in_memory() {
    let Some(store) = ObjectStore::start() else { return };
    let database = Database::new();
    database.psql(
        "INSERT INTO rawdata.nodes (osm_id, tags, geom)
            SELECT i, jsonb_build_object('note', repeat(md5(i::text), 45)), ST_SetSRID(ST_MakePoint(24.95, 60.15), 4326)
            FROM generate_series(1, 180000) AS i",
    );
    let mut front = store.front(&database);
    let worker = front.worker();
    let job = front.snapshot(Front::request(ALL, json!({}))).await;
    let ended = front.ended(&job).await;
    let (result, peak) = (&ended["result"], worker.peak_memory());
    assert!(result["zip_file_size_bytes"].as_u64().is_some_and(|size| size > WHOLE), "{ended}");
    assert!(peak < HELD, "the worker took {peak} bytes");
    let sent = front.get(result["download_url"].as_str().unwrap()).await.body.len();
    let peak = front.program().peak_memory();
    assert_eq!(result["zip_file_size_bytes"], sent);
    assert!(peak < HELD, "the server took {peak} bytes");
}

#[tokio::test]
async fn what_is_too_old_goes_from_the_bucket() {
    let Some(store) = ObjectStore::start() else { return };
    let database = Database::helsinki();
    let front = store.front(&database);
    let worker = front.worker();
    let job = front.snapshot(large()).await;
    assert_eq!(front.ended(&job).await["status"], "SUCCESS");
    assert_eq!(store.objects(&job), 1);
    drop(worker);
    let _worker = front.worker_with(&[("RESULT_MAX_AGE", "0")]);
    wait_until("the object is gone", || store.objects(&job) == 0);
}
