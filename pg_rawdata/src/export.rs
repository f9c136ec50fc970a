//! The finished file of a request, in chunks.

use pgrx::prelude::*;

use crate::chunks::Chunks;
use crate::raw::datum::JsonText;
use crate::raw::early_end::at_end_of_query;
use crate::server_file::NewFile;

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
    let mut file = NewFile::create(path);
    let mut size = 0;
    for chunk in Chunks::start(&request) {
        file.write(&chunk);
        size += chunk.len() as u64;
    }
    file.keep();
    size.cast_signed()
}
