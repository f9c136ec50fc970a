//! The table of jobs: what was asked for, who works at it, how it ended.
//!
//! `attempt` is the fencing number. Who claims a job raises it, and only who holds the highest may write the outcome.
//! `returned` counts attempts that a stopping worker gave back, which are no failures.

use serde_json::Value;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

use super::{Db, Result};

/// Tries after which a job is given up.
pub const TRIES: i32 = 3;

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobStatus {
    /// Waits.
    Queued,
    /// A worker works at it.
    Started,
    /// The file is there.
    Success,
    /// It came to nothing; the row says why.
    Failure,
    /// It was cancelled.
    Revoked,
    /// The file was there and was removed.
    Expired,
}

impl JobStatus {
    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "queued" => Self::Queued,
            "started" => Self::Started,
            "success" => Self::Success,
            "failure" => Self::Failure,
            "revoked" => Self::Revoked,
            "expired" => Self::Expired,
            _ => return None,
        })
    }
}

/// What a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobKind {
    /// An export that somebody asked for.
    Export,
    /// A look at the replication server.
    Update,
}

/// A job as its owner sees it.
#[derive(Debug, Clone)]
pub struct Job {
    /// Where it stands.
    pub status: JobStatus,
    /// What was asked for.
    pub request: Value,
    /// The outcome of a job that succeeded.
    pub result: Option<Value>,
    /// Why it came to nothing.
    pub reason: Option<String>,
}

/// A job as the worker sees it that has claimed it.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The job.
    pub id: Uuid,
    /// The fencing number.
    pub attempt: i32,
    /// What it is.
    pub kind: JobKind,
    /// What was asked for.
    pub request: Value,
}

/// A job that is not done, as the sweep sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OpenJob {
    /// The job.
    pub id: Uuid,
    /// Its fencing number.
    pub attempt: i32,
}

type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

impl Db {
    /// Records a job that waits.
    pub async fn add_job(&self, id: Uuid, request: &Value) -> Result<()> {
        let sql = "INSERT INTO rawdata.jobs (id, request) VALUES ($1, $2)";
        self.execute(sql, &[(&id, Type::UUID), (request, Type::JSONB)]).await.map(drop)
    }

    /// Records an update that waits, where one is due and none waits or runs. The clock is the database's: all workers go by it.
    pub async fn add_update(&self, id: Uuid, request: &Value) -> Result<bool> {
        let sql = "INSERT INTO rawdata.jobs (id, kind, request)
                   SELECT $1, 'update', $2 FROM rawdata.replication
                    WHERE next_look IS NULL OR clock_timestamp() NOT BETWEEN looked_at AND next_look
                   ON CONFLICT DO NOTHING";
        self.execute(sql, &[(&id, Type::UUID), (request, Type::JSONB)]).await.map(|rows| rows == 1)
    }

    /// Ends an update: how it went stands elsewhere. False where it is in other hands.
    pub async fn end_update(&self, claim: &Claim) -> Result<bool> {
        let sql = "DELETE FROM rawdata.jobs WHERE id = $1 AND attempt = $2 AND kind = 'update' AND status = 'started'";
        self.execute(sql, &[(&claim.id, Type::UUID), (&claim.attempt, Type::INT4)]).await.map(|rows| rows == 1)
    }

    /// Takes back a job that nobody has begun. False where somebody has.
    pub async fn withdraw_job(&self, id: Uuid) -> Result<bool> {
        let sql = "DELETE FROM rawdata.jobs WHERE id = $1 AND status = 'queued' AND attempt = 0";
        self.execute(sql, &[(&id, Type::UUID)]).await.map(|rows| rows == 1)
    }

    /// An export by its number.
    pub async fn job(&self, id: Uuid) -> Result<Option<Job>> {
        let sql = "SELECT status, request, result, reason FROM rawdata.jobs WHERE id = $1 AND kind = 'export'";
        let mut lease = self.lease().await?;
        let row = lease.client().query_typed_opt(sql, &[(&id, Type::UUID)]).await;
        let Some(row) = lease.done(row).await? else { return Ok(None) };
        let status = JobStatus::from_name(row.try_get(0)?).unwrap_or(JobStatus::Queued);
        Ok(Some(Job { status, request: row.try_get(1)?, result: row.try_get(2)?, reason: row.try_get(3)? }))
    }

