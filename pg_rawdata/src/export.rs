//! The finished file of a request, in chunks.

use std::io::Write;

use pgrx::prelude::*;

use crate::chunks::Chunks;
use crate::error::{Refused, refuse};
use crate::raw::datum::JsonText;
use crate::raw::early_end::at_end_of_query;
use crate::server_file;

/// The finished file of a request, in chunks of 1 to 4 MiB. To be called in the select list, where it streams.
#[pg_extern(stable, strict)]
fn export(request: JsonText, fcinfo: pg_sys::FunctionCallInfo) -> SetOfIterator<'static, Vec<u8>> {
    let chunks = Chunks::start(&request);
    let files = chunks.files();
    at_end_of_query(fcinfo, move || files.close());
    SetOfIterator::new(chunks)
}

/// Writes the file of a request into a new file of the server. How many bytes it has.
#[pg_extern(strict)]
fn export_file(path: &str, request: JsonText) -> i64 {
    let mut file = server_file::create(path);
    let written = (|| {
        let mut size = 0;
        for chunk in Chunks::start(&request) {
            file.write_all(&chunk)?;
            size += chunk.len() as u64;
        }
        file.sync_all()?;
        Ok(size)
    })();
    match written {
        Ok(size) => size.cast_signed(),
        Err(error) => {
            let error: std::io::Error = error;
            // What was written is no whole file.
            let _ = std::fs::remove_file(path);
            refuse(Refused::Write, &format!(": {}", error.kind()))
        }
    }
}
