//! The rows of a portal, lent as its query gives them, without a copy.

use std::ffi::{c_int, c_long};

use pgrx::{pg_guard, pg_sys};

use super::memory;
use super::row::Row;

/// Fetches up to `count` rows of a portal and hands each to `each`. How many there were.
pub(super) fn fetch(portal: pg_sys::Portal, count: usize, mut each: impl FnMut(&Row)) -> usize {
    let mut receiver = Receiver {
        server: pg_sys::DestReceiver {
            receiveSlot: Some(receive),
            rStartup: Some(start),
            rShutdown: Some(end),
            rDestroy: Some(end),
            mydest: pg_sys::CommandDest::DestNone,
        },
        each: &mut each,
        row: Row::default(),
        unpacked: memory::Batch::new(),
    };
    // SAFETY: the portal is open. The receiver lives until the call returns, and the server keeps it no longer: it gives a
    // portal another one with each fetch.
    let fetched = unsafe {
        let count = c_long::try_from(count).unwrap_or(c_long::MAX);
        pg_sys::PortalRunFetch(portal, pg_sys::FetchDirection::FETCH_FORWARD, count, (&raw mut receiver).cast())
    };
    receiver.unpacked.end();
    usize::try_from(fetched).unwrap_or(usize::MAX)
}

/// What the server hands rows to.
#[repr(C)]
struct Receiver<'a> {
    /// What the server knows of it. The first field, so that a pointer to the one is a pointer to the other.
    server: pg_sys::DestReceiver,
    each: &'a mut dyn FnMut(&Row),
    row: Row,
    /// Memory for what is unpacked of one row.
    unpacked: memory::Batch,
}

/// Learns the types of the columns.
#[pg_guard]
unsafe extern "C-unwind" fn start(receiver: *mut pg_sys::DestReceiver, _operation: c_int, columns: pg_sys::TupleDesc) {
    // SAFETY: the server passes what `fetch` gave it, and a description of so many columns.
    unsafe {
        let receiver = &mut *receiver.cast::<Receiver<'_>>();
        receiver.row = Row::of(columns, 0..usize::try_from((*columns).natts).unwrap_or(0));
    }
}

/// Takes a row. There is always room for another.
#[pg_guard]
unsafe extern "C-unwind" fn receive(slot: *mut pg_sys::TupleTableSlot, receiver: *mut pg_sys::DestReceiver) -> bool {
    // SAFETY: the server passes what `fetch` gave it, and a slot with the columns that `start` was told of. What the values
    // point to stays until the call returns.
    unsafe {
        let Receiver { each, row, unpacked, .. } = &mut *receiver.cast::<Receiver<'_>>();
        row.take(slot);
        unpacked.run(|| each(row));
    }
    true
}

#[pg_guard]
unsafe extern "C-unwind" fn end(_receiver: *mut pg_sys::DestReceiver) {}
