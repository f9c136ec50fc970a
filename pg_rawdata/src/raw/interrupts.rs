//! Answering cancel, terminate and the death of the postmaster in long loops.

use std::cell::Cell;
use std::time::{Duration, Instant};

use pgrx::pg_sys;

/// Asking for the parent process enters the kernel, which each row is too often for.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

thread_local! {
    static LOOKED: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Raises if the session was asked to stop. Called at least every few milliseconds of work.
pub fn check() {
    pgrx::check_for_interrupts!();
    let now = Instant::now();
    if LOOKED.get().is_some_and(|looked| now.duration_since(looked) < BETWEEN_LOOKS) {
        return;
    }
    LOOKED.set(Some(now));
    // SAFETY: reads a variable that the server sets once at start; getppid cannot fail.
    let orphaned = unsafe { pg_sys::IsUnderPostmaster && libc::getppid() != pg_sys::PostmasterPid };
    if orphaned {
        pgrx::ereport!(
            FATAL,
            pgrx::PgSqlErrorCode::ERRCODE_ADMIN_SHUTDOWN,
            "terminating connection because the server's main process is gone"
        );
    }
}

/// Waits, and raises if the session is asked to stop meanwhile.
pub fn pause(time: Duration) {
    let end = Instant::now() + time;
    loop {
        check();
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        // A signal ends the sleep of the kernel but not this one, so it is short.
        std::thread::sleep(left.min(Duration::from_millis(10)));
    }
}

/// The same, as long work of the core asks for it.
pub fn answer() -> rawdata_core::Result<()> {
    check();
    Ok(())
}
