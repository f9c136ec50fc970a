//! `GET /exports/…`: finished files, whole or in part.

use std::{
    io,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use poem::{
    Body, Request, Response,
    http::{HeaderMap, HeaderName, Method, StatusCode, header},
};
use rawdata_core::request::Format;
use tokio::io::AsyncReadExt;

use super::range::{Part, part};
use crate::{
    App,
    error::ApiError,
    storage::{Finished, Reader},
};

/// Answers GET and HEAD, conditions and ranges.
pub async fn get(app: Arc<App>, request: Request) -> Result<Response, ApiError> {
    let key: String = request.path_params().map_err(|_| ApiError::not_found())?;
    let found = app.storage.find(&key).await.map_err(|error| {
        tracing::error!(cause = %error, "a finished file could not be opened");
        ApiError::internal()
    })?;
    let found = found.ok_or_else(ApiError::not_found)?;
    deliver(request.method() == Method::HEAD, request.headers(), &key, found).await.map_err(|error| {
        tracing::error!(cause = %error, "a finished file could not be read");
        ApiError::internal()
    })
}

async fn deliver(head: bool, asked: &HeaderMap, key: &str, found: Finished) -> io::Result<Response> {
    let (size, modified, tag) = (found.size, found.modified, found.tag.clone());
    let name = key.rsplit('/').next().unwrap_or(key);
    let mut response = Response::builder()
        .content_type(media_type(name))
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::ETAG, &tag)
        .header(header::LAST_MODIFIED, httpdate::fmt_http_date(modified))
        .header(header::CACHE_CONTROL, "public, max-age=3600, immutable")
        .header(header::CONTENT_DISPOSITION, disposition(name));
    if is_known(asked, &tag, modified) {
        return Ok(response.status(StatusCode::NOT_MODIFIED).finish());
    }
    let range = text(asked, header::RANGE).filter(|_| range_holds(asked, &tag, modified));
    let (from, length) = match range.map_or(Part::Whole, |range| part(range, size)) {
        Part::Whole => (0, size),
        Part::Bytes(from, to) => {
            response = response
                .status(StatusCode::PARTIAL_CONTENT)
                .header(header::CONTENT_RANGE, format!("bytes {from}-{to}/{size}"));
            (from, to - from + 1)
        }
        Part::Outside => {
            let mut refused =
                ApiError::new(StatusCode::RANGE_NOT_SATISFIABLE, "the file has no such bytes").into_response();
            if let Ok(range) = format!("bytes */{size}").parse() {
                refused.headers_mut().insert(header::CONTENT_RANGE, range);
            }
            return Ok(refused);
        }
    };
    response = response.header(header::CONTENT_LENGTH, length);
    if head {
        return Ok(response.finish());
    }
    let body = match found.read(from, length).await? {
        Reader::File(file) => Body::from_async_read(tokio::fs::File::from_std(file).take(length)),
        Reader::Object(pieces) => Body::from_bytes_stream(pieces),
    };
    Ok(response.body(body))
}

/// Whether the client has the file already (RFC 9110 §13.2.2: the tag decides where there is one).
fn is_known(asked: &HeaderMap, tag: &str, modified: SystemTime) -> bool {
    if let Some(tags) = text(asked, header::IF_NONE_MATCH) {
        return tags.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag);
    }
    let since = text(asked, header::IF_MODIFIED_SINCE).and_then(|date| httpdate::parse_http_date(date).ok());
    since.is_some_and(|since| whole_seconds(modified) <= since)
}

/// Whether the range is of the file that the client has the rest of.
fn range_holds(asked: &HeaderMap, tag: &str, modified: SystemTime) -> bool {
    match text(asked, header::IF_RANGE) {
        None => true,
        Some(one) if one.contains('"') => one == tag,
        Some(date) => httpdate::parse_http_date(date).is_ok_and(|date| date == whole_seconds(modified)),
    }
}

fn whole_seconds(time: SystemTime) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, suffix)| suffix) {
        Some("zip") => "application/zip",
        Some(suffix) => Format::ALL
            .into_iter()
            .find(|format| format.extension() == suffix)
            .map_or("application/octet-stream", Format::media_type),
        None => "application/octet-stream",
    }
}

/// `filename` for old readers, `filename*` for the name as it is (RFC 6266).
fn disposition(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_graphic() && !"\"\\%".contains(c) { c } else { '_' }).collect();
    let full = percent_encoding::utf8_percent_encode(name, UNRESERVED);
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{full}")
}

const UNRESERVED: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_told_to_old_and_new_readers() {
        assert_eq!(
            disposition("नेपाल \"x\".zip"),
            "attachment; filename=\"_______x_.zip\"; filename*=UTF-8''%E0%A4%A8%E0%A5%87%E0%A4%AA%E0%A4%BE%E0%A4%B2%20%22x%22.zip"
        );
        assert!(!disposition("a\r\nSet-Cookie: b").contains('\n'));
    }

    #[test]
    fn a_range_holds_only_for_the_same_file() {
        let modified = UNIX_EPOCH + Duration::from_millis(1_500);
        let holds = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_RANGE, value.parse().unwrap());
            range_holds(&headers, "\"a\"", modified)
        };
        assert!(range_holds(&HeaderMap::new(), "\"a\"", modified));
        assert!(holds("\"a\"") && holds("Thu, 01 Jan 1970 00:00:01 GMT"));
        assert!(!holds("\"b\"") && !holds("W/\"a\"") && !holds("Thu, 01 Jan 1970 00:00:02 GMT"));
    }

    #[test]
    fn what_the_client_has_is_not_sent_again() {
        let known = |name: HeaderName, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            is_known(&headers, "\"a\"", UNIX_EPOCH + Duration::from_secs(1))
        };
        assert!(known(header::IF_NONE_MATCH, "\"b\", W/\"a\"") && known(header::IF_NONE_MATCH, "*"));
        assert!(!known(header::IF_NONE_MATCH, "\"b\""));
        assert!(known(header::IF_MODIFIED_SINCE, "Thu, 01 Jan 1970 00:00:01 GMT"));
        assert!(!known(header::IF_MODIFIED_SINCE, "Thu, 01 Jan 1970 00:00:00 GMT"));
    }
}
