//! Threads of pure Rust that work beside the backend's own, results in the order of the jobs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use crate::error::{Refused, refuse};
use crate::raw::{interrupts, thread};

/// Jobs that a thread has before it, the one at work included: the next lies ready when one is done.
const JOBS_A_THREAD: usize = 2;
/// Results that a thread has ready and nobody took, ends of jobs included.
const RESULTS_A_THREAD: usize = 4;
/// More threads than this find the backend's own, which writes what they make, always busy.
const MOST_THREADS: usize = 4;
const PATIENCE: Duration = Duration::from_millis(20);

/// Tells a thread that nobody waits for its work any more.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Whether to leave off.
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Where a thread puts what it makes of a job; `None` ends the job.
pub struct Results<R>(SyncSender<Option<R>>);

impl<R> Results<R> {
    /// Hands over a result, one of any number for a job; `false` where nobody waits for it any more.
    pub fn put(&self, result: R) -> bool {
        self.0.send(Some(result)).is_ok()
    }
}

struct Member<J, R> {
    jobs: SyncSender<J>,
    results: Receiver<Option<R>>,
}

/// The threads. Jobs go round, and results are taken round, so that their order does not depend on who is quick.
pub struct Crew<J, R> {
    members: Vec<Member<J, R>>,
    given: usize,
    taken: usize,
    stop: Stop,
}

impl<J: Send + 'static, R: Send + 'static> Crew<J, R> {
    /// Starts a thread for each processor. `new_work` makes what one thread does with each job; it must not call the server.
    pub fn start<W: FnMut(J, &Results<R>) + Send + 'static>(name: &str, new_work: impl Fn(Stop) -> W) -> Self {
        let count = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
        let stop = Stop::default();
        let members = (0..count).map(|_| Member::start(name, new_work(stop.clone()))).collect();
        Self { members, given: 0, taken: 0, stop }
    }

    /// How many jobs were given out whose results are not taken yet.
    pub fn open_jobs(&self) -> usize {
        self.given - self.taken
    }

    /// Gives out a job. Where all hands are full, `each` gets the results of the oldest first.
    pub fn give(&mut self, job: J, each: impl FnMut(R)) {
        if self.open_jobs() == self.members.len() * JOBS_A_THREAD {
            self.take(each);
        }
        let next = self.given % self.members.len().max(1);
        self.given += 1;
        if self.members.get(next).is_some_and(|member| member.jobs.send(job).is_err()) {
            pgrx::error!("a thread of the import broke off");
        }
    }

    /// Waits for all results of the oldest job given out and not taken yet; `false` where there is none.
    pub fn take(&mut self, mut each: impl FnMut(R)) -> bool {
        if self.taken == self.given {
            return false;
        }
        let Some(member) = self.members.get(self.taken % self.members.len().max(1)) else { return false };
        loop {
            interrupts::check();
            match member.results.recv_timeout(PATIENCE) {
                Ok(Some(result)) => each(result),
                Ok(None) => {
                    self.taken += 1;
                    return true;
                }
                Err(RecvTimeoutError::Timeout) => {}
                // The thread is gone before the job's end: it panicked.
                Err(RecvTimeoutError::Disconnected) => pgrx::error!("a thread of the import broke off"),
            }
        }
    }
}

impl<J: Send + 'static, R: Send + 'static> Member<J, R> {
    fn start(name: &str, mut work: impl FnMut(J, &Results<R>) + Send + 'static) -> Self {
        let (jobs, todo) = sync_channel(JOBS_A_THREAD);
        let (done, results) = sync_channel(RESULTS_A_THREAD);
        let all_jobs = move || {
            let done = Results(done);
            // The channels close where the import ends, well or not.
            while let Ok(job) = todo.recv() {
                work(job, &done);
                if done.0.send(None).is_err() {
                    return;
                }
            }
        };
        match thread::spawn(name, all_jobs) {
            Ok(_) => Self { jobs, results },
            Err(error) => refuse(Refused::Threads, &error.to_string()),
        }
    }
}

impl<J, R> Drop for Crew<J, R> {
    fn drop(&mut self) {
        self.stop.0.store(true, Ordering::Relaxed);
    }
}
