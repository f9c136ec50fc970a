//! Files of the server: only for those whom PostgreSQL itself lets at them.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use pgrx::pg_sys;

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

/// Makes a new file for writing, readable by its owner and group.
pub fn create(path: &str) -> File {
    if !role::current_user_is(pg_sys::ROLE_PG_WRITE_SERVER_FILES) {
        refuse(Refused::ServerFiles("pg_write_server_files"), "");
    }
    if !Path::new(path).is_absolute() {
        refuse(Refused::Write, ": it is not absolute");
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o640).open(path) {
        Ok(file) => file,
        Err(error) => refuse(Refused::Write, &format!(": {}", error.kind())),
    }
}
