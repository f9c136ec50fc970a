//! A request as SQL gives it: checked, its area mended where it must be, and turned into rows.

use std::ops::ControlFlow;

use rawdata_core::geometry::AreaTest;
use rawdata_core::request::query::{self, Rows, Source};
use rawdata_core::request::{Caller, Limits, Request, Service};
use rawdata_core::stored::geometry::{View, stored_box};
use rawdata_core::{Error, ErrorKind, Result};

use crate::error::{OrRaise, Refused, refuse};
use crate::raw::datum::JsonText;
use crate::raw::interrupts;
use crate::raw::row::Row;
use crate::tables;

mod table;

use table::{Table, run};

/// Bytes of which no more are read at once, but for the last row.
const BYTES_AT_ONCE: usize = 256 << 10;

/// Bytes of the text of a request, at most.
const LARGEST: usize = 16 << 20;

/// Checks a request. The same parser as HTTP's; limits of area are HTTP's alone.
pub fn check(request: &JsonText) -> Request {
    if request.0.len() > LARGEST {
        refuse(Refused::RequestSize, &request.0.len().to_string());
    }
    let limits = Limits::default();
    let request = Request::parse(request.0.as_bytes(), Service::Snapshot, &limits)
        .and_then(|request| {
            request.with_sound_area(&limits, &mut || {
                interrupts::check();
                Ok(())
            })
        })
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
    tables: Vec<(Source, Table)>,
    /// Looks at each row; `None` where the query has found just the right ones.
    test: Option<AreaTest>,
    /// The column of geometries; in front of it are tags, and the first is the id.
    geometry: usize,
}

/// A row that is selected.
pub struct Selected<'a> {
    pub source: Source,
    pub row: &'a Row,
    /// The geometry as it is stored, and as it is read.
    pub stored: &'a [u8],
    pub geometry: View<'a>,
}

impl Selection {
    /// All columns of the rows, in order.
    pub fn of_rows(request: &Request) -> Self {
        Self::open(request, query::COLUMNS.len() - 1, query::rows)
    }

    /// Only what it takes to count the rows, in no order.
    pub fn to_count(request: &Request) -> Self {
        Self::open(request, 2, query::countable)
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
        let open = |rows: Rows| (rows.source, Table::open(rows.select));
        let tables = select(request, &postgis, country).into_iter().rev().map(open).collect();
        Self { tables, test, geometry }
    }

    /// Looks at some more rows, and hands those that are selected to `each`. Whether there may be more.
    pub fn fetch(&mut self, mut each: impl FnMut(Selected<'_>) -> Result<()>) -> Result<bool> {
        let Some((source, mut table)) = self.tables.pop() else { return Ok(false) };
        let (mut handed, mut bytes) = (Ok(()), 0);
        let has_more = table.read(|row| {
            if handed.is_ok() {
                let of_row = row.bytes(self.geometry).ok_or_else(broken).and_then(|stored| {
                    bytes += stored.len();
                    let geometry = View::parse(stored)?;
                    if !self.selects(stored, &geometry) {
                        return Ok(());
                    }
                    bytes += row.size(self.geometry - 1);
                    each(Selected { source, row, stored, geometry })
                });
                handed = of_row.map_err(|error| source.place(row.int8(0).unwrap_or_default(), error));
            }
            if handed.is_err() || bytes >= BYTES_AT_ONCE { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        handed?;
        if has_more {
            self.tables.push((source, table));
        } else {
            table.close();
        }
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
