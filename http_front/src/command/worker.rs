//! `rawdata worker`.

use super::{Failure, PATIENCE};
use crate::{config::Worker, db::Db, queue::Queue, stop::Stop, storage::Storage};

/// Connections for short queries: one job, the sweep, the tidying and the look for due updates at a time.
const POOL: u32 = 5;

/// Works until a signal asks to stop.
pub async fn run(config: Worker) -> Result<(), Failure> {
    let stop = Stop::on_signal()?;
    let urls = &config.database;
    let db = Db::new(&urls.database_url, urls.database_read_url.as_deref(), "rawdata worker", POOL)?;
    let queue = Queue::new(&config.redis.redis_url)?;
    let storage = Storage::open(&config.store.result_dir)
        .map_err(|error| format!("the result folder {} cannot be used: {error}", config.store.result_dir.display()))?;
    db.wait(PATIENCE).await?;
    queue.wait(PATIENCE).await?;
    crate::worker::run(&config, db, queue, storage, stop).await;
    Ok(())
}
