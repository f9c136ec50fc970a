//! Records in the order of a number, however many: sorted in memory run by run, then merged.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::spool::{Cursor, Spool, Spools};
use crate::Result;

/// Size of a run, in bytes.
const RUN: usize = 16 << 20;
/// Memory for merging, in bytes.
const MERGE: usize = 8 << 20;

/// Takes records in any order.
pub(super) struct Sorter {
    /// Key and place of each record of the run at hand.
    index: Vec<(u64, usize, usize)>,
    run: Vec<u8>,
    run_size: usize,
    sorted: Sorted,
}

/// Gives records in order; of equal keys the one that came first.
pub(super) struct Sorted {
    spool: Spool,
    /// Where runs end.
    ends: Vec<u64>,
    cursors: Vec<Cursor>,
    /// The least key of each run that has more.
    least: BinaryHeap<Reverse<(u64, usize)>>,
}

impl Sorter {
    pub(super) fn new(spools: &Spools) -> Self {
        Self::with_runs_of(RUN, spools)
    }

    fn with_runs_of(run_size: usize, spools: &Spools) -> Self {
        let sorted = Sorted { spool: spools.spool(), ends: Vec::new(), cursors: Vec::new(), least: BinaryHeap::new() };
        Self { index: Vec::new(), run: Vec::new(), run_size, sorted }
    }

    /// Takes a record, given in two parts.
    pub(super) fn add(&mut self, key: u64, first: &[u8], second: &[u8]) -> Result<()> {
        let start = self.run.len();
        self.run.extend_from_slice(first);
        self.run.extend_from_slice(second);
        self.index.push((key, start, self.run.len()));
        if self.run.len() + self.index.len() * size_of::<(u64, usize, usize)>() >= self.run_size {
            self.end_run()?;
        }
        Ok(())
    }

    fn end_run(&mut self) -> Result<()> {
        // By key, then as they came.
        self.index.sort_unstable();
        for (key, start, end) in self.index.drain(..) {
            let record = self.run.get(start..end).unwrap_or_default();
            self.sorted.spool.append(&key.to_le_bytes())?;
            self.sorted.spool.append(&(record.len() as u64).to_le_bytes())?;
            self.sorted.spool.append(record)?;
        }
        self.run.clear();
        self.sorted.ends.push(self.sorted.spool.len());
        Ok(())
    }

    /// Ends the taking.
    pub(super) fn finish(mut self) -> Result<Sorted> {
        if !self.index.is_empty() {
            self.end_run()?;
        }
        self.sorted.rewind()?;
        Ok(self.sorted)
    }
}

impl Sorted {
    /// Begins again at the first record.
    pub(super) fn rewind(&mut self) -> Result<()> {
        let piece = (MERGE / self.ends.len().max(1)).clamp(4 << 10, 256 << 10);
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        self.cursors = starts.zip(&self.ends).map(|(start, end)| Cursor::new(start, *end, piece)).collect();
        self.least.clear();
        (0..self.cursors.len()).try_for_each(|run| self.advance(run))
    }

    /// Reads the next key of a run.
    fn advance(&mut self, run: usize) -> Result<()> {
        if let Some(cursor) = self.cursors.get_mut(run).filter(|cursor| !cursor.is_at_end()) {
            self.least.push(Reverse((u64::from_le_bytes(cursor.word(&mut self.spool)?), run)));
        }
        Ok(())
    }

    /// Puts the next record into `record`; `false` when there is none left.
    pub(super) fn next(&mut self, record: &mut Vec<u8>) -> Result<bool> {
        record.clear();
        let Some(Reverse((_, run))) = self.least.pop() else { return Ok(false) };
        if let Some(cursor) = self.cursors.get_mut(run) {
            let size = u64::from_le_bytes(cursor.word(&mut self.spool)?);
            cursor.take(&mut self.spool, usize::try_from(size).unwrap_or(usize::MAX), record)?;
        }
        self.advance(run)?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::spool::in_memory;
    use super::*;

    fn all(sorted: &mut Sorted) -> Vec<Vec<u8>> {
        let mut record = Vec::new();
        std::iter::from_fn(|| sorted.next(&mut record).unwrap().then(|| record.clone())).collect()
    }

    proptest! {
        #[test]
        fn records_come_back_in_order_as_often_as_asked(
            records in prop::collection::vec((0u64..9, prop::collection::vec(any::<u8>(), 0..9)), 0..200),
            run in 1usize..3000,
        ) {
            let mut sorter = Sorter::with_runs_of(run, &in_memory());
            for (key, record) in &records {
                let (first, second) = record.split_at(record.len() / 2);
                sorter.add(*key, first, second).unwrap();
            }
            let mut expected = records.clone();
            expected.sort_by_key(|(key, _)| *key);
            let expected: Vec<Vec<u8>> = expected.into_iter().map(|(_, record)| record).collect();
            let mut sorted = sorter.finish().unwrap();
            prop_assert_eq!(&all(&mut sorted), &expected);
            sorted.rewind().unwrap();
            prop_assert_eq!(&all(&mut sorted), &expected);
        }
    }
}
