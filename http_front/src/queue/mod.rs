//! The queue: which job is next, and which workers are there. The only module that knows Redis.
//!
//! | key | type | what | lives |
//! |---|---|---|---|
//! | `rawdata:jobs` | stream, group `workers` | one entry a job, field `job`; removed when the job ended | always |
//! | `rawdata:workers` | set | names of workers | always |
//! | `rawdata:worker:NAME` | string | what a worker says about itself, JSON | 15 s, renewed each 5 s |
//!
//! Names of keys never hold anything that came in a request. What is lost here is put back from the table of jobs.

mod lease;
mod registry;
mod stream;

use std::{
    fmt,
    time::{Duration, Instant},
};

use redis::{
    Client, ErrorKind, RedisError, ScriptInvocation, ServerErrorKind,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use tokio::time::timeout;

pub use lease::{Renewal, hold};
pub use registry::{WorkerEntry, WorkerState};
pub use stream::{Delivery, Reader, Submitted};

const STREAM: &str = "rawdata:jobs";
const GROUP: &str = "workers";

/// How long one short command may take, connecting included.
const SHORT: Duration = Duration::from_millis(1500);

/// The queue.
#[derive(Clone)]
pub struct Queue {
    client: Client,
    commands: ConnectionManager,
}

/// Why the queue did not do what was asked.
#[derive(Debug)]
pub enum QueueError {
    /// The address cannot be read.
    Address,
    /// It does not answer, is loading, or takes no writes now.
    Unavailable(String),
    /// It cannot serve as a queue; the sentence says why.
    Unsuitable(String),
}

impl Queue {
    /// Reads the address. Connects when first used.
    pub fn new(url: &str) -> Result<Self, QueueError> {
        // The parser's own message may hold the password.
        let client = Client::open(url).map_err(|_| QueueError::Address)?;
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_min_delay(Duration::from_millis(50))
            .set_connection_timeout(Some(Duration::from_millis(700)))
            .set_response_timeout(Some(Duration::from_secs(1)));
        let commands = ConnectionManager::new_lazy_with_config(client.clone(), config)?;
        Ok(Self { client, commands })
    }

    /// Waits until Redis answers, for at most `patience`, and looks whether it can serve as a queue.
    pub async fn wait(&self, patience: Duration) -> Result<(), QueueError> {
        let start = Instant::now();
        loop {
            match self.check().await {
                Err(error @ QueueError::Unavailable(_)) if start.elapsed() < patience => {
                    tracing::warn!(cause = %error, "redis does not answer yet");
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                result => return result,
            }
        }
    }

    async fn check(&self) -> Result<(), QueueError> {
        let info: String = self.command(redis::cmd("INFO").arg("server").arg("memory")).await?;
        let version = field(&info, "redis_version").unwrap_or_default();
        let major: u32 = version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0);
        if major < 7 {
            return Err(QueueError::Unsuitable(format!("redis 7 or newer is needed, this is {version:?}")));
        }
        match field(&info, "maxmemory_policy") {
            Some("noeviction") | None => Ok(()),
            Some(policy) => Err(QueueError::Unsuitable(format!(
                "redis would throw away queued jobs when its memory is full: its maxmemory-policy is {policy}, \
                 and has to be noeviction"
            ))),
        }
    }

    /// Whether Redis answers now.
    pub async fn ping(&self) -> Result<(), QueueError> {
        self.command::<String>(&redis::cmd("PING")).await.map(drop)
    }

    async fn command<T: redis::FromRedisValue>(&self, command: &redis::Cmd) -> Result<T, QueueError> {
        let once = || async { command.query_async(&mut self.commands.clone()).await };
        within(SHORT, once).await
    }

    async fn script<T: redis::FromRedisValue>(&self, call: &ScriptInvocation<'_>) -> Result<T, QueueError> {
        let once = || async { call.invoke_async(&mut self.commands.clone()).await };
        within(SHORT, once).await
    }
}

/// Runs a command that may be repeated: the first one after a break always fails, so it is tried twice, within `limit` in all.
async fn within<T, F: Future<Output = Result<T, RedisError>>>(
    limit: Duration,
    once: impl Fn() -> F,
) -> Result<T, QueueError> {
    let twice = async {
        match once().await {
            Err(error) if error.is_connection_dropped() => once().await,
            result => result,
        }
    };
    match timeout(limit, twice).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(QueueError::Unavailable("no answer in time".into())),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(':'))
}

/// The group or its stream is gone, as after a restart of Redis without its file.
fn is_no_group(error: &RedisError) -> bool {
    error.code() == Some("NOGROUP")
}

fn is_loading(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::BusyLoading)
}

impl From<RedisError> for QueueError {
    fn from(error: RedisError) -> Self {
        match error.kind() {
            ErrorKind::InvalidClientConfig => Self::Address,
            ErrorKind::AuthenticationFailed => Self::Unsuitable("redis refuses the user or password".into()),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

impl fmt::Display for QueueError {
    /// For the log, not for clients.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address => f.write_str("the address of redis cannot be read: expected redis://host:port/"),
            Self::Unavailable(cause) => write!(f, "redis could not be used: {cause}"),
            Self::Unsuitable(cause) => f.write_str(cause),
        }
    }
}

impl std::error::Error for QueueError {}

impl From<QueueError> for crate::error::ApiError {
    fn from(error: QueueError) -> Self {
        tracing::warn!(cause = %error, "the queue did not do what was asked");
        Self::unavailable("the job queue could not be reached")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_their_whole_name() {
        let info = "# Memory\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n";
        assert_eq!(field(info, "maxmemory_policy"), Some("noeviction"));
        assert_eq!(field(info, "maxmemory"), Some("0"));
        assert_eq!(field(info, "redis_version"), None);
    }

    #[tokio::test]
    async fn a_queue_that_is_not_there_says_so_within_two_seconds() {
        let queue = Queue::new("redis://127.0.0.1:1/").unwrap();
        let start = Instant::now();
        assert!(matches!(queue.ping().await, Err(QueueError::Unavailable(_))));
        assert!(start.elapsed() < Duration::from_secs(2));
    }
}
