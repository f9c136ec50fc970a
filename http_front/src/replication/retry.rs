//! When a server is asked again.

use std::time::Duration;

use uuid::Uuid;

use super::Look;

/// Pause after the first failure, where nothing else is set.
pub const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// Longest pause of our own.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// Longest pause that a server may ask for.
const LONGEST_WISH: Duration = Duration::from_secs(3600);

/// How long to wait after so many failures in a row, or as long as the server wishes.
pub fn pause(failures: u32, wished: Option<Duration>) -> Duration {
    pause_from(FIRST_PAUSE, failures, wished)
}

/// The same where the pause after the first failure is `first`; it is doubled with each that follows.
pub fn pause_from(first: Duration, failures: u32, wished: Option<Duration>) -> Duration {
    let own = first.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(LONGEST_PAUSE);
    wished.map_or(own, |wished| wished.max(first).min(LONGEST_WISH))
}

/// How long one process waits between its looks.
#[derive(Debug, Default)]
pub struct Pace {
    /// Looks in a row that the database knows nothing of.
    unrecorded: u32,
}

impl Pace {
    /// As long as the look says. Where the database does not know that, longer each time, from `first` on: it cannot keep
    /// anybody from the next look.
    pub fn after(&mut self, look: &Look, first: Duration) -> Duration {
        if look.is_recorded {
            self.unrecorded = 0;
            return look.pause;
        }
        self.unrecorded += 1;
        look.pause.max(pause_from(first, self.unrecorded, None))
    }
}

/// An interval made up to a tenth longer, so that not everybody asks at the same second.
pub fn with_jitter(interval: Duration) -> Duration {
    let [random, ..] = Uuid::new_v4().into_bytes();
    interval + interval.mul_f64(f64::from(random) / 2560.0)
}

/// What a server says in Retry-After: seconds, or a date.
pub fn retry_after(value: &str) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    httpdate::parse_http_date(value).ok()?.duration_since(std::time::SystemTime::now()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replication::Outcome;

    #[test]
    fn what_is_not_recorded_makes_a_process_slower() {
        let (mut pace, first) = (Pace::default(), Duration::from_secs(5));
        let mut after = |pause, is_recorded| {
            let pause = Duration::from_secs(pause);
            let look = Look { outcome: Ok(Outcome::Current), has_progressed: false, pause, is_recorded };
            pace.after(&look, first).as_secs()
        };
        assert_eq!(
            [after(0, true), after(0, false), after(0, false), after(60, false), after(0, false)],
            [0, 5, 10, 60, 40]
        );
        assert_eq!([after(0, true), after(0, false)], [0, 5]);
    }

    #[test]
    fn pauses_grow_and_the_server_may_wish() {
        let seconds = |failures, wished| pause(failures, wished).as_secs();
        assert_eq!([1, 2, 3, 7, 40].map(|failures| seconds(failures, None)), [5, 10, 20, 300, 300]);
        assert_eq!(seconds(1, Some(Duration::from_secs(90))), 90);
        assert_eq!(seconds(9, Some(Duration::from_secs(1))), 5);
    }

    #[test]
    fn jitter_never_shortens() {
        let minute = Duration::from_secs(60);
        for _ in 0..50 {
            assert!((minute..Duration::from_secs(66)).contains(&with_jitter(minute)));
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(retry_after(" 7 "), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Wed, 01 Jan 2020 00:00:00 GMT"), None);
        assert_eq!(retry_after("soon"), None);
        assert!(retry_after("Fri, 01 Jan 2100 00:00:00 GMT").is_some());
    }
}
