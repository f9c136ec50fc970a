//! The table `changes`: which rows each diff changed, kept for a while.

use pgrx::prelude::*;

use crate::error::OrRaise;
use crate::settings;

/// Where rows that change are noted.
#[derive(Debug, Clone, Copy)]
pub struct Log {
    /// The number they are noted under.
    pub sequence: i64,
}

impl Log {
    /// `next`: the diff's number, or the one that comes next. Where nothing was ever numbered, 1, which is after 0.
    pub fn begin(next: Option<i64>) -> Self {
        Self { sequence: next.unwrap_or(1) }
    }
}

/// Deletes what is older than the setting says, and notes how far back the log goes now.
pub fn forget_old() {
    Spi::run_with_args(
        "WITH old AS ( \
             DELETE FROM rawdata.changes WHERE changed_at < pg_catalog.now() - $1 * interval '1 minute' \
             RETURNING sequence) \
         UPDATE rawdata.data_set SET changes_from = last.sequence \
         FROM (SELECT max(sequence) AS sequence FROM old) AS last WHERE last.sequence > changes_from",
        &[settings::changes_retention().into()],
    )
    .or_raise();
}
