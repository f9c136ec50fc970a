//! The chunks of an export, encoded by the backend's own thread or by one beside it.

use rawdata_core::Result;
use rawdata_core::write::{self, Encoder, Head, Rest, Rows, Schema, Written};

use crate::crew::{Crew, Next, Results};
use crate::error::OrRaise;
use crate::raw::datum::JsonText;
use crate::raw::interrupts;
use crate::request::{self, Selected, Selection, broken};
use crate::scratch::TempFiles;
use crate::server_time;

/// Rows that a thread gets at once. An export of fewer has no thread.
const JOB_BYTES: usize = 256 << 10;
/// Jobs that it has before it, the one at work included.
const JOBS: usize = 4;
/// The bytes of chunks that it may have ready.
const READY_BYTES: usize = 4 << 20;

/// An export on its way. Between calls it holds, of the rows, the name of a portal.
pub enum Chunks {
    /// What the format makes wait lies in files of the server, which only the backend's own thread may use.
    Here(Here),
    /// The backend fetches rows, a thread encodes them.
    Beside(Beside),
}

impl Chunks {
    /// Begins with an export.
    pub fn start(request: &JsonText) -> Self {
        let request = request::check(request);
        let schema = Schema::of(&request);
        let mut written = Written::default();
        if let Some(mut encoder) = write::streaming_encoder(&schema).or_raise() {
            encoder.begin(&schema, written.end()).or_raise();
            let encoding = Encoding { encoder, written, is_finished: false };
            return Self::Beside(Beside::new(Selection::of_rows(&request), encoding));
        }
        let files = TempFiles::default();
        let mut encoder = write::encoder(&schema, Box::new(files.clone())).or_raise();
        encoder.begin(&schema, written.end()).or_raise();
        let selection = Selection::of_rows(&request);
        Self::Here(Here { selection, encoder, files, state: State::Begun, written })
    }

    /// Its temporary files.
    pub fn files(&self) -> TempFiles {
        match self {
            Self::Here(here) => here.files.clone(),
            Self::Beside(_) => TempFiles::default(),
        }
    }
}

impl Iterator for Chunks {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        match self {
            Self::Here(here) => here.next(),
            Self::Beside(beside) => beside.next(),
        }
    }
}

/// Encodes on the backend's own thread.
pub struct Here {
    selection: Selection,
    encoder: Box<dyn Encoder>,
    files: TempFiles,
    state: State,
    written: Written,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// There were no rows yet.
    Begun,
    /// Rows are coming.
    Rows,
    /// All rows are encoded, but the encoder has not written all.
    Rest,
    /// The file is whole.
    Done,
}

impl Here {
    /// Encodes some rows.
    fn rows(&mut self) {
        let fetched = self.selection.fetch(|selected| {
            self.encoder.feature(&stored(&selected)?.feature(selected.geometry)?, self.written.end())
        });
        if !fetched.or_raise() {
            self.state = State::Rest;
        }
    }

    /// Writes some of the rest.
    fn rest(&mut self) {
        if self.encoder.finish(self.written.end()).or_raise() == Rest::Done {
            self.files.close();
            self.state = State::Done;
        }
    }

    /// What comes before all rows is a chunk of its own, as the next may take as long as the whole export.
    fn next(&mut self) -> Option<Vec<u8>> {
        if self.state == State::Begun {
            self.state = State::Rows;
            if let Some(chunk) = self.written.take() {
                return Some(chunk);
            }
        }
        loop {
            if let Some(chunk) = self.written.chunk() {
                return Some(chunk);
            }
            interrupts::check();
            match self.state {
                State::Begun | State::Rows => self.rows(),
                State::Rest => self.rest(),
                State::Done => return self.written.take(),
            }
        }
    }
}

/// Encodes in a thread. It goes with this, and where the statement ends in an error.
pub struct Beside {
    selection: Selection,
    has_more_rows: bool,
    thread: Thread,
}

enum Thread {
    /// There were no rows yet.
    NotStarted(Encoding),
    /// All rows are at hand, too few for a thread.
    NotNeeded(Encoding, Job),
    Started(Crew<Job, Result<Vec<u8>>>),
    /// All chunks are made.
    Gone,
}

