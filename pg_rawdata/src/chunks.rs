//! The chunks of an export, encoded by the backend's own thread or by one beside it.

use std::collections::VecDeque;

use rawdata_core::Result;
use rawdata_core::write::{self, Encoder, Head, Rest, Rows, Schema};

use crate::crew::{Crew, Results};
use crate::error::OrRaise;
use crate::raw::datum::JsonText;
use crate::raw::interrupts;
use crate::request::{self, Selected, Selection, broken};
use crate::scratch::TempFiles;
use crate::server_time;

const CHUNK: usize = 1 << 20;
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
        let mut begun = Vec::new();
        if let Some(mut encoder) = write::streaming_encoder(&schema).or_raise() {
            encoder.begin(&schema, &mut begun).or_raise();
            let encoding = Encoding { encoder, buffer: begun };
            return Self::Beside(Beside::new(Selection::of_rows(&request), encoding));
        }
        let files = TempFiles::default();
        let mut encoder = write::encoder(&schema, Box::new(files.clone())).or_raise();
        encoder.begin(&schema, &mut begun).or_raise();
        let selection = Selection::of_rows(&request);
        Self::Here(Here { selection, encoder, files, state: State::Begun, buffer: begun })
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
    buffer: Vec<u8>,
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
        let fetched = self
            .selection
            .fetch(|selected| self.encoder.feature(&stored(&selected)?.feature(selected.geometry)?, &mut self.buffer));
        if !fetched.or_raise() {
            self.state = State::Rest;
        }
    }

    /// Writes some of the rest.
    fn rest(&mut self) {
        if self.encoder.finish(&mut self.buffer).or_raise() == Rest::Done {
            self.files.close();
            self.state = State::Done;
        }
    }

    /// What comes before all rows is a chunk of its own, as the next may take as long as the whole export.
    fn next(&mut self) -> Option<Vec<u8>> {
        if self.state == State::Begun {
            self.state = State::Rows;
            if !self.buffer.is_empty() {
                return Some(std::mem::take(&mut self.buffer));
            }
        }
        while self.buffer.len() < CHUNK && self.state != State::Done {
            interrupts::check();
            match self.state {
                State::Begun | State::Rows => self.rows(),
                State::Rest | State::Done => self.rest(),
            }
        }
        (!self.buffer.is_empty()).then(|| std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK + CHUNK / 4)))
    }
}

/// Encodes in a thread. It goes with this, and where the statement ends in an error.
pub struct Beside {
    selection: Selection,
    has_more_rows: bool,
    thread: Thread,
    ready: VecDeque<Result<Vec<u8>>>,
}

enum Thread {
    /// There were no rows yet.
    NotStarted(Encoding),
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
        Self { selection, has_more_rows: true, thread: Thread::NotStarted(encoding), ready: VecDeque::new() }
    }

    fn next(&mut self) -> Option<Vec<u8>> {
        while self.ready.is_empty() && !matches!(self.thread, Thread::Gone) {
            interrupts::check();
            if self.has_more_rows {
                let job = self.fetch();
                self.give(job);
            } else {
                self.take();
            }
        }
        self.ready.pop_front().map(OrRaise::or_raise)
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

    /// Has rows encoded: by the thread, but for those that are all there is.
    fn give(&mut self, job: Job) {
        let mut crew = match std::mem::replace(&mut self.thread, Thread::Gone) {
            Thread::Gone => return,
            Thread::NotStarted(mut encoding) if job.is_last => {
                self.ready.extend(encoding.encode(&job).transpose());
                return;
            }
            Thread::NotStarted(encoding) => encoding.start(),
            Thread::Started(crew) => crew,
        };
        crew.give(job, |chunk| self.ready.push_back(chunk));
        self.thread = Thread::Started(crew);
    }

    /// Waits for what the thread makes of the oldest job.
    fn take(&mut self) {
        if let Thread::Started(crew) = &mut self.thread
            && !crew.take(|chunk| self.ready.push_back(chunk))
        {
            self.thread = Thread::Gone;
        }
    }
}

/// An encoder, and what it has written of the next chunk.
struct Encoding {
    encoder: Box<dyn Encoder + Send>,
    buffer: Vec<u8>,
}

impl Encoding {
    /// The next chunk, if there is enough for one.
    fn encode(&mut self, job: &Job) -> Result<Option<Vec<u8>>> {
        job.rows.encode(self.encoder.as_mut(), &mut self.buffer)?;
        if job.is_last {
            while self.encoder.finish(&mut self.buffer)? == Rest::More {}
        }
        let size = self.buffer.len();
        let is_whole = size >= CHUNK || job.is_last && size > 0;
        Ok(is_whole.then(|| std::mem::replace(&mut self.buffer, Vec::with_capacity(size))))
    }

    /// Starts the thread.
    fn start(mut self) -> Crew<Job, Result<Vec<u8>>> {
        Crew::of_one("rawdata export", JOBS, READY_BYTES, move |job: Job, chunks: &Results<_>| {
            if let Some(chunk) = self.encode(&job).transpose() {
                let size = chunk.as_ref().map_or(0, Vec::len);
                chunks.put(chunk, size);
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
