//! A request as SQL gives it: checked, its area mended where it must be, and turned into rows.

use std::cell::Cell;

use rawdata_core::geometry::AreaTest;
use rawdata_core::request::query::{self, Param, Query};
use rawdata_core::request::{Caller, Limits, Request, Service};
use rawdata_core::stored::geometry::{View, stored_box};
use rawdata_core::{Error, ErrorKind, Result};

use crate::error::{OrRaise, Refused, refuse};
use crate::raw::datum::JsonText;
use crate::raw::places;
use crate::raw::portal::{self, Portal, Row};
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
    portal: Portal,
    /// Whether the query says where rows lie, in place of what they hold.
    by_place: bool,
    /// Looks at each row; `None` where the query has found just the right ones.
    test: Option<AreaTest>,
    geometry: usize,
    /// How many rows to fetch next, by the size of those before.
    rows: Cell<usize>,
}

impl Selection {
    /// All columns of the rows, in order.
    pub fn of_rows(request: &Request) -> Self {
        Self::open(request, !request.problems, query::COLUMNS.len(), query::rows)
    }

    /// The geometries alone.
    pub fn of_geometries(request: &Request) -> Self {
        Self::open(request, false, 0, query::geometries)
    }

    fn open(
        request: &Request,
        by_place: bool,
        geometry: usize,
        select: impl FnOnce(&Request, &str, Option<i32>) -> Query,
    ) -> Self {
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
        Self {
            portal: run(select(request, &postgis, country)),
            by_place,
            test,
            geometry,
            rows: Cell::new(ROWS_A_FETCH),
        }
    }

    /// Looks at some more rows, and hands those that are selected to `each`, with their geometry as it is stored and as it is
    /// read. Whether there may be more.
    pub fn fetch(&self, mut each: impl FnMut(&Row<'_>, &[u8], View<'_>) -> Result<()>) -> Result<bool> {
        let (mut handed, mut bytes) = (Ok(()), 0);
        let hand = |row: &Row<'_>| {
            if handed.is_ok() {
                handed = row.bytes(self.geometry).ok_or_else(broken).and_then(|geometry| {
                    bytes += geometry.len();
                    let view = View::parse(geometry)?;
                    if self.selects(geometry, &view) { each(row, geometry, view) } else { Ok(()) }
                });
            }
        };
        let rows = self.rows.get();
        let count = i64::try_from(rows).unwrap_or(i64::MAX);
        let fetched = if self.by_place {
            places::fetch(&self.portal, count, &query::COLUMNS.map(|(name, _)| name), hand)
        } else {
            self.portal.fetch(count, hand)
        };
        handed?;
        let mean = (bytes / rows).max(1);
        self.rows.set((BYTES_A_FETCH / mean).clamp(1, ROWS_A_FETCH));
        let has_more = fetched == rows;
        if !has_more {
            self.portal.close();
        }
        Ok(has_more)
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
