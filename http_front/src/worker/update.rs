//! Updates as jobs: one is queued when a look at the replication server is due, and whichever worker is free makes it.
//!
//! However many workers ask for updates, the table of jobs takes one at a time, and the data set knows when the next is due.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    config::Replication,
    db::{Claim, Db},
    queue::Queue,
    replication::{Follower, Look, Pace},
    stop::Stop,
};

/// How often a worker looks whether an update is due.
const EVERY: Duration = Duration::from_secs(1);

/// What a worker knows of its looks that the database does not.
#[derive(Debug, Default)]
pub struct Restraint(Mutex<(Pace, Option<Instant>)>);

impl Restraint {
    /// Whether it is too early for this worker to look, as the database does not keep it from that.
    fn holds(&self) -> bool {
        self.lock().1.is_some_and(|until| Instant::now() < until)
    }

    fn note(&self, look: &Look, first_pause: Duration) {
        let (pace, until) = &mut *self.lock();
        let pause = pace.after(look, first_pause);
        *until = (!look.is_recorded).then(|| Instant::now() + pause);
    }

    fn lock(&self) -> MutexGuard<'_, (Pace, Option<Instant>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Queues an update whenever one is due, for ever.
pub async fn run(settings: Replication, restraint: Arc<Restraint>, db: Db, queue: Queue) {
    // The server and the first number go with the job: a worker that takes it may not have been told of them.
    let request = json!({ "replication_url": settings.replication_url, "sequence": settings.sequence });
    loop {
        tokio::time::sleep(EVERY).await;
        if restraint.holds() {
            continue;
        }
        let id = Uuid::new_v4();
        match db.add_update(id, &request).await {
            Ok(false) => {}
            // What is in the table alone the sweep puts into the queue.
            Ok(true) => {
                if let Err(error) = queue.add(id, 0).await {
                    tracing::warn!(cause = %error, "an update could not be queued yet");
                }
            }
            Err(error) => tracing::warn!(cause = %error, "whether an update is due could not be told"),
        }
    }
}

/// Makes one look. What comes of it is written down with the data set, and a failure is no reason to try the same job again.
pub async fn make(claim: &Claim, settings: &Replication, restraint: &Restraint, db: &Db, stop: &Stop) {
    if restraint.holds() {
        return;
    }
    let told = |name: &str| claim.request.get(name).filter(|value| !value.is_null());
    let settings = Replication {
        replication_url: told("replication_url").and_then(Value::as_str).map(str::to_owned),
        sequence: told("sequence").and_then(Value::as_i64),
        ..settings.clone()
    };
    let follower = Follower { db: db.clone(), settings, stop: stop.clone() };
    let look = follower.look().await;
    restraint.note(&look, follower.settings.first_pause);
    if let Look { outcome: Ok(outcome), pause, .. } = look {
        tracing::info!(?outcome, ?pause, "looked for updates");
    }
}
