//! Places: two integers of 1e-7 degree, read from decimal digits and never by way of a double.

use std::fmt;

use crate::{Error, ErrorKind, Result};

/// A place on Earth in units of 1e-7 degree. Ordered by x (longitude), then y (latitude).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Longitude, −1 800 000 000 … 1 800 000 000.
    pub x: i32,
    /// Latitude, −900 000 000 … 900 000 000.
    pub y: i32,
}

impl Place {
    /// Units in a degree.
    pub const PER_DEGREE: f64 = 1e7;

    const MAX_X: i32 = 1_800_000_000;
    const MAX_Y: i32 = 900_000_000;

    /// The place, if it lies on Earth.
    pub fn new(x: i64, y: i64) -> Option<Self> {
        Some(Self { x: within(x, Self::MAX_X)?, y: within(y, Self::MAX_Y)? })
    }

    /// Reads a longitude and a latitude in degrees.
    ///
    /// A number is digits with at most one point among or beside them, perhaps a minus before and an exponent behind
    /// (`-7.4`, `.5`, `1.2e-5`). The decimal is rounded to seven places, half away from zero; no double is involved, so
    /// nothing is lost on the way.
    pub fn parse(lon: &str, lat: &str) -> Result<Self> {
        Ok(Self { x: Self::parse_lon(lon)?, y: Self::parse_lat(lat)? })
    }

    pub(crate) fn parse_lon(text: &str) -> Result<i32> {
        parse_units("lon", text, Self::MAX_X)
    }

    pub(crate) fn parse_lat(text: &str) -> Result<i32> {
        parse_units("lat", text, Self::MAX_Y)
    }

    /// The place from 1e-9 degree, as PBF counts; rounded as text is, half away from zero.
    pub(crate) fn from_nanodegrees(lon: i64, lat: i64) -> Option<Self> {
        Self::new(units_from_nano(lon), units_from_nano(lat))
    }

    /// Longitude in degrees: the double nearest to the decimal.
    pub fn lon(self) -> f64 {
        f64::from(self.x) / Self::PER_DEGREE
    }

    /// Latitude in degrees: the double nearest to the decimal.
    pub fn lat(self) -> f64 {
        f64::from(self.y) / Self::PER_DEGREE
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.lon(), self.lat())
    }
}

fn within(units: i64, max: i32) -> Option<i32> {
    i32::try_from(units).ok().filter(|u| u.unsigned_abs() <= max.unsigned_abs())
}

/// 1e-9 degree to 1e-7, half away from zero.
pub(crate) fn units_from_nano(nano: i64) -> i64 {
    nano / 100 + (nano % 100) / 50
}

fn parse_units(attribute: &str, text: &str, max: i32) -> Result<i32> {
    let (negative, decimal) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let units = Decimal::split(decimal)
        .ok_or_else(|| {
            Error::new(ErrorKind::Range, format!("attribute \"{attribute}\" is not a number: {}", quoted(text)))
        })?
        .units();
    units.and_then(|units| within(if negative { -units } else { units }, max)).ok_or_else(|| {
        Error::new(ErrorKind::Range, format!("attribute \"{attribute}\" is out of range: {}", quoted(text)))
    })
}

/// The text in quotes, cut where it is long, for a message.
pub(crate) fn quoted(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((cut, _)) => format!("{:?}…", text.get(..cut).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}

/// A decimal without sign, taken apart.
struct Decimal<'a> {
    whole: &'a [u8],
    fraction: &'a [u8],
    exponent: i64,
}

impl<'a> Decimal<'a> {
    fn split(text: &'a str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let some = !whole.is_empty() || !fraction.is_empty();
        (some && digits(whole) && digits(fraction)).then_some(Self {
            whole: whole.as_bytes(),
            fraction: fraction.as_bytes(),
            exponent,
        })
    }

    /// The value in 1e-7, half away from zero; `None` where it is far beyond any degree.
    fn units(&self) -> Option<i64> {
        const FAR: i64 = 1_000_000_000_000;
        let kept = i64::try_from(self.whole.len()).ok()?.checked_add(self.exponent)?.checked_add(7)?;
        let mut digits = self.whole.iter().chain(self.fraction).map(|b| i64::from(b - b'0'));
        if kept < 0 {
            return Some(0);
        }
        let mut units = 0;
        for _ in 0..kept {
            match digits.next() {
                Some(digit) => units = units * 10 + digit,
                // Zero stays zero, however large the exponent says it is.
                None if units == 0 => return Some(0),
                None => units *= 10,
            }
            if units > FAR {
                return None;
            }
        }
        Some(units + i64::from(digits.next().unwrap_or(0) >= 5))
    }
}

