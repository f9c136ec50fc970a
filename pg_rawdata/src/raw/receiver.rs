//! The rows of a portal, lent as its query gives them, without a copy.

use std::ffi::{c_int, c_long};

use pgrx::{pg_guard, pg_sys};

use super::memory;
use super::portal::Portal;
use super::row::Row;

/// Fetches up to `count` rows of a portal and hands each to `each`. How many there were.
pub(super) fn fetch(portal: &Portal, count: usize, mut each: impl FnMut(&Row)) -> usize {
    // SAFETY: the portal is open, or the look-up raises. The receiver lives until the call returns, and the server keeps it no
    // longer: it gives a portal another one with each fetch.
    unsafe {
        let mut receiver = Receiver {
            server: pg_sys::DestReceiver {
                receiveSlot: Some(receive),
                rStartup: Some(start),
                rShutdown: Some(end),
                rDestroy: Some(end),
                mydest: pg_sys::CommandDest::DestNone,
            },
            each: &mut each,
            row: None,
            unpacked: memory::Batch::new(),
            owner: pg_sys::CurrentResourceOwner,
        };
        let count = c_long::try_from(count).unwrap_or(c_long::MAX);
        let forward = pg_sys::FetchDirection::FETCH_FORWARD;
        let fetched = pg_sys::PortalRunFetch(portal.find(), forward, count, (&raw mut receiver).cast());
        receiver.unpacked.end();
        usize::try_from(fetched).unwrap_or(usize::MAX)
    }
}

/// What the server hands rows to.
#[repr(C)]
struct Receiver<'a> {
    /// What the server knows of it. The first field, so that a pointer to the one is a pointer to the other.
    server: pg_sys::DestReceiver,
    each: &'a mut dyn FnMut(&Row),
    row: Option<Row>,
    /// Memory for what is unpacked of one row.
    unpacked: memory::Batch,
    /// To whom belongs what `each` makes, such as a temporary file: not to the portal, which ends before.
    owner: pg_sys::ResourceOwner,
}

/// Learns the types of the columns.
#[pg_guard]
unsafe extern "C-unwind" fn start(receiver: *mut pg_sys::DestReceiver, _operation: c_int, columns: pg_sys::TupleDesc) {
    // SAFETY: the server passes what `fetch` gave it, and a description of so many columns.
    unsafe {
        let receiver = &mut *receiver.cast::<Receiver<'_>>();
        let numbers = 0..usize::try_from((*columns).natts).unwrap_or(0);
        receiver.row = Some(Row::of(columns, numbers, receiver.unpacked.context()));
    }
}

/// Takes a row. There is always room for another.
#[pg_guard]
unsafe extern "C-unwind" fn receive(slot: *mut pg_sys::TupleTableSlot, receiver: *mut pg_sys::DestReceiver) -> bool {
    // SAFETY: the server passes what `fetch` gave it, and a slot with the columns that `start` was told of. What the values
    // point to stays until the call returns. After an error the server sets the owner itself.
    unsafe {
        let Receiver { each, row, unpacked, owner, .. } = &mut *receiver.cast::<Receiver<'_>>();
        if let Some(row) = row {
            row.take(slot);
            let of_portal = pg_sys::CurrentResourceOwner;
            pg_sys::CurrentResourceOwner = *owner;
            unpacked.run(|| each(row));
            pg_sys::CurrentResourceOwner = of_portal;
        }
    }
    true
}

#[pg_guard]
unsafe extern "C-unwind" fn end(_receiver: *mut pg_sys::DestReceiver) {}
