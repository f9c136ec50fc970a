//! Coordinates as decimals.

/// Decimals of a coordinate, at most: a tenth of a millimetre.
const DECIMALS: usize = 9;

/// Appends a coordinate with up to nine decimals, without zeros behind.
pub(super) fn write(number: f64, out: &mut Vec<u8>) {
    if let Some(units) = units(number) {
        return write_units(units, out);
    }
    let text = format!("{number:.DECIMALS$}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    out.extend_from_slice(if text == "-0" { b"0" } else { text.as_bytes() });
}

/// The number in units of 1e-7, if it is the double that stands for a whole number of them: all stored coordinates are.
#[expect(clippy::cast_possible_truncation, reason = "checked to be whole, and far below 2^53")]
fn units(number: f64) -> Option<i64> {
    let units = (number * 1e7).round();
    (units.abs() < 1e12 && units / 1e7 == number).then_some(units as i64)
}

fn write_units(units: i64, out: &mut Vec<u8>) {
    const DIGITS: usize = 7;
    if units < 0 {
        out.push(b'-');
    }
    let units = units.unsigned_abs();
    write_integer(units / 10_000_000, out);
    let mut rest = units % 10_000_000;
    if rest == 0 {
        return;
    }
    let mut digits = DIGITS;
    while rest.is_multiple_of(10) {
        rest /= 10;
        digits -= 1;
    }
    out.push(b'.');
    let start = out.len();
    out.resize(start + digits, b'0');
    for place in out.iter_mut().skip(start).rev() {
        *place = digit(rest);
        rest /= 10;
    }
}

/// Appends a whole number.
pub(super) fn write_integer(mut number: u64, out: &mut Vec<u8>) {
    let start = out.len();
    loop {
        out.push(digit(number));
        number /= 10;
        if number == 0 {
            break;
        }
    }
    if let Some(digits) = out.get_mut(start..) {
        digits.reverse();
    }
}

/// Appends a whole number with its sign.
pub(super) fn write_signed(number: i64, out: &mut Vec<u8>) {
    if number < 0 {
        out.push(b'-');
    }
    write_integer(number.unsigned_abs(), out);
}

#[expect(clippy::cast_possible_truncation, reason = "below ten")]
fn digit(number: u64) -> u8 {
    b'0' + (number % 10) as u8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(number: f64) -> String {
        let mut out = Vec::new();
        write(number, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn zeros_behind_are_left_out() {
        for (number, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-180.0, "-180"),
            (83.97, "83.97"),
            (0.000_000_1, "0.0000001"),
            (-0.05, "-0.05"),
            (179.999_999_9, "179.9999999"),
            (100.0, "100"),
        ] {
            assert_eq!(text(number), expected);
        }
    }

    #[test]
    fn other_numbers_have_nine_decimals() {
        assert_eq!(text(28.204_016_666_666_67), "28.204016667");
        assert_eq!(text(-1e-12), "0");
        assert_eq!(text(1e-9), "0.000000001");
        assert_eq!(text(1.5e20), "150000000000000000000");
    }

    proptest! {
        #[test]
        fn what_is_stored_comes_back_exactly(units in -1_800_000_000i32..=1_800_000_000) {
            let number = f64::from(units) / 1e7;
            prop_assert_eq!(text(number).parse::<f64>().unwrap(), number);
            prop_assert_eq!(text(number), format!("{number}"));
        }

        #[test]
        fn both_ways_write_the_same(units in -1_800_000_000i64..=1_800_000_000) {
            let number = units as f64 / 1e7;
            let slow = format!("{number:.9}");
            prop_assert_eq!(text(number), slow.trim_end_matches('0').trim_end_matches('.'));
        }
    }
}
