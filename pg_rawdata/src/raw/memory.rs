//! Memory of the server for one batch of work.

use pgrx::pg_sys;

/// Does something whose allocations in the server's memory are given back at its end. The result must not lie there.
pub fn given_back<T: 'static>(work: impl FnOnce() -> T) -> T {
    // SAFETY: the context is a child of the one we are in, so an error on the way frees it with that.
    unsafe {
        let batch = pg_sys::AllocSetContextCreateExtended(
            pg_sys::CurrentMemoryContext,
            c"rawdata batch".as_ptr(),
            pg_sys::ALLOCSET_DEFAULT_MINSIZE as usize,
            pg_sys::ALLOCSET_DEFAULT_INITSIZE as usize,
            pg_sys::ALLOCSET_DEFAULT_MAXSIZE as usize,
        );
        let before = pg_sys::MemoryContextSwitchTo(batch);
        let done = work();
        pg_sys::MemoryContextSwitchTo(before);
        pg_sys::MemoryContextDelete(batch);
        done
    }
}
