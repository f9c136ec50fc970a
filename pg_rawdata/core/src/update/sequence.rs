//! Which diff may be applied next.

/// What is to be done with a diff of some sequence number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It is the next, or has no number, or is the first to have one.
    Now,
    /// It, or a later one, is in the data already.
    Past,
    /// Others come before it.
    Gap {
        /// The number of the diff that comes next.
        next: i64,
    },
}

/// Whether the diff of number `given` follows the state of number `stored`.
pub fn turn_of(given: Option<i64>, stored: Option<i64>) -> Turn {
    let (Some(given), Some(stored)) = (given, stored) else { return Turn::Now };
    let next = stored.saturating_add(1);
    if given <= stored {
        Turn::Past
    } else if given == next {
        Turn::Now
    } else {
        Turn::Gap { next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_next_diff_has_its_turn() {
        for (given, stored, turn) in [
            (Some(8), Some(7), Turn::Now),
            (Some(7), Some(7), Turn::Past),
            (Some(1), Some(7), Turn::Past),
            (Some(9), Some(7), Turn::Gap { next: 8 }),
            (Some(i64::MAX), Some(i64::MAX), Turn::Past),
            (Some(9), None, Turn::Now),
            (None, Some(7), Turn::Now),
            (None, None, Turn::Now),
        ] {
            assert_eq!(turn_of(given, stored), turn, "{given:?} after {stored:?}");
        }
    }
}
