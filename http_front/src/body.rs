//! Reads bodies of requests: bounded in size and in time, chunked or not, never unpacked.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use poem::{
    Request,
    http::{StatusCode, header},
};
use tokio::time::{Instant, timeout_at};

use crate::error::ApiError;

/// Longest pause between two pieces.
const IDLE: Duration = Duration::from_secs(15);
/// What a body may take to come, besides a second for each 16 KiB of it. One byte a second is not enough.
const PATIENCE: Duration = Duration::from_secs(20);
const BYTES_PER_SECOND: usize = 16 << 10;

/// The whole body, up to `limit` bytes.
pub async fn read(request: Request, limit: usize) -> Result<Bytes, ApiError> {
    let coding = request.headers().get(header::CONTENT_ENCODING);
    if coding.is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "compressed requests are not read").and_close());
    }
    let promised =
        request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if promised.is_some_and(|length| length > limit as u64) {
        return Err(too_large(limit));
    }
    // No client sends an empty body in chunks. Who smuggles a second request past a proxy that goes by Content-Length does;
    // the server goes by Transfer-Encoding and does not show that there were both.
    let chunked = request.headers().contains_key(header::TRANSFER_ENCODING);
    let start = Instant::now();
    let mut pieces = std::pin::pin!(request.into_body().into_bytes_stream());
    let mut body = BytesMut::new();
    loop {
        let earned = Duration::from_secs((body.len() / BYTES_PER_SECOND) as u64);
        let deadline = (start + PATIENCE + earned).min(Instant::now() + IDLE);
        match timeout_at(deadline, pieces.next()).await {
            Ok(None) if chunked && body.is_empty() => return Err(unreadable()),
            Ok(None) => return Ok(body.freeze()),
            Ok(Some(Ok(piece))) if body.len() + piece.len() <= limit => body.extend_from_slice(&piece),
            Ok(Some(Ok(_))) => return Err(too_large(limit)),
            Ok(Some(Err(_))) => return Err(unreadable()),
            Err(_) => return Err(ApiError::new(StatusCode::REQUEST_TIMEOUT, "the body came too slowly").and_close()),
        }
    }
}

fn unreadable() -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "the body could not be read").and_close()
}

fn too_large(limit: usize) -> ApiError {
    let detail = format!("the body is larger than {limit} bytes");
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, &detail).and_close()
}

#[cfg(test)]
mod tests {
    use super::*;
    use poem::Body;

    fn endless() -> Body {
        Body::from_bytes_stream(futures_util::stream::repeat_with(|| {
            Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 1000]))
        }))
    }

    #[tokio::test]
    async fn a_body_up_to_the_limit_is_read_whole() {
        let body = read(Request::builder().body("12345"), 5).await.unwrap();
        assert_eq!(body, "12345");
        assert_eq!(read(Request::builder().body("123456"), 5).await.unwrap_err().status(), 413);
    }

    #[tokio::test]
    async fn a_body_that_does_not_end_is_refused_at_the_limit() {
        assert_eq!(read(Request::builder().body(endless()), 1 << 20).await.unwrap_err().status(), 413);
    }

    #[tokio::test]
    async fn a_length_beyond_the_limit_is_refused_unread() {
        let request = Request::builder().header(header::CONTENT_LENGTH, "1000000000000").body(endless());
        assert_eq!(read(request, 1 << 20).await.unwrap_err().status(), 413);
    }

    #[tokio::test]
    async fn an_empty_body_in_chunks_is_refused() {
        let chunked = || Request::builder().header(header::TRANSFER_ENCODING, "chunked");
        assert_eq!(read(chunked().body(""), 10).await.unwrap_err().status(), 400);
        assert_eq!(read(chunked().body("{}"), 10).await.unwrap(), "{}");
    }

    #[tokio::test]
    async fn packed_bodies_are_refused() {
        let request = Request::builder().header(header::CONTENT_ENCODING, "gzip").body("x");
        assert_eq!(read(request, 10).await.unwrap_err().status(), 415);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_drips_is_given_up() {
        let drops = futures_util::stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), ()))
        });
        let start = Instant::now();
        let error = read(Request::builder().body(Body::from_bytes_stream(drops)), 100_000).await.unwrap_err();
        assert_eq!(error.status(), 408);
        assert!(start.elapsed() <= Duration::from_secs(30));
    }
}
