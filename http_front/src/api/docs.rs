//! The OpenAPI document, and a page to read it and try things out. Nothing on the page is loaded from elsewhere.

use std::sync::LazyLock;

use poem::{
    Response,
    http::{StatusCode, header},
};

use super::openapi;
use crate::error::{ApiError, json_response};

/// The page has its script within it.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; \
                           connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

static PAGE: LazyLock<String> = LazyLock::new(|| {
    // The library makes a page for a service of its own kind; only the document in it has to be ours.
    let service = poem_openapi::OpenApiService::new((), "", "");
    let document = openapi::document().to_string().replace('<', "\\u003c");
    service.swagger_ui_html().replace(&service.spec(), &document)
});

/// `GET /v1/openapi.json`.
pub async fn document() -> Result<Response, ApiError> {
    Ok(json_response(StatusCode::OK, &openapi::document()))
}

/// `GET /v1/docs/`.
pub async fn page() -> Result<Response, ApiError> {
    let page = Response::builder().content_type("text/html; charset=utf-8");
    Ok(page.header(header::CONTENT_SECURITY_POLICY, PAGE_POLICY).body(PAGE.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_holds_our_document_and_loads_nothing() {
        assert!(PAGE.contains("/v1/snapshot/plain/"));
        assert!(!PAGE.contains("src=\"http") && !PAGE.contains("href=\"http"));
    }
}
