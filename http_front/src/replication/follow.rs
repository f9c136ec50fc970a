//! From the number in the data set to the newest on the server, one diff at a time.

use std::time::{Duration, SystemTime};

use super::{FetchError, Server};
use crate::{
    db::{Db, DbError},
    stop::Stop,
};

/// Pause after the first failure; doubled with each that follows.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// Longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// A failure that lasts this long is for people to look at.
const ALARM: Duration = Duration::from_secs(600);
/// How far a server's clock may be ahead of ours.
const AHEAD: Duration = Duration::from_secs(3600);

/// How far one round came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The data set has what the server has.
    Current,
    /// The process was asked to stop.
    Stopped,
}

/// Why a round ended early.
enum Trouble {
    /// It may pass.
    Passing(FetchError),
    /// It will not.
    Lasting(DbError),
}

impl From<FetchError> for Trouble {
    fn from(error: FetchError) -> Self {
        Self::Passing(error)
    }
}

/// Follows a server.
pub struct Follower {
    /// The database.
    pub db: Db,
    /// The server.
    pub server: Server,
    /// Ends it between two diffs.
    pub stop: Stop,
    /// Failures in a row that are put up with; without an end where `None`.
    pub tries: Option<u32>,
}

impl Follower {
    /// Applies all that the server has after diff `sequence`. How many diffs that were is logged.
    pub async fn catch_up(&self, sequence: &mut i64) -> Result<Outcome, super::super::command::Failure> {
        let mut failures = 0;
        let mut since = tokio::time::Instant::now();
        loop {
            let before = *sequence;
            match self.round(sequence).await {
                Ok(outcome) => return Ok(outcome),
                Err(Trouble::Lasting(error)) => return Err(error.into()),
                Err(Trouble::Passing(error)) => {
                    if *sequence > before {
                        failures = 0;
                    }
                    if failures == 0 {
                        since = tokio::time::Instant::now();
                    }
                    failures += 1;
                    if self.tries.is_some_and(|tries| failures >= tries) {
                        return Err(error.message.into());
                    }
                    let pause = pause(failures, error.wait);
                    if since.elapsed() >= ALARM {
                        tracing::error!(cause = error.message, ?pause, sequence, "updates have failed for ten minutes");
                    } else {
                        tracing::warn!(cause = error.message, ?pause, sequence, "an update failed");
                    }
                    tokio::select! {
                        () = tokio::time::sleep(pause) => {}
                        () = self.stop.asked() => return Ok(Outcome::Stopped),
                    }
                }
            }
        }
    }

    async fn round(&self, sequence: &mut i64) -> Result<Outcome, Trouble> {
        let newest = self.server.newest().await?;
        not_ahead(newest.timestamp.0)?;
        if newest.sequence < *sequence {
            tracing::warn!(server = newest.sequence, sequence, "the server is behind the data set");
        }
        // Never past what the server says is whole.
        while *sequence < newest.sequence {
            if self.stop.is_asked() {
                return Ok(Outcome::Stopped);
            }
            let next = *sequence + 1;
            let state = self.server.state_of(next).await?;
            not_ahead(state.timestamp.0)?;
            let diff = self.server.diff(next).await?;
            match self.db.apply_change(&diff, next, state.timestamp).await {
                Ok(report) => tracing::info!(sequence = next, %report, "applied"),
                // A document that came broken may come whole.
                Err(
                    error @ (DbError::BadDocument(_) | DbError::Unavailable(_) | DbError::Replaced | DbError::Busy),
                ) => {
                    return Err(FetchError::new(format!("diff {next}: {error}")).into());
                }
                Err(error) => return Err(Trouble::Lasting(error)),
            }
            *sequence = next;
        }
        Ok(Outcome::Current)
    }
}

/// A state of the future is none.
fn not_ahead(timestamp: i64) -> Result<(), FetchError> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default() + AHEAD;
    if u64::try_from(timestamp).is_ok_and(|timestamp| timestamp > now.as_secs()) {
        return Err(FetchError::new("the state file's time lies in the future: look at both clocks"));
    }
    Ok(())
}

/// How long to wait after so many failures in a row.
pub fn pause(failures: u32, wished: Option<Duration>) -> Duration {
    let own = FIRST_PAUSE.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(LONGEST_PAUSE);
    wished.map_or(own, |wished| wished.max(FIRST_PAUSE).min(Duration::from_secs(3600)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_the_server_may_wish() {
        let seconds = |failures, wished| pause(failures, wished).as_secs();
        assert_eq!([1, 2, 3, 7, 40].map(|failures| seconds(failures, None)), [5, 10, 20, 300, 300]);
        assert_eq!(seconds(1, Some(Duration::from_secs(90))), 90);
        assert_eq!(seconds(9, Some(Duration::from_secs(1))), 5);
    }

    #[test]
    fn a_time_of_the_future_is_refused() {
        assert!(not_ahead(1_577_836_800).is_ok());
        assert!(not_ahead(32_472_144_000).is_err());
    }
}
