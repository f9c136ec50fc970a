//! From the number in the data set to the newest on the server, one diff at a time.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use rawdata_core::replication::State;

use super::{
    FetchError, Kind, Server, pause_from,
    retry::{LONGEST_PAUSE, with_jitter},
    start::sequence_at,
};
use crate::{
    config::Replication,
    db::{Db, DbError, Session, Standing},
    stop::Stop,
};

/// A failure that lasts this long is for people to look at.
const ALARM: Duration = Duration::from_secs(600);
/// Longest interval between two looks.
const LONGEST_INTERVAL: Duration = Duration::from_secs(86_400);
/// How far a server's clock may be ahead of ours.
const AHEAD: Duration = Duration::from_secs(3600);

/// How far one look came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The data set has what the server has.
    Current,
    /// The server has more.
    Unfinished,
    /// The process was asked to stop.
    Stopped,
}

/// Why a look ended early.
#[derive(Debug)]
pub struct Trouble {
    /// What went wrong.
    pub error: FetchError,
    /// Whether it will be so until somebody does something about it.
    pub is_lasting: bool,
}

impl From<FetchError> for Trouble {
    fn from(error: FetchError) -> Self {
        Self { is_lasting: error.kind == Kind::Setting, error }
    }
}

impl From<DbError> for Trouble {
    /// What everybody may read; the log has the rest.
    fn from(error: DbError) -> Self {
        tracing::warn!(cause = %error, "the database did not do what was asked");
        let message = match &error {
            DbError::TimedOut => "applying a diff took too long".into(),
            DbError::NotAllowed(_) => "the service lacks a right that updates need: grant it rawdata_writer".into(),
            DbError::Other(cause) => {
                format!("the database does not take it (SQLSTATE {})", cause.get(..5).unwrap_or_default())
            }
            error => error.reason(),
        };
        let is_lasting = !matches!(error, DbError::Unavailable(_) | DbError::Replaced | DbError::Busy);
        Self { error: FetchError::new(Kind::Database, message), is_lasting }
    }
}

/// What came of one look.
#[derive(Debug)]
pub struct Look {
    /// How far it came.
    pub outcome: Result<Outcome, Trouble>,
    /// Whether any diff was applied.
    pub has_progressed: bool,
    /// How long to wait before the next.
    pub pause: Duration,
    /// Whether the database knows all this: else nobody else does, and it does not count the failures.
    pub is_recorded: bool,
}

/// Follows a server.
pub struct Follower {
    /// The database.
    pub db: Db,
    /// Which server, and how.
    pub settings: Replication,
    /// Ends it before the next diff is applied, whatever the server does meanwhile.
    pub stop: Stop,
}

/// What is known while a look goes on.
#[derive(Default)]
struct Seen {
    /// Number of the server's newest diff.
    newest: Option<i64>,
    /// Number of the data set's last.
    sequence: Option<i64>,
    /// How many were applied.
    applied: u32,
}

impl Follower {
    /// Asks the server, applies what it has but no more than a batch, and writes down how that went.
    pub async fn look(&self) -> Look {
        let mut seen = Seen::default();
        let (outcome, failures) = match self.db.standing().await {
            Ok(Some(standing)) => (self.round(&standing, &mut seen).await, standing.failures),
            Ok(None) => {
                let why = "no data set is loaded: import one first";
                (Err(FetchError::new(Kind::Setting, why).into()), 0)
            }
            Err(error) => (Err(error.into()), 0),
        };
        let failures = if seen.applied > 0 { 0 } else { failures };
        let pause = match &outcome {
            Ok(Outcome::Current) => with_jitter(self.settings.interval).min(LONGEST_INTERVAL),
            Ok(Outcome::Unfinished | Outcome::Stopped) => Duration::ZERO,
            Err(Trouble { is_lasting: true, .. }) => LONGEST_PAUSE,
            Err(Trouble { error, .. }) => pause_from(self.settings.first_pause, failures + 1, error.wait),
        };
        let is_recorded = self.report(&outcome, pause, &seen).await;
        Look { outcome, has_progressed: seen.applied > 0, pause, is_recorded }
    }

    /// False where it could not be written down.
    async fn report(&self, outcome: &Result<Outcome, Trouble>, pause: Duration, seen: &Seen) -> bool {
        if matches!(outcome, Ok(Outcome::Stopped)) && seen.applied == 0 {
            // Neither did it go well, nor did it fail.
            return true;
        }
        let error = outcome.as_ref().err().map(|trouble| &trouble.error);
        let mut told = Ok(Duration::ZERO);
        // What was applied before it failed ends an earlier row of failures.
        if error.is_none() || seen.applied > 0 {
            told = self.db.record_look(seen.newest, pause, None).await;
        }
        if let Some(FetchError { kind, message, .. }) = error {
            told = self.db.record_look(seen.newest, pause, Some((kind.name(), message))).await;
            let Seen { newest, sequence, .. } = seen;
            if matches!(told, Ok(failing_for) if failing_for >= ALARM) {
                tracing::error!(cause = message, ?pause, sequence, newest, "updates have failed for ten minutes");
            } else {
                tracing::warn!(cause = message, ?pause, sequence, newest, "an update failed");
            }
        }
        told.inspect_err(|error| tracing::warn!(cause = %error, "how an update went could not be written down")).is_ok()
    }