/// The number after an `e`; beyond what matters it is as good as infinite.
fn parse_exponent(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        digits => (false, digits),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value =
        digits.iter().fold(0_i64, |value, digit| value.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    let value = value.min(i64::from(i32::MAX));
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lat(text: &str) -> Option<i32> {
        Place::parse("0", text).ok().map(|place| place.y)
    }

    #[test]
    fn decimals_become_units_of_1e_7_half_away_from_zero() {
        for (text, units) in [
            ("1", 10_000_000),
            ("0", 0),
            ("-0", 0),
            ("7.14", 71_400_000),
            ("-7.14", -71_400_000),
            ("1.23456785", 12_345_679),
            ("-1.23456785", -12_345_679),
            ("1.23456784999", 12_345_678),
            ("0.00000005", 1),
            ("0.00000004", 0),
            ("1.", 10_000_000),
            (".5", 5_000_000),
            ("000000000000000000001.0", 10_000_000),
            ("1.000000000000000000000000000000000000000000001", 10_000_000),
            ("90.00000004", 900_000_000),
        ] {
            assert_eq!(lat(text), Some(units), "{text}");
        }
    }

    #[test]
    fn exponents_move_the_point() {
        for (text, units) in [
            ("1.2e-5", 120),
            ("1e1", 100_000_000),
            ("1E+1", 100_000_000),
            ("123456785e-8", 12_345_679),
            ("0e999999999999999999999", 0),
            ("5e-8", 1),
            ("5e-9", 0),
            ("9e-99999999999999999999", 0),
            ("0.00000000012e10", 12_000_000),
        ] {
            assert_eq!(lat(text), Some(units), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_or_not_on_earth_is_refused() {
        for text in [
            "",
            ".",
            "-",
            "-.",
            "+1",
            "--1",
            "1e",
            "1e+",
            "1e400",
            "1,5",
            "0x1p3",
            "NaN",
            "inf",
            "-inf",
            " 1",
            "1 ",
            "1.2.3",
            "1e1e1",
            "90.0000001",
            "91",
            "9e1.0",
            "\u{0661}",
            "99999999999999999999",
        ] {
            assert_eq!(lat(text), None, "{text}");
        }
        assert!(Place::parse("180", "90").is_ok());
        let error = Place::parse("180.0000001", "0").unwrap_err();
        assert_eq!(
            (error.kind(), error.message()),
            (ErrorKind::Range, r#"attribute "lon" is out of range: "180.0000001""#)
        );
        let error = Place::parse("0", "x").unwrap_err();
        assert_eq!(error.message(), r#"attribute "lat" is not a number: "x""#);
    }

    #[test]
    fn nanodegrees_round_as_text_does() {
        for (nano, units) in [(149, 1), (150, 2), (-149, -1), (-150, -2), (1_234_567_850, 12_345_679), (50, 1), (49, 0)]
        {
            assert_eq!(Place::from_nanodegrees(nano, 0).map(|p| i64::from(p.x)), Some(units), "{nano}");
        }
        assert_eq!(Place::from_nanodegrees(i64::MIN, 0), None);
        assert_eq!(Place::from_nanodegrees(0, i64::MAX), None);
    }

    proptest::proptest! {
        #[test]
        fn every_place_written_as_a_decimal_reads_back(x in -1_800_000_000..=1_800_000_000_i32, y in -900_000_000..=900_000_000_i32) {
            let place = Place { x, y };
            let decimal = |units: i32| format!("{}{}.{:07}", if units < 0 { "-" } else { "" }, units.unsigned_abs() / 10_000_000, units.unsigned_abs() % 10_000_000);
            proptest::prop_assert_eq!(Place::parse(&decimal(x), &decimal(y)).ok(), Some(place));
            proptest::prop_assert_eq!(Place::parse(&place.lon().to_string(), &place.lat().to_string()).ok(), Some(place));
        }
    }
}
