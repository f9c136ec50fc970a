//! Pages, numbered as they come.

use crate::write::spool::{Spool, Spools};
use crate::{Error, ErrorKind, Result};

/// Bytes of a page.
pub(super) const PAGE_SIZE: u16 = 4096;
pub(super) const SIZE: usize = PAGE_SIZE as usize;
/// The page of byte 2^30, which SQLite locks and never reads.
const LOCK: u32 = 262_145;
/// The most pages that a file may have.
const MOST: u32 = u32::MAX - 1;

/// All pages but the first, which is made when they are known.
pub(in crate::write) struct Pages {
    spool: Spool,
    /// How many there are, the first counted.
    count: u32,
}

impl Pages {
    pub(in crate::write) fn new(spools: &Spools) -> Self {
        Self { spool: spools.spool(), count: 1 }
    }

    /// How many there are, the first counted.
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// The bytes of all pages but the first.
    pub(in crate::write) fn into_bytes(self) -> Spool {
        self.spool
    }

    /// The number that the next page will have.
    pub(super) fn next(&self) -> u32 {
        after(self.count)
    }

    /// The number that the page behind the next will have.
    pub(super) fn after_next(&self) -> u32 {
        after(self.next())
    }

    /// Appends a page, given in parts, the last of which lies at its end. Its number.
    pub(super) fn append(&mut self, parts: &[&[u8]], end: &[u8]) -> Result<u32> {
        const ZEROS: [u8; SIZE] = [0; SIZE];
        let number = self.next();
        if number > MOST {
            return Err(Error::new(ErrorKind::Limit, "the file would have more pages than SQLite allows"));
        }
        if number > self.count + 1 {
            self.spool.append(&ZEROS)?;
        }
        let mut free = SIZE.saturating_sub(end.len());
        for part in parts {
            self.spool.append(part)?;
            free = free.saturating_sub(part.len());
        }
        self.spool.append(ZEROS.get(..free).unwrap_or_default())?;
        self.spool.append(end)?;
        self.count = number;
        Ok(number)
    }
}

fn after(page: u32) -> u32 {
    let next = page.saturating_add(1);
    if next == LOCK { LOCK + 1 } else { next }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write::spool::in_memory;

    #[test]
    fn the_page_that_is_locked_stays_empty() {
        let mut pages = Pages::new(&in_memory());
        pages.count = LOCK - 2;
        assert_eq!(pages.after_next(), LOCK + 1);
        let numbers: Vec<u32> = (1..=3).map(|byte| pages.append(&[&[byte; SIZE]], &[]).unwrap()).collect();
        assert_eq!(numbers, [LOCK - 1, LOCK + 1, LOCK + 2]);
        let mut bytes = vec![9; 4 * SIZE];
        assert_eq!(pages.into_bytes().read(0, &mut bytes).unwrap(), 4 * SIZE);
        let firsts: Vec<u8> = bytes.chunks(SIZE).map(|page| page[0]).collect();
        assert_eq!(firsts, [1, 0, 2, 3]);
    }

    #[test]
    fn a_file_has_an_end() {
        let mut pages = Pages::new(&in_memory());
        pages.count = MOST - 1;
        assert_eq!(pages.append(&[], &[]).unwrap(), MOST);
        assert_eq!(pages.append(&[], &[]).unwrap_err().kind(), ErrorKind::Limit);
    }
}
