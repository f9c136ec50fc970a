//! A query whose rows are fetched in pieces, known between calls by its name alone.

use std::ffi::{CStr, CString};

use pgrx::pg_sys;

use crate::error::{Refused, refuse};

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

    /// Fetches up to `count` rows and hands each to `each`. How many there were; fewer than asked for only at the end.
    pub fn fetch(&self, count: usize, mut each: impl FnMut(&Row<'_>)) -> usize {
        // SAFETY: rows live in SPI's context, which lives until finish; a row is lent only to `each`.
        unsafe {
            connect();
            pg_sys::SPI_cursor_fetch(self.find(), true, i64::try_from(count).unwrap_or(i64::MAX));
            let fetched = usize::try_from(pg_sys::SPI_processed).unwrap_or(0);
            let table = pg_sys::SPI_tuptable;
            if !table.is_null() {
                let columns = (*(*table).tupdesc).natts;
                let mut row = Row::of((0..columns).map(|column| size((*table).tupdesc, column)));
                for i in 0..fetched {
                    pg_sys::heap_deform_tuple(
                        *(*table).vals.add(i),
                        (*table).tupdesc,
                        row.values.as_mut_ptr(),
                        row.nulls.as_mut_ptr(),
                    );
                    each(&row);
                }
            }
            pg_sys::SPI_finish();
            fetched
        }
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

    fn find(&self) -> pg_sys::Portal {
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

    /// Ends the query.
    pub fn close(&self) {
        // SAFETY: the portal is looked up by name and closed if it is still there.
        unsafe {
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
pub fn each_row(query: &str, params: &[Param], mut each: impl FnMut(&Row<'_>)) {
    const ROWS_A_FETCH: usize = 1000;
    let portal = Portal::open_with(query, params, false);
    while portal.fetch(ROWS_A_FETCH, &mut each) == ROWS_A_FETCH {
        super::interrupts::check();
    }
    portal.close();
}

/// A row of a portal. Columns count from 0.
pub struct Row<'a> {
    values: Vec<pg_sys::Datum>,
    nulls: Vec<bool>,
    /// How many bytes a value has, by its type: -1 for any number.
    sizes: Vec<i16>,
    lent: std::marker::PhantomData<&'a [u8]>,
}

impl Row<'_> {
    /// A row of nulls, whose values are of types of these sizes.
    pub(super) fn of(sizes: impl Iterator<Item = i16>) -> Self {
        let sizes: Vec<i16> = sizes.collect();
        Self {
            values: vec![pg_sys::Datum::null(); sizes.len()],
            nulls: vec![true; sizes.len()],
            sizes,
            lent: std::marker::PhantomData,
        }
    }

    /// Sets a column.
    pub(super) fn put(&mut self, column: usize, value: pg_sys::Datum, is_null: bool) {
        if let (Some(to), Some(null)) = (self.values.get_mut(column), self.nulls.get_mut(column)) {
            (*to, *null) = (value, is_null);
        }
    }

    /// A value of a type of that size, or nothing if it is null. A user may have changed a table so that the type is another.
    pub(super) fn datum(&self, column: usize, size: i16) -> Option<pg_sys::Datum> {
        if self.sizes.get(column) != Some(&size) {
            refuse(Refused::ColumnType, &format!("column {}", column + 1));
        }
        match self.nulls.get(column) {
            Some(false) => self.values.get(column).copied(),
            _ => None,
        }
    }

    /// An integer column.
    pub fn int4(&self, column: usize) -> Option<i32> {
        #[expect(clippy::cast_possible_truncation, reason = "an int4 datum holds 32 bits")]
        self.datum(column, 4).map(|datum| datum.value() as i32)
    }

    /// A bigint or timestamptz column.
    pub fn int8(&self, column: usize) -> Option<i64> {
        self.datum(column, 8).map(|datum| datum.value().cast_signed() as i64)
    }

    /// The content of a varlena column, without its length word, unpacked.
    pub fn bytes(&self, column: usize) -> Option<&[u8]> {
        // SAFETY: the type is one of varying size; an unpacked copy lies in the context of those who lend the row, which outlives it.
        self.datum(column, -1)
            .map(|datum| unsafe { pgrx::varlena_to_byte_slice(pg_sys::pg_detoast_datum_packed(datum.cast_mut_ptr())) })
    }

    /// How many bytes a varlena column has when it is unpacked, its length word included; none where it is null.
    pub fn size(&self, column: usize) -> usize {
        // SAFETY: the type is one of varying size.
        self.datum(column, -1).map_or(0, |datum| unsafe { pg_sys::toast_raw_datum_size(datum) })
    }

    /// A text column.
    pub fn text(&self, column: usize) -> Option<&str> {
        self.bytes(column).and_then(|bytes| std::str::from_utf8(bytes).ok())
    }
}

/// The size of a column's type.
///
/// # Safety
/// The description has so many columns.
pub(super) unsafe fn size(description: pg_sys::TupleDesc, column: i32) -> i16 {
    // SAFETY: as the caller promises.
    unsafe { (*(*description).attrs.as_ptr().add(usize::try_from(column).unwrap_or_default())).attlen }
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
