//! The reading thread: bytes in, pieces of records or blobs out, both over bounded channels.

use std::fs::File;
use std::io::Read;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rawdata_core::osm::Timestamp;
use rawdata_core::read::pbf::Blob;
use rawdata_core::read::{Header, Reader};
use rawdata_core::{Error, ErrorKind, Result};

use super::blobs::BlobCrew;
use super::piece::Piece;
use super::progress::{self, Phase};
use super::spool::Spools;
use crate::error::{OrRaise, Refused, refuse};
use crate::raw::{interrupts, thread};

/// Pieces or blobs between the reading thread and the backend's.
const MESSAGES_WAITING: usize = 2;
const CHUNKS_WAITING: usize = 4;
const PATIENCE: Duration = Duration::from_millis(20);

/// Where the document comes from.
pub enum Input {
    File(File),
    Chunks,
}

enum Message {
    Piece(Piece),
    /// To be decoded by the crew.
    Blob(Blob),
    End(Box<Header>),
    Failed(Error),
}

/// A document being read in a thread of its own.
pub struct Feed {
    chunks: Option<SyncSender<Vec<u8>>>,
    messages: Receiver<Message>,
    thread: Option<JoinHandle<()>>,
    blobs: Option<BlobCrew>,
    arrived: Arrived,
    end: Option<Box<Header>>,
}

impl Feed {
    pub fn start(input: Input) -> Self {
        let (chunks, source): (_, Box<dyn Read + Send>) = match input {
            Input::File(file) => (None, Box::new(file)),
            Input::Chunks => {
                let (sender, receiver) = sync_channel(CHUNKS_WAITING);
                (Some(sender), Box::new(ChunkReader { chunks: receiver, now: Vec::new(), at: 0 }))
            }
        };
        let (sender, messages) = sync_channel(MESSAGES_WAITING);
        let work = move || {
            let last = match read(source, &sender) {
                Ok(header) => Message::End(header),
                Err(error) => Message::Failed(error),
            };
            // Nobody listens any more where the import was ended.
            let _ = sender.send(last);
        };
        match thread::spawn("rawdata read", work) {
            Ok(thread) => {
                Self { chunks, messages, thread: Some(thread), blobs: None, arrived: Arrived::default(), end: None }
            }
            Err(error) => refuse(Refused::Threads, &error.to_string()),
        }
    }

    /// Gives a chunk to the reader, taking from it what it has ready.
    pub fn give(&mut self, mut chunk: Vec<u8>, spools: &mut Spools) {
        while let Some(sender) = &self.chunks {
            match sender.try_send(chunk) {
                Ok(()) => return,
                Err(TrySendError::Full(back)) => {
                    chunk = back;
                    self.take(spools);
                }
                // The reader has stopped before the document ended: it says why.
                Err(TrySendError::Disconnected(_)) => {
                    while self.end.is_none() {
                        self.take(spools);
                    }
                    return;
                }
            }
        }
    }

    /// Takes all that the reader still has. The document's header; where it has no time, the newest object's.
    pub fn finish(&mut self, spools: &mut Spools) -> Header {
        self.chunks = None;
        while self.end.is_none() {
            self.take(spools);
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let mut header = *self.end.take().unwrap_or_default();
        header.timestamp = header.timestamp.or(self.arrived.newest);
        header
    }

    /// Waits for what is left of the blobs that were given out.
    fn finish_blobs(&mut self, spools: &mut Spools) {
        let Self { blobs, arrived, .. } = self;
        if let Some(blobs) = blobs.take() {
            blobs.finish(|piece| arrived.write(&piece.or_raise(), spools));
        }
    }

    /// Waits a moment for a message and deals with it.
    fn take(&mut self, spools: &mut Spools) {
        match self.messages.recv_timeout(PATIENCE) {
            Ok(Message::Piece(piece)) => self.arrived.write(&piece, spools),
            Ok(Message::Blob(blob)) => {
                let Self { blobs, arrived, .. } = self;
                let blobs = blobs.get_or_insert_with(BlobCrew::start);
                blobs.give(blob, |piece| arrived.write(&piece.or_raise(), spools));
            }
            Ok(Message::End(header)) => {
                self.finish_blobs(spools);
                self.end = Some(header);
            }
            // What is wrong in a blob before the place of this error is told first.
            Ok(Message::Failed(error)) => {
                self.finish_blobs(spools);
                Err(error).or_raise()
            }
            Err(RecvTimeoutError::Timeout) => {}
            // The thread is gone without a last word: it panicked.
            Err(RecvTimeoutError::Disconnected) => pgrx::error!("the reading thread broke off"),
        }
        interrupts::check();
    }
}

/// What came so far.
#[derive(Default)]
struct Arrived {
    objects: u64,
    newest: Option<Timestamp>,
}

impl Arrived {
    fn write(&mut self, piece: &Piece, spools: &mut Spools) {
        self.objects += piece.count();
        self.newest = self.newest.max(piece.newest);
        spools.write(piece);
        progress::show(Phase::Read, self.objects, None);
    }
}

/// The reading thread: takes a PBF apart into blobs, reads the objects of any other document.
fn read(source: Box<dyn Read + Send>, out: &SyncSender<Message>) -> Result<Box<Header>> {
    let gone = |_| Error::new(ErrorKind::Io, "import was ended");
    let mut reader = Reader::new(source)?;
    if let Some(blobs) = reader.blobs() {
        let mut blob = Blob::default();
        while blobs.next_into(&mut blob)? {
            out.send(Message::Blob(std::mem::take(&mut blob))).map_err(gone)?;
        }
    } else {
        let mut piece = Piece::default();
        while let Some(element) = reader.next()? {
            piece.add(&element)?;
            if piece.is_full() {
                out.send(Message::Piece(std::mem::take(&mut piece))).map_err(gone)?;
            }
        }
        out.send(Message::Piece(piece)).map_err(gone)?;
    }
    Ok(Box::new(reader.header().clone()))
}

/// Reads what a channel brings; the end of the channel is the end of the document.
struct ChunkReader {
    chunks: Receiver<Vec<u8>>,
    now: Vec<u8>,
    at: usize,
}

impl Read for ChunkReader {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
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
