//! Sessions for exports: on a standby, or on the database where there is none. They stay open, because a new one has everything
//! to learn anew: libraries, catalogs, tables.

use std::{pin::Pin, time::Duration};

use bb8::{Pool, PooledConnection};
use bytes::Bytes;
use futures_util::TryStreamExt;
use serde_json::Value;
use tokio_postgres::{
    RowStream,
    types::{ToSql, Type},
};

use super::{Manager, Result, Session, config, not_given, pool, with_statement_timeout};

/// Sessions for exports.
#[derive(Clone)]
pub struct Readers(Pool<Manager>);

/// One of them. Its next user gets it cleared; dropped before its work is finished, it stops what runs and has no next user.
pub struct Reader {
    session: Option<PooledConnection<'static, Manager>>,
    in_transaction: bool,
}

/// What the data are that an export is made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DataState {
    /// Their time, in seconds since 1970.
    pub time: Option<i64>,
    /// The number of the last update.
    pub sequence: Option<i64>,
}

impl Readers {
    /// Reads the address; connects when first used. There are `most` sessions at one time, each of which a statement may hold for
    /// so long.
    pub fn new(url: &str, name: &str, most: u32, statement_timeout: Duration) -> Result<Self> {
        let config = with_statement_timeout(&config(url, name)?, statement_timeout);
        // Whoever asks decides whether to try again.
        Ok(Self(pool(most).retry_connection(false).build_unchecked(Manager(config))))
    }

    /// A session.
    pub async fn get(&self) -> Result<Reader> {
        let mut session = self.0.get_owned().await.map_err(not_given)?;
        session.finished = false;
        Ok(Reader { session: Some(session), in_transaction: false })
    }
}

impl Reader {
    /// Starts an export. The chunks come as they are read: one is on its way, the database waits with the next.
    pub async fn export(self, request: &Value) -> Result<Chunks> {
        let parameter: (&(dyn ToSql + Sync), Type) = (request, Type::JSONB);
        let rows = self.session()?.client.query_typed_raw("SELECT rawdata.export($1)", [parameter]).await?;
        Ok(Chunks { rows: Box::pin(rows), reader: self })
    }

    /// Starts an export, and tells what it is made of: both see the same data. The lock comes before the snapshot and keeps an
    /// import from putting its tables in place in between; diffs come and go behind the snapshot.
    pub async fn export_of(mut self, request: &Value) -> Result<(DataState, Chunks)> {
        const BEGIN: &str =
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; LOCK TABLE rawdata.features IN ACCESS SHARE MODE";
        const STATE: &str = "SELECT extract(epoch FROM data_timestamp)::bigint, sequence::bigint FROM rawdata.status()";
        self.in_transaction = true;
        let client = &self.session()?.client;
        client.batch_execute(BEGIN).await?;
        let state = match client.query_typed_opt(STATE, &[]).await? {
            Some(row) => DataState { time: row.try_get(0)?, sequence: row.try_get(1)? },
            None => DataState::default(),
        };
        Ok((state, self.export(request).await?))
    }

    fn session(&self) -> Result<&Session> {
        self.session.as_deref().ok_or_else(|| super::DbError::Unavailable("the session was given back".into()))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let Some(mut session) = self.session.take() else { return };
        if !session.finished {
            return; // the pool does not take it back
        }
        session.finished = false;
        let in_transaction = self.in_transaction;
        tokio::spawn(async move {
            if !in_transaction || session.client.batch_execute("COMMIT").await.is_ok() {
                session.clear().await;
            }
        });
    }
}

/// The chunks of an export. Dropping it stops the export.
pub struct Chunks {
    rows: Pin<Box<RowStream>>,
    reader: Reader,
}

impl Chunks {
    /// The next chunk; `None` when the file is whole.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        match self.rows.try_next().await? {
            Some(row) => {
                let chunk: &[u8] = row.try_get(0)?;
                Ok(Some(Bytes::copy_from_slice(chunk)))
            }
            None => {
                if let Some(session) = &mut self.reader.session {
                    session.finished = true;
                }
                Ok(None)
            }
        }
    }

    /// The chunks as a stream, `first` before all others.
    pub fn stream(self, first: Option<Bytes>) -> impl futures_util::Stream<Item = Result<Bytes>> {
        let rest = futures_util::stream::try_unfold(self, |mut chunks| async move {
            Ok(chunks.next().await?.map(|chunk| (chunk, chunks)))
        });
        futures_util::StreamExt::chain(futures_util::stream::iter(first.map(Ok)), rest)
    }
}
