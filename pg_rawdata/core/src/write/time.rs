//! Times in UTC, in the spellings of files.

use crate::osm::Timestamp;

/// Appends a time as `2024-03-01T10:20:30`, with other signs between the numbers of the date and before the hour.
pub(super) fn write(time: Timestamp, date_sign: u8, hour_sign: u8, out: &mut Vec<u8>) {
    let (days, seconds) = (time.0.div_euclid(86_400), time.0.rem_euclid(86_400));
    let (year, month, day) = date(days);
    number(year, 4, out);
    for part in [month, day] {
        out.push(date_sign);
        number(part, 2, out);
    }
    for (sign, part) in [(hour_sign, seconds / 3600), (b':', seconds / 60 % 60), (b':', seconds % 60)] {
        out.push(sign);
        number(part, 2, out);
    }
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

fn number(number: i64, digits: usize, out: &mut Vec<u8>) {
    if number < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(format!("{:0digits$}", number.unsigned_abs()).as_bytes());
}

#[cfg(test)]
mod tests {
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
}
