//! How current the data set is, and how the last look at its replication server went.

use std::time::Duration;

use serde_json::Value;
use tokio_postgres::types::{ToSql, Type};

use super::{Db, Result};

/// What an update begins from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Number of the last diff applied.
    pub sequence: Option<i64>,
    /// Where the imported file said that diffs come from.
    pub url: Option<String>,
    /// The time of the data, in seconds since 1970.
    pub data_time: Option<i64>,
    /// Looks that failed since one went well.
    pub failures: u32,
}

impl Db {
    /// What an update begins from; `None` where nothing is loaded.
    pub async fn standing(&self) -> Result<Option<Standing>> {
        let sql = "SELECT sequence, replication_url, extract(epoch FROM data_timestamp)::bigint, failures FROM rawdata.replication";
        let mut lease = self.lease().await?;
        let row = lease.client().query_typed_opt(sql, &[]).await;
        let Some(row) = lease.done(row).await? else { return Ok(None) };
        let failures: i32 = row.try_get(3)?;
        Ok(Some(Standing {
            sequence: row.try_get(0)?,
            url: row.try_get(1)?,
            data_time: row.try_get(2)?,
            failures: u32::try_from(failures).unwrap_or(0),
        }))
    }

    /// Writes down how a look went, and when the next is due. An error has a kind and a text. For how long looks have
    /// failed.
    pub async fn record_look(
        &self,
        newest: Option<i64>,
        pause: Duration,
        error: Option<(&str, &str)>,
    ) -> Result<Duration> {
        let sql = "SELECT extract(epoch FROM rawdata.record_look($1, make_interval(secs => $2), $3, $4))::float8";
        let (kind, text) = error.unzip();
        let pause = pause.as_secs_f64();
        let parameters: [(&(dyn ToSql + Sync), Type); 4] =
            [(&newest, Type::INT8), (&pause, Type::FLOAT8), (&kind, Type::TEXT), (&text, Type::TEXT)];
        let mut lease = self.lease().await?;
        let row = lease.client().query_typed_one(sql, &parameters).await;
        let seconds: f64 = lease.done(row).await?.try_get(0)?;
        Ok(Duration::try_from_secs_f64(seconds).unwrap_or_default())
    }

    /// Everything that is known about it, as an object; `None` where nothing is loaded.
    pub async fn replication(&self) -> Result<Option<Value>> {
        let sql = "SELECT to_jsonb(r) - 'replication_url' FROM rawdata.replication AS r";
        let mut lease = self.lease().await?;
        let row = lease.client().query_typed_opt(sql, &[]).await;
        let row = lease.done(row).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }
}
