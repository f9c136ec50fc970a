//! The registry: which workers are there, and what they do.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Queue, QueueError, millis};

const WORKERS: &str = "rawdata:workers";

/// A worker that has said nothing for so long is not there any more.
const GONE: Duration = Duration::from_secs(15);

/// What a worker says about itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WorkerState {
    /// Its name: host, process id and a random part.
    pub name: String,
    /// The machine it runs on.
    pub host: String,
    /// Its process id.
    pub pid: u32,
    /// When it was started, in seconds since 1970.
    pub started: u64,
    /// `idle`, `busy` or `stopping`.
    pub state: String,
    /// The job it works at.
    pub job: Option<Uuid>,
}

impl WorkerState {
    /// An idle worker: this process.
    pub fn of_this_process() -> Self {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let pid = std::process::id();
        // A process id is used again after a restart in a container, so it does not make a name alone.
        let random = Uuid::new_v4().simple().to_string();
        let name = format!("{host}-{pid}-{}", random.get(..8).unwrap_or_default());
        let started = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        Self { name, host, pid, started, state: "idle".into(), job: None }
    }
}

/// A registered worker.
#[derive(Debug, Clone)]
pub struct WorkerEntry {
    /// What it said about itself.
    pub state: WorkerState,
    /// How long ago.
    pub age: Duration,
}

impl Queue {
    /// Registers a worker, or says that it is still there.
    pub async fn beat(&self, worker: &WorkerState) -> Result<(), QueueError> {
        let text = serde_json::to_string(worker).map_err(|e| QueueError::Unavailable(e.to_string()))?;
        let mut set = redis::cmd("SET");
        self.command::<()>(set.arg(key(&worker.name)).arg(text).arg("PX").arg(millis(GONE))).await?;
        self.command::<i64>(redis::cmd("SADD").arg(WORKERS).arg(&worker.name)).await.map(drop)
    }

    /// Takes a worker off the list.
    pub async fn leave(&self, name: &str) -> Result<(), QueueError> {
        self.command::<i64>(redis::cmd("DEL").arg(key(name))).await?;
        self.command::<i64>(redis::cmd("SREM").arg(WORKERS).arg(name)).await.map(drop)
    }

    /// The workers that are there, by name. Those that are gone are taken off the list.
    pub async fn workers(&self) -> Result<Vec<WorkerEntry>, QueueError> {
        let mut names: Vec<String> = self.command(redis::cmd("SMEMBERS").arg(WORKERS)).await?;
        names.sort_unstable();
        let mut workers = Vec::with_capacity(names.len());
        for name in names {
            let text: Option<String> = self.command(redis::cmd("GET").arg(key(&name))).await?;
            let left: i64 = self.command(redis::cmd("PTTL").arg(key(&name))).await?;
            match text.and_then(|text| serde_json::from_str(&text).ok()) {
                Some(state) => {
                    let age = GONE.saturating_sub(Duration::from_millis(u64::try_from(left).unwrap_or(0)));
                    workers.push(WorkerEntry { state, age });
                }
                None => self.command::<i64>(redis::cmd("SREM").arg(WORKERS).arg(&name)).await.map(drop)?,
            }
        }
        Ok(workers)
    }
}

fn key(name: &str) -> String {
    format!("rawdata:worker:{name}")
}
