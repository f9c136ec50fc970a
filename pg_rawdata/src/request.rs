//! A request as SQL gives it: checked, its area mended where it must be, and turned into rows.

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

const ROWS_A_FETCH: i64 = 256;

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
        Self { portal: run(select(request, &postgis, country)), by_place, test, geometry }
    }

    /// Looks at some more rows, and hands those that are selected to `each`. Whether there may be more.
    pub fn fetch(&self, mut each: impl FnMut(&Row<'_>, View<'_>) -> Result<()>) -> Result<bool> {
        let mut handed = Ok(());
        let hand = |row: &Row<'_>| {
            if handed.is_ok() {
                handed = self.selected(row).and_then(|geometry| geometry.map_or(Ok(()), |view| each(row, view)));
            }
        };
        let fetched = if self.by_place {
            places::fetch(&self.portal, ROWS_A_FETCH, &query::COLUMNS.map(|(name, _)| name), hand)
        } else {
            self.portal.fetch(ROWS_A_FETCH, hand)
        };
        handed?;
        let has_more = i64::try_from(fetched).is_ok_and(|fetched| fetched == ROWS_A_FETCH);
        if !has_more {
            self.portal.close();
        }
        Ok(has_more)
    }

    fn selected<'a>(&self, row: &'a Row<'_>) -> Result<Option<View<'a>>> {
        let bytes = row.bytes(self.geometry).ok_or_else(broken)?;
        let view = View::parse(bytes)?;
        let is_selected = self.test.as_ref().is_none_or(|test| test.selects(&view, stored_box(bytes)));
        Ok(is_selected.then_some(view))
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
