//! A request as SQL gives it: checked, its area mended where it must be, and turned into rows.

use std::ops::ControlFlow;

use rawdata_core::geometry::AreaTest;
use rawdata_core::request::query::{self, Param, Query, Rows};
use rawdata_core::request::{Caller, Limits, Request, Service};
use rawdata_core::stored::geometry::{View, stored_box};
use rawdata_core::{Error, ErrorKind, Result};

use crate::error::{OrRaise, Refused, refuse};
use crate::raw::datum::JsonText;
use crate::raw::memory;
use crate::raw::portal::{self, Portal, Row};
use crate::raw::tuples::{self, Place};
use crate::tables;

/// Rows that are looked for at once, and bytes of which no more are read at once, but for the last row.
const ROWS_A_FETCH: usize = 256;
const BYTES_A_FETCH: usize = 256 << 10;

/// Checks a request. The same parser as HTTP's; limits of area are HTTP's alone.
pub fn check(request: &JsonText) -> Request {
    let limits = Limits::default();
    let request = Request::parse(request.0.as_bytes(), Service::Snapshot, &limits)
        .and_then(|request| request.with_sound_area(&limits))
        .or_raise();
    if request.area.is_mended() {
        pgrx::notice!("the area crosses itself and was mended by the even-odd rule");
    }
    request.admit(Caller::DATABASE, &limits).or_raise();
    request
}

/// The rows of a request, in pieces.
pub struct Selection {
    /// What is still to be read; the next is the last.
    tables: Vec<Table>,
    /// Looks at each row; `None` where the query has found just the right ones.
    test: Option<AreaTest>,
    /// The column of geometries; in front of it are tags, if there are any.
    geometry: usize,
}

/// Rows of a table that are being read.
struct Table {
    rows: Rows,
    portal: Portal,
    /// Rows that were found and not read yet, and whether there may be more to find in this pass.
    places: std::vec::IntoIter<Place>,
    has_more: bool,
    /// How many rows this pass has given, and the id of the last of these.
    given: usize,
    last: i64,
}

impl Table {
    fn open(rows: Rows) -> Self {
        let portal = run(rows.query.clone());
        Self { portal, rows, places: Vec::new().into_iter(), has_more: true, given: 0, last: i64::MIN }
    }

    /// Hands some more rows to `each`, which says when it has enough. Whether there may be more in this pass.
    fn fetch(&mut self, mut each: impl FnMut(&Row<'_>) -> ControlFlow<()>) -> bool {
        const MOST: i64 = ROWS_A_FETCH as i64;
        if !self.rows.by_place {
            let each = |row: &Row<'_>| {
                let _ = memory::given_back(|| each(row));
            };
            return self.portal.fetch(MOST, each) == ROWS_A_FETCH;
        }
        if self.places.as_slice().is_empty() {
            let places = tuples::places(&self.portal, MOST);
            self.has_more = places.len() == ROWS_A_FETCH;
            self.places = places.into_iter();
        }
        let each = |row: &Row<'_>| {
            self.last = row.int8(1).unwrap_or(i64::MAX);
            each(row)
        };
        self.given += tuples::read(&self.portal, &mut self.places, &query::COLUMNS.map(|(name, _)| name), each);
        self.has_more || !self.places.as_slice().is_empty()
    }

    /// Ends a pass, and begins the next if there may be one.
    fn next_pass(mut self) -> Option<Self> {
        self.portal.close();
        if !self.rows.by_place || self.given < query::PASS {
            return None;
        }
        *self.rows.query.params.first_mut()? = Param::Int8(self.last);
        Some(Self::open(self.rows))
    }
}

impl Selection {
    /// All columns of the rows, in order.
    pub fn of_rows(request: &Request) -> Self {
        Self::open(request, query::COLUMNS.len(), query::rows)
    }

    /// The geometries alone.
    pub fn of_geometries(request: &Request) -> Self {
        let geometries = |request: &_, postgis: &_, country| {
            vec![Rows { query: query::geometries(request, postgis, country), by_place: false }]
        };
        Self::open(request, 0, geometries)
    }

    fn open(request: &Request, geometry: usize, select: impl FnOnce(&Request, &str, Option<i32>) -> Vec<Rows>) -> Self {
        if !tables::exist() {
            refuse(Refused::NoTables, "");
        }
        let postgis = tables::postgis_schema();
        let country = query::country(request, &postgis).and_then(|query| {
            let portal = run(query);
            let mut cid = None;
            portal.fetch(1, |row| cid = row.int4(0));
            portal.close();
            cid
        });
        // Nothing says which country a problem lies in.
        let country = country.filter(|_| !request.problems);
        let test = country.is_none().then(|| AreaTest::new(request.area.polygons(), request.within));
        // All are opened, and so locked, before the first row, so that no import comes in between.
        let tables = select(request, &postgis, country).into_iter().rev().map(Table::open).collect();
        Self { tables, test, geometry }
    }

    /// Looks at some more rows, and hands those that are selected to `each`, with their geometry as it is stored and as it is
    /// read. Whether there may be more.
    pub fn fetch(&mut self, mut each: impl FnMut(&Row<'_>, &[u8], View<'_>) -> Result<()>) -> Result<bool> {
        let Some(mut table) = self.tables.pop() else { return Ok(false) };
        let (mut handed, mut bytes) = (Ok(()), 0);
        let has_more = table.fetch(|row| {
            if handed.is_ok() {
                handed = row.bytes(self.geometry).ok_or_else(broken).and_then(|geometry| {
                    bytes += geometry.len();
                    let view = View::parse(geometry)?;
                    if !self.selects(geometry, &view) {
                        return Ok(());
                    }
                    bytes += self.geometry.checked_sub(1).map_or(0, |tags| row.size(tags));
                    each(row, geometry, view)
                });
            }
            if handed.is_err() || bytes >= BYTES_A_FETCH { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        handed?;
        self.tables.extend(if has_more { Some(table) } else { table.next_pass() });
        Ok(!self.tables.is_empty())
    }

    fn selects(&self, stored: &[u8], geometry: &View) -> bool {
        self.test.as_ref().is_none_or(|test| test.selects(geometry, stored_box(stored)))
    }
}

/// The error of a row that is not one.
pub fn broken() -> Error {
    Error::new(ErrorKind::Binary, "a row of the data set is not as it should be")
}

fn run(query: Query) -> Portal {
    let params: Vec<portal::Param> = query.params.into_iter().map(param).collect();
    Portal::open(&query.text, &params)
}

fn param(param: Param) -> portal::Param {
    match param {
        Param::Text(value) => portal::Param::Text(value),
        Param::TextArray(values) => portal::Param::TextArray(values),
        Param::Bytea(value) => portal::Param::Bytea(value),
        Param::Int4(value) => portal::Param::Int4(value),
        Param::Int8(value) => portal::Param::Int8(value),
    }
}
