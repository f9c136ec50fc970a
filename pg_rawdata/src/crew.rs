//! Threads of pure Rust that work beside the backend's own, results in the order of the jobs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::error::{Refused, refuse};
use crate::raw::{interrupts, thread};

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

/// Bytes of results that a thread has ready and nobody took.
struct Ready {
    bytes: Mutex<usize>,
    taken: Condvar,
    /// How many there may be, but for a result that is larger by itself.
    limit: usize,
}

impl Ready {
    /// Waits until there is room, or until nobody waits for results any more.
    fn add(&self, bytes: usize, stop: &Stop) {
        let mut ready = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        while *ready > 0 && *ready + bytes > self.limit && !stop.is_asked() {
            ready = self.taken.wait_timeout(ready, PATIENCE).unwrap_or_else(PoisonError::into_inner).0;
        }
        *ready += bytes;
    }

    fn take(&self, bytes: usize) {
        *self.bytes.lock().unwrap_or_else(PoisonError::into_inner) -= bytes;
        self.taken.notify_one();
    }
}

/// Where a thread puts what it makes of a job.
pub struct Results<R> {
    /// A result and its bytes; `None` ends the job.
    made: Sender<Option<(R, usize)>>,
    ready: Arc<Ready>,
    stop: Stop,
}

impl<R> Results<R> {
    /// Hands over a result of so many bytes, one of any number for a job; `false` where nobody waits for it any more.
    pub fn put(&self, result: R, bytes: usize) -> bool {
        self.ready.add(bytes, &self.stop);
        self.made.send(Some((result, bytes))).is_ok()
    }
}

struct Member<J, R> {
    jobs: SyncSender<J>,
    made: Receiver<Option<(R, usize)>>,
    ready: Arc<Ready>,
}

/// What a crew says of the oldest job.
pub enum Next<R> {
    /// One of its results.
    Result(R),
    /// That was all.
    EndOfJob,
    /// All jobs are done.
    NoJob,
}

/// The threads. Jobs go round, and results are taken round, so that their order does not depend on who is quick.
pub struct Crew<J, R> {
    members: Vec<Member<J, R>>,
    jobs_a_thread: usize,
    given: usize,
    taken: usize,
    stop: Stop,
}

impl<J: Send + 'static, R: Send + 'static> Crew<J, R> {
    /// Starts a thread for each processor. Together they have `jobs` before them at most, those at work included, and
    /// `ready` bytes of results. `new_work` makes what one thread does with each job; it must not call the server.
    pub fn start<W: FnMut(J, &Results<R>) + Send + 'static>(
        name: &str,
        jobs: usize,
        ready: usize,
        new_work: impl Fn(Stop) -> W,
    ) -> Self {
        let count = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
        let stop = Stop::default();
        let jobs_a_thread = (jobs / count).max(1);
        let member = |_| Member::start(name, jobs_a_thread, ready / count, &stop, new_work(stop.clone()));
        let members = (0..count).map(member).collect();
        Self { members, jobs_a_thread, given: 0, taken: 0, stop }
    }

    /// Starts one thread, whose work depends on the jobs before.
    pub fn of_one(name: &str, jobs: usize, ready: usize, work: impl FnMut(J, &Results<R>) + Send + 'static) -> Self {
        let stop = Stop::default();
        let members = vec![Member::start(name, jobs, ready, &stop, work)];
        Self { members, jobs_a_thread: jobs, given: 0, taken: 0, stop }
    }

    /// How many jobs were given out whose results are not taken yet.
    pub fn open_jobs(&self) -> usize {
        self.given - self.taken
    }

    /// Whether all hands are full.
    pub fn is_full(&self) -> bool {
        self.open_jobs() == self.members.len() * self.jobs_a_thread
    }

    /// Gives out a job. Where all hands are full, `each` gets the results of the oldest first.
    pub fn give(&mut self, job: J, each: impl FnMut(R)) {
        if self.is_full() {
            self.take(each);
        }
        let next = self.given % self.members.len().max(1);
        self.given += 1;
        if self.members.get(next).is_some_and(|member| member.jobs.send(job).is_err()) {
            pgrx::error!("a thread broke off");
        }
    }

    /// Waits for all results of the oldest job given out and not taken yet; `false` where there is none.
    pub fn take(&mut self, mut each: impl FnMut(R)) -> bool {
        loop {
            match self.next() {
                Next::Result(result) => each(result),
                Next::EndOfJob => return true,
                Next::NoJob => return false,
            }
        }
    }

    /// Waits for what comes next of the oldest job given out and not taken yet.
    pub fn next(&mut self) -> Next<R> {
        if self.taken == self.given {
            return Next::NoJob;
        }
        let Some(member) = self.members.get(self.taken % self.members.len().max(1)) else { return Next::NoJob };
        loop {
            interrupts::check();
            match member.made.recv_timeout(PATIENCE) {
                Ok(Some((result, bytes))) => {
                    member.ready.take(bytes);
                    return Next::Result(result);
                }
                Ok(None) => {
                    self.taken += 1;
                    return Next::EndOfJob;
                }
                Err(RecvTimeoutError::Timeout) => {}
                // The thread is gone before the job's end: it panicked.
                Err(RecvTimeoutError::Disconnected) => pgrx::error!("a thread broke off"),
            }
        }
    }
}

impl<J: Send + 'static, R: Send + 'static> Member<J, R> {
    fn start(
        name: &str,
        jobs: usize,
        ready: usize,
        stop: &Stop,
        mut work: impl FnMut(J, &Results<R>) + Send + 'static,
    ) -> Self {
        let (jobs, todo) = sync_channel(jobs);
        let (sender, made) = channel();
        let ready = Arc::new(Ready { bytes: Mutex::default(), taken: Condvar::new(), limit: ready });
        let results = Results { made: sender, ready: Arc::clone(&ready), stop: stop.clone() };
        let all_jobs = move || {
            // The channels close where the statement ends, well or not.
            while let Ok(job) = todo.recv() {
                work(job, &results);
                if results.made.send(None).is_err() {
                    return;
                }
            }
        };
        match thread::spawn(name, all_jobs) {
            Ok(_) => Self { jobs, made, ready },
            Err(error) => refuse(Refused::Threads, &error.to_string()),
        }
    }
}

impl<J, R> Drop for Crew<J, R> {
    fn drop(&mut self) {
        self.stop.0.store(true, Ordering::Relaxed);
    }
}
