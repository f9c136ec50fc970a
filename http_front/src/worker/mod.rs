//! The worker: takes one job at a time from the queue and sees it through.

mod archive;
mod export;
mod sweep;
mod tidy;
mod update;

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;
use tracing::Instrument;
use uuid::Uuid;

use crate::{
    config,
    db::{Claim, Db, JobKind, Readers, TRIES},
    queue::{self, Delivery, Queue, Reader, WorkerState},
    stop::Stop,
    storage::Storage,
};
use export::{Exporter, Outcome};

/// How often a worker says that it is there.
const BEAT: Duration = Duration::from_secs(5);

/// A worker.
struct Worker {
    db: Db,
    queue: Queue,
    exporter: Exporter,
    replication: config::Replication,
    restraint: Arc<update::Restraint>,
    state: watch::Sender<WorkerState>,
    stop: Stop,
    grace: Duration,
}

/// How the work at a delivery ended.
enum Ended {
    /// The exporter came to an end.
    Work(Outcome),
    /// The look at the replication server came to an end.
    Looked,
    /// The lease is in other hands.
    Taken,
    /// The worker has to stop.
    Stopped,
}

/// Runs until asked to stop.
pub async fn run(config: &config::Worker, db: Db, readers: Readers, queue: Queue, storage: Storage, stop: Stop) {
    let (state, _) = watch::channel(WorkerState::of_this_process());
    let name = state.borrow().name.clone();
    let exporter = Exporter {
        db: db.clone(),
        readers,
        storage: storage.clone(),
        public_url: config.store.public_url(),
        time_limit: config.job_time_limit,
        extra_readme: config.extra_readme_txt.clone().unwrap_or_default(),
        zip_level: config.zip_level,
    };
    let replication = config.replication.clone();
    let worker = Arc::new(Worker {
        db,
        queue,
        exporter,
        replication,
        restraint: Arc::default(),
        state,
        stop,
        grace: config.stop_grace,
    });
    let mut others = vec![
        tokio::spawn(beat(worker.queue.clone(), worker.state.subscribe())),
        tokio::spawn(sweep::run(worker.db.clone(), worker.queue.clone())),
        tokio::spawn(tidy::run(tidy::Rules::new(config), worker.db.clone(), worker.queue.clone(), storage)),
    ];
    if config.updates {
        let (settings, restraint) = (config.replication.clone(), Arc::clone(&worker.restraint));
        others.push(tokio::spawn(update::run(settings, restraint, worker.db.clone(), worker.queue.clone())));
    }
    tracing::info!(worker = %name, "waiting for jobs");
    worker.take_jobs(&name).await;
    for task in others {
        task.abort();
    }
    if let Err(error) = worker.queue.leave(&name).await {
        tracing::warn!(cause = %error, "could not sign off");
    }
    tracing::info!(worker = %name, "stopped");
}

