//! A query whose rows are fetched in pieces, known between calls by its name alone.

use std::ffi::{CStr, CString};

use pgrx::pg_sys;

use super::receiver;
use super::row::Row;

/// A parameter of a query.
#[derive(Debug, Clone)]
pub enum Param {
    Int4(i32),
    Int8(i64),
    Int8Array(Vec<i64>),
    Text(String),
    TextArray(Vec<String>),
    Bytea(Vec<u8>),
}

/// An open portal. It ends with the transaction, or when closed.
#[derive(Debug, Clone)]
pub struct Portal {
    name: CString,
}

impl Portal {
    /// Opens a query with the statement's own snapshot: it sees what the statement sees, and runs on a standby.
    pub fn open(query: &str, params: &[Param]) -> Self {
        Self::open_with(query, params, true)
    }

    /// Opens a query with a new snapshot: it sees what the running function has just written, too.
    pub fn open_now(query: &str) -> Self {
        Self::open_with(query, &[], false)
    }

    fn open_with(query: &str, params: &[Param], read_only: bool) -> Self {
        let query = CString::new(query).unwrap_or_default();
        let mut types: Vec<pg_sys::Oid> = params.iter().map(Param::type_oid).collect();
        // SAFETY: connect and finish frame the call; the parameters' datums live in SPI's own context until the portal
        // has copied them; the portal itself is not SPI's and stays.
        unsafe {
            connect();
            let mut values: Vec<pg_sys::Datum> = params.iter().map(|param| param.datum()).collect();
            let portal = pg_sys::SPI_cursor_open_with_args(
                std::ptr::null(),
                query.as_ptr(),
                i32::try_from(params.len()).unwrap_or(i32::MAX),
                types.as_mut_ptr(),
                values.as_mut_ptr(),
                std::ptr::null(),
                read_only,
                0,
            );
            let name = CStr::from_ptr((*portal).name).to_owned();
            pg_sys::SPI_finish();
            Self { name }
        }
    }

    /// Fetches up to `count` rows and hands each to `each`, which opens and closes no portal. How many there were; fewer than
    /// asked for only at the end.
    pub fn fetch(&self, count: usize, each: impl FnMut(&Row)) -> usize {
        receiver::fetch(self, count, each)
    }

    /// How many rows the planner expects.
    pub fn expected_rows(&self) -> f64 {
        // SAFETY: a portal of a SELECT has one plan, which lives as long as the portal.
        unsafe {
            let plan: *mut pg_sys::PlannedStmt = pg_sys::list_nth((*self.find()).stmts, 0).cast();
            (*(*plan).planTree).plan_rows
        }
    }

    /// What the query sees, for as long as it is open.
    pub(super) fn snapshot(&self) -> pg_sys::Snapshot {
        // SAFETY: a portal of a SELECT that was started has its description.
        unsafe { (*(*self.find()).queryDesc).snapshot }
    }

    pub(super) fn find(&self) -> pg_sys::Portal {
        // SAFETY: a look-up by name.
        let portal = unsafe { pg_sys::SPI_cursor_find(self.name.as_ptr()) };
        if portal.is_null() {
            pgrx::ereport!(
                ERROR,
                pgrx::PgSqlErrorCode::ERRCODE_INVALID_CURSOR_STATE,
                "the export was ended by the end of its transaction"
            );
        }
        portal
    }

    /// Ends the query. Where a loop around it commits, the end of the transaction does: the server then fetches what the loop's
    /// query has still to give while it goes through its portals, and loses its way if one of them is gone.
    pub fn close(&self) {
        // SAFETY: reads what is known of the running query; the portal is looked up by name and closed if it is still there.
        unsafe {
            let running = pg_sys::ActivePortal;
            if !running.is_null() && !(*running).holdStore.is_null() {
                return;
            }
            connect();
            let portal = pg_sys::SPI_cursor_find(self.name.as_ptr());
            if !portal.is_null() {
                pg_sys::SPI_cursor_close(portal);
            }
            pg_sys::SPI_finish();
        }
    }
}

impl Param {
    fn type_oid(&self) -> pg_sys::Oid {
        match self {
            Self::Int4(_) => pg_sys::INT4OID,
            Self::Int8(_) => pg_sys::INT8OID,
            Self::Int8Array(_) => pg_sys::INT8ARRAYOID,
            Self::Text(_) => pg_sys::TEXTOID,
            Self::TextArray(_) => pg_sys::TEXTARRAYOID,
            Self::Bytea(_) => pg_sys::BYTEAOID,
        }
    }

    fn datum(&self) -> pg_sys::Datum {
        use pgrx::IntoDatum;
        match self {
            Self::Int4(value) => value.into_datum(),
            Self::Int8(value) => value.into_datum(),
            Self::Int8Array(values) => values.clone().into_datum(),
            Self::Text(value) => value.as_str().into_datum(),
            Self::TextArray(values) => values.clone().into_datum(),
            Self::Bytea(value) => value.as_slice().into_datum(),
        }
        .unwrap_or(pg_sys::Datum::null())
    }
}

/// Runs a query and hands each row to `each`. It sees what the running function has just written.
pub fn each_row(query: &str, params: &[Param], mut each: impl FnMut(&Row)) {
    const ROWS_A_FETCH: usize = 1000;
    let portal = Portal::open_with(query, params, false);
    while portal.fetch(ROWS_A_FETCH, &mut each) == ROWS_A_FETCH {
        super::interrupts::check();
    }
    portal.close();
}

/// Connects to SPI.
///
/// # Safety
/// `SPI_finish` must follow.
unsafe fn connect() {
    // SAFETY: as the caller promises.
    if unsafe { pg_sys::SPI_connect() } != pg_sys::SPI_OK_CONNECT as i32 {
        pgrx::error!("could not run a query inside the function");
    }
}
