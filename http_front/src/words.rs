//! Times, durations and sizes in the words of the old service.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A duration as people say it: `a moment`, `12 seconds`, `2 minutes`.
pub fn natural_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (one, many, count) = match seconds {
        0 => return "a moment".into(),
        1..60 => ("a second", "seconds", seconds),
        60..3600 => ("a minute", "minutes", seconds / 60),
        3600..86_400 => ("an hour", "hours", seconds / 3600),
        _ => ("a day", "days", seconds / 86_400),
    };
    if count == 1 { one.into() } else { format!("{count} {many}") }
}

/// `2024-03-05 11:22:33`, in UTC.
pub fn utc(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let (days, seconds) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Year, month and day of a count of days since 1970-01-01. Years begin in March here, so that a leap day is the last.
pub fn date(days: u64) -> (u64, u64, u64) {
    const DAYS_OF_400_YEARS: u64 = 146_097;
    let days = days + 719_468;
    let (era, of_era) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

/// Two decimals, but one where the last would be 0: `6.32`, `0.0`, `12.5`.
pub fn two_decimals(value: f64) -> String {
    let text = format!("{value:.2}");
    match text.strip_suffix('0') {
        Some(shorter) => shorter.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_say_them() {
        let cases = [
            (0.4, "a moment"),
            (1.0, "a second"),
            (12.9, "12 seconds"),
            (60.0, "a minute"),
            (119.0, "a minute"),
            (120.0, "2 minutes"),
            (3600.0, "an hour"),
            (7200.0, "2 hours"),
            (86_400.0, "a day"),
            (200_000.0, "2 days"),
        ];
        for (seconds, words) in cases {
            assert_eq!(natural_duration(Duration::from_secs_f64(seconds)), words);
        }
    }

    #[test]
    fn times_are_written_in_utc() {
        let at = |seconds| utc(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01 00:00:00");
        assert_eq!(at(951_782_399), "2000-02-28 23:59:59");
        assert_eq!(at(951_782_400), "2000-02-29 00:00:00");
        assert_eq!(at(1_709_637_753), "2024-03-05 11:22:33");
        assert_eq!(at(4_107_542_400), "2100-03-01 00:00:00");
    }

    #[test]
    fn sizes_keep_one_decimal_at_least() {
        assert_eq!(two_decimals(6.3249), "6.32");
        assert_eq!(two_decimals(0.0012), "0.0");
        assert_eq!(two_decimals(12.5), "12.5");
        assert_eq!(two_decimals(100.0), "100.0");
    }
}