impl Worker {
    async fn take_jobs(&self, name: &str) {
        let mut reader = Reader::new(self.queue.clone(), name.to_owned());
        let mut pause = Duration::from_millis(250);
        while !self.stop.is_asked() {
            match reader.next().await {
                Ok(Some(delivery)) => {
                    pause = Duration::from_millis(250);
                    let job = delivery.job.unwrap_or_default();
                    let done = self.handle(&delivery, name).instrument(tracing::info_span!("job", id = %job)).await;
                    if !done {
                        reader.recover();
                        tokio::time::sleep(Duration::from_secs(1)).await;
                    }
                }
                Ok(None) => pause = Duration::from_millis(250),
                Err(error) => {
                    tracing::warn!(cause = %error, "no job could be read");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(4));
                }
            }
        }
    }

    /// Sees one delivery through. False where it stays with this worker, because database or Redis did not answer.
    async fn handle(&self, delivery: &Delivery, name: &str) -> bool {
        let Some(job) = delivery.job else {
            tracing::warn!(entry = %delivery.entry, "an entry of the queue names no job");
            return self.acknowledge(delivery).await;
        };
        if self.stop.is_asked() {
            return self.queue.give_back(delivery).await.is_ok();
        }
        let claim = match self.db.claim_job(job, name, delivery.takeover).await {
            Ok(Some(claim)) => claim,
            Ok(None) => return self.pass_over(job, delivery).await,
            Err(error) => {
                tracing::warn!(cause = %error, "the job could not be claimed");
                return false;
            }
        };
        tracing::info!(attempt = claim.attempt, takeover = delivery.takeover, "begun");
        self.say("busy", Some(job));
        let ended = tokio::select! {
            ended = self.work(&claim) => ended,
            () = queue::hold(&self.queue, delivery, name) => Ended::Taken,
            () = self.grace_is_over() => Ended::Stopped,
        };
        let done = self.conclude(ended, &claim, delivery).await;
        self.say("idle", None);
        done
    }

    async fn work(&self, claim: &Claim) -> Ended {
        match claim.kind {
            JobKind::Export => Ended::Work(self.exporter.run(claim).await),
            JobKind::Update => {
                update::make(claim, &self.replication, &self.restraint, &self.db, &self.stop).await;
                Ended::Looked
            }
        }
    }

    /// A job that is not to be begun: done already, in other hands, or begun too often.
    async fn pass_over(&self, job: Uuid, delivery: &Delivery) -> bool {
        let reason = format!("gave up after {TRIES} tries: each time the worker that ran it died");
        match self.db.give_up_job(job, &reason).await {
            Ok(true) => tracing::error!("given up"),
            Ok(false) => tracing::debug!("passed over: done, or in other hands"),
            Err(error) => {
                tracing::warn!(cause = %error, "the job could not be looked up");
                return false;
            }
        }
        self.acknowledge(delivery).await
    }

    async fn conclude(&self, ended: Ended, claim: &Claim, delivery: &Delivery) -> bool {
        match ended {
            Ended::Work(Outcome::Published(written)) => tracing::info!(bytes = written.file_size, "done"),
            Ended::Looked => match self.db.end_update(claim).await {
                Ok(true) => {}
                Ok(false) => return true,
                Err(error) => {
                    tracing::warn!(cause = %error, "the end of the update could not be recorded");
                    return false;
                }
            },
            // The entry belongs to who has the job.
            Ended::Taken | Ended::Work(Outcome::Lost) => {
                tracing::warn!("another worker has taken the job over");
                return true;
            }
            Ended::Work(Outcome::Failed(reason)) => {
                tracing::warn!(reason, "failed");
                if let Err(error) = self.db.fail_job(claim, &reason).await {
                    tracing::error!(cause = %error, "the failure could not be recorded");
                    return false;
                }
            }
            Ended::Stopped => {
                tracing::info!("given back");
                let returned = self.db.return_job(claim).await;
                return match returned {
                    Ok(true) => self.queue.give_back(delivery).await.is_ok(),
                    Ok(false) => true,
                    Err(_) => false,
                };
            }
        }
        self.acknowledge(delivery).await
    }

    async fn acknowledge(&self, delivery: &Delivery) -> bool {
        match self.queue.acknowledge(delivery).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(cause = %error, "the end of the job could not be acknowledged");
                false
            }
        }
    }

    async fn grace_is_over(&self) {
        self.stop.asked().await;
        self.state.send_modify(|state| state.state = "stopping".into());
        tokio::time::sleep(self.grace).await;
    }

    fn say(&self, what: &str, job: Option<Uuid>) {
        self.state.send_modify(|state| {
            state.state = what.to_owned();
            state.job = job;
        });
    }
}

/// Says that the worker is there, at once where something changes.
async fn beat(queue: Queue, mut state: watch::Receiver<WorkerState>) {
    loop {
        let now = state.borrow_and_update().clone();
        if let Err(error) = queue.beat(&now).await {
            tracing::warn!(cause = %error, "the registry could not be reached");
        }
        let changed = tokio::time::timeout(BEAT, state.changed()).await;
        if matches!(changed, Ok(Err(_))) {
            return;
        }
    }
}
