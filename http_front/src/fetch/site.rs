//! A server that is asked for map data: one host, a bound for what comes, and patience where it asks for it.

use bytes::{Bytes, BytesMut};
use reqwest::{RequestBuilder, StatusCode, header::RETRY_AFTER};

use crate::replication::{pause, retry_after};

/// Requests for one document, waits between them.
const TRIES: u32 = 5;
/// How much of a refusal is read.
const REFUSAL: usize = 64 << 10;

/// A server.
pub struct Site {
    /// Asks; redirects stay with the server's own host.
    pub client: reqwest::Client,
    /// Its address, without a slash at the end.
    pub base: String,
    /// Most bytes of an answer.
    pub limit: usize,
}

/// What a server says.
pub enum Answer {
    /// What was asked for.
    Document(Bytes),
    /// A refusal that will not pass, with its text.
    Refused(StatusCode, String),
}

impl Site {
    /// `base` is the address of the service. Redirects may lead to the same host.
    pub fn new(base: &str, limit: usize) -> Result<Self, String> {
        let (client, base) = crate::replication::client(base, &[]).map_err(|error| error.message)?;
        Ok(Self { client, base, limit })
    }

    /// Asks, again after a wait where the server is busy.
    pub async fn ask(&self, request: impl Fn() -> RequestBuilder) -> Result<Answer, String> {
        let mut failures = 0;
        loop {
            let failed = |error| format!("{}: {}", self.base, crate::source::failed(error));
            let answer = request().send().await.map_err(failed)?;
            let status = answer.status();
            if status == StatusCode::OK {
                return Ok(Answer::Document(self.read(answer, self.limit).await?));
            }
            // 509 is what the OSM API says to those who have had too much.
            let is_busy = matches!(status.as_u16(), 429 | 502 | 503 | 504 | 509);
            if !is_busy {
                let text = self.read(answer, REFUSAL).await?;
                return Ok(Answer::Refused(status, String::from_utf8_lossy(&text).trim().to_owned()));
            }
            failures += 1;
            if failures >= TRIES {
                return Err(format!("{}: the server is busy ({status}), try again later", self.base));
            }
            let wish = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(retry_after);
            let pause = pause(failures, wish);
            tracing::warn!(%status, ?pause, "the server is busy");
            tokio::time::sleep(pause).await;
        }
    }

    async fn read(&self, mut answer: reqwest::Response, limit: usize) -> Result<Bytes, String> {
        let mut all = BytesMut::new();
        let failed = |error| format!("{}: {}", self.base, crate::source::failed(error));
        while let Some(piece) = answer.chunk().await.map_err(failed)? {
            all.extend_from_slice(&piece);
            if all.len() > limit {
                return Err(format!("{}: the answer is larger than {limit} bytes (FETCH_MAX_BYTES)", self.base));
            }
        }
        Ok(all.freeze())
    }
}
