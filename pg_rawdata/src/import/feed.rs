//! The reading thread: bytes in, pieces of records or blobs out, both over bounded channels.

use std::io::Read;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rawdata_core::osm::Timestamp;
use rawdata_core::read::pbf::Blob;
use rawdata_core::read::{Header, Reader};
use rawdata_core::{Error, ErrorKind, Result};

use super::blobs::BlobCrew;
use super::intake::{InOrder, Intake};
use super::piece::Piece;
use crate::error::{OrRaise, Refused, refuse};
use crate::raw::{interrupts, thread};

/// Pieces or blobs between the reading thread and the backend's.
const MESSAGES_WAITING: usize = 2;
const PATIENCE: Duration = Duration::from_millis(20);

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
    /// When the newest object that came so far was made.
    newest: Option<Timestamp>,
    end: Option<Box<Header>>,
}

impl Feed {
    /// `chunks`: where the pieces of a document go that comes in pieces.
    pub fn start(bytes: Box<dyn Read + Send>, chunks: Option<SyncSender<Vec<u8>>>) -> Self {
        let (sender, messages) = sync_channel(MESSAGES_WAITING);
        let work = move || {
            let last = match read(bytes, &sender) {
                Ok(header) => Message::End(header),
                Err(error) => Message::Failed(error),
            };
            // Nobody listens any more where the import was ended.
            let _ = sender.send(last);
        };
        match thread::spawn("rawdata read", work) {
            Ok(thread) => Self { chunks, messages, thread: Some(thread), blobs: None, newest: None, end: None },
            Err(error) => refuse(Refused::Threads, &error.to_string()),
        }
    }

    /// Gives a chunk to the reader, taking from it what it has ready.
    pub fn give(&mut self, mut chunk: Vec<u8>, intake: &mut Intake) -> InOrder<()> {
        while let Some(sender) = &self.chunks {
            match sender.try_send(chunk) {
                Ok(()) => break,
                Err(TrySendError::Full(back)) => {
                    chunk = back;
                    self.take(intake)?;
                }
                // The reader has stopped before the document ended: it says why.
                Err(TrySendError::Disconnected(_)) => {
                    while self.end.is_none() {
                        self.take(intake)?;
                    }
                    break;
                }
            }
        }
        Ok(())
    }

    /// Takes all that the reader still has. The document's header; where it has no time, the newest object's.
    pub fn finish(&mut self, intake: &mut Intake) -> InOrder<Header> {
        self.chunks = None;
        while self.end.is_none() {
            self.take(intake)?;
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let mut header = *self.end.take().unwrap_or_default();
        header.timestamp = header.timestamp.or(self.newest);
        Ok(header)
    }

    /// Waits for what is left of the blobs that were given out.
    fn finish_blobs(&mut self, intake: &mut Intake) -> InOrder<()> {
        let mut in_order = Ok(());
        if let Some(blobs) = self.blobs.take() {
            blobs.finish(|piece| in_order = in_order.and_then(|()| write(&piece.or_raise(), &mut self.newest, intake)));
        }
        in_order
    }

    /// Waits a moment for a message and deals with it.
    fn take(&mut self, intake: &mut Intake) -> InOrder<()> {
        interrupts::check();
        match self.messages.recv_timeout(PATIENCE) {
            Ok(Message::Piece(piece)) => write(&piece, &mut self.newest, intake),
            Ok(Message::Blob(blob)) => {
                let blobs = self.blobs.get_or_insert_with(BlobCrew::start);
                let mut in_order = Ok(());
                blobs.give(blob, |piece| {
                    in_order = in_order.and_then(|()| write(&piece.or_raise(), &mut self.newest, intake));
                });
                in_order
            }
            Ok(Message::End(header)) => {
                self.finish_blobs(intake)?;
                self.end = Some(header);
                Ok(())
            }
            // What is wrong in a blob before the place of this error is told first.
            Ok(Message::Failed(error)) => {
                self.finish_blobs(intake)?;
                Err(error).or_raise()
            }
            Err(RecvTimeoutError::Timeout) => Ok(()),
            // The thread is gone without a last word: it panicked.
            Err(RecvTimeoutError::Disconnected) => pgrx::error!("the reading thread broke off"),
        }
    }
}

/// Hands on a piece, and notes the time of its newest object.
fn write(piece: &Piece, newest: &mut Option<Timestamp>, intake: &mut Intake) -> InOrder<()> {
    *newest = (*newest).max(piece.newest);
    intake.write(piece)
}

/// The reading thread: takes a PBF apart into blobs, reads the objects of any other document.
fn read(bytes: Box<dyn Read + Send>, out: &SyncSender<Message>) -> Result<Box<Header>> {
    let gone = |_| Error::new(ErrorKind::Io, "import was ended");
    let mut reader = Reader::new(bytes)?;
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
