//! The triggers of the views `load` and `load_text`: a document from a client, in pieces, within one COPY.

use std::cell::RefCell;
use std::convert::Infallible;

use pgrx::WhoAllocated;
use pgrx::datum::TryFromDatumError;
use pgrx::prelude::*;

use super::{Import, Source};
use crate::error::{Refused, refuse};

thread_local! {
    /// The import that the running statement feeds.
    static RUNNING: RefCell<Option<Import>> = const { RefCell::new(None) };
}

/// Before the first piece.
#[pg_trigger]
fn _load_begin<'a>(_trigger: &'a PgTrigger<'a>) -> Result<Option<PgHeapTuple<'a, impl WhoAllocated>>, Infallible> {
    let import = Import::begin(Source::chunks(), None);
    RUNNING.set(Some(import));
    // A COPY that fails between two pieces fails outside of these functions.
    pgrx::register_xact_callback(pgrx::PgXactCallbackEvent::Abort, || drop(RUNNING.take()));
    Ok(None::<PgHeapTuple<'a, AllocatedByPostgres>>)
}

/// A piece: bytes as they are, or a line of text without its end.
#[pg_trigger]
fn _load_chunk<'a>(
    trigger: &'a PgTrigger<'a>,
) -> Result<Option<PgHeapTuple<'a, impl WhoAllocated>>, TryFromDatumError> {
    let Some(row) = trigger.new() else { refuse(Refused::TriggerOnly, "") };
    // Taken out for the call: an error on the way must not meet a borrowed cell at the next statement.
    let Some(import) = RUNNING.take() else { refuse(Refused::TriggerOnly, "") };
    RUNNING.set(Some(match row.get_by_name::<&[u8]>("chunk") {
        Ok(chunk) => import.chunk(chunk.unwrap_or_default()),
        Err(_) => import.chunk(row.get_by_name::<&str>("line")?.unwrap_or_default().as_bytes()).chunk(b"\n"),
    }));
    Ok(Some(row))
}

/// After the last piece.
#[pg_trigger]
fn _load_end<'a>(_trigger: &'a PgTrigger<'a>) -> Result<Option<PgHeapTuple<'a, impl WhoAllocated>>, Infallible> {
    let Some(import) = RUNNING.take() else { refuse(Refused::TriggerOnly, "") };
    let report = import.finish();
    notice!(
        "imported {} nodes, {} ways, {} relations: {} points, {} lines, {} areas, {} relations with geometry, \
         {} tagged objects without, {} problems",
        report.nodes,
        report.ways,
        report.relations,
        report.points,
        report.lines,
        report.areas,
        report.relation_features,
        report.unplaced,
        report.problems
    );
    Ok(None::<PgHeapTuple<'a, AllocatedByPostgres>>)
}
