//! The HTTP front of pg_rawdata: a server that checks and queues requests, and workers that run them.
//!
//! ```text
//! server ──> manners ──> api ──> db (SQL), queue (Redis), storage (finished files)
//! worker ──> queue, db, storage
//! command ──> serve, worker, import, fetch, update, status
//! ```
#![warn(missing_docs)]

pub mod api;
pub mod body;
pub mod command;
pub mod config;
pub mod db;
pub mod error;
pub mod fetch;
pub mod health;
pub mod manners;
pub mod queue;
pub mod replication;
pub mod server;
pub mod source;
pub mod stop;
pub mod storage;
pub mod web;
pub mod wire;
pub mod words;
pub mod worker;

use std::sync::Arc;

use poem::{Endpoint, Response, Route};
use rawdata_core::request::Limits;
use tokio::sync::Semaphore;

use db::{Db, Readers};
use health::Health;
use manners::Manners;
use queue::Queue;
use stop::Stop;
use storage::Storage;

/// What the handlers of requests share.
pub struct App {
    /// The database.
    pub db: Db,
    /// Where plain exports are read.
    pub readers: Readers,
    /// The queue.
    pub queue: Queue,
    /// Finished files.
    pub storage: Storage,
    /// How much a request may ask for.
    pub request_limits: Limits,
    /// How much may be asked of the server.
    pub limits: config::RequestLimits,
    /// Slots for plain streams, each of which holds a database connection.
    pub plain_slots: Arc<Semaphore>,
    /// Whether database and queue answer.
    pub health: Health,
    /// Whether the server is asked to stop.
    pub stop: Stop,
}

impl App {
    /// Puts the parts together.
    pub fn new(config: &config::Serve, db: Db, readers: Readers, queue: Queue, storage: Storage, stop: Stop) -> Self {
        let limits = config.limits.clone();
        Self {
            db,
            readers,
            queue,
            storage,
            request_limits: Limits { area_km2: limits.export_max_area_sqkm, ..Limits::default() },
            plain_slots: Arc::new(Semaphore::new(limits.plain_limit as usize)),
            limits,
            health: Health::default(),
            stop,
        }
    }
}

