//! The bytes of a document, which may be asked for a second time.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::raw::temp_file::TempFile;

const CHUNKS_WAITING: usize = 4;
const CHUNK: usize = 256 << 10;

/// Where a document comes from.
pub enum Source {
    File(Arc<File>),
    /// What a client sends, piece by piece; kept as it came as long as it may have to be read again.
    Chunks(Option<TempFile>),
}

/// One reading of a document.
pub struct Reading {
    pub bytes: Box<dyn Read + Send>,
    /// Where the pieces go that a client sends.
    pub chunks: Option<SyncSender<Vec<u8>>>,
    pub share: Option<Share>,
}

impl Source {
    pub fn file(file: File) -> Self {
        Self::File(Arc::new(file))
    }

    pub fn chunks() -> Self {
        Self::Chunks(Some(TempFile::create()))
    }

    /// A reading from the start.
    pub fn read(&self) -> Reading {
        match self {
            Self::File(file) => {
                let share = Share { read: Arc::default(), size: file.metadata().map_or(0, |facts| facts.len()) };
                let bytes = Box::new(FileReader { file: Arc::clone(file), read: Arc::clone(&share.read) });
                Reading { bytes, chunks: None, share: Some(share) }
            }
            Self::Chunks(_) => {
                let (sender, chunks) = sync_channel(CHUNKS_WAITING);
                let bytes = Box::new(ChunkReader { chunks, now: Vec::new(), at: 0 });
                Reading { bytes, chunks: Some(sender), share: None }
            }
        }
    }

    /// Keeps a piece, in case that the document has to be read again.
    pub fn keep(&mut self, chunk: &[u8]) {
        if let Self::Chunks(Some(kept)) = self {
            kept.write(chunk);
        }
    }

    /// Hands over, once, what was kept; from now on nothing is.
    pub fn replay(&mut self, mut each: impl FnMut(Vec<u8>)) {
        let Self::Chunks(kept) = self else { return };
        let Some(mut kept) = kept.take() else { return };
        kept.seek(0);
        loop {
            let mut chunk = vec![0; CHUNK];
            let length = kept.read(&mut chunk);
            if length == 0 {
                break;
            }
            chunk.truncate(length);
            each(chunk);
        }
        kept.close();
    }

    /// Ends all reading.
    pub fn close(self) {
        if let Self::Chunks(Some(kept)) = self {
            kept.close();
        }
    }
}

/// How much of a file is read.
pub struct Share {
    read: Arc<AtomicU64>,
    size: u64,
}

impl Share {
    /// About how many there are in all, where `done` came out of what is read.
    pub fn whole_of(&self, done: u64) -> Option<u64> {
        let read = u128::from(self.read.load(Ordering::Relaxed).min(self.size));
        let whole = (u128::from(done) * u128::from(self.size)).checked_div(read)?;
        Some(u64::try_from(whole).unwrap_or(u64::MAX))
    }
}

/// Reads a file at a place of its own, which another reading of the same file does not move.
struct FileReader {
    file: Arc<File>,
    read: Arc<AtomicU64>,
}

impl Read for FileReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(into, self.read.load(Ordering::Relaxed))?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Reads what a channel brings; the end of the channel is the end of the document.
struct ChunkReader {
    chunks: Receiver<Vec<u8>>,
    now: Vec<u8>,
    at: usize,
}

impl Read for ChunkReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.at == self.now.len() {
            let Ok(next) = self.chunks.recv() else { return Ok(0) };
            (self.now, self.at) = (next, 0);
        }
        let rest = self.now.get(self.at..).unwrap_or_default();
        let count = rest.len().min(into.len());
        if let (Some(to), Some(from)) = (into.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.at += count;
        Ok(count)
    }
}
