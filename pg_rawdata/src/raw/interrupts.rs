//! Answering cancel, terminate and the death of the postmaster in long loops.

use pgrx::pg_sys;

/// Raises if the session was asked to stop. Called at least every few milliseconds of work.
pub fn check() {
    pgrx::check_for_interrupts!();
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

/// The same, as long work of the core asks for it.
pub fn answer() -> rawdata_core::Result<()> {
    check();
    Ok(())
}
