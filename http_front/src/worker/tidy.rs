//! Tidying: results that are too old or too many, and what dead workers left.

use std::time::Duration;

use crate::{
    config,
    db::{Db, OpenJob},
    queue::Queue,
    storage::{Leftover, Storage},
};

const EVERY: Duration = Duration::from_secs(60);
/// What lies unchanged for so long without a job is nobody's. A file is placed and its row written within seconds.
const NOBODYS: Duration = Duration::from_secs(600);

type Error = Box<dyn std::error::Error + Send + Sync>;

/// What is kept.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    max_age: Duration,
    max_bytes: i64,
}

impl Rules {
    /// The rules of the settings.
    pub fn new(config: &config::Worker) -> Self {
        Self { max_age: config.result_max_age, max_bytes: i64::try_from(config.result_max_bytes).unwrap_or(i64::MAX) }
    }
}

/// Tidies for ever.
pub async fn run(rules: Rules, db: Db, queue: Queue, storage: Storage) {
    loop {
        if let Err(error) = tidy(rules, &db, &storage).await {
            tracing::warn!(cause = %error, "results could not be tidied");
        }
        if let Err(error) = queue.forget_consumers().await {
            tracing::warn!(cause = %error, "consumers of dead workers could not be removed");
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn tidy(rules: Rules, db: &Db, storage: &Storage) -> Result<(), Error> {
    for job in db.expire_jobs(rules.max_age.as_secs_f64(), rules.max_bytes).await? {
        tracing::info!(id = %job, "a result has expired");
        // What cannot be removed now is found as nobody's later.
        storage.remove(job).await?;
    }
    db.forget_jobs(rules.max_age.as_secs_f64()).await?;

    let found = storage.unchanged_for(NOBODYS).await?;
    let ids: Vec<_> = found.iter().map(|leftover| leftover.job).collect();
    let used = db.jobs_with_files(&ids).await?;
    for leftover in found.iter().filter(|leftover| is_nobodys(leftover, &used)) {
        tracing::info!(id = %leftover.job, "a leftover file was removed");
        storage.discard(leftover).await?;
    }
    Ok(())
}

/// A file being written belongs to the attempt that is under way; a finished one to its job.
fn is_nobodys(leftover: &Leftover, used: &[OpenJob]) -> bool {
    let belongs = |attempt: i32| leftover.partial.as_ref().is_none_or(|partial| partial.attempt == attempt);
    !used.iter().any(|job| job.id == leftover.job && belongs(job.attempt))
}
