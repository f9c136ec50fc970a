//! Where to begin when only the time of the data is known.

use super::{FetchError, Kind, Server};

/// How far before the time of the data to begin, in seconds. A file is cut some time after its newest object was made, and
/// what is applied twice does no harm.
const OVERLAP: i64 = 3 * 3600;

/// Number of a diff that data of that time (in seconds since 1970) hold, by bisecting the server's state files.
pub async fn sequence_at(server: &Server, data_time: i64) -> Result<i64, FetchError> {
    let time = data_time - OVERLAP;
    let newest = server.newest().await?;
    if newest.timestamp.0 <= time {
        return Ok(newest.sequence);
    }
    let (mut from, mut after, mut found) = (0, newest.sequence, None);
    while from < after {
        let middle = from + (after - from) / 2;
        match server.state_of(middle).await {
            Ok(state) if state.timestamp.0 <= time => {
                found = Some(middle);
                from = middle + 1;
            }
            Ok(_) => after = middle,
            // A server keeps the newest: what it does not have is older than all that it has.
            Err(error) if error.kind == Kind::Missing => from = middle + 1,
            Err(error) => return Err(error),
        }
    }
    found.ok_or_else(|| {
        let why = "the server has no diff as old as the data: import a newer file, or give --replication-sequence, \
                   the number of the last diff that the data hold";
        FetchError::new(Kind::Setting, why)
    })
}