/// Rows for the thread.
struct Job {
    rows: Rows,
    is_last: bool,
}

impl Beside {
    fn new(selection: Selection, encoding: Encoding) -> Self {
        Self { selection, has_more_rows: true, thread: Thread::NotStarted(encoding) }
    }

    fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            interrupts::check();
            match &mut self.thread {
                Thread::NotStarted(_) => self.start(),
                Thread::Started(crew) if self.has_more_rows && !crew.is_full() => self.give(),
                Thread::Started(crew) => match crew.next() {
                    Next::Result(chunk) => return Some(chunk.or_raise()),
                    Next::EndOfJob => {}
                    Next::NoJob => self.thread = Thread::Gone,
                },
                Thread::NotNeeded(encoding, job) => match encoding.encode(job).or_raise() {
                    Some(chunk) => return Some(chunk),
                    None => self.thread = Thread::Gone,
                },
                Thread::Gone => return None,
            }
        }
    }

    /// Copies rows until they are enough for a job.
    fn fetch(&mut self) -> Job {
        // The last fetch goes beyond what is enough.
        let mut rows = Rows::with_capacity(JOB_BYTES + JOB_BYTES / 2);
        while self.has_more_rows && rows.size() < JOB_BYTES {
            interrupts::check();
            let fetched = self.selection.fetch(|selected| {
                rows.add(&stored(&selected)?);
                Ok(())
            });
            self.has_more_rows = fetched.or_raise();
        }
        Job { rows, is_last: !self.has_more_rows }
    }

    /// Starts the thread with the first rows, if there are more than these.
    fn start(&mut self) {
        let job = self.fetch();
        if let Thread::NotStarted(encoding) = std::mem::replace(&mut self.thread, Thread::Gone) {
            self.thread = if job.is_last {
                Thread::NotNeeded(encoding, job)
            } else {
                let mut crew = encoding.start();
                crew.give(job, drop);
                Thread::Started(crew)
            };
        }
    }

    /// Gives the thread, whose hands are not full, more rows.
    fn give(&mut self) {
        let job = self.fetch();
        if let Thread::Started(crew) = &mut self.thread {
            crew.give(job, drop);
        }
    }
}

/// An encoder, and what it has written of the next chunk.
struct Encoding {
    encoder: Box<dyn Encoder + Send>,
    written: Written,
    is_finished: bool,
}

impl Encoding {
    /// The next chunk; `None` where the rows that are left are not enough for one.
    fn encode(&mut self, job: &mut Job) -> Result<Option<Vec<u8>>> {
        loop {
            if let Some(chunk) = self.written.chunk() {
                return Ok(Some(chunk));
            }
            match job.rows.take() {
                Some(row) => row.encode(self.encoder.as_mut(), self.written.end())?,
                None if !job.is_last => return Ok(None),
                None if self.is_finished => return Ok(self.written.take()),
                None => self.is_finished = self.encoder.finish(self.written.end())? == Rest::Done,
            }
        }
    }

    /// Starts the thread.
    fn start(mut self) -> Crew<Job, Result<Vec<u8>>> {
        Crew::of_one("rawdata export", JOBS, READY_BYTES, move |mut job: Job, chunks: &Results<_>| {
            while let Some(chunk) = self.encode(&mut job).transpose() {
                let (size, is_error) = (chunk.as_ref().map_or(0, Vec::len), chunk.is_err());
                if !chunks.put(chunk, size) || is_error {
                    return;
                }
            }
        })
    }
}

fn stored<'a>(Selected { source, row, stored, .. }: &Selected<'a>) -> Result<write::Row<'a>> {
    Ok(write::Row {
        head: Head {
            source: *source,
            id: row.int8(0).ok_or_else(broken)?,
            version: row.int4(1),
            changeset: row.int8(2),
            timestamp: row.int8(3).and_then(server_time::from_server),
            uid: row.int4(4),
        },
        user: row.text(5),
        tags: row.bytes(6).ok_or_else(broken)?,
        geometry: stored,
    })
}
