//! Range requests (RFC 9110 §14): one range of bytes. Several are answered with the whole file, as they may be.

/// Which part of a file is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// From the first to the last byte, both included.
    Bytes(u64, u64),
    /// Bytes that the file does not have.
    Outside,
}

/// Reads a `Range` header for a file of `size` bytes. One that cannot be read counts as none.
pub fn part(range: &str, size: u64) -> Part {
    let Some((unit, spec)) = range.split_once('=') else { return Part::Whole };
    if !unit.trim().eq_ignore_ascii_case("bytes") || spec.contains(',') {
        return Part::Whole;
    }
    let Some((from, to)) = spec.trim().split_once('-') else { return Part::Whole };
    let number = |text: &str| match text.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number too large for us is beyond the end of every file.
        true => Some(text.parse::<u64>().unwrap_or(u64::MAX)),
        false => None,
    };
    match (from, to) {
        ("", "") => Part::Whole,
        ("", last) => match number(last) {
            None => Part::Whole,
            Some(0) => Part::Outside,
            Some(_) if size == 0 => Part::Outside,
            Some(last) => Part::Bytes(size.saturating_sub(last), size - 1),
        },
        (from, to) => {
            let to = if to.is_empty() { Some(u64::MAX) } else { number(to) };
            match (number(from), to) {
                (Some(from), Some(to)) if from > to => Part::Whole,
                (Some(from), Some(_)) if from >= size => Part::Outside,
                (Some(from), Some(to)) => Part::Bytes(from, to.min(size - 1)),
                _ => Part::Whole,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_cut_at_the_end_of_the_file() {
        for (range, expected) in [
            ("bytes=0-0", Part::Bytes(0, 0)),
            ("bytes=2-5", Part::Bytes(2, 5)),
            ("Bytes=2-", Part::Bytes(2, 9)),
            ("bytes=2-100", Part::Bytes(2, 9)),
            ("bytes=-3", Part::Bytes(7, 9)),
            ("bytes=-100", Part::Bytes(0, 9)),
            ("bytes=5-99999999999999999999999", Part::Bytes(5, 9)),
        ] {
            assert_eq!(part(range, 10), expected, "{range}");
        }
    }

    #[test]
    fn what_the_file_does_not_have_is_outside() {
        for range in ["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=99999999999999999999999-"] {
            assert_eq!(part(range, 10), Part::Outside, "{range}");
        }
        assert_eq!(part("bytes=0-", 0), Part::Outside);
        assert_eq!(part("bytes=-5", 0), Part::Outside);
    }

    #[test]
    fn what_cannot_be_read_and_several_ranges_give_the_whole() {
        for range in
            ["", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "lines=1-2", "bytes=0-1,3-4", "bytes=+1-2"]
        {
            assert_eq!(part(range, 10), Part::Whole, "{range}");
        }
    }
}
