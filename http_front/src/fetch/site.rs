//! A server that is asked for map data: hosts that are allowed, a bound for what comes, and patience where it asks for it.

use std::time::Duration;

use bytes::Bytes;
use reqwest::{RequestBuilder, Response, StatusCode, header::RETRY_AFTER};

use super::{gist, page};
use crate::{
    replication::{pause, retry_after},
    source::{Source, failed},
    web::{self, Hosts},
};

/// How much of a refusal is read.
const REFUSAL: u64 = 64 << 10;

/// What all servers are asked on.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Hosts that may be asked.
    pub hosts: Hosts,
    /// Most bytes of an answer; where not given, what is meant for a file or for memory.
    pub limit: Option<u64>,
    /// Requests for one document, the first included, where the server is busy.
    pub tries: u32,
}

impl Terms {
    /// Most bytes of a document that is held in memory.
    pub fn in_memory(&self) -> u64 {
        self.limit.unwrap_or(256 << 20)
    }

    /// Most bytes of a document that is passed on as it comes.
    pub fn passed_on(&self) -> u64 {
        self.limit.unwrap_or(16 << 30)
    }
}

/// A server.
pub struct Site {
    /// Asks; redirects stay with allowed hosts.
    pub client: reqwest::Client,
    /// Its address, without a slash at the end.
    pub base: String,
    /// Most bytes of an answer that is held in memory.
    pub limit: u64,
    tries: u32,
}

/// What a server says.
pub enum Answer<T> {
    /// What was asked for.
    Document(T),
    /// A refusal that will not pass, with its text.
    Refused(StatusCode, String),
}

impl Site {
    /// `base` is the address of the service, `idle` the longest pause that it may make.
    pub fn new(base: &str, terms: &Terms, idle: Duration) -> Result<Self, String> {
        let base = base.trim_end_matches('/').to_owned();
        terms.hosts.check(&web::address(&base)?)?;
        Ok(Self { client: web::client(&terms.hosts, idle)?, base, limit: terms.in_memory(), tries: terms.tries })
    }

    /// Asks for a document to hold in memory.
    pub async fn ask(&self, request: impl Fn() -> RequestBuilder) -> Result<Answer<Bytes>, String> {
        Ok(match self.send(request).await? {
            Answer::Document(answer) => Answer::Document(self.read(answer).await?),
            Answer::Refused(status, text) => Answer::Refused(status, text),
        })
    }

    /// Asks, again after a wait where the server is busy.
    pub async fn send(&self, request: impl Fn() -> RequestBuilder) -> Result<Answer<Response>, String> {
        let mut failures = 0;
        loop {
            let answer = request().send().await.map_err(|error| self.said(failed(error)))?;
            let status = answer.status();
            if status == StatusCode::OK {
                return Ok(Answer::Document(answer));
            }
            // 509 is what the OSM API says to those who have had too much.
            let is_busy = matches!(status.as_u16(), 429 | 502 | 503 | 504 | 509);
            if !is_busy {
                // The status says most of it, should the text be too long or break off.
                let text = match Source::answer(answer).at_most(REFUSAL) {
                    Ok(text) => text.whole().await.unwrap_or_default(),
                    Err(_) => Bytes::new(),
                };
                return Ok(Answer::Refused(status, String::from_utf8_lossy(&text).trim().to_owned()));
            }
            failures += 1;
            if failures >= self.tries {
                return Err(self.said(format!("the server is busy ({status}), try again later")));
            }
            let wish = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(retry_after);
            let pause = pause(failures, wish);
            tracing::warn!(%status, ?pause, "the server is busy");
            tokio::time::sleep(pause).await;
        }
    }

    /// A sentence about this server.
    pub fn said(&self, sentence: impl std::fmt::Display) -> String {
        format!("{}: {sentence}", self.base)
    }

    /// A refusal, as a sentence.
    pub fn refusal(&self, status: StatusCode, text: &str) -> String {
        match gist(text) {
            gist if gist.is_empty() => self.said(format!("the server answers {status}")),
            gist => self.said(format!("the server answers {status}: {gist}")),
        }
    }

    async fn read(&self, answer: Response) -> Result<Bytes, String> {
        let document = Source::answer(answer).at_most(self.limit).map_err(|error| self.said(error))?;
        let document = document.whole().await.map_err(|error| self.said(error))?;
        match page(&document) {
            Some(title) => Err(self.said(title)),
            None => Ok(document),
        }
    }
}
