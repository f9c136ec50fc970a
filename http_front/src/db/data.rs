//! The functions of schema rawdata that are about the map.

use std::{pin::Pin, time::Duration};

use rawdata_core::{osm::Timestamp, request::MultiPolygon};
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_postgres::{
    binary_copy::BinaryCopyInWriter,
    types::{ToSql, Type},
};

use super::{Db, DbError, Result, Session};

/// How long a diff may take: one of a day of the planet onto a planet is an hour's work.
const APPLY: Duration = Duration::from_secs(6 * 3600);
/// How long the end of a load that is broken off is waited for.
const LET_GO: Duration = Duration::from_secs(10);

impl Db {
    /// The time of the data, as the old service wrote it; `None` where nothing is loaded.
    pub async fn data_timestamp(&self) -> Result<Option<String>> {
        let sql = "SELECT to_char(data_timestamp AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || '+00:00'
                     FROM rawdata.status()";
        let mut lease = self.lease().await?;
        let row = lease.client().query_typed_opt(sql, &[]).await;
        let row = lease.done(row).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?.flatten())
    }

    /// Everything that is known about the data set, as an object; `None` where nothing is loaded.
    pub async fn data_status(&self) -> Result<Option<Value>> {
        let mut lease = self.lease().await?;
        let row = lease.client().query_typed_opt("SELECT to_jsonb(s) FROM rawdata.status() AS s", &[]).await;
        let row = lease.done(row).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    /// A connection for diffs, one after the other: a new one costs as much as a small diff.
    pub async fn session_for_diffs(&self) -> Result<Session> {
        self.session(APPLY).await
    }

    /// Puts a map document onto the data set. What it did, as a sentence.
    pub async fn append(&self, document: &[u8]) -> Result<String> {
        let sql = "SELECT format('%s objects, %s rebuilt, %s rows', nodes + ways + relations, rebuilt, \
                       rows_inserted + rows_changed + rows_deleted) FROM rawdata.apply_change($1)";
        let parameter: (&(dyn ToSql + Sync), Type) = (&document, Type::BYTEA);
        let mut session = self.session(APPLY).await?;
        let row = session.client.query_typed_one(sql, &[parameter]).await?;
        session.finished = true;
        Ok(row.try_get(0)?)
    }

    /// What an import in progress does.
    pub async fn import_progress(&self) -> Result<Option<Progress>> {
        let sql = "SELECT phase::text, done::bigint, total::bigint, objects_per_second::bigint,
                          extract(epoch FROM remaining)::bigint, memory_mb::bigint
                     FROM rawdata.import_progress WHERE datname = current_database() LIMIT 1";
        let mut lease = self.lease().await?;
        let row = lease.client().query_typed_opt(sql, &[]).await;
        let Some(row) = lease.done(row).await? else { return Ok(None) };
        Ok(Some(Progress {
            phase: row.try_get(0)?,
            done: row.try_get(1)?,
            total: row.try_get(2)?,
            objects_per_second: row.try_get(3)?,
            seconds_remaining: row.try_get(4)?,
            memory_mb: row.try_get(5)?,
        }))
    }
}

/// How far an import is.
#[derive(Debug, Clone)]
pub struct Progress {
    /// What it does.
    pub phase: Option<String>,
    /// How much of it is done.
    pub done: Option<i64>,
    /// How much there is to do, where known.
    pub total: Option<i64>,
    /// How quick it is, where objects are counted.
    pub objects_per_second: Option<i64>,
    /// How long what it does will take at that speed.
    pub seconds_remaining: Option<i64>,
    /// Memory of the backend.
    pub memory_mb: Option<i64>,
}

impl Session {
    /// Whether the tables are there; asked by the health check.
    pub async fn is_set_up(&self) -> Result<bool> {
        let row = self.client.query_typed_one("SELECT to_regclass('rawdata.jobs') IS NOT NULL", &[]).await?;
        Ok(row.try_get(0)?)
    }

