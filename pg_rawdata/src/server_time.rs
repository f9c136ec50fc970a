//! Times as the server counts them: microseconds since 2000.

use rawdata_core::osm::Timestamp;

/// 2000-01-01 in seconds since 1970.
const EPOCH: i64 = 946_684_800;
const SECOND: i64 = 1_000_000;

/// A time of OpenStreetMap's, which is of a year of four digits, for the server.
pub fn to_server(Timestamp(seconds): Timestamp) -> i64 {
    (seconds - EPOCH) * SECOND
}

/// A time of the server's, cut to a second; `None` for its two infinities.
pub fn from_server(time: i64) -> Option<Timestamp> {
    (![i64::MIN, i64::MAX].contains(&time)).then(|| Timestamp(time.div_euclid(SECOND) + EPOCH))
}
