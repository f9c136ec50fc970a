//! What servers of change files say: where a diff lies, and up to which one they have.
//!
//! ```
//! use rawdata_core::replication::{State, path_of};
//!
//! let state = State::parse("sequenceNumber=4230996\ntimestamp=2020-10-09T10\\:03\\:02Z\n")?;
//! assert_eq!(path_of(state.sequence).as_deref(), Some("004/230/996"));
//! # Ok::<(), rawdata_core::Error>(())
//! ```

use crate::osm::Timestamp;
use crate::{Error, ErrorKind, Result};

/// Bytes that a state file may have. Real ones have about 100.
pub const STATE_LIMIT: usize = 4096;

/// A state file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// Number of the diff that it belongs to.
    pub sequence: i64,
    /// The time up to which that diff goes.
    pub timestamp: Timestamp,
}

impl State {
    /// Reads `key=value` lines; `#` begins a comment. Number and time must be there, once, and the last line must have its
    /// end: 12 may be what came of 1234.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |what: &str| Error::new(ErrorKind::Argument, format!("state file {what}"));
        if text.len() > STATE_LIMIT {
            return Err(wrong("is far too long"));
        }
        if !text.ends_with('\n') {
            return Err(wrong("ends within a line"));
        }
        let (mut sequence, mut timestamp) = (None, None);
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (key, value) = line.split_once('=').ok_or_else(|| wrong("has a line that is no key=value"))?;
            let value = value.trim();
            let twice = match key.trim() {
                "sequenceNumber" => {
                    let number = value.parse::<i64>().ok().filter(|number| (0..=HIGHEST).contains(number));
                    sequence.replace(number.ok_or_else(|| wrong("has a sequenceNumber that is none"))?).is_some()
                }
                "timestamp" => timestamp.replace(Timestamp::parse(&value.replace('\\', ""))?).is_some(),
                _ => false,
            };
            if twice {
                return Err(wrong("tells a number or time twice"));
            }
        }
        Ok(Self {
            sequence: sequence.ok_or_else(|| wrong("has no sequenceNumber"))?,
            timestamp: timestamp.ok_or_else(|| wrong("has no timestamp"))?,
        })
    }
}

/// The highest number that has a path.
const HIGHEST: i64 = 999_999_999;

/// Where the files of a diff lie below the server's address, without their endings.
pub fn path_of(sequence: i64) -> Option<String> {
    let digits = format!("{sequence:09}");
    let (a, rest) = digits.split_at_checked(3)?;
    let (b, c) = rest.split_at_checked(3)?;
    (0..=HIGHEST).contains(&sequence).then(|| format!("{a}/{b}/{c}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_as_servers_write_them() {
        let wanted = State { sequence: 1234, timestamp: Timestamp(1_577_836_800) };
        for text in [
            "#Wed Jan 01 00:00:00 UTC 2020\nsequenceNumber=1234\ntimestamp=2020-01-01T00\\:00\\:00Z\n",
            " sequenceNumber = 1234 \r\ntimestamp=2020-01-01T00:00:00Z\r\n",
            "timestamp=2020-01-01T00\\:00\\:00Z\ntxnMax=7\n\nsequenceNumber=1234\n",
        ] {
            assert_eq!(State::parse(text).unwrap(), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_cut_doubled_or_no_state_is_refused() {
        const TIME: &str = "timestamp=2020-01-01T00\\:00\\:00Z\n";
        let long = format!("#{}\nsequenceNumber=1\n{TIME}", "x".repeat(STATE_LIMIT));
        for text in [
            "",
            "<html>503</html>",
            "<html>503</html>\n",
            TIME,
            "sequenceNumber=12",
            "sequenceNumber=12\n",
            &format!("{TIME}sequenceNumber=12"),
            &format!("sequenceNumber=abc\n{TIME}"),
            &format!("sequenceNumber=99999999999999999999\n{TIME}"),
            &format!("sequenceNumber=1000000000\n{TIME}"),
            &format!("sequenceNumber=-1\n{TIME}"),
            &format!("sequenceNumber=1\nsequenceNumber=2\n{TIME}"),
            &format!("sequenceNumber=1\n{TIME}{TIME}"),
            "sequenceNumber=1\ntimestamp=yesterday\n",
            &long,
        ] {
            assert!(State::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn paths_have_three_steps_of_three_digits() {
        for (sequence, path) in [
            (0, Some("000/000/000")),
            (1_899_999, Some("001/899/999")),
            (999_999_999, Some("999/999/999")),
            (1_000_000_000, None),
            (-1, None),
        ] {
            assert_eq!(path_of(sequence).as_deref(), path);
        }
    }
}
