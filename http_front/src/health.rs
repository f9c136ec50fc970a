//! Looks every second whether database and queue answer, each on a way of its own that no request can block.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use tokio::time::{sleep, timeout};

use crate::{
    db::{Db, Session},
    queue::Queue,
};

const EVERY: Duration = Duration::from_secs(1);

/// The last look at both.
#[derive(Debug, Clone, Default)]
pub struct Health {
    database: Arc<AtomicU8>,
    redis: Arc<AtomicU8>,
}

/// What a look has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Seen {
    /// Nobody has looked yet.
    Nothing = 0,
    /// It answers.
    Ok = 1,
    /// It does not.
    Unreachable = 2,
    /// It does, but the tables are missing.
    NotSetUp = 3,
}

impl Seen {
    /// Whether all is well.
    pub fn is_ok(self) -> bool {
        self == Self::Ok
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Nothing => "not checked yet",
            Self::Ok => "ok",
            Self::Unreachable => "unreachable",
            Self::NotSetUp => "not set up",
        }
    }

    fn load(from: &AtomicU8) -> Self {
        match from.load(Ordering::Relaxed) {
            1 => Self::Ok,
            2 => Self::Unreachable,
            3 => Self::NotSetUp,
            _ => Self::Nothing,
        }
    }
}

impl Health {
    /// The database.
    pub fn database(&self) -> Seen {
        Seen::load(&self.database)
    }

    /// Redis.
    pub fn redis(&self) -> Seen {
        Seen::load(&self.redis)
    }

    /// Looks for ever.
    pub async fn watch(self, db: Db, queue: Queue) {
        tokio::join!(watch_database(&self.database, &db), watch_redis(&self.redis, &queue));
    }
}

async fn watch_redis(seen: &AtomicU8, queue: &Queue) {
    loop {
        let now = if queue.ping().await.is_ok() { Seen::Ok } else { Seen::Unreachable };
        seen.store(now as u8, Ordering::Relaxed);
        sleep(EVERY).await;
    }
}

async fn watch_database(seen: &AtomicU8, db: &Db) {
    let mut kept: Option<Session> = None;
    loop {
        let look = async {
            let session = match kept.take() {
                Some(session) => session,
                None => db.session(Duration::from_secs(1)).await?,
            };
            let set_up = session.is_set_up().await?;
            kept = Some(session);
            Ok::<_, crate::db::DbError>(set_up)
        };
        let now = match timeout(Duration::from_millis(1500), look).await {
            Ok(Ok(true)) => Seen::Ok,
            Ok(Ok(false)) => Seen::NotSetUp,
            Ok(Err(_)) | Err(_) => Seen::Unreachable,
        };
        seen.store(now as u8, Ordering::Relaxed);
        sleep(EVERY).await;
    }
}
