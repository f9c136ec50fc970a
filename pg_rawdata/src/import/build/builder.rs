//! Objects of one kind given to threads, and what they make written to the tables in the order of the objects.

use rawdata_core::osm::{Element, ObjectKind};
use rawdata_core::packed::record::{self, Decoder};
use rawdata_core::{Error, ErrorKind, Result};

use super::far::FarValues;
use crate::crew::{Crew, Results, Stop};
use crate::error::OrRaise;
use crate::import::fresh::Fresh;
use crate::import::packed_table::{PackedRows, PackedTable};
use crate::import::rows::{RowWriter, Rows, Written};
use crate::raw::interrupts;

/// A job is given out when its records and far values take this much, and what is made of them is handed over in parts of it.
const JOB_BYTES: usize = 256 << 10;
/// Jobs that the threads have, to be busy while the backend builds indexes.
const JOBS: usize = 96;
/// The bytes of results that they may have ready.
const READY_BYTES: usize = 64 << 20;

/// What a thread makes of objects.
#[derive(Default)]
pub struct Made {
    pub packed: PackedRows,
    pub rows: Rows,
}

impl Made {
    fn size(&self) -> usize {
        self.packed.size() + self.rows.size()
    }
}

/// Work of one thread on the objects of one kind.
pub trait Work: Send + 'static {
    /// Makes rows of an object. `go_on` fails where nobody waits for them any more.
    fn object(
        &mut self,
        element: &Element<'_>,
        far: &FarValues,
        go_on: &mut dyn FnMut() -> Result<()>,
        made: &mut Made,
    ) -> Result<()>;

    /// Makes the rows that are left when a job ends.
    fn end(&mut self, _made: &mut Made) {}
}

/// Records of objects, each after its length, and the values they need that the threads do not have.
#[derive(Default)]
struct Job {
    records: Vec<u8>,
    far: FarValues,
}

/// The threads and the tables of one kind.
pub struct Builder {
    crew: Crew<Job, Result<Made>>,
    next: Job,
    packed: PackedTable,
    rows: RowWriter,
    meanwhile: Option<Box<dyn FnOnce()>>,
}

impl Builder {
    /// Starts the threads; `new_work` makes what one of them does.
    pub fn start<W: Work>(kind: ObjectKind, packed: PackedTable, fresh: Fresh, new_work: impl Fn() -> W) -> Self {
        let crew = Crew::start("rawdata build", JOBS, READY_BYTES, |stop| {
            let mut work = new_work();
            move |job: Job, made: &Results<_>| {
                if let Err(error) = run(&mut work, kind, &job, &stop, made) {
                    made.put(Err(error), 0);
                }
            }
        });
        Self { crew, next: Job::default(), packed, rows: RowWriter::new(fresh), meanwhile: None }
    }

    /// What the backend does once all threads have as many jobs as they may have.
    pub fn meanwhile(&mut self, work: impl FnOnce() + 'static) {
        self.meanwhile = Some(Box::new(work));
    }

    /// Adds an object by its record. Before a record that `may_begin_a_job`, those added so far may be given out.
    pub fn add(&mut self, record: &[u8], may_begin_a_job: bool, far: impl FnOnce(&mut FarValues)) {
        if may_begin_a_job && self.next.records.len() + self.next.far.size() >= JOB_BYTES {
            self.give();
        }
        far(&mut self.next.far);
        let length = u32::try_from(record.len()).unwrap_or(u32::MAX);
        self.next.records.extend_from_slice(&length.to_le_bytes());
        self.next.records.extend_from_slice(record);
    }

    /// Waits for all rows and writes them. The table of packed values, and the rows in the other tables.
    pub fn finish(mut self) -> (PackedTable, Written) {
        self.give();
        if let Some(work) = self.meanwhile.take() {
            work();
        }
        let Self { mut crew, mut packed, mut rows, .. } = self;
        while crew.take(|made| write(made, &mut packed, &mut rows)) {}
        (packed, rows.finish())
    }

    /// Closes the tables, whatever is in them.
    pub fn abandon(self) {
        self.packed.close();
        self.rows.finish();
    }

    fn give(&mut self) {
        interrupts::check();
        let job = std::mem::take(&mut self.next);
        if self.crew.is_full()
            && let Some(work) = self.meanwhile.take()
        {
            work();
        }
        let Self { crew, packed, rows, .. } = self;
        crew.give(job, |made| write(made, packed, rows));
    }
}

fn write(made: Result<Made>, packed: &mut PackedTable, rows: &mut RowWriter) {
    let mut made = made.or_raise();
    packed.write(&made.packed);
    rows.write(&mut made.rows);
}

/// What a thread does with a job.
fn run(work: &mut impl Work, kind: ObjectKind, job: &Job, stop: &Stop, out: &Results<Result<Made>>) -> Result<()> {
    let mut go_on = || match stop.is_asked() {
        true => Err(Error::new(ErrorKind::Io, "import was ended")),
        false => Ok(()),
    };
    let mut decoder = Decoder::default();
    let mut made = Made::default();
    for record in record::bodies(&job.records) {
        let element = decoder.decode(kind, record)?;
        work.object(&element, &job.far, &mut go_on, &mut made)?;
        if made.size() >= JOB_BYTES {
            go_on()?;
            let size = made.size();
            out.put(Ok(std::mem::take(&mut made)), size);
        }
    }
    work.end(&mut made);
    let size = made.size();
    out.put(Ok(made), size);
    Ok(())
}
