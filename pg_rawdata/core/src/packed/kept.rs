//! Packed values in memory by their key, as far as a budget goes.

/// Values of ascending keys: all of them, or those below the first that the budget had no room for.
#[derive(Debug, Default)]
pub struct Kept {
    bytes: Vec<u8>,
    /// A key and where its value ends in `bytes`.
    entries: Vec<(i64, usize)>,
    budget: usize,
    is_full: bool,
}

impl Kept {
    /// An empty one that takes `budget` bytes at most.
    pub fn new(budget: usize) -> Self {
        Self { budget, ..Self::default() }
    }

    /// Keeps a value while there is room; keys must ascend.
    pub fn keep(&mut self, key: i64, value: &[u8]) {
        self.is_full |= self.size() + value.len() + size_of::<(i64, usize)>() > self.budget;
        if !self.is_full {
            self.bytes.extend_from_slice(value);
            self.entries.push((key, self.bytes.len()));
        }
    }

    /// The value of a key, if it is kept.
    pub fn get(&self, key: i64) -> Option<&[u8]> {
        let at = self.entries.binary_search_by_key(&key, |entry| entry.0).ok()?;
        let start = at.checked_sub(1).and_then(|before| self.entries.get(before)).map_or(0, |entry| entry.1);
        self.bytes.get(start..self.entries.get(at)?.1)
    }

    /// Whether a value was turned away.
    pub fn is_full(&self) -> bool {
        self.is_full
    }

    /// Bytes taken.
    pub fn size(&self) -> usize {
        self.bytes.len() + self.entries.len() * size_of::<(i64, usize)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back_and_nothing_else() {
        let mut kept = Kept::new(1000);
        for key in [-5i64, 0, 7] {
            kept.keep(key, &key.to_le_bytes());
        }
        kept.keep(9, &[]);
        for key in [-5i64, 0, 7] {
            assert_eq!(kept.get(key), Some(&key.to_le_bytes()[..]));
        }
        assert_eq!(kept.get(9), Some(&[][..]));
        assert_eq!((kept.get(8), kept.get(i64::MAX), kept.is_full()), (None, None, false));
    }

    #[test]
    fn after_the_first_too_many_nothing_is_kept() {
        let mut kept = Kept::new(50);
        kept.keep(1, &[1; 20]);
        kept.keep(2, &[2; 20]);
        kept.keep(3, &[]);
        assert!(kept.is_full() && kept.size() <= 50);
        assert_eq!((kept.get(1), kept.get(2), kept.get(3)), (Some(&[1; 20][..]), None, None));
    }
}
