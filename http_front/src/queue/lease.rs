//! Leases: while a worker works at a job it renews its hold on the entry; when it stops doing so another takes over.

use std::{sync::LazyLock, time::Duration};

use redis::Script;

use super::{Delivery, GROUP, Queue, QueueError, STREAM};

/// Renews a lease if it is still this worker's. KEYS: stream. ARGV: group, worker, entry.
/// XCLAIM … JUSTID sets the idle time back, leaves the number of deliveries as it is, and works when the memory is full.
static RENEW: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local pending = redis.pcall('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1)
        if pending.err or #pending == 0 then return 0 end
        if pending[1][2] ~= ARGV[2] then return -1 end
        redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[3], 'JUSTID')
        return 1",
    )
});

/// A lease that was not renewed for so long has run out.
pub const RUNS_OUT: Duration = Duration::from_secs(15);
/// How often a lease is renewed.
const RENEW_EVERY: Duration = Duration::from_secs(4);

/// What became of a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// It is held for another while.
    Held,
    /// Redis has lost the entry. Nobody else can have it either, and the table of jobs knows whose the job is.
    Lost,
    /// Another worker has it.
    Taken,
}

impl Queue {
    /// Renews the lease of a delivery.
    pub async fn renew(&self, delivery: &Delivery, worker: &str) -> Result<Renewal, QueueError> {
        let mut call = RENEW.key(STREAM);
        let answer: i64 = self.script(call.arg(GROUP).arg(worker).arg(&delivery.entry)).await?;
        Ok(match answer {
            1 => Renewal::Held,
            0 => Renewal::Lost,
            _ => Renewal::Taken,
        })
    }
}

/// Renews a lease until it is in other hands.
pub async fn hold(queue: &Queue, delivery: &Delivery, worker: &str) {
    loop {
        tokio::time::sleep(RENEW_EVERY).await;
        match queue.renew(delivery, worker).await {
            Ok(Renewal::Held) => {}
            Ok(Renewal::Lost) => tracing::warn!("redis has lost the entry of this job; going on with it"),
            Ok(Renewal::Taken) => return,
            Err(error) => tracing::warn!(cause = %error, "the lease could not be renewed"),
        }
    }
}
