//! Requests to stop that come just when a lock timeout does. The server tells both by the same flag and reports the timeout, so
//! whoever catches that would never hear of the request.

use std::marker::PhantomData;
use std::mem::{MaybeUninit, zeroed};
use std::sync::atomic::{AtomicBool, Ordering};

use pgrx::pg_sys;

static CANCELLED: AtomicBool = AtomicBool::new(false);

/// Keeps in mind what asks the statement to stop, from its making to its end.
pub struct StopRequests {
    before: libc::sigaction,
    /// Signals are for the backend's own thread.
    _here: PhantomData<*const ()>,
}

impl StopRequests {
    /// Begins to watch.
    pub fn watch() -> Self {
        CANCELLED.store(false, Ordering::Relaxed);
        // SAFETY: plain calls to the C library; the handler keeps a flag and does what the server's own does.
        unsafe {
            let mut action: libc::sigaction = zeroed();
            action.sa_sigaction = keep as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
            let mut before = MaybeUninit::<libc::sigaction>::zeroed();
            libc::sigaction(libc::SIGINT, &raw const action, before.as_mut_ptr());
            Self { before: before.assume_init(), _here: PhantomData }
        }
    }

    /// Raises what the server would have raised if it was asked to stop since the watch began.
    pub fn obey(&self) {
        let reason = if CANCELLED.load(Ordering::Relaxed) {
            "user request"
        } else if is_over_time() {
            "statement timeout"
        } else {
            return;
        };
        pgrx::ereport!(
            ERROR,
            pgrx::PgSqlErrorCode::ERRCODE_QUERY_CANCELED,
            format!("canceling statement due to {reason}")
        );
    }
}

impl Drop for StopRequests {
    fn drop(&mut self) {
        // SAFETY: puts back the handler that was there.
        unsafe { libc::sigaction(libc::SIGINT, &raw const self.before, std::ptr::null_mut()) };
    }
}

/// Whether the statement runs for longer than it may.
fn is_over_time() -> bool {
    // SAFETY: reads a setting and two clocks.
    let (limit, ran) = unsafe {
        (pg_sys::StatementTimeout, pg_sys::GetCurrentTimestamp() - pg_sys::GetCurrentStatementStartTimestamp())
    };
    limit > 0 && ran >= i64::from(limit) * 1000
}

/// The server sends itself the same signal when a timeout ends; only other processes' are requests.
unsafe extern "C" fn keep(signal: libc::c_int, info: *mut libc::siginfo_t, _context: *mut libc::c_void) {
    // SAFETY: the kernel gives a handler with SA_SIGINFO a valid `info`; the calls are safe in signal handlers.
    unsafe {
        if (*info).si_pid() != libc::getpid() {
            CANCELLED.store(true, Ordering::Relaxed);
        }
        pg_sys::StatementCancelHandler(signal);
    }
}
