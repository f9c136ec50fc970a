//! What every answer has: headers, a body in JSON where something went wrong, a line in the log; and no answer is missing
//! because a handler panicked.

use std::{panic::AssertUnwindSafe, time::Instant};

use futures_util::FutureExt;
use poem::{
    Endpoint, Request, Response,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
};
use uuid::Uuid;

use crate::error::ApiError;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const PROCESS_TIME: HeaderName = HeaderName::from_static("x-process-time");

/// Headers of every answer, unless it has others of its own.
///
/// Any page may read, but never with somebody's cookies: nothing here is decided by a cookie.
const EVERY_ANSWER: [(HeaderName, &str); 5] = [
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    (
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        "accept-ranges, content-disposition, content-length, content-range, etag, last-modified, retry-after, x-request-id",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::REFERRER_POLICY, "no-referrer"),
];

/// An endpoint with manners.
pub struct Manners<E>(pub E);

impl<E: Endpoint<Output = Response>> Endpoint for Manners<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let start = Instant::now();
        let id = Uuid::new_v4().simple().to_string();
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let mut response = match refused_outright(&request) {
            Some(response) => response,
            None => answer(&self.0, request).await,
        };
        let took = start.elapsed().as_secs_f64();
        decorate(response.headers_mut(), &id, took);
        tracing::info!(request = %id, %method, path, status = response.status().as_u16(), seconds = took, "answered");
        Ok(response)
    }
}

async fn answer<E: Endpoint<Output = Response>>(endpoint: &E, request: Request) -> Response {
    // A handler owns what it changes: a panic leaves nothing half changed behind that others see.
    match AssertUnwindSafe(endpoint.call(request)).catch_unwind().await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) if error.status() == StatusCode::NOT_FOUND => ApiError::not_found().into_response(),
        Ok(Err(error)) => {
            tracing::error!(cause = %error, "a request could not be handled");
            ApiError::internal().into_response()
        }
        Err(_) => {
            tracing::error!("a handler panicked");
            ApiError::internal().into_response()
        }
    }
}

/// Answers that do not depend on the address.
fn refused_outright(request: &Request) -> Option<Response> {
    match *request.method() {
        Method::TRACE | Method::CONNECT => {
            Some(ApiError::method_not_allowed("GET, HEAD, POST, OPTIONS").into_response())
        }
        Method::OPTIONS if request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) => {
            Some(preflight(request))
        }
        _ => None,
    }
}

/// A browser asks whether a page of another site may send this. It may.
fn preflight(request: &Request) -> Response {
    let mut response = Response::builder().content_type("text/plain; charset=utf-8").body("OK");
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD, OPTIONS, POST"));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    headers.insert(header::VARY, HeaderValue::from_static("Access-Control-Request-Headers"));
    if let Some(asked) = request.headers().get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
    response
}

fn decorate(headers: &mut HeaderMap, id: &str, took: f64) {
    for (name, value) in EVERY_ANSWER {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    let took = HeaderValue::try_from(format!("{took:.4} sec"));
    for (name, value) in [(REQUEST_ID, HeaderValue::try_from(id)), (PROCESS_TIME, took)] {
        if let Ok(value) = value {
            headers.insert(name, value);
        }
    }
}
