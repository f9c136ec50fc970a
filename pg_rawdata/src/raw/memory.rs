//! Memory of the server for one batch of work.

use pgrx::pg_sys;

/// Memory that is given back after each use. An error on the way frees it with the memory that it is a part of.
pub(super) struct Batch {
    context: pg_sys::MemoryContext,
}

impl Batch {
    pub(super) fn new() -> Self {
        // SAFETY: the context is a child of the one we are in.
        let context = unsafe {
            pg_sys::AllocSetContextCreateExtended(
                pg_sys::CurrentMemoryContext,
                c"rawdata batch".as_ptr(),
                pg_sys::ALLOCSET_DEFAULT_MINSIZE as usize,
                pg_sys::ALLOCSET_DEFAULT_INITSIZE as usize,
                pg_sys::ALLOCSET_DEFAULT_MAXSIZE as usize,
            )
        };
        Self { context }
    }

    pub(super) fn context(&self) -> pg_sys::MemoryContext {
        self.context
    }

    /// Does something whose allocations in the server's memory are given back at its end. The result must not lie there.
    pub(super) fn run<T: 'static>(&self, work: impl FnOnce() -> T) -> T {
        // SAFETY: the context is there until the end.
        unsafe {
            let before = pg_sys::MemoryContextSwitchTo(self.context);
            let done = work();
            pg_sys::MemoryContextSwitchTo(before);
            pg_sys::MemoryContextReset(self.context);
            done
        }
    }

    /// Ends it.
    pub(super) fn end(self) {
        // SAFETY: the value is used up.
        unsafe { pg_sys::MemoryContextDelete(self.context) };
    }
}

/// Does something once whose allocations in the server's memory are given back at its end. The result must not lie there.
pub fn given_back<T: 'static>(work: impl FnOnce() -> T) -> T {
    let batch = Batch::new();
    let done = batch.run(work);
    batch.end();
    done
}