    /// The server's answer; `None` where the process is asked to stop before it has come.
    async fn unless_stopped<T, E>(&self, answer: impl Future<Output = Result<T, E>>) -> Result<Option<T>, Trouble>
    where
        Trouble: From<E>,
    {
        tokio::select! {
            answer = answer => Ok(Some(answer?)),
            () = self.stop.asked() => Ok(None),
        }
    }

    async fn round(&self, standing: &Standing, seen: &mut Seen) -> Result<Outcome, Trouble> {
        let server = self.server(standing)?;
        let mut sequence = match standing.sequence.or(self.settings.sequence) {
            Some(sequence) => sequence,
            None => match self.unless_stopped(begin(&server, standing)).await? {
                Some(sequence) => sequence,
                None => return Ok(Outcome::Stopped),
            },
        };
        seen.sequence = Some(sequence);
        let Some(newest) = self.unless_stopped(server.newest()).await? else { return Ok(Outcome::Stopped) };
        not_ahead(newest.timestamp.0)?;
        seen.newest = Some(newest.sequence);
        if newest.sequence < sequence {
            if standing.data_time.is_some_and(|data_time| newest.timestamp.0 > data_time) {
                let message = format!(
                    "the server's newest diff {} is newer than the data, which hold diff {sequence}: it is another server, or \
                     has begun to count anew; import a file of this server",
                    newest.sequence
                );
                return Err(FetchError::new(Kind::State, message).into());
            }
            tracing::warn!(server = newest.sequence, sequence, "the server is behind the data set");
        }
        let mut session = None;
        // Never past what the server says is whole.
        while sequence < newest.sequence {
            if seen.applied >= self.settings.batch {
                return Ok(Outcome::Unfinished);
            }
            let next = sequence + 1;
            let fetched = self.unless_stopped(fetch(&server, next)).await;
            let fetched = fetched.map_err(|trouble| kept_no_longer(trouble, next, newest.sequence))?;
            let Some((state, diff)) = fetched else { return Ok(Outcome::Stopped) };
            let session = match &mut session {
                Some(session) => session,
                none => none.insert(self.db.session_for_diffs().await?),
            };
            apply(session, state, &diff).await?;
            sequence = next;
            seen.sequence = Some(sequence);
            seen.applied += 1;
        }
        Ok(Outcome::Current)
    }

    fn server(&self, standing: &Standing) -> Result<Server, FetchError> {
        let base = self.settings.replication_url.as_deref().or(standing.url.as_deref()).ok_or_else(|| {
            let why = "the data set does not say where its updates come from: give --replication-url, the folder where \
                       state.txt lies";
            FetchError::new(Kind::Setting, why)
        })?;
        Server::new(base, &self.settings.allowed.hosts(), self.settings.patience())
    }
}

async fn apply(session: &mut Session, State { sequence, timestamp }: State, diff: &[u8]) -> Result<(), Trouble> {
    match session.apply_change(diff, sequence, timestamp).await {
        Ok(report) => {
            tracing::info!(sequence, %report, "applied");
            Ok(())
        }
        // A document that came broken may come whole.
        Err(DbError::BadDocument(why)) => {
            Err(FetchError::new(Kind::Document, format!("diff {sequence}: {why}")).into())
        }
        Err(error) => Err(error.into()),
    }
}

/// A diff and its state.
async fn fetch(server: &Server, sequence: i64) -> Result<(State, Bytes), FetchError> {
    let state = server.state_of(sequence).await?;
    not_ahead(state.timestamp.0)?;
    Ok((state, server.diff(sequence).await?))
}

/// Number of the last diff that the data hold, where the data set does not know it.
async fn begin(server: &Server, standing: &Standing) -> Result<i64, Trouble> {
    let Some(data_time) = standing.data_time else {
        let why = "the data set has neither a sequence number nor a time: give --replication-sequence, the number of the \
                   last diff that the data hold (an earlier one does no harm)";
        return Err(FetchError::new(Kind::Setting, why).into());
    };
    let sequence = sequence_at(server, data_time).await?;
    tracing::info!(sequence, "begins where the server was three hours before the time of the data");
    Ok(sequence)
}

/// A diff is missing that is not the newest: it may come, but where others have come after it, it may be gone for good.
fn kept_no_longer(mut trouble: Trouble, sequence: i64, newest: i64) -> Trouble {
    if trouble.error.kind == Kind::Missing && sequence < newest {
        trouble.error.message.push_str("; if it keeps only newer diffs, import a newer file");
    }
    trouble
}

/// A state of the future is none.
fn not_ahead(timestamp: i64) -> Result<(), FetchError> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default() + AHEAD;
    if u64::try_from(timestamp).is_ok_and(|timestamp| timestamp > now.as_secs()) {
        let why = "the state file's time lies in the future: look at both clocks";
        return Err(FetchError::new(Kind::State, why));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_the_future_is_refused() {
        assert!(not_ahead(1_577_836_800).is_ok());
        assert!(not_ahead(32_472_144_000).is_err());
    }

    #[test]
    fn only_what_others_came_after_may_be_gone() {
        let told = |sequence| {
            let trouble = FetchError::new(Kind::Missing, "the server answers 404").into();
            kept_no_longer(trouble, sequence, 9).error.message
        };
        assert!(told(8).contains("import a newer file"));
        assert_eq!(told(9), "the server answers 404");
    }
}
