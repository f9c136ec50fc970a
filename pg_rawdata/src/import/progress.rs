//! How far an import is: other sessions see it in the view rawdata.import_progress, the one that runs it in notices.

use std::cell::Cell;
use std::ffi::CString;
use std::time::{Duration, Instant};

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

/// Objects between two signs of life.
pub const STEP: u64 = 10_000;

/// A phase that was quicker is not worth a notice.
const NOTABLE: Duration = Duration::from_secs(1);

/// The phase that runs.
#[derive(Clone, Copy)]
struct Running {
    phase: Phase,
    since: Instant,
    done: u64,
}

thread_local! {
    static RUNNING: Cell<Option<Running>> = const { Cell::new(None) };
}

/// Begins to show an import, until [`end`] or the end of the transaction.
pub fn begin() {
    RUNNING.set(None);
    pgrx::register_xact_callback(pgrx::PgXactCallbackEvent::Abort, || {
        RUNNING.set(None);
        role::show_own_application_name();
    });
    show(Phase::Read, 0, None);
}

/// Shows a phase, with objects (or tables) done and in all. Where it is a new one, a notice says what the last one took.
pub fn show(phase: Phase, done: u64, total: Option<u64>) {
    let running = match RUNNING.get() {
        Some(running) if running.phase == phase => Running { done, ..running },
        last => {
            last.inspect(notice);
            Running { phase, since: Instant::now(), done }
        }
    };
    RUNNING.set(Some(Running { done: total.unwrap_or(done), ..running }));
    let seconds = running.since.elapsed().as_secs_f64();
    let is_rated = phase.unit() == "objects" && seconds > 0.1;
    let rate = if is_rated { format!("{:.0}", done as f64 / seconds) } else { String::new() };
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
    let Running { phase, since, done } = *running;
    let took = since.elapsed();
    if took >= NOTABLE {
        pgrx::notice!("{}: {done} {} in {:.1} s", phase.name(), phase.unit(), took.as_secs_f64());
    }
}

/// Memory of this process that is its own, in megabytes, where the system tells.
fn memory_mb() -> Option<u64> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    let mut pages = pages.split_ascii_whitespace().skip(1).map_while(|number| number.parse::<u64>().ok());
    let (resident, shared) = (pages.next()?, pages.next()?);
    Some((resident.saturating_sub(shared) * thread::page_bytes()) >> 20)
}
