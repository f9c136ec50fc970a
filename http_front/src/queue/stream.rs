//! The stream of waiting jobs: add, take, acknowledge.
//!
//! An entry is delivered to one worker and stays pending until it is acknowledged. A pending entry whose lease ran out is taken
//! over by another worker. A repeated entry does no harm: the claim in the table of jobs decides who works.

use std::{
    collections::HashSet,
    sync::LazyLock,
    time::{Duration, Instant},
};

use redis::{
    AsyncConnectionConfig, RedisError, Script,
    aio::MultiplexedConnection,
    streams::{StreamAutoClaimReply, StreamId, StreamInfoConsumersReply, StreamRangeReply, StreamReadReply},
};
use uuid::Uuid;

use super::{GROUP, Queue, QueueError, STREAM, is_loading, is_no_group, lease, millis, within};

/// Adds an entry unless too many wait. KEYS: stream. ARGV: group, limit (0 = none), job. Returns how many wait, or -1.
static ADD: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local pending = redis.pcall('XPENDING', KEYS[1], ARGV[1])
        local running = pending.err and 0 or pending[1]
        local waiting = redis.call('XLEN', KEYS[1]) - running
        local limit = tonumber(ARGV[2])
        if limit > 0 and waiting >= limit then return -1 end
        redis.call('XADD', KEYS[1], '*', 'job', ARGV[3])
        return waiting + 1",
    )
});

/// How many wait. KEYS: stream. ARGV: group.
static WAITING: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local pending = redis.pcall('XPENDING', KEYS[1], ARGV[1])
        local running = pending.err and 0 or pending[1]
        return redis.call('XLEN', KEYS[1]) - running",
    )
});

/// Ends an entry, after adding the job anew where one is named. KEYS: stream. ARGV: group, entry, job or ''.
static END: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        if ARGV[3] ~= '' then redis.call('XADD', KEYS[1], '*', 'job', ARGV[3]) end
        redis.pcall('XACK', KEYS[1], ARGV[1], ARGV[2])
        return redis.call('XDEL', KEYS[1], ARGV[2])",
    )
});

/// How long a read waits for an entry. Short, so that a worker that is asked to stop soon can.
const BLOCK: Duration = Duration::from_secs(2);
/// How often a worker looks for entries of dead ones.
const LOOK_AROUND: Duration = Duration::from_secs(3);
/// After this idle time a consumer that holds nothing is forgotten.
const FORGET: Duration = Duration::from_secs(3600);

/// What became of a submitted job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Submitted {
    /// It waits; so many do, with it.
    Waiting(u64),
    /// Too many wait.
    Full,
}

/// One delivery of an entry.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The number of the entry.
    pub entry: String,
    /// The job; `None` where the entry is not one of ours.
    pub job: Option<Uuid>,
    /// Whether the entry was delivered before, to a worker that did not end it.
    pub takeover: bool,
}

impl Queue {
    /// Adds a job. `limit` is the number of waiting jobs after which it is refused; 0 = none.
    pub async fn add(&self, job: Uuid, limit: u64) -> Result<Submitted, QueueError> {
        let mut call = ADD.key(STREAM);
        call.arg(GROUP).arg(limit).arg(job.to_string());
        let waiting: i64 = self.script(&call).await?;
        Ok(u64::try_from(waiting).map_or(Submitted::Full, Submitted::Waiting))
    }

    /// How many jobs wait.
    pub async fn waiting(&self) -> Result<u64, QueueError> {
        let mut call = WAITING.key(STREAM);
        let waiting: i64 = self.script(call.arg(GROUP)).await?;
        Ok(u64::try_from(waiting).unwrap_or(0))
    }

    /// Ends a delivery: the job is done, or is nobody's any more.
    pub async fn acknowledge(&self, delivery: &Delivery) -> Result<(), QueueError> {
        self.end(&delivery.entry, "").await
    }

    /// Ends a delivery and puts its job at the end of the queue.
    pub async fn give_back(&self, delivery: &Delivery) -> Result<(), QueueError> {
        let job = delivery.job.map(|job| job.to_string()).unwrap_or_default();
        self.end(&delivery.entry, &job).await
    }

    async fn end(&self, entry: &str, job: &str) -> Result<(), QueueError> {
        let mut call = END.key(STREAM);
        self.script::<i64>(call.arg(GROUP).arg(entry).arg(job)).await.map(drop)
    }

    /// All jobs that Redis knows of, waiting or worked at.
    pub async fn known_jobs(&self) -> Result<HashSet<Uuid>, QueueError> {
        let mut known = HashSet::new();
        let mut from = "-".to_owned();
        loop {
            let mut command = redis::cmd("XRANGE");
            let page: StreamRangeReply =
                self.command(command.arg(STREAM).arg(&from).arg("+").arg("COUNT").arg(500)).await?;
            let Some(last) = page.ids.last() else { return Ok(known) };
            from = format!("({}", last.id);
            known.extend(page.ids.iter().filter_map(job_of));
        }
    }

