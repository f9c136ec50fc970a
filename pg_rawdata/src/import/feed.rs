//! The reading thread: bytes in, batches of records out, both over bounded channels.

use std::fs::File;
use std::io::Read;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rawdata_core::osm::{Element, ObjectKind, Timestamp};
use rawdata_core::packed::record;
use rawdata_core::read::{Header, Reader};
use rawdata_core::{Error, ErrorKind, Result};

use super::progress::{self, Phase};
use super::spool::{self, Batch, Order, Spools};
use crate::error::{OrRaise, Refused, refuse};
use crate::raw::{interrupts, thread};

const BATCH_BYTES: usize = 256 << 10;
const BATCHES_WAITING: usize = 8;
const CHUNKS_WAITING: usize = 4;
const PATIENCE: Duration = Duration::from_millis(20);

/// Where the document comes from.
pub enum Input {
    File(File),
    Chunks,
}

enum Message {
    Batch(Batch),
    End(Box<End>),
    Failed(Error),
}

/// What is known at the end of a document.
#[derive(Default)]
struct End {
    header: Header,
    orders: [Order; 3],
    newest: Option<Timestamp>,
}

/// A document being read in a thread of its own.
pub struct Feed {
    chunks: Option<SyncSender<Vec<u8>>>,
    messages: Receiver<Message>,
    thread: Option<JoinHandle<()>>,
    read: u64,
    end: Option<Box<End>>,
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
        let (sender, messages) = sync_channel(BATCHES_WAITING);
        let work = move || {
            let last = match read(source, &sender) {
                Ok(end) => Message::End(end),
                Err(error) => Message::Failed(error),
            };
            // Nobody listens any more where the import was ended.
            let _ = sender.send(last);
        };
        match thread::spawn("rawdata read", work) {
            Ok(thread) => Self { chunks, messages, thread: Some(thread), read: 0, end: None },
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
        let End { mut header, orders, newest } = *self.end.take().unwrap_or_default();
        spools.set_orders(orders);
        header.timestamp = header.timestamp.or(newest);
        header
    }

    /// Waits a moment for a message and deals with it.
    fn take(&mut self, spools: &mut Spools) {
        match self.messages.recv_timeout(PATIENCE) {
            Ok(Message::Batch(batch)) => {
                self.read += batch.count;
                spools.write(&batch);
                progress::show(Phase::Read, self.read, None);
            }
            Ok(Message::End(end)) => self.end = Some(end),
            Ok(Message::Failed(error)) => Err(error).or_raise(),
            Err(RecvTimeoutError::Timeout) => {}
            // The thread is gone without a last word: it panicked.
            Err(RecvTimeoutError::Disconnected) => pgrx::error!("the reading thread broke off"),
        }
        interrupts::check();
    }
}

fn read(source: Box<dyn Read + Send>, out: &SyncSender<Message>) -> Result<Box<End>> {
    let gone = || Error::new(ErrorKind::Io, "import was ended");
    let mut reader = Reader::new(source)?;
    let mut orders = [Order::default(); 3];
    let mut newest = None;
    let mut batches = [ObjectKind::Node, ObjectKind::Way, ObjectKind::Relation].map(Batch::new);
    let mut locations = Vec::new();
    while let Some(element) = reader.next()? {
        if let Element::Way(way) = &element {
            locations.extend(spool::locations(way));
        }
        newest = newest.max(element.meta().timestamp);
        let kind = element.object().kind as usize;
        if let (Some(order), Some(batch)) = (orders.get_mut(kind), batches.get_mut(kind)) {
            order.saw(element.object().id);
            record::encode(&element, &mut batch.bytes)?;
            batch.count += 1;
            if batch.bytes.len() >= BATCH_BYTES {
                out.send(Message::Batch(batch.take())).map_err(|_| gone())?;
            }
        }
        for node in locations.drain(..) {
            let [order, ..] = &mut orders;
            let [batch, ..] = &mut batches;
            order.saw(node.id);
            record::encode(&Element::Node(node), &mut batch.bytes)?;
            batch.count += 1;
        }
    }
    for mut batch in batches {
        out.send(Message::Batch(batch.take())).map_err(|_| gone())?;
    }
    Ok(Box::new(End { header: reader.header().clone(), orders, newest }))
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
