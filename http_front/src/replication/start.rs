//! Where to begin when only the time of the data is known.

use std::iter;

use rawdata_core::replication::State;

use super::{FetchError, Kind, Server};

/// How far before the time of the data to begin, in seconds. A file is cut some time after its newest object was made, and
/// what is applied twice does no harm.
const OVERLAP: i64 = 3 * 3600;
/// State files in a row that may be missing without that being the server's beginning.
const HOLE: i64 = 4;

/// Number of a diff that data of that time (in seconds since 1970) hold, by the server's state files.
pub async fn sequence_at(server: &Server, data_time: i64) -> Result<i64, FetchError> {
    let time = data_time - OVERLAP;
    let newest = server.newest().await?;
    if newest.timestamp.0 <= time {
        return Ok(newest.sequence);
    }
    let state_of = async |sequence| match server.state_of(sequence).await {
        Ok(state) => Ok(Some(state)),
        Err(error) if error.kind == Kind::Missing => Ok(None),
        Err(error) => Err(error),
    };
    last_until(time, newest.sequence, state_of).await?.ok_or_else(|| {
        let why = "the server has no diff as old as the data: import a newer file, or give --replication-sequence, \
                   the number of the last diff that the data hold";
        FetchError::new(Kind::Setting, why)
    })
}

/// The last diff that goes no further than `time`; `newest` does. Beside a long hole it may be an earlier one.
async fn last_until<E>(
    time: i64,
    newest: i64,
    state_of: impl AsyncFn(i64) -> Result<Option<State>, E>,
) -> Result<Option<i64>, E> {
    let (mut from, mut after, mut found) = (0, newest, None);
    // Back from the newest by steps that double, over what is missing, to one that is old enough: the first at the latest.
    let steps = iter::successors(Some(1), |step| Some(step * 2)).take_while(|step| *step < newest);
    for sequence in steps.map(|step| newest - step).chain([1]) {
        match state_of(sequence).await? {
            Some(state) if state.timestamp.0 <= time => {
                (from, found) = (sequence + 1, Some(sequence));
                break;
            }
            Some(_) => after = sequence,
            None => {}
        }
    }
    // Then by halves.
    while from < after {
        let middle = from + (after - from) / 2;
        match next_state(middle, after, found.is_some(), &state_of).await? {
            Some(state) if state.timestamp.0 <= time => (from, found) = (state.sequence + 1, Some(state.sequence)),
            Some(_) => after = middle,
            // Between two that are there, or just before one, it is a hole; else it is older than all that the server has.
            None if found.is_some() || after - middle <= HOLE + 1 => after = middle,
            None => from = middle + 1,
        }
    }
    Ok(found)
}

/// The state of `sequence`, or of one of the next before `after`: of a few, or in a hole of those at doubling distances.
async fn next_state<E>(
    sequence: i64,
    after: i64,
    is_hole: bool,
    state_of: &impl AsyncFn(i64) -> Result<Option<State>, E>,
) -> Result<Option<State>, E> {
    let farther = iter::successors(Some(2 * HOLE), |step| Some(step * 2)).take_while(|_| is_hole);
    for step in (0..=HOLE).chain(farther).take_while(|step| sequence + step < after) {
        if let Some(state) = state_of(sequence + step).await? {
            return Ok(Some(state));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, convert::Infallible, ops::Range};

    use futures_util::FutureExt;
    use rawdata_core::osm::Timestamp;

    use super::*;

    /// What is found on a server whose diffs go to their number as time, and how often it was asked.
    fn found(time: i64, newest: i64, missing: Range<i64>) -> (Option<i64>, u32) {
        let asked = Cell::new(0);
        let state_of = async |sequence| {
            asked.set(asked.get() + 1);
            let is_there = !missing.contains(&sequence);
            Ok::<_, Infallible>(is_there.then_some(State { sequence, timestamp: Timestamp(sequence) }))
        };
        let found = last_until(time, newest, state_of).now_or_never().unwrap().unwrap();
        (found, asked.get())
    }

    #[test]
    fn the_last_that_is_old_enough_is_found() {
        for time in 0..40 {
            assert_eq!(found(time, 40, 0..0).0, Some(time));
            // The server keeps the newest alone.
            assert_eq!(found(time, 40, 0..9).0, (time >= 9).then_some(time), "{time}");
        }
    }

    #[test]
    fn a_hole_is_not_where_the_server_begins() {
        for hole in (1..40).flat_map(|start| (1..=HOLE).map(move |length| start..(start + length).min(40))) {
            for time in 0..40 {
                let expected = if hole.contains(&time) { hole.start - 1 } else { time };
                assert_eq!(found(time, 40, hole.clone()).0, Some(expected), "{time} {hole:?}");
            }
        }
        for time in 1..1000 {
            let early = found(time, 1000, 200..700).0.unwrap();
            assert!((time.min(199)..=time).contains(&early), "{time}: {early}");
        }
    }

    #[test]
    fn a_server_of_millions_is_asked_some_dozens_of_times() {
        let newest = 6_900_000;
        for time in [1, 1000, newest / 2, newest - 100_000, newest - 5] {
            let (number, asked) = found(time, newest, 0..0);
            assert!(number == Some(time) && asked <= 48, "{time}: {asked}");
            assert!(found(time, newest, 0..newest - 50_000).1 <= 150, "{time}");
        }
    }
}
