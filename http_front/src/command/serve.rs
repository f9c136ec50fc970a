//! `rawdata serve`.

use std::sync::Arc;

use tokio::net::TcpListener;

use super::{Failure, PATIENCE};
use crate::{
    App, app,
    config::Serve,
    db::Db,
    queue::Queue,
    server::{self, Rules},
    stop::Stop,
    storage::Storage,
};

/// Serves until a signal asks to stop.
pub async fn run(config: Serve) -> Result<(), Failure> {
    let stop = Stop::on_signal()?;
    let urls = &config.database;
    let db = Db::new(&urls.database_url, urls.database_read_url.as_deref(), "rawdata serve", config.database_pool)?;
    let queue = Queue::new(&config.redis.redis_url)?;
    let storage = Storage::open(&config.store.result_dir)
        .map_err(|error| format!("the result folder {} cannot be used: {error}", config.store.result_dir.display()))?;
    db.wait(PATIENCE).await?;
    queue.wait(PATIENCE).await?;

    let address = config.store.listen;
    let listener = TcpListener::bind(address).await.map_err(|error| format!("cannot listen on {address}: {error}"))?;
    let rules = Rules { connections: config.limits.connection_limit, grace: config.stop_grace };
    let state = Arc::new(App::new(&config, db.clone(), queue.clone(), storage, stop.clone()));
    let health = tokio::spawn(state.health.clone().watch(db, queue));
    tracing::info!(%address, public = config.store.public_url(), "serving");
    server::serve(listener, app(state), rules, stop).await;
    health.abort();
    tracing::info!("stopped");
    Ok(())
}
