//! The HTTP front of pg_rawdata: a server that checks and queues requests, and workers that run them.
//!
//! ```text
//! server ──> manners ──> api ──> db (SQL), queue (Redis), storage (finished files)
//! worker ──> queue, db, storage
//! command ──> serve, worker, import, status
//! ```
#![warn(missing_docs)]

pub mod api;
pub mod body;
pub mod command;
pub mod config;
pub mod db;
pub mod error;
pub mod health;
pub mod manners;
pub mod queue;
pub mod server;
pub mod source;
pub mod stop;
pub mod storage;
pub mod wire;
pub mod words;
pub mod worker;

use std::sync::Arc;

use poem::{Endpoint, Response, Route};
use rawdata_core::request::Limits;
use tokio::sync::Semaphore;

use db::Db;
use health::Health;
use manners::Manners;
use queue::Queue;
use stop::Stop;
use storage::Storage;

/// What the handlers of requests share.
pub struct App {
    /// The database.
    pub db: Db,
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
    pub fn new(config: &config::Serve, db: Db, queue: Queue, storage: Storage, stop: Stop) -> Self {
        let limits = config.limits.clone();
        Self {
            db,
            queue,
            storage,
            request_limits: Limits { area_km2: limits.export_max_area_sqkm, ..Limits::default() },
            plain_slots: Arc::new(Semaphore::new(limits.plain_limit)),
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
