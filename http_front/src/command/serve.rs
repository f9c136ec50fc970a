//! `rawdata serve`.

use std::sync::Arc;

use tokio::net::TcpListener;

use super::{Failure, PATIENCE};
use crate::{
    App, app,
    config::Serve,
    db::{Db, Readers},
    queue::Queue,
    server::{self, Rules},
    stop::Stop,
    storage::Storage,
};

const NAME: &str = "rawdata serve";

/// Serves until a signal asks to stop.
pub async fn run(config: Serve) -> Result<(), Failure> {
    let stop = Stop::on_signal()?;
    let urls = &config.database;
    let db = Db::new(&urls.database_url, NAME, config.database_pool)?;
    let readers = Readers::new(urls.read_url(), NAME, config.limits.plain_limit, config.limits.plain_time_limit)?;
    let queue = Queue::new(&config.redis.redis_url)?;
    let storage = Storage::open(&config.store).await?;
    db.wait(PATIENCE).await?;
    queue.wait(PATIENCE).await?;

    let address = config.store.listen;
    let listener = TcpListener::bind(address).await.map_err(|error| format!("cannot listen on {address}: {error}"))?;
    let rules = Rules { connections: config.limits.connection_limit, grace: config.stop_grace };
    let state = Arc::new(App::new(&config, db.clone(), readers, queue.clone(), storage, stop.clone()));
    let health = tokio::spawn(state.health.clone().watch(db, queue));
    tracing::info!(%address, public = config.store.public_url(), "serving");
    server::serve(listener, app(state), rules, stop).await;
    health.abort();
    tracing::info!("stopped");
    Ok(())
}
