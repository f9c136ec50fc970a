//! `rawdata serve` and `rawdata worker` on a database, and what a client does with them.

use std::{
    io::{Cursor, Read},
    net::TcpListener,
    path::PathBuf,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use reqwest::{Client, Method, StatusCode, header::HeaderMap};
use serde_json::{Value, json};

use crate::{Database, Program, Servers};

/// A server, with a Redis database and a result folder of its own.
#[derive(Debug)]
pub struct Front {
    /// Its address, without a slash at the end.
    pub url: String,
    /// Where its workers leave finished files.
    pub results: PathBuf,
    environment: Vec<(&'static str, String)>,
    client: Client,
    serve: Program,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {}", String::from_utf8_lossy(&self.body)))
    }

    /// A header as text, empty where it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Front {
    /// Starts a server and waits until it is ready.
    pub fn new(database: &Database) -> Self {
        Self::with(database, &[])
    }

    /// The same with more settings.
    pub fn with(database: &Database, settings: &[(&'static str, &str)]) -> Self {
        let servers = Servers::get();
        let number = servers.number();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let results = servers.home().join(format!("results-{number}"));
        let (redis, _) = servers.env("REDIS_URL").rsplit_once('/').unwrap();
        let mut environment = vec![
            ("DATABASE_URL", database.url()),
            ("REDIS_URL", format!("{redis}/{number}")),
            ("LISTEN", format!("127.0.0.1:{port}")),
            ("PUBLIC_URL", format!("http://127.0.0.1:{port}")),
        ];
        if !settings.iter().any(|(name, _)| *name == "BUCKET_NAME") {
            environment.push(("RESULT_DIR", results.display().to_string()));
        }
        environment.extend(settings.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let serve = Program::spawn("rawdata-serve", command("serve", &environment));
        let front = Self { url: format!("http://127.0.0.1:{port}"), results, environment, client: client(), serve };
        front.wait_until_ready()
    }

    /// Starts a worker.
    pub fn worker(&self) -> Program {
        self.worker_with(&[])
    }

    /// The same with more settings.
    pub fn worker_with(&self, settings: &[(&'static str, &str)]) -> Program {
        let mut command = command("worker", &self.environment);
        command.envs(settings.iter().copied());
        Program::spawn("rawdata-worker", command)
    }

    /// The server's process.
    pub fn program(&mut self) -> &mut Program {
        &mut self.serve
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, &[], None).await
    }

    /// POST of a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::POST, path, &[("content-type", "application/json")], Some(body.to_string())).await
    }

    /// Any request. A path that is a whole address is taken as it is.
    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<String>) -> Reply {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.url) };
        let mut request = self.client.request(method, url).body(body.unwrap_or_default());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        Reply {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.bytes().await.unwrap().into(),
        }
    }

    /// Asks for an export and returns the id of its task.
    pub async fn snapshot(&self, body: Value) -> String {
        let reply = self.post("/v1/snapshot/", &body).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", String::from_utf8_lossy(&reply.body));
        reply.json()["task_id"].as_str().unwrap().to_owned()
    }

    /// Waits until a task has ended and returns its status reply.
    pub async fn ended(&self, task: &str) -> Value {
        let start = Instant::now();
        loop {
            let reply = self.get(&format!("/v1/tasks/status/{task}/")).await.json();
            if !["PENDING", "STARTED"].contains(&reply["status"].as_str().unwrap()) {
                return reply;
            }
            assert!(start.elapsed() < Duration::from_secs(90), "{task} has not ended: {reply}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// An export from question to file: the result object, and the file's bytes.
    pub async fn export(&self, body: Value) -> (Value, Vec<u8>) {
        let ended = self.ended(&self.snapshot(body).await).await;
        assert_eq!(ended["status"], "SUCCESS", "{ended}");
        let file = self.get(ended["result"]["download_url"].as_str().unwrap()).await;
        assert_eq!(file.status, StatusCode::OK);
        (ended["result"].clone(), file.body)
    }

    /// A body that asks for a box, with more members: `{"outputType": "csv"}`.
    pub fn request([west, south, east, north]: [f64; 4], more: Value) -> Value {
        let ring = [[west, south], [east, south], [east, north], [west, north], [west, south]];
        let mut body = json!({ "geometry": { "type": "Polygon", "coordinates": [ring] } });
        let Value::Object(more) = more else { panic!("not an object: {more}") };
        body.as_object_mut().unwrap().extend(more);
        body
    }

    fn wait_until_ready(mut self) -> Self {
        let start = Instant::now();
        let port = self.url.rsplit_once(':').unwrap().1;
        let ready = format!(
            "exec 3<>/dev/tcp/127.0.0.1/{port} && printf 'GET /readyz HTTP/1.1\\r\\nHost: h\\r\\nConnection: close\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200'"
        );
        while !Command::new("bash").args(["-c", &ready]).stderr(Stdio::null()).status().unwrap().success() {
            assert!(self.serve.runs(), "the server has ended: {}", self.serve.log());
            assert!(
                start.elapsed() < Duration::from_secs(30),
                "the server is not ready after 30 s: {}",
                self.serve.log()
            );
            thread::sleep(Duration::from_millis(50));
        }
        self
    }
}

/// The members of a zip, in order: name and content.
pub fn members(zip: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
    let count = archive.len();
    let member = |index| {
        let mut file = archive.by_index(index).unwrap();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        (file.name().unwrap().into_owned(), content)
    };
    (0..count).map(member).collect()
}

fn command(subcommand: &str, environment: &[(&'static str, String)]) -> Command {
    let mut command = Program::rawdata(subcommand);
    command.envs(environment.iter().map(|(name, value)| (name, value))).stdin(Stdio::null());
    command
}

fn client() -> Client {
    // Whoever was first; see Cargo.toml.
    drop(rustls::crypto::ring::default_provider().install_default());
    Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(60))
        .build()
        .unwrap()
}
