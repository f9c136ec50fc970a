//! Times in UTC, in the spellings of files.

use super::decimal::{two_digits, write_integer};
use crate::osm::Timestamp;

/// Appends a time as `2024-03-01T10:20:30`, with other signs between the numbers of the date and before the hour.
pub(super) fn write(time: Timestamp, date_sign: u8, hour_sign: u8, out: &mut Vec<u8>) {
    let (days, seconds) = (time.0.div_euclid(86_400), time.0.rem_euclid(86_400));
    let (year, month, day) = date(days);
    write_year(year, out);
    let pair = |part: i64| two_digits(part.unsigned_abs());
    let [month, day] = [month, day].map(pair);
    let [hour, minute, second] = [seconds / 3600, seconds / 60 % 60, seconds % 60].map(pair);
    for (sign, [tens, ones]) in
        [(date_sign, month), (date_sign, day), (hour_sign, hour), (b':', minute), (b':', second)]
    {
        out.extend_from_slice(&[sign, tens, ones]);
    }
}

/// Appends the day of a time as `20240301`, where it is in a year of four digits.
pub(super) fn write_day(time: Timestamp, out: &mut Vec<u8>) {
    let (year, month, day) = date(time.0.div_euclid(86_400));
    if (1..=9999).contains(&year) {
        write_year(year, out);
        [month, day].iter().for_each(|part| out.extend_from_slice(&two_digits(part.unsigned_abs())));
    }
}

fn write_year(year: i64, out: &mut Vec<u8>) {
    if year < 0 {
        out.push(b'-');
    }
    let year = year.unsigned_abs();
    if year > 9999 {
        return write_integer(year, out);
    }
    out.extend_from_slice(&two_digits(year / 100));
    out.extend_from_slice(&two_digits(year % 100));
}

/// Year, month and day of a day counted from 1970-01-01.
pub(super) fn date(days: i64) -> (i64, i64, i64) {
    // Years begin in March here, so that the leap day is a year's last.
    const ERA: i64 = 146_097; // days of 400 years
    let days = days + 719_468; // from 0000-03-01
    let (era, day) = (days.div_euclid(ERA), days.rem_euclid(ERA));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next, month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(seconds: i64) -> String {
        let mut out = Vec::new();
        write(Timestamp(seconds), b'-', b'T', &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn known_times_are_written_right() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00"),
            (-1, "1969-12-31T23:59:59"),
            (1_709_288_430, "2024-03-01T10:20:30"),
            (1_709_164_800, "2024-02-29T00:00:00"),
            (951_782_399, "2000-02-28T23:59:59"),
            (4_107_542_400, "2100-03-01T00:00:00"),
            (253_402_300_799, "9999-12-31T23:59:59"),
            (253_402_300_800, "10000-01-01T00:00:00"),
        ] {
            assert_eq!(text(seconds), expected);
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut before = date(-800_000);
        for day in -799_999..800_000 {
            let next = date(day);
            let first_of_month = next.2 == 1 && (next.0, next.1) > (before.0, before.1) && before.2 >= 28;
            assert!(next == (before.0, before.1, before.2 + 1) || first_of_month, "{before:?} {next:?}");
            before = next;
        }
    }

    #[test]
    fn the_ends_of_time_do_no_harm() {
        text(i64::MAX);
        text(i64::MIN);
    }

    fn day(seconds: i64) -> String {
        let mut out = Vec::new();
        write_day(Timestamp(seconds), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_day_has_eight_digits_or_none() {
        assert_eq!(day(1_709_288_430), "20240301");
        assert_eq!(day(-62_135_596_800), "00010101");
        assert_eq!(day(-62_135_596_801), "");
        assert_eq!(day(253_402_300_799), "99991231");
        assert_eq!(day(253_402_300_800), "");
    }

    proptest! {
        #[test]
        fn the_standard_library_writes_the_same(seconds in -100_000_000_000_000i64..=100_000_000_000_000) {
            let (year, month, day) = date(seconds.div_euclid(86_400));
            let clock = seconds.rem_euclid(86_400);
            let sign = if year < 0 { "-" } else { "" };
            let slow = format!(
                "{sign}{:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}",
                year.abs(), clock / 3600, clock / 60 % 60, clock % 60
            );
            prop_assert_eq!(text(seconds), slow);
        }
    }
}
