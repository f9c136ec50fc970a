//! A request as SQL gives it: checked, its area mended where it must be, and turned into a portal.

use rawdata_core::request::query::{self, Param, Query};
use rawdata_core::request::{Caller, Limits, Request, Service};

use crate::error::{OrRaise, Refused, refuse};
use crate::raw::datum::JsonText;
use crate::raw::portal::{self, Portal};
use crate::tables;

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

/// Opens what a request selects: its rows, or their count.
pub fn open(request: &Request, select: impl FnOnce(&Request, &str, Option<i32>) -> Query) -> Portal {
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
    run(select(request, &postgis, country))
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
