//! The sweep: jobs that the table knows and Redis does not are put in the queue again.
//!
//! Redis may lose entries (no append-only file, a flush, a cut of power), and a server may die between the row and the entry. A
//! job is put back when two sweeps in a row miss it and no worker works at it.

use std::{collections::HashSet, time::Duration};

use uuid::Uuid;

use crate::{
    db::{Db, OpenJob},
    queue::{Queue, Submitted},
};

const EVERY: Duration = Duration::from_secs(12);

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Sweeps for ever.
pub async fn run(db: Db, queue: Queue) {
    let mut missed = HashSet::new();
    loop {
        tokio::time::sleep(EVERY).await;
        match sweep(&db, &queue, &missed).await {
            Ok(now) => missed = now,
            Err(error) => tracing::warn!(cause = %error, "the sweep for lost jobs could not be made"),
        }
    }
}

/// Puts back the jobs that were missed before and are missed again; returns those that are missed now.
async fn sweep(db: &Db, queue: &Queue, missed: &HashSet<OpenJob>) -> Result<HashSet<OpenJob>, Error> {
    let open = db.open_jobs().await?;
    if open.is_empty() {
        return Ok(HashSet::new());
    }
    let known = queue.known_jobs().await?;
    let busy: HashSet<Uuid> = queue.workers().await?.into_iter().filter_map(|worker| worker.state.job).collect();
    let mut missing = lost(open, &known, &busy);
    let again: Vec<OpenJob> = missing.intersection(missed).copied().collect();
    for job in again {
        // Of several sweeps at one time one changes the row, and only that one adds the entry.
        if db.requeue_job(job).await? {
            let added = queue.add(job.id, 0).await?;
            tracing::warn!(id = %job.id, waiting = ?matches!(added, Submitted::Waiting(_)), "a lost job was put back");
        }
        missing.remove(&job);
    }
    Ok(missing)
}

fn lost(open: Vec<OpenJob>, known: &HashSet<Uuid>, busy: &HashSet<Uuid>) -> HashSet<OpenJob> {
    open.into_iter().filter(|job| !known.contains(&job.id) && !busy.contains(&job.id)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_lost_when_neither_queue_nor_worker_has_it() {
        let [waiting, running, gone] = [0; 3].map(|_| OpenJob { id: Uuid::new_v4(), attempt: 1 });
        let lost = lost(vec![waiting, running, gone], &HashSet::from([waiting.id]), &HashSet::from([running.id]));
        assert_eq!(lost, HashSet::from([gone]));
    }
}
