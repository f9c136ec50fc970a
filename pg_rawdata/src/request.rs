//! A request as SQL gives it: checked, its area mended where it must be, and turned into rows.

use rawdata_core::geometry::AreaTest;
use rawdata_core::request::query::{self, Param, Query, Rows};
use rawdata_core::request::{Caller, Limits, Request, Service};
use rawdata_core::stored::geometry::{View, stored_box};
use rawdata_core::{Error, ErrorKind, Result};

use crate::error::{OrRaise, Refused, refuse};
use crate::raw::datum::JsonText;
use crate::raw::portal::{self, Portal, Row};
use crate::raw::tuples;
use crate::tables;

/// Rows that are fetched at once, and bytes of geometry that they should not exceed together.
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
    geometry: usize,
    /// How many rows to fetch next, by the size of those before.
    count: usize,
}

/// Rows of a table that are being read.
struct Table {
    rows: Rows,
    portal: Portal,
    /// How many rows this pass has given, and the id of the last of these.
    given: usize,
    last: i64,
}

impl Table {
    fn open(rows: Rows) -> Self {
        Self { portal: run(rows.query.clone()), rows, given: 0, last: i64::MIN }
    }

    /// Hands up to `count` more rows to `each`. Whether there may be more in this pass.
    fn fetch(&mut self, count: usize, mut each: impl FnMut(&Row<'_>)) -> bool {
        let most = i64::try_from(count).unwrap_or(i64::MAX);
        let fetched = if self.rows.by_place {
            let each = |row: &Row<'_>| {
                self.last = row.int8(1).unwrap_or(i64::MAX);
                each(row);
            };
            tuples::fetch(&self.portal, most, &query::COLUMNS.map(|(name, _)| name), each)
        } else {
            self.portal.fetch(most, each)
        };
        self.given += fetched;
        fetched == count
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
        Self { tables, test, geometry, count: ROWS_A_FETCH }
    }

    /// Looks at some more rows, and hands those that are selected to `each`, with their geometry as it is stored and as it is
    /// read. Whether there may be more.
    pub fn fetch(&mut self, mut each: impl FnMut(&Row<'_>, &[u8], View<'_>) -> Result<()>) -> Result<bool> {
        let Some(mut table) = self.tables.pop() else { return Ok(false) };
        let (mut handed, mut bytes) = (Ok(()), 0);
        let has_more = table.fetch(self.count, |row| {
            if handed.is_ok() {
                handed = row.bytes(self.geometry).ok_or_else(broken).and_then(|geometry| {
                    bytes += geometry.len();
                    let view = View::parse(geometry)?;
                    if self.selects(geometry, &view) { each(row, geometry, view) } else { Ok(()) }
                });
            }
        });
        handed?;
        let mean = (bytes / self.count).max(1);
        self.count = (BYTES_A_FETCH / mean).clamp(1, ROWS_A_FETCH);
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
