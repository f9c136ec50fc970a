//! Numbers as decimals: coordinates, whole numbers, and parts of dates.

/// Decimals of a coordinate, at most: a tenth of a millimetre.
const DECIMALS: usize = 9;
/// The same in units: so many are one.
const ONE: u64 = 1_000_000_000;
/// Most digits that [`eight_digits`] makes at once, as a number.
const EIGHT_DIGITS: u64 = 100_000_000;

/// Appends a coordinate with up to nine decimals, without zeros behind.
pub(super) fn write(number: f64, out: &mut Vec<u8>) {
    if let Some(units) = units(number).or_else(|| rounded(number)) {
        return write_units(units < 0, units.unsigned_abs(), out);
    }
    let text = format!("{number:.DECIMALS$}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    out.extend_from_slice(if text == "-0" { b"0" } else { text.as_bytes() });
}

/// The number in units of 1e-9, if it is the double that stands for a whole number of 1e-7: all stored coordinates are.
#[expect(clippy::cast_possible_truncation, reason = "a float turns into the nearest number there is")]
fn units(number: f64) -> Option<i64> {
    let units = (number * 1e7 + 0.5_f64.copysign(number)) as i64;
    (units.unsigned_abs() < 1_000_000_000_000 && units as f64 / 1e7 == number).then(|| units * 100)
}

/// The number in units of 1e-9, as its exact value is rounded; `None` where it is between two, or too large for this.
#[expect(clippy::cast_possible_truncation, reason = "smaller than 2^63 as the number is smaller than 2^33")]
fn rounded(number: f64) -> Option<i64> {
    const BITS: u64 = 52;
    const MANTISSA: u64 = (1 << BITS) - 1;
    let bits = number.abs().to_bits();
    // The number is mantissa / 2^shift, which has 53 bits before that.
    let (mantissa, shift) = (bits & MANTISSA | 1 << BITS, (1023 + BITS).checked_sub(bits >> BITS)?);
    if !(20..128).contains(&shift) {
        return None;
    }
    let scaled = u128::from(mantissa) * u128::from(ONE);
    let (whole, rest, half) = (scaled >> shift, scaled & ((1 << shift) - 1), 1 << (shift - 1));
    if rest == half {
        return None;
    }
    let units = (whole + u128::from(rest > half)) as i64;
    Some(if number < 0.0 { -units } else { units })
}

fn write_units(is_negative: bool, units: u64, out: &mut Vec<u8>) {
    if is_negative {
        out.push(b'-');
    }
    write_integer(units / ONE, out);
    let rest = units % ONE;
    if rest == 0 {
        return;
    }
    let (digits, last) = (eight_digits(rest / 10), digit(rest % 10));
    out.push(b'.');
    out.extend_from_slice(&digits.to_le_bytes());
    if last == b'0' {
        out.truncate(out.len() - zeros((digits ^ ZEROS).leading_zeros()));
    } else {
        out.push(last);
    }
}

/// Appends a whole number.
pub(super) fn write_integer(number: u64, out: &mut Vec<u8>) {
    if number < 10 {
        return out.push(digit(number));
    }
    if number < EIGHT_DIGITS {
        let digits = eight_digits(number);
        let zeros = zeros((digits ^ ZEROS).trailing_zeros());
        out.extend_from_slice(&(digits >> (8 * zeros)).to_le_bytes());
        out.truncate(out.len() - zeros);
        return;
    }
    write_integer(number / EIGHT_DIGITS, out);
    out.extend_from_slice(&eight_digits(number % EIGHT_DIGITS).to_le_bytes());
}

/// Appends a whole number with its sign.
pub(super) fn write_signed(number: i64, out: &mut Vec<u8>) {
    if number < 0 {
        out.push(b'-');
    }
    write_integer(number.unsigned_abs(), out);
}

/// The two digits of a number below a hundred.
pub(super) fn two_digits(number: u64) -> [u8; 2] {
    [digit(number / 10), digit(number % 10)]
}

fn digit(number: u64) -> u8 {
    b'0' + (number % 10) as u8
}

/// Eight times the digit zero.
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// How many digits are zeros, of eight, by the bits that are.
fn zeros(bits: u32) -> usize {
    (bits / 8) as usize
}

/// The digits of a number below 1e8 in the order of memory, zeros in front: halves first, then their halves, then theirs,
/// side by side in one word.
fn eight_digits(number: u64) -> u64 {
    let halves = number / 10_000 | (number % 10_000) << 32;
    let hundreds = (halves * 10_486) >> 20 & 0x7f_0000_007f;
    let pairs = hundreds | (halves - hundreds * 100) << 16;
    let tens = (pairs * 103) >> 10 & 0x000f_000f_000f_000f;
    (tens | (pairs - tens * 10) << 8) + ZEROS
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
        assert_eq!(text(f64::MIN_POSITIVE), "0");
        assert_eq!(text(-f64::from_bits(1)), "0");
        // Halfway between two: 1/1024 and 3/1024.
        assert_eq!(text(0.000_976_562_5), slow(0.000_976_562_5));
        assert_eq!(text(0.002_929_687_5), slow(0.002_929_687_5));
    }

    #[test]
    fn whole_numbers_of_all_lengths_are_written() {
        let mut power: u64 = 1;
        loop {
            for number in [power - 1, power, power + 1, power.wrapping_mul(9)] {
                let mut out = Vec::new();
                write_integer(number, &mut out);
                assert_eq!(String::from_utf8(out).unwrap(), number.to_string());
            }
            let Some(next) = power.checked_mul(10) else { break };
            power = next;
        }
        for number in (0..EIGHT_DIGITS).step_by(9_973).chain(EIGHT_DIGITS - 100..EIGHT_DIGITS) {
            assert_eq!(eight_digits(number).to_le_bytes().as_slice(), format!("{number:08}").as_bytes());
        }
        let mut out = Vec::new();
        write_signed(i64::MIN, &mut out);
        assert_eq!(out, i64::MIN.to_string().as_bytes());
    }

    /// The same by way of the standard library alone.
    fn slow(number: f64) -> String {
        let text = format!("{number:.DECIMALS$}");
        let text = text.trim_end_matches('0').trim_end_matches('.');
        if text == "-0" { "0".to_owned() } else { text.to_owned() }
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
            prop_assert_eq!(text(number), slow(number));
        }

        #[test]
        fn any_place_is_written_the_same(number in -400.0..400.0f64, exponent in 0..12) {
            let number = number / 10f64.powi(exponent);
            prop_assert_eq!(text(number), slow(number));
        }

        #[test]
        fn halves_and_any_other_number_are_written_the_same(bits in any::<u64>(), number in any::<i32>(), shift in 0..80) {
            prop_assert_eq!(text(f64::from_bits(bits)), slow(f64::from_bits(bits)));
            let number = f64::from(number) / 2f64.powi(shift);
            prop_assert_eq!(text(number), slow(number));
        }
    }
}
