//! How far an import is: other sessions see it in the view rawdata.import_progress, the one that runs it in notices.

use std::cell::Cell;
use std::ffi::CString;
use std::time::{Duration, Instant};

use rawdata_core::osm::ObjectKind;

use super::source::Share;
use crate::raw::{role, thread};

/// A stage of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Read,
    Nodes,
    Ways,
    Relations,
    Index,
    Swap,
}

impl Phase {
    fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Nodes => "nodes",
            Self::Ways => "ways",
            Self::Relations => "relations",
            Self::Index => "index",
            Self::Swap => "swap",
        }
    }

    /// What is counted in this phase.
    fn unit(self) -> &'static str {
        match self {
            Self::Index | Self::Swap => "tables",
            Self::Read | Self::Nodes | Self::Ways | Self::Relations => "objects",
        }
    }
}

impl From<ObjectKind> for Phase {
    fn from(kind: ObjectKind) -> Self {
        match kind {
            ObjectKind::Node => Self::Nodes,
            ObjectKind::Way => Self::Ways,
            ObjectKind::Relation => Self::Relations,
        }
    }
}

/// Objects between two signs of life.
const STEP: u64 = 10_000;

/// A phase that was quicker is not worth a notice.
const NOTABLE: Duration = Duration::from_secs(1);

/// The phase that runs.
#[derive(Clone, Copy)]
struct Running {
    phase: Phase,
    since: Instant,
    /// What was done before the phase, and what is.
    before: u64,
    done: u64,
}

/// Objects of all kinds that are done, and in all.
pub struct Counter {
    done: u64,
    total: Total,
}

enum Total {
    Known(u64),
    /// From the share of the document that is read.
    Estimated(Share),
    Unknown,
}

impl Counter {
    /// Of a document whose objects were counted.
    pub fn knowing(total: u64) -> Self {
        Self { done: 0, total: Total::Known(total) }
    }

    /// Of a document that is being read.
    pub fn estimating(share: Option<Share>) -> Self {
        Self { done: 0, total: share.map_or(Total::Unknown, Total::Estimated) }
    }

    /// Counts objects that are done, and shows it now and then.
    pub fn count(&mut self, phase: Phase, more: u64) {
        let steps = self.done / STEP;
        self.done += more;
        if self.done / STEP > steps {
            self.show(phase);
        }
    }

    /// Shows how far a phase is.
    pub fn show(&self, phase: Phase) {
        let total = match &self.total {
            Total::Known(total) => Some(*total),
            Total::Estimated(share) => share.whole_of(self.done),
            Total::Unknown => None,
        };
        show(phase, self.done, total);
    }
}

thread_local! {
    static RUNNING: Cell<Option<Running>> = const { Cell::new(None) };
}

/// Makes ready to show an import, until [`end`] or the end of the transaction.
pub fn begin() {
    RUNNING.set(None);
    pgrx::register_xact_callback(pgrx::PgXactCallbackEvent::Abort, || {
        RUNNING.set(None);
        role::show_own_application_name();
    });
}

/// Shows a phase, with objects (or tables) done and in all. Where it is a new one, a notice says what the last one took.
pub fn show(phase: Phase, done: u64, total: Option<u64>) {
    let running = match RUNNING.get() {
        Some(running) if running.phase == phase => Running { done, ..running },
        last => {
            last.inspect(notice);
            Running { phase, since: Instant::now(), before: done, done }
        }
    };
    RUNNING.set(Some(running));
    let seconds = running.since.elapsed().as_secs_f64();
    let is_rated = phase.unit() == "objects" && seconds > 0.1;
    let rate = if is_rated { format!("{:.0}", (done - running.before) as f64 / seconds) } else { String::new() };
    let total = total.map_or_else(String::new, |total| total.to_string());
    let memory = memory_mb().map_or_else(String::new, |mb| mb.to_string());
    // The server cuts it at 63 bytes; ten billion nodes of ten billion fit.
    let text = CString::new(format!("rawdata import/{}/{done}/{total}/{rate}/{memory}", phase.name()));
    if let Ok(text) = text {
        role::show_as_application_name(&text);
    }
}

/// Shows the session's own name again.
pub fn end() {
    RUNNING.take().inspect(notice);
    role::show_own_application_name();
}

fn notice(running: &Running) {
    let Running { phase, since, before, done } = *running;
    let took = since.elapsed();
    if took >= NOTABLE {
        pgrx::notice!("{}: {} {} in {:.1} s", phase.name(), done - before, phase.unit(), took.as_secs_f64());
    }
}

/// Memory of this process that is its own, in megabytes, where the system tells.
fn memory_mb() -> Option<u64> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    let mut pages = pages.split_ascii_whitespace().skip(1).map_while(|number| number.parse::<u64>().ok());
    let (resident, shared) = (pages.next()?, pages.next()?);
    Some((resident.saturating_sub(shared) * thread::page_bytes()) >> 20)
}
