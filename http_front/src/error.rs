//! What goes wrong in a request, as clients see it: a status and a body. Causes are logged, never sent.

use std::fmt;

use poem::{
    Response,
    http::{HeaderValue, StatusCode, header},
};
use rawdata_core::request::Refusal;
use serde_json::{Value, json};

/// An answer that is not the one asked for.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    body: Value,
    retry_after: Option<u32>,
    allow: Option<&'static str>,
    close: bool,
}

impl ApiError {
    /// `{"detail": "…"}`.
    pub fn new(status: StatusCode, detail: &str) -> Self {
        Self { status, body: json!({ "detail": detail }), retry_after: None, allow: None, close: false }
    }

    /// There is nothing under this address.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not Found")
    }

    /// There is, but not for this method.
    pub fn method_not_allowed(allow: &'static str) -> Self {
        Self { allow: Some(allow), ..Self::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed") }
    }

    /// A fault of ours; the cause is in the log.
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
    }

    /// Something that is needed does not answer. `detail` says what, in general words.
    pub fn unavailable(detail: &str) -> Self {
        Self { retry_after: Some(5), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, detail) }
    }

    /// Asked too often, or too much is waiting.
    pub fn too_many(detail: &str, retry_after: u32) -> Self {
        Self { retry_after: Some(retry_after), ..Self::new(StatusCode::TOO_MANY_REQUESTS, detail) }
    }

    /// The connection ends after this answer: what follows on it cannot be told from the body.
    #[must_use]
    pub fn and_close(mut self) -> Self {
        self.close = true;
        self
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The answer itself.
    pub fn into_response(self) -> Response {
        let mut response = json_response(self.status, &self.body);
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(allow) = self.allow {
            headers.insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        if self.close {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// A JSON answer.
pub fn json_response(status: StatusCode, body: &Value) -> Response {
    Response::builder().status(status).content_type("application/json").body(body.to_string())
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let status = StatusCode::from_u16(refusal.status.code()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
        Self { status, body: refusal.to_json(), retry_after: None, allow: None, close: false }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.status)
    }
}

impl std::error::Error for ApiError {}