    /// Forgets consumers that hold no entry and have not read for an hour: their workers are gone.
    pub async fn forget_consumers(&self) -> Result<(), QueueError> {
        let consumers: StreamInfoConsumersReply =
            match self.command(redis::cmd("XINFO").arg("CONSUMERS").arg(STREAM).arg(GROUP)).await {
                Ok(consumers) => consumers,
                // No stream or no group: nothing to forget.
                Err(_) => return Ok(()),
            };
        let gone = consumers.consumers.iter().filter(|c| c.pending == 0 && c.idle as u128 > FORGET.as_millis());
        for consumer in gone {
            let mut command = redis::cmd("XGROUP");
            self.command::<i64>(command.arg("DELCONSUMER").arg(STREAM).arg(GROUP).arg(&consumer.name)).await?;
        }
        Ok(())
    }
}

/// Takes entries for one worker, on a connection of its own: a blocking read would hold up all others on it.
pub struct Reader {
    queue: Queue,
    worker: String,
    connection: Option<MultiplexedConnection>,
    /// Whether entries may be pending for this worker that it does not know of.
    recover: bool,
    looked_around: Option<Instant>,
    cursor: String,
}

impl Reader {
    /// A reader for the worker of this name.
    pub fn new(queue: Queue, worker: String) -> Self {
        Self { queue, worker, connection: None, recover: true, looked_around: None, cursor: "0-0".into() }
    }

    /// The next entry, or `None` when there was none for two seconds. Not to be dropped half way: what was delivered to a
    /// dropped read stays pending until [`Reader::recover`].
    pub async fn next(&mut self) -> Result<Option<Delivery>, QueueError> {
        let result = self.read().await;
        match result {
            Ok(delivery) => Ok(delivery),
            Err(error) if is_no_group(&error) => {
                self.make_group().await?;
                Ok(None)
            }
            Err(error) => {
                if !is_loading(&error) {
                    self.connection = None;
                }
                self.recover = true;
                Err(error.into())
            }
        }
    }

    /// Looks at the own pending entries first, next time: an acknowledgement did not get through.
    pub fn recover(&mut self) {
        self.recover = true;
    }

    async fn read(&mut self) -> Result<Option<Delivery>, RedisError> {
        let mut connection = self.connection().await?;
        if self.recover {
            if let Some(delivery) = self.read_from(&mut connection, "0").await? {
                return Ok(Some(delivery));
            }
            self.recover = false;
        }
        if self.looked_around.is_none_or(|at| at.elapsed() >= LOOK_AROUND) {
            if let Some(delivery) = self.take_over(&mut connection).await? {
                return Ok(Some(delivery));
            }
            self.looked_around = Some(Instant::now());
        }
        self.read_from(&mut connection, ">").await
    }

    async fn read_from(
        &self,
        connection: &mut MultiplexedConnection,
        from: &str,
    ) -> Result<Option<Delivery>, RedisError> {
        let mut command = redis::cmd("XREADGROUP");
        command.arg("GROUP").arg(GROUP).arg(&self.worker).arg("COUNT").arg(1);
        if from == ">" {
            command.arg("BLOCK").arg(millis(BLOCK));
        }
        let reply: Option<StreamReadReply> =
            command.arg("STREAMS").arg(STREAM).arg(from).query_async(connection).await?;
        let entry = reply.and_then(|reply| reply.keys.into_iter().next()).and_then(|key| key.ids.into_iter().next());
        Ok(entry.map(|entry| delivery(entry, from != ">")))
    }

    /// Looks for an entry whose lease ran out, from where the last look ended.
    async fn take_over(&mut self, connection: &mut MultiplexedConnection) -> Result<Option<Delivery>, RedisError> {
        loop {
            let mut command = redis::cmd("XAUTOCLAIM");
            command.arg(STREAM).arg(GROUP).arg(&self.worker).arg(millis(lease::RUNS_OUT));
            let reply: StreamAutoClaimReply =
                command.arg(&self.cursor).arg("COUNT").arg(1).query_async(connection).await?;
            self.cursor = reply.next_stream_id;
            if let Some(entry) = reply.claimed.into_iter().next() {
                return Ok(Some(delivery(entry, true)));
            }
            if self.cursor == "0-0" {
                return Ok(None);
            }
        }
    }

    async fn connection(&mut self) -> Result<MultiplexedConnection, RedisError> {
        if let Some(connection) = &self.connection {
            return Ok(connection.clone());
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(Duration::from_secs(2)))
            .set_response_timeout(Some(BLOCK + Duration::from_secs(5)));
        let connection = self.queue.client.get_multiplexed_async_connection_with_config(&config).await?;
        self.connection = Some(connection.clone());
        Ok(connection)
    }

    /// Makes stream and group. From entry 0 on, so that what was added before is delivered.
    async fn make_group(&self) -> Result<(), QueueError> {
        let made = within(super::SHORT, || async {
            let mut command = redis::cmd("XGROUP");
            command.arg("CREATE").arg(STREAM).arg(GROUP).arg("0").arg("MKSTREAM");
            command.query_async::<()>(&mut self.queue.commands.clone()).await
        });
        match made.await {
            Err(QueueError::Unavailable(cause)) if cause.contains("BUSYGROUP") => Ok(()),
            result => result,
        }
    }
}

fn delivery(entry: StreamId, takeover: bool) -> Delivery {
    Delivery { job: job_of(&entry), entry: entry.id, takeover }
}

fn job_of(entry: &StreamId) -> Option<Uuid> {
    entry.get::<String>("job")?.parse().ok()
}
