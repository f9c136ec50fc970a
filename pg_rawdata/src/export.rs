//! The finished file of a request, in chunks.

use std::io::Write;

use pgrx::prelude::*;
use rawdata_core::Result;
use rawdata_core::osm::Timestamp;
use rawdata_core::request::query::Source;
use rawdata_core::stored::geometry::View;
use rawdata_core::stored::jsonb::Object;
use rawdata_core::write::{self, Encoder, Feature, Rest};

use crate::error::{OrRaise, Refused, refuse};
use crate::raw::datum::JsonText;
use crate::raw::early_end::at_end_of_query;
use crate::raw::interrupts;
use crate::raw::portal::Row;
use crate::request::{self, Selection, broken};
use crate::scratch::TempFiles;
use crate::server_file;

const CHUNK: usize = 1 << 20;
/// 2000-01-01 in microseconds since 1970.
const SERVER_EPOCH: i64 = 946_684_800_000_000;

/// The finished file of a request, in chunks of 1 to 4 MiB. To be called in the select list, where it streams.
#[pg_extern(stable, strict)]
fn export(request: JsonText, fcinfo: pg_sys::FunctionCallInfo) -> SetOfIterator<'static, Vec<u8>> {
    let chunks = Chunks::start(&request);
    let files = chunks.files.clone();
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

/// An export on its way. Between calls it holds the encoder, its temporary files and, of the rows, the name of a portal.
struct Chunks {
    selection: Selection,
    encoder: Box<dyn Encoder>,
    files: TempFiles,
    state: State,
    buffer: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Rows are coming.
    Rows,
    /// All rows are encoded, but the encoder has not written all.
    Rest,
    /// The file is whole.
    Done,
}

impl Chunks {
    fn start(request: &JsonText) -> Self {
        let request = request::check(request);
        let schema = request.schema();
        let files = TempFiles::default();
        let mut encoder = write::encoder(&schema, Box::new(files.clone())).or_raise();
        let mut buffer = Vec::new();
        encoder.begin(&schema, &mut buffer).or_raise();
        Self { selection: Selection::of_rows(&request), encoder, files, state: State::Rows, buffer }
    }

    /// Encodes some rows.
    fn rows(&mut self) {
        let fetched =
            self.selection.fetch(|row, geometry| self.encoder.feature(&feature(row, geometry)?, &mut self.buffer));
        if !fetched.or_raise() {
            self.state = State::Rest;
        }
    }

    /// Writes some of the rest.
    fn rest(&mut self) {
        if self.encoder.finish(&mut self.buffer).or_raise() == Rest::Done {
            self.files.close();
            self.state = State::Done;
        }
    }
}

impl Iterator for Chunks {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        while self.buffer.len() < CHUNK && self.state != State::Done {
            interrupts::check();
            match self.state {
                State::Rows => self.rows(),
                _ => self.rest(),
            }
        }
        (!self.buffer.is_empty()).then(|| std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK + CHUNK / 4)))
    }
}

fn feature<'a>(row: &'a Row<'_>, geometry: View<'a>) -> Result<Feature<'a>> {
    Ok(Feature {
        source: row.int4(0).and_then(Source::from_code).ok_or_else(broken)?,
        id: row.int8(1).ok_or_else(broken)?,
        version: row.int4(2),
        changeset: row.int8(3),
        timestamp: row.int8(4).map(|time| Timestamp((time + SERVER_EPOCH).div_euclid(1_000_000))),
        uid: row.int4(5),
        user: row.text(6),
        tags: Object::parse(row.bytes(7).ok_or_else(broken)?)?,
        geometry,
    })
}
