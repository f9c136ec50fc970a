//! Threads of pure Rust inside a backend, and what the system says about the process.

use std::thread::{Builder, JoinHandle};

/// Starts a thread that gets no signals: they are for the backend's own thread, where the server's handlers may run.
///
/// The work must not call the server.
pub fn spawn<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> std::io::Result<JoinHandle<T>> {
    // SAFETY: the masks are plain values; the old one is put back before anything else happens on this thread.
    unsafe {
        let mut all = std::mem::zeroed::<libc::sigset_t>();
        let mut before = std::mem::zeroed::<libc::sigset_t>();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before);
        let thread = Builder::new().name(name.to_owned()).spawn(work);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, std::ptr::null_mut());
        thread
    }
}

/// The size of a page of memory.
pub fn page_bytes() -> u64 {
    // SAFETY: a plain question to the C library.
    u64::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}
