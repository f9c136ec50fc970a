//! Bytes that wait: the first megabyte in memory, the rest in a temporary file.

use std::cell::RefCell;
use std::io::{self, SeekFrom};
use std::rc::Rc;

use super::{Scratch, ScratchFile};
use crate::{Error, ErrorKind, Result};

/// What is kept in memory before it is written.
const TAIL: usize = 1 << 20;

/// Where spools get their files.
#[derive(Clone)]
pub(super) struct Spools(Rc<RefCell<Box<dyn Scratch>>>);

impl Spools {
    pub(super) fn new(scratch: Box<dyn Scratch>) -> Self {
        Self(Rc::new(RefCell::new(scratch)))
    }

    /// A new, empty spool. It has a file only when it grows.
    pub(super) fn spool(&self) -> Spool {
        Spool { spools: self.clone(), file: None, flushed: 0, tail: Vec::new() }
    }
}

/// Bytes that are appended, then read anywhere.
pub(super) struct Spool {
    spools: Spools,
    file: Option<Box<dyn ScratchFile>>,
    /// How many bytes are in the file.
    flushed: u64,
    tail: Vec<u8>,
}

impl Spool {
    /// How many bytes there are.
    pub(super) fn len(&self) -> u64 {
        self.flushed + self.tail.len() as u64
    }

    /// Appends bytes.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.tail.extend_from_slice(bytes);
        if self.tail.len() >= TAIL { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(self.spools.0.borrow_mut().file()?),
        };
        file.seek(SeekFrom::Start(self.flushed)).map_err(failed)?;
        file.write_all(&self.tail).map_err(failed)?;
        self.flushed += self.tail.len() as u64;
        self.tail.clear();
        Ok(())
    }

    /// Reads from a byte on. How many bytes were read: fewer than asked for only at the end.
    pub(super) fn read(&mut self, at: u64, into: &mut [u8]) -> Result<usize> {
        let in_file = usize::try_from(self.flushed.saturating_sub(at)).unwrap_or(usize::MAX).min(into.len());
        let (from_file, from_tail) = into.split_at_mut(in_file);
        if let Some(file) = self.file.as_mut().filter(|_| in_file > 0) {
            file.seek(SeekFrom::Start(at)).map_err(failed)?;
            file.read_exact(from_file).map_err(failed)?;
        }
        let start = usize::try_from((at + in_file as u64).saturating_sub(self.flushed)).unwrap_or(usize::MAX);
        let tail = self.tail.get(start..).unwrap_or_default();
        let most = tail.len().min(from_tail.len());
        for (to, from) in from_tail.iter_mut().zip(tail) {
            *to = *from;
        }
        Ok(in_file + most)
    }
}

/// Reads a part of a spool from its beginning to its end, in pieces.
#[derive(Debug, Clone)]
pub(super) struct Cursor {
    at: u64,
    end: u64,
    piece: usize,
    buffer: Vec<u8>,
    used: usize,
}

impl Cursor {
    /// For the bytes from `start` to `end`, `piece` of them at a time.
    pub(super) fn new(start: u64, end: u64, piece: usize) -> Self {
        Self { at: start, end, piece, buffer: Vec::new(), used: 0 }
    }

    /// Whether all is read.
    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.end && self.used == self.buffer.len()
    }

    /// Appends the next `count` bytes.
    pub(super) fn take(&mut self, spool: &mut Spool, mut count: usize, out: &mut Vec<u8>) -> Result<()> {
        while count > 0 {
            if self.used == self.buffer.len() {
                self.fill(spool)?;
            }
            let waiting = self.buffer.get(self.used..).unwrap_or_default();
            let (now, _) = waiting.split_at(waiting.len().min(count));
            out.extend_from_slice(now);
            self.used += now.len();
            count -= now.len();
        }
        Ok(())
    }

    /// Appends the next piece, if there is one.
    pub(super) fn take_some(&mut self, spool: &mut Spool, out: &mut Vec<u8>) -> Result<()> {
        if self.used == self.buffer.len() && self.at < self.end {
            self.fill(spool)?;
        }
        out.extend_from_slice(self.buffer.get(self.used..).unwrap_or_default());
        self.used = self.buffer.len();
        Ok(())
    }

    /// The next bytes of a known number.
    pub(super) fn word<const N: usize>(&mut self, spool: &mut Spool) -> Result<[u8; N]> {
        let mut word = [0; N];
        for byte in &mut word {
            if self.used == self.buffer.len() {
                self.fill(spool)?;
            }
            *byte = self.buffer.get(self.used).copied().unwrap_or_default();
            self.used += 1;
        }
        Ok(word)
    }

    fn fill(&mut self, spool: &mut Spool) -> Result<()> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
        self.buffer.resize(left.min(self.piece), 0);
        self.used = 0;
        let read = spool.read(self.at, &mut self.buffer)?;
        if read < self.buffer.len() || read == 0 {
            return Err(failed(io::ErrorKind::UnexpectedEof.into()));
        }
        self.at += read as u64;
        Ok(())
    }
}

fn failed(error: io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("a temporary file failed: {}", error.kind()))
}

#[cfg(test)]
pub(super) fn in_memory() -> Spools {
    Spools::new(Box::new(|| Ok(io::Cursor::new(Vec::new()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_appended_is_read_from_file_and_memory_alike() {
        let mut spool = in_memory().spool();
        let bytes: Vec<u8> = (0..3_000_000u32).map(|number| (number % 251) as u8).collect();
        for part in bytes.chunks(77_777) {
            spool.append(part).unwrap();
        }
        assert_eq!(spool.len(), 3_000_000);
        assert!(spool.flushed > 0 && !spool.tail.is_empty());
        for (start, count) in [(0, 10), (1_000_000, 1_500_000), (2_999_990, 10), (0, 3_000_000)] {
            let mut read = vec![0; count];
            assert_eq!(spool.read(start as u64, &mut read).unwrap(), count);
            assert!(read == bytes[start..start + count]);
        }
        assert_eq!(spool.read(2_999_999, &mut [0; 5]).unwrap(), 1);
        let mut cursor = Cursor::new(5, 2_999_999, 1000);
        let mut out = Vec::new();
        cursor.take(&mut spool, 2_999_990, &mut out).unwrap();
        assert!(out == bytes[5..2_999_995] && !cursor.is_at_end());
        assert_eq!(cursor.word::<4>(&mut spool).unwrap(), bytes[2_999_995..2_999_999]);
        assert!(cursor.is_at_end());
        assert!(cursor.word::<1>(&mut spool).is_err());
    }
}
