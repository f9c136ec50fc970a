//! Times: whole seconds, UTC.

use std::fmt;

use super::place::quoted;
use crate::{Error, ErrorKind, Result};

/// Seconds since 1970-01-01T00:00:00Z.
///
/// Shown as `2024-03-01T10:20:30`, without a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

/// Calendar and clock of a [`Timestamp`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateTime {
    /// Year of the Gregorian calendar, also before there was one.
    pub year: i64,
    /// 1 … 12.
    pub month: u8,
    /// 1 … 31.
    pub day: u8,
    /// 0 … 23.
    pub hour: u8,
    /// 0 … 59.
    pub minute: u8,
    /// 0 … 59.
    pub second: u8,
}

const DAY: i64 = 86_400;

impl Timestamp {
    /// 0001-01-01T00:00:00.
    const FIRST: i64 = -62_135_596_800;
    /// 9999-12-31T23:59:59.
    const LAST: i64 = 253_402_300_799;

    /// The time, if it lies in the years 1 to 9999.
    pub fn new(seconds: i64) -> Option<Self> {
        (Self::FIRST..=Self::LAST).contains(&seconds).then_some(Self(seconds))
    }

    /// Reads `2024-03-01T10:20:30Z`.
    ///
    /// The day must be in the calendar, the year one of 0001 to 9999, the second below 60. A fraction of a second is
    /// taken and cut off. No other zone than `Z` is taken.
    pub fn parse(text: &str) -> Result<Self> {
        parse(text).ok_or_else(|| {
            Error::new(ErrorKind::Range, format!("not a time of the form 2024-03-01T10:20:30Z: {}", quoted(text)))
        })
    }

    /// Its calendar and clock.
    pub fn date_time(self) -> DateTime {
        let (days, seconds) = (self.0.div_euclid(DAY), self.0.rem_euclid(DAY));
        // Years that begin in March keep the odd day at their end; 400 of them are 146097 days.
        let days = days + 719_468;
        let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let small = |value: i64| u8::try_from(value).unwrap_or_default();
        DateTime {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month: small(month),
            day: small(day_of_year - (153 * month_from_march + 2) / 5 + 1),
            hour: small(seconds / 3600),
            minute: small(seconds / 60 % 60),
            second: small(seconds % 60),
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DateTime { year, month, day, hour, minute, second } = self.date_time();
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
    }
}

fn parse(text: &str) -> Option<Timestamp> {
    let (whole, rest) = text.as_bytes().split_at_checked(19)?;
    let fraction = rest.strip_suffix(b"Z")?;
    match fraction {
        [] => {}
        [b'.', digits @ ..] if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => {}
        _ => return None,
    }
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2] = whole else {
        return None;
    };
    let [year, month, day] = [number(&[y1, y2, y3, y4])?, number(&[m1, m2])?, number(&[d1, d2])?];
    let [hour, minute, second] = [number(&[h1, h2])?, number(&[n1, n2])?, number(&[s1, s2])?];
    let real = year >= 1
        && (1..=12).contains(&month)
        && (1..=days_of_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    real.then(|| Timestamp(days_since_1970(year, month, day) * DAY + hour * 3600 + minute * 60 + second))
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |value, digit| digit.is_ascii_digit().then(|| value * 10 + i64::from(digit - b'0')))
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month_from_march) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    year * 365 + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (153 * month_from_march + 2) / 5
        + day
        - 1
        - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<i64> {
        Timestamp::parse(text).ok().map(|t| t.0)
    }

    #[test]
    fn good_times_are_read() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2024-03-01T10:20:30Z", 1_709_288_430),
            ("2024-02-29T23:59:59Z", 1_709_251_199),
            ("2000-02-29T00:00:00Z", 951_782_400),
            ("1969-12-31T23:59:59Z", -1),
            ("0001-01-01T00:00:00Z", Timestamp::FIRST),
            ("9999-12-31T23:59:59Z", Timestamp::LAST),
            ("2024-03-01T10:20:30.999Z", 1_709_288_430),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "yesterday",
            "2024-03-01",
            "2024-03-01T10:20:30",
            "2024-03-01T10:20:30z",
            "2024-03-01 10:20:30Z",
            "2024-02-30T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-00-01T00:00:00Z",
            "2024-01-00T00:00:00Z",
            "2024-04-31T00:00:00Z",
            "2016-12-31T23:59:60Z",
            "2024-03-01T24:00:00Z",
            "2024-03-01T10:60:00Z",
            "99999-01-01T00:00:00Z",
            "0000-01-01T00:00:00Z",
            "2024-03-01T10:20:30.Z",
            "2024-03-01T10:20:30+00:00",
            "-024-03-01T10:20:30Z",
            "2024-03-0\u{661}T10:20:30Z",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn any_number_of_seconds_can_be_shown() {
        assert_eq!(Timestamp(1_709_288_430).to_string(), "2024-03-01T10:20:30");
        assert_eq!(Timestamp(Timestamp::FIRST).to_string(), "0001-01-01T00:00:00");
        for seconds in [i64::MIN, i64::MAX] {
            assert!(!Timestamp(seconds).to_string().is_empty());
            assert_eq!(Timestamp::new(seconds), None);
        }
    }

    proptest::proptest! {
        #[test]
        fn every_time_reads_back(seconds in Timestamp::FIRST..=Timestamp::LAST) {
            proptest::prop_assert_eq!(Timestamp::parse(&format!("{}Z", Timestamp(seconds))).ok(), Some(Timestamp(seconds)));
        }
    }
}