    /// Applies a diff. What it did, as a sentence.
    pub async fn apply_change(&mut self, document: &[u8], sequence: i64, state: Timestamp) -> Result<String> {
        let sql = "SELECT CASE WHEN applied THEN format('%s objects, %s rebuilt, %s rows', nodes + ways + relations + deleted, \
                       rebuilt, rows_inserted + rows_changed + rows_deleted) ELSE 'was there already' END \
                     FROM rawdata.apply_change($1, $2, to_timestamp($3::bigint))";
        let parameters: [(&(dyn ToSql + Sync), Type); 3] =
            [(&document, Type::BYTEA), (&sequence, Type::INT8), (&state.0, Type::INT8)];
        self.finished = false;
        let row = self.client.query_typed_one(sql, &parameters).await?;
        self.finished = true;
        Ok(row.try_get(0)?)
    }

    /// Starts to load a document: opens a transaction and a COPY in it.
    pub async fn load(self, area_rule: Option<&'static str>) -> Result<Load> {
        self.client.batch_execute("BEGIN").await?;
        if let Some(rule) = area_rule {
            let parameter: (&(dyn ToSql + Sync), Type) = (&rule, Type::TEXT);
            self.client.query_typed("SELECT set_config('rawdata.area_rule', $1, true)", &[parameter]).await?;
        }
        let sink = self.client.copy_in("COPY rawdata.load FROM STDIN (FORMAT binary)").await?;
        Ok(Load { writer: Box::pin(BinaryCopyInWriter::new(sink, &[Type::BYTEA])), session: self })
    }
}

/// What is known of a document beside what it says itself.
#[derive(Debug, Default)]
pub struct About {
    /// The boundary that diffs are cut to from then on.
    pub boundary: Option<MultiPolygon>,
    /// Where its updates come from, should it not say that itself.
    pub replication_url: Option<String>,
}

/// A document on its way into the database. Dropped before the end, too, it leaves what was there before.
pub struct Load {
    writer: Pin<Box<BinaryCopyInWriter>>,
    session: Session,
}

impl Load {
    /// Sends one piece of the document.
    pub async fn send(&mut self, piece: &[u8]) -> Result<()> {
        Ok(self.writer.as_mut().write(&[&piece]).await?)
    }

    /// Ends the document, waits until it is in the tables, notes what else is known of it, and commits.
    pub async fn finish(mut self, about: &About) -> Result<()> {
        let ended = self.end(about).await;
        match ended {
            Ok(()) => self.session.finished = true,
            Err(_) => self.abort().await,
        }
        ended
    }

    /// Breaks off: what was there before stays. Waits until the database has let go, so that the next load finds it free.
    pub async fn abort(self) {
        let Self { writer, mut session } = self;
        drop(writer);
        let rolled_back = timeout(LET_GO, session.client.batch_execute("ROLLBACK")).await;
        session.finished = matches!(rolled_back, Ok(Ok(())));
    }

    async fn end(&mut self, about: &About) -> Result<()> {
        self.writer.as_mut().finish().await?;
        let client = &self.session.client;
        if let Some(boundary) = &about.boundary {
            let geojson = json!({ "type": "MultiPolygon", "coordinates": boundary });
            let sql = "SELECT rawdata.set_boundary(public.ST_GeomFromGeoJSON($1))";
            client.query_typed(sql, &[(&geojson, Type::JSONB)]).await?;
        }
        if let Some(url) = &about.replication_url {
            let sql = "UPDATE rawdata.data_set SET replication_url = $1 WHERE replication_url IS NULL";
            client.query_typed(sql, &[(url, Type::TEXT)]).await?;
        }
        Ok(client.batch_execute("COMMIT").await?)
    }
}

impl From<DbError> for std::io::Error {
    fn from(error: DbError) -> Self {
        Self::other(error)
    }
}
