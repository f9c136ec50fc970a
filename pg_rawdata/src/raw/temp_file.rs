//! Temporary files of the server: in its temporary tablespace, counted against temp_file_limit, gone with the statement.

use pgrx::pg_sys;

/// A temporary file, first written, then read.
pub struct TempFile {
    file: *mut pg_sys::BufFile,
}

impl TempFile {
    pub fn create() -> Self {
        // SAFETY: the file's record must outlive the memory of one call, so it lies in the transaction's context;
        // the file belongs to the current resource owner, which closes it when the statement ends in an error.
        unsafe {
            let before = pg_sys::MemoryContextSwitchTo(pg_sys::TopTransactionContext);
            let file = pg_sys::BufFileCreateTemp(false);
            pg_sys::MemoryContextSwitchTo(before);
            Self { file }
        }
    }

    /// Appends bytes.
    pub fn write(&mut self, bytes: &[u8]) {
        // SAFETY: the call only reads from the pointer.
        unsafe { pg_sys::BufFileWrite(self.file, bytes.as_ptr().cast_mut().cast(), bytes.len()) };
    }

    /// Goes to a byte for reading.
    pub fn seek(&mut self, byte: u64) {
        // SAFETY: a plain call; files beyond a segment's size are split by the server.
        let failed =
            unsafe { pg_sys::BufFileSeek(self.file, 0, i64::try_from(byte).unwrap_or(i64::MAX), libc::SEEK_SET) != 0 };
        if failed {
            pgrx::error!("could not go to byte {byte} of a temporary file");
        }
    }

    /// Reads up to `into.len()` bytes; fewer only at the end.
    pub fn read(&mut self, into: &mut [u8]) -> usize {
        // SAFETY: the call writes at most `into.len()` bytes.
        unsafe { pg_sys::BufFileRead(self.file, into.as_mut_ptr().cast(), into.len()) }
    }

    /// Closes and deletes the file.
    pub fn close(self) {
        // SAFETY: the value is used up.
        unsafe { pg_sys::BufFileClose(self.file) };
    }
}