    /// Begins a job. `None` where it is not this worker's to begin: done, given up, or in other hands. A job that is
    /// started already is begun again only where `takeover` says that its worker is gone.
    pub async fn claim_job(&self, id: Uuid, worker: &str, takeover: bool) -> Result<Option<Claim>> {
        let sql = "UPDATE rawdata.jobs
                      SET status = 'started', attempt = attempt + 1, worker = $2, started_at = clock_timestamp()
                    WHERE id = $1 AND (status = 'queued' OR status = 'started' AND $3) AND attempt - returned < $4
                RETURNING attempt, request, kind";
        let parameters: [Parameter<'_>; 4] =
            [(&id, Type::UUID), (&worker, Type::TEXT), (&takeover, Type::BOOL), (&TRIES, Type::INT4)];
        let mut lease = self.lease().await?;
        let row = lease.client().query_typed_opt(sql, &parameters).await;
        let Some(row) = lease.done(row).await? else { return Ok(None) };
        let kind = if row.try_get::<_, &str>(2)? == "update" { JobKind::Update } else { JobKind::Export };
        Ok(Some(Claim { id, attempt: row.try_get(0)?, kind, request: row.try_get(1)? }))
    }

    /// Ends a job that has used up its tries. False where it has not.
    pub async fn give_up_job(&self, id: Uuid, reason: &str) -> Result<bool> {
        let sql = "UPDATE rawdata.jobs SET status = 'failure', reason = $2, finished_at = clock_timestamp()
                    WHERE id = $1 AND status IN ('queued', 'started') AND attempt - returned >= $3";
        let parameters = [(&id as _, Type::UUID), (&reason as _, Type::TEXT), (&TRIES as _, Type::INT4)];
        self.execute(sql, &parameters).await.map(|rows| rows == 1)
    }

    /// Writes that a job came to nothing. False where it is in other hands.
    pub async fn fail_job(&self, claim: &Claim, reason: &str) -> Result<bool> {
        let sql = "UPDATE rawdata.jobs SET status = 'failure', reason = $3, finished_at = clock_timestamp()
                    WHERE id = $1 AND attempt = $2 AND status = 'started'";
        let parameters = [(&claim.id as _, Type::UUID), (&claim.attempt as _, Type::INT4), (&reason as _, Type::TEXT)];
        self.execute(sql, &parameters).await.map(|rows| rows == 1)
    }

    /// Puts a job back that a stopping worker could not end. False where it is in other hands.
    pub async fn return_job(&self, claim: &Claim) -> Result<bool> {
        let sql = "UPDATE rawdata.jobs
                      SET status = 'queued', returned = returned + 1, worker = NULL, queued_at = clock_timestamp()
                    WHERE id = $1 AND attempt = $2 AND status = 'started'";
        self.execute(sql, &[(&claim.id, Type::UUID), (&claim.attempt, Type::INT4)]).await.map(|rows| rows == 1)
    }

    /// Publishes a result: in one transaction the row is written, then `place` puts the file where clients find it. While the
    /// row is locked nobody else can claim the job. False, and `place` is not begun, where it is in other hands.
    pub async fn publish_job(
        &self,
        claim: &Claim,
        result: &Value,
        size: i64,
        place: impl Future<Output = std::io::Result<()>>,
    ) -> Result<std::io::Result<bool>> {
        let sql = "UPDATE rawdata.jobs
                      SET status = 'success', result = $3, file_size = $4, finished_at = clock_timestamp()
                    WHERE id = $1 AND attempt = $2 AND status = 'started'";
        let parameters: [Parameter<'_>; 4] =
            [(&claim.id, Type::UUID), (&claim.attempt, Type::INT4), (result, Type::JSON), (&size, Type::INT8)];
        let mut lease = self.lease().await?;
        let transaction = lease.client().transaction().await?;
        let placed = match transaction.execute_typed(sql, &parameters).await? {
            0 => Ok(false),
            _ => place.await.map(|()| true),
        };
        let ended = match placed {
            Ok(true) => transaction.commit().await,
            _ => transaction.rollback().await,
        };
        lease.done(ended).await?;
        Ok(placed)
    }

    /// Jobs that wait or are worked at, and have not changed for ten seconds.
    pub async fn open_jobs(&self) -> Result<Vec<OpenJob>> {
        let sql = "SELECT id, attempt FROM rawdata.jobs
                    WHERE status IN ('queued', 'started')
                      AND greatest(queued_at, started_at) < clock_timestamp() - interval '10 seconds'
                    ORDER BY queued_at LIMIT 10000";
        let mut lease = self.lease().await?;
        let rows = lease.client().query_typed(sql, &[]).await;
        let rows = lease.done(rows).await?;
        rows.iter().map(|row| Ok(OpenJob { id: row.try_get(0)?, attempt: row.try_get(1)? })).collect()
    }

    /// Marks an open job as waiting anew. False where it has changed since, or another sweep was first.
    pub async fn requeue_job(&self, job: OpenJob) -> Result<bool> {
        let sql = "UPDATE rawdata.jobs SET status = 'queued', worker = NULL, queued_at = clock_timestamp()
                    WHERE id = $1 AND attempt = $2 AND status IN ('queued', 'started')
                      AND greatest(queued_at, started_at) < clock_timestamp() - interval '10 seconds'";
        self.execute(sql, &[(&job.id, Type::UUID), (&job.attempt, Type::INT4)]).await.map(|rows| rows == 1)
    }

    /// Marks results as expired that are too old, and the oldest where all together are too large. Those of the last ten
    /// minutes stay. Returns the jobs whose files are to be removed.
    pub async fn expire_jobs(&self, max_age_seconds: f64, max_bytes: i64) -> Result<Vec<Uuid>> {
        let sql = "WITH kept AS (
                     SELECT id, finished_at, sum(file_size) OVER (ORDER BY finished_at DESC, id) AS bytes
                       FROM rawdata.jobs WHERE status = 'success')
                   UPDATE rawdata.jobs AS job SET status = 'expired', result = NULL
                     FROM kept
                    WHERE job.id = kept.id AND job.status = 'success'
                      AND (kept.finished_at < clock_timestamp() - make_interval(secs => $1)
                           OR kept.bytes > $2 AND kept.finished_at < clock_timestamp() - interval '10 minutes')
                RETURNING job.id";
        let mut lease = self.lease().await?;
        let parameters: [Parameter<'_>; 2] = [(&max_age_seconds, Type::FLOAT8), (&max_bytes, Type::INT8)];
        let rows = lease.client().query_typed(sql, &parameters).await;
        let rows = lease.done(rows).await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// Forgets jobs that ended a week before `max_age_seconds` ago.
    pub async fn forget_jobs(&self, max_age_seconds: f64) -> Result<u64> {
        let sql = "DELETE FROM rawdata.jobs
                    WHERE status IN ('failure', 'revoked', 'expired')
                      AND finished_at < clock_timestamp() - make_interval(days => 7, secs => $1)";
        self.execute(sql, &[(&max_age_seconds, Type::FLOAT8)]).await
    }

    /// Which of these jobs have a file, or are worked at.
    pub async fn jobs_with_files(&self, ids: &[Uuid]) -> Result<Vec<OpenJob>> {
        let sql = "SELECT id, attempt FROM rawdata.jobs WHERE id = ANY ($1) AND status IN ('started', 'success')";
        let mut lease = self.lease().await?;
        let rows = lease.client().query_typed(sql, &[(&ids, Type::UUID_ARRAY)]).await;
        let rows = lease.done(rows).await?;
        rows.iter().map(|row| Ok(OpenJob { id: row.try_get(0)?, attempt: row.try_get(1)? })).collect()
    }

    async fn execute(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<u64> {
        let mut lease = self.lease().await?;
        let rows = lease.client().execute_typed(sql, parameters).await;
        lease.done(rows).await
    }
}
