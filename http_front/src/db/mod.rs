//! The way to the database: a pool for short queries, one for exports, own connections for all else that is long.
//!
//! A connection goes back to the pool only when its work was finished and `DISCARD ALL` has cleared it; one whose query was
//! dropped half way is cancelled and closed, because a late cancel would hit the next query on it.

mod data;
mod error;
mod jobs;
mod looks;
mod readers;

use std::time::Duration;

use bb8::{ManageConnection, Pool, PooledConnection, RunError};
use tokio::{task::JoinHandle, time::timeout};
use tokio_postgres::{CancelToken, Client, Config, NoTls};

pub use data::{About, Load, Progress};
pub use error::DbError;
pub use jobs::{Claim, Job, JobKind, JobStatus, OpenJob, TRIES};
pub use looks::Standing;
pub use readers::{Chunks, DataState, Readers};

/// A result of the database.
pub type Result<T> = std::result::Result<T, DbError>;

/// How long a short query may take.
const SHORT: Duration = Duration::from_secs(5);

/// The database.
#[derive(Clone)]
pub struct Db {
    pool: Pool<Manager>,
    primary: Config,
}

impl Db {
    /// Reads the address and makes an empty pool; connects when first used.
    pub fn new(url: &str, name: &str, size: u32) -> Result<Self> {
        let primary = config(url, name)?;
        let pool = pool(size).build_unchecked(Manager(with_statement_timeout(&primary, SHORT)));
        Ok(Self { pool, primary })
    }

    /// Waits until the database answers, for at most `patience`.
    pub async fn wait(&self, patience: Duration) -> Result<()> {
        let start = std::time::Instant::now();
        loop {
            match self.session(SHORT).await {
                Ok(session) => return session.close().await,
                Err(error) if error.is_passing() && start.elapsed() < patience => {
                    tracing::warn!(cause = %error, "the database does not answer yet");
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// A connection of its own to the database.
    pub async fn session(&self, statement_timeout: Duration) -> Result<Session> {
        Session::open(&with_statement_timeout(&self.primary, statement_timeout)).await
    }

    async fn lease(&self) -> Result<Lease<'_>> {
        let mut session = self.pool.get().await.map_err(not_given)?;
        session.finished = false;
        Ok(Lease(session))
    }
}

fn pool(size: u32) -> bb8::Builder<Manager> {
    Pool::builder()
        .max_size(size)
        .connection_timeout(Duration::from_secs(2))
        .idle_timeout(Some(Duration::from_secs(300)))
}

fn not_given(error: RunError<DbError>) -> DbError {
    match error {
        RunError::User(error) => error,
        RunError::TimedOut => DbError::Unavailable("no connection became free in time".into()),
    }
}

/// A pooled connection while it works.
struct Lease<'a>(PooledConnection<'a, Manager>);

impl Lease<'_> {
    fn client(&mut self) -> &mut Client {
        &mut self.0.client
    }

    /// Clears the connection for its next user and hands the result on.
    async fn done<T>(mut self, result: std::result::Result<T, tokio_postgres::Error>) -> Result<T> {
        self.0.clear().await;
        Ok(result?)
    }
}

/// One connection. Dropped before its work is finished, it cancels what runs on it and is closed at once.
pub struct Session {
    client: Client,
    connection: JoinHandle<()>,
    finished: bool,
}

impl Session {
    async fn open(config: &Config) -> Result<Self> {
        let connect = timeout(Duration::from_secs(5), config.connect(NoTls)).await;
        let (client, connection) = connect.map_err(|_| DbError::Unavailable("connecting took too long".into()))??;
        let connection = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(cause = %DbError::from(error), "database connection ended");
            }
        });
        Ok(Self { client, connection, finished: false })
    }

    /// Clears the connection for its next user, where it has no transaction open.
    async fn clear(&mut self) {
        let cleared = timeout(Duration::from_secs(1), self.client.batch_execute("DISCARD ALL")).await;
        self.finished = matches!(cleared, Ok(Ok(())));
    }

    /// Closes an idle connection properly.
    pub async fn close(mut self) -> Result<()> {
        self.finished = true;
        Ok(())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        let token = self.client.cancel_token();
        let connection = std::mem::replace(&mut self.connection, tokio::spawn(async {}));
        tokio::spawn(stop(token, connection));
    }
}

/// Stops what runs on a connection. Closing alone would do, but is noticed a second later.
async fn stop(token: CancelToken, connection: JoinHandle<()>) {
    let cancelled = timeout(Duration::from_secs(2), token.cancel_query(NoTls)).await;
    if !matches!(cancelled, Ok(Ok(()))) {
        tracing::debug!("a query could not be cancelled; its connection is closed");
    }
    connection.abort();
}

struct Manager(Config);

impl ManageConnection for Manager {
    type Connection = Session;
    type Error = DbError;

    async fn connect(&self) -> Result<Session> {
        let mut session = Session::open(&self.0).await?;
        session.finished = true;
        Ok(session)
    }

    async fn is_valid(&self, session: &mut Session) -> Result<()> {
        match timeout(Duration::from_secs(1), session.client.check_connection()).await {
            Ok(result) => Ok(result?),
            Err(_) => {
                session.finished = false;
                Err(DbError::Unavailable("a pooled connection does not answer".into()))
            }
        }
    }

    fn has_broken(&self, session: &mut Session) -> bool {
        !session.finished || session.client.is_closed()
    }
}

fn config(url: &str, name: &str) -> Result<Config> {
    // The parser's own message may hold the password.
    let mut config: Config = url.parse().map_err(|_| DbError::Address)?;
    config.application_name(name);
    config.connect_timeout(Duration::from_secs(3));
    config.tcp_user_timeout(Duration::from_secs(30));
    Ok(config)
}

fn with_statement_timeout(config: &Config, statement_timeout: Duration) -> Config {
    let own = config.get_options().unwrap_or_default();
    let options = format!(
        "{own} -c client_connection_check_interval=1s -c idle_in_transaction_session_timeout=60s -c statement_timeout={}",
        statement_timeout.as_millis()
    );
    let mut config = config.clone();
    config.options(options);
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_address_is_refused_without_repeating_it() {
        let Err(error) = Db::new("postgresql://u:geheim@h:port/db", "test", 1) else { panic!("accepted") };
        assert!(!format!("{error} {error:?}").contains("geheim"));
    }

    #[test]
    fn the_options_of_the_address_are_kept() {
        let config = config("postgresql://h/db?options=-c%20work_mem%3D8MB", "test").unwrap();
        let options = with_statement_timeout(&config, SHORT).get_options().unwrap().to_owned();
        assert!(options.contains("work_mem=8MB") && options.contains("statement_timeout=5000"), "{options}");
    }
}
