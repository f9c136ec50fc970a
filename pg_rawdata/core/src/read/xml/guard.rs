//! What stands between the input and the XML parser: bounds what one event may take, refuses control characters, and
//! knows byte and line.

use std::io::{self, BufRead, Read};

use crate::read::decompress::from_io;
use crate::{Error, ErrorKind, Result};

/// The most bytes that a tag, a text or a comment may have. The parser holds one of them whole.
const EVENT: usize = 1 << 20;
const BUFFER: usize = 64 << 10;

pub(super) struct Guard<R> {
    input: R,
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    /// Bytes and lines in front of the buffer.
    passed: u64,
    lines: u64,
    /// Bytes of the present event.
    taken: usize,
}

impl<R: Read> Guard<R> {
    pub fn new(input: R) -> Self {
        Self { input, buffer: vec![0; BUFFER], at: 0, end: 0, passed: 0, lines: 0, taken: 0 }
    }

    /// Passes over blanks, however many, and lets the next event begin.
    pub fn begin_event(&mut self) -> Result<()> {
        loop {
            self.taken = 0;
            let available = self.fill_buf().map_err(|e| from_io(&e))?;
            let blanks = available.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')).count();
            let all = blanks == available.len();
            self.consume(blanks);
            if !all || blanks == 0 {
                self.taken = 0;
                return Ok(());
            }
        }
    }

    /// Bytes given out so far.
    pub fn byte(&self) -> u64 {
        self.passed + self.at as u64
    }

    /// The line that the last of them lies on; 1 is the first.
    pub fn line(&self) -> u64 {
        self.lines + newlines(self.buffer.get(..self.at).unwrap_or_default()) + 1
    }

    fn refill(&mut self) -> io::Result<()> {
        let used = self.buffer.get(..self.end).unwrap_or_default();
        self.lines += newlines(used);
        self.passed += used.len() as u64;
        (self.at, self.end) = (0, 0);
        self.end = loop {
            match self.input.read(&mut self.buffer) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        let fresh = self.buffer.get(..self.end).unwrap_or_default();
        // All bytes first, without a branch, which is several times as fast as looking for one.
        if fresh.iter().fold(false, |any, b| any | forbidden(*b)) {
            let at = fresh.iter().position(|b| forbidden(*b)).unwrap_or_default();
            let byte = fresh.get(at).copied().unwrap_or_default();
            let line = self.lines + newlines(fresh.get(..at).unwrap_or_default()) + 1;
            let error = Error::new(ErrorKind::Xml, format!("malformed XML: control character 0x{byte:02x}"));
            return Err(io::Error::other(error.at_byte(self.passed + at as u64).at_line(line)));
        }
        Ok(())
    }
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut available = self.fill_buf()?;
        let read = available.read(out)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: Read> BufRead for Guard<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken > EVENT {
            let message = format!("a tag or a text is longer than {EVENT} bytes");
            return Err(io::Error::other(Error::new(ErrorKind::Limit, message)));
        }
        if self.at == self.end {
            self.refill()?;
        }
        Ok(self.buffer.get(self.at..self.end).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.at = self.end.min(self.at.saturating_add(amount));
        self.taken = self.taken.saturating_add(amount);
    }
}

fn forbidden(byte: u8) -> bool {
    (byte < b' ') & (byte != b'\t') & (byte != b'\n') & (byte != b'\r')
}

fn newlines(bytes: &[u8]) -> u64 {
    // Wrapping sums of bytes are what the compiler turns into wide instructions; 255 of them cannot wrap.
    let count = |chunk: &[u8]| chunk.iter().fold(0_u8, |sum, b| sum.wrapping_add(u8::from(*b == b'\n')));
    bytes.chunks(255).map(|chunk| u64::from(count(chunk))).sum()
}
