//! Files of the server: only for those whom PostgreSQL itself lets at them.

use std::cell::Cell;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use pgrx::{PgMemoryContexts, pg_sys};

use crate::error::{Refused, refuse};
use crate::raw::role;

/// Opens a regular file for reading. What is wrong with a path is told only as far as the server's own log needs it.
pub fn open(path: &str) -> File {
    if !role::current_user_is(pg_sys::ROLE_PG_READ_SERVER_FILES) {
        refuse(Refused::ServerFiles("pg_read_server_files"), "");
    }
    if !Path::new(path).is_absolute() {
        refuse(Refused::File, ": it is not absolute");
    }
    // Without O_NONBLOCK the opening of a pipe would wait for ever.
    let file = match OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path) {
        Ok(file) => file,
        Err(error) => refuse(Refused::File, &format!(": {}", error.kind())),
    };
    match file.metadata() {
        Ok(facts) if facts.is_file() => file,
        _ => refuse(Refused::File, ": it is no regular file"),
    }
}

/// A new file, which goes with an error or the session's end unless it is kept.
pub struct NewFile {
    file: File,
    unfinished: Unfinished,
}

/// The path of a file that is not whole yet.
#[derive(Clone)]
struct Unfinished(Rc<Cell<Option<PathBuf>>>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            // There is nobody left to tell of an error.
            let _ = std::fs::remove_file(path);
        }
    }
}

impl NewFile {
    /// Makes it, readable by its owner and group.
    pub fn create(path: &str) -> Self {
        if !role::current_user_is(pg_sys::ROLE_PG_WRITE_SERVER_FILES) {
            refuse(Refused::ServerFiles("pg_write_server_files"), "");
        }
        if !Path::new(path).is_absolute() {
            refuse(Refused::Write, ": it is not absolute");
        }
        match OpenOptions::new().write(true).create_new(true).mode(0o640).open(path) {
            Ok(file) => {
                let unfinished = Unfinished(Rc::new(Cell::new(Some(path.into()))));
                // An error drops this value; where the session is ended nothing is dropped, but the transaction's memory given up.
                PgMemoryContexts::TopTransactionContext.leak_and_drop_on_delete(unfinished.clone());
                Self { file, unfinished }
            }
            Err(error) => refuse_to_write(&error),
        }
    }

    /// Appends bytes.
    pub fn write(&mut self, bytes: &[u8]) {
        self.file.write_all(bytes).unwrap_or_else(|error| refuse_to_write(&error));
    }

    /// Keeps it, whole.
    pub fn keep(self) {
        self.file.sync_all().unwrap_or_else(|error| refuse_to_write(&error));
        self.unfinished.0.take();
    }
}

fn refuse_to_write(error: &io::Error) -> ! {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            refuse(Refused::NoRoom, &error.kind().to_string())
        }
        other => refuse(Refused::Write, &format!(": {other}")),
    }
}
