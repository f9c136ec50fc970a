//! `rawdata worker`.

use super::{Failure, PATIENCE};
use crate::{
    config::Worker,
    db::{Db, Readers},
    queue::Queue,
    stop::Stop,
    storage::Storage,
};

const NAME: &str = "rawdata worker";
/// Connections for short queries: one job, the sweep, the tidying and the look for due updates at a time.
const POOL: u32 = 5;

/// Works until a signal asks to stop.
pub async fn run(config: Worker) -> Result<(), Failure> {
    let stop = Stop::on_signal()?;
    let urls = &config.database;
    let db = Db::new(&urls.database_url, NAME, POOL)?;
    let readers = Readers::new(urls.read_url(), NAME, 1, config.job_time_limit)?;
    let queue = Queue::new(&config.redis.redis_url)?;
    let storage = Storage::open(&config.store).await?;
    db.wait(PATIENCE).await?;
    queue.wait(PATIENCE).await?;
    crate::worker::run(&config, db, readers, queue, storage, stop).await;
    Ok(())
}