/// The whole server as one endpoint. Every resource of [`api::RESOURCES`] is found with and without a slash at its end.
pub fn app(app: Arc<App>) -> impl Endpoint<Output = Response> {
    let mut route = Route::new();
    for resource in api::RESOURCES {
        let bare = resource.path.trim_end_matches('/');
        route = route.at(bare, resource.endpoint(&app));
        if bare.len() < resource.path.len() {
            route = route.at(resource.path, resource.endpoint(&app));
        }
    }
    Manners(route)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Parser;
    use poem::{
        http::{Method, StatusCode, header},
        test::TestClient,
    };

    use super::*;
    use config::{Cli, Command};

    /// A server whose database and Redis are not there: what it says then, and all that it says without them.
    fn client() -> TestClient<impl Endpoint<Output = Response>> {
        let folder = std::env::temp_dir().join(format!("rawdata-{}", uuid::Uuid::new_v4()));
        let nowhere = ["--database-url", "postgresql://u@127.0.0.1:1/d", "--redis-url", "redis://127.0.0.1:1/"];
        let results = ["--result-dir", folder.to_str().unwrap()];
        let arguments = ["rawdata", "serve"].into_iter().chain(nowhere).chain(results);
        let Command::Serve(config) = Cli::parse_from(arguments).command else { unreachable!() };
        let db = Db::new(&config.database.database_url, "test", 1).unwrap();
        let readers = Readers::new(&config.database.database_url, "test", 1, Duration::from_secs(1)).unwrap();
        let queue = Queue::new(&config.redis.redis_url).unwrap();
        let storage = Storage::Folder(storage::Folder::open(&folder).unwrap());
        let (_, stop) = Stop::by_hand();
        TestClient::new(app(Arc::new(App::new(&config, db, readers, queue, storage, stop))))
    }

    async fn detail(response: poem::test::TestResponse) -> serde_json::Value {
        let body: serde_json::Value = response.json().await.value().deserialize();
        body["detail"].clone()
    }

    #[tokio::test]
    async fn both_spellings_lead_to_the_same() {
        let client = client();
        for path in ["/v1/docs", "/v1/docs/", "/docs", "/docs/", "/v1/openapi.json", "/healthz", "/healthz/"] {
            client.get(path).send().await.assert_status_is_ok();
        }
    }

    #[tokio::test]
    async fn unknown_addresses_and_methods_are_told_as_ever() {
        let client = client();
        for path in
            ["/", "/nope/", "/latest/status/", "/v1/tasks/status/x'%20or%201=1--/", "/exports/..%2f..%2fetc/passwd"]
        {
            let response = client.get(path).send().await;
            response.assert_status(StatusCode::NOT_FOUND);
            assert_eq!(detail(response).await, "Not Found", "{path}");
        }
        let response = client.get("/v1/snapshot/").send().await;
        response.assert_status(StatusCode::METHOD_NOT_ALLOWED);
        response.assert_header(header::ALLOW, "POST");
        assert_eq!(detail(response).await, "Method Not Allowed");
        let response = client.request(Method::TRACE, "/v1/status/").send().await;
        response.assert_status(StatusCode::METHOD_NOT_ALLOWED);
    }

    #[tokio::test]
    async fn refusals_have_the_shape_that_clients_read() {
        let client = client();
        let response = client.post("/v1/snapshot/").body("{}").send().await;
        response.assert_status(StatusCode::UNPROCESSABLE_ENTITY);
        let reasons = detail(response).await;
        assert_eq!(reasons[0]["msg"], "Field required");
        assert_eq!(reasons[0]["loc"], serde_json::json!(["body", "geometry"]));
    }

    #[tokio::test]
    async fn what_does_not_answer_is_told_without_its_address() {
        let client = client();
        let area = r#"{"geometry":{"type":"Polygon","coordinates":[[[0,0],[0.01,0],[0.01,0.01],[0,0.01],[0,0]]]}}"#;
        let answers = [
            client.get("/v1/status/").send().await,
            client.get("/v1/tasks/queue/").send().await,
            client.post("/v1/snapshot/").body(area).send().await,
            client.post("/v1/snapshot/plain/").body(area).send().await,
        ];
        for response in answers {
            response.assert_status(StatusCode::SERVICE_UNAVAILABLE);
            response.assert_header_exist(header::RETRY_AFTER);
            let detail = detail(response).await.to_string();
            assert!(!detail.contains("127.0.0.1"), "{detail}");
        }
        client.get("/readyz").send().await.assert_status(StatusCode::SERVICE_UNAVAILABLE);
    }

    #[tokio::test]
    async fn every_answer_has_its_headers() {
        let client = client();
        for path in ["/healthz", "/nope", "/v1/tasks/queue/"] {
            let response = client.get(path).header(header::ORIGIN, "https://x.example").send().await;
            response.assert_header(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
            response.assert_header(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
            response.assert_header_exist("x-process-time");
            response.assert_header_exist("x-request-id");
            assert!(response.0.headers().get(header::ACCESS_CONTROL_ALLOW_CREDENTIALS).is_none());
        }
    }

    #[tokio::test]
    async fn a_page_of_another_site_may_ask() {
        let client = client();
        let preflight = client
            .request(Method::OPTIONS, "/v1/snapshot/")
            .header(header::ORIGIN, "https://x.example")
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
            .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "content-type,access-token");
        let response = preflight.send().await;
        response.assert_status_is_ok();
        response.assert_header(header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type,access-token");
        response.assert_text("OK").await;
    }

    #[tokio::test]
    async fn a_panic_is_an_answer() {
        let broken = Manners(poem::endpoint::make(|_| async {
            if true {
                panic!("secret");
            }
            Ok::<Response, poem::Error>(Response::default())
        }));
        let response = TestClient::new(broken).get("/").send().await;
        response.assert_status(StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(detail(response).await, "Internal Server Error");
    }
}
