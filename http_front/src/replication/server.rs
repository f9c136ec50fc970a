//! A server of change files, asked politely.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use rawdata_core::replication::{STATE_LIMIT, State, path_of};
use reqwest::{Client, StatusCode, Url, header::RETRY_AFTER, redirect};

/// Largest diff that is fetched. A day of the planet has about 150 MB.
const DIFF_LIMIT: usize = 512 << 20;
/// Longest time for one file.
const WHOLE: Duration = Duration::from_secs(300);
/// Redirects that are followed.
const REDIRECTS: usize = 5;

/// Why a file could not be had. All of it may pass: a file that is not there may come, a broken one may be mended.
#[derive(Debug)]
pub struct FetchError {
    /// What went wrong, for people.
    pub message: String,
    /// How long the server asks to wait.
    pub wait: Option<Duration>,
}

impl FetchError {
    /// Without a wish of the server's.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), wait: None }
    }
}

/// The server.
pub struct Server {
    client: Client,
    base: String,
}

impl Server {
    /// `base` is the folder where `state.txt` lies. Redirects may lead to the same host, or by https to `hosts`.
    pub fn new(base: &str, hosts: &[String]) -> Result<Self, FetchError> {
        let (client, base) = client(base, hosts)?;
        Ok(Self { client, base })
    }

    /// The newest diff there is.
    pub async fn newest(&self) -> Result<State, FetchError> {
        self.state("state.txt").await
    }

    /// The state that belongs to a diff.
    pub async fn state_of(&self, sequence: i64) -> Result<State, FetchError> {
        let state = self.state(&format!("{}.state.txt", path(sequence)?)).await?;
        if state.sequence == sequence {
            return Ok(state);
        }
        Err(FetchError::new(format!("the state file of diff {sequence} is that of diff {}", state.sequence)))
    }

    /// A diff, as it is.
    pub async fn diff(&self, sequence: i64) -> Result<Bytes, FetchError> {
        self.get(&format!("{}.osc.gz", path(sequence)?), DIFF_LIMIT).await
    }

    async fn state(&self, name: &str) -> Result<State, FetchError> {
        let bytes = self.get(name, STATE_LIMIT).await?;
        let text = std::str::from_utf8(&bytes).map_err(|_| FetchError::new(format!("{name}: not text")))?;
        State::parse(text).map_err(|error| FetchError::new(format!("{name}: {error}")))
    }

    async fn get(&self, name: &str, limit: usize) -> Result<Bytes, FetchError> {
        let failed = |error| FetchError::new(format!("{name}: {}", crate::source::failed(error)));
        let mut answer = self.client.get(format!("{}/{name}", self.base)).send().await.map_err(failed)?;
        if answer.status() != StatusCode::OK {
            let wait = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(retry_after);
            return Err(FetchError { message: format!("{name}: the server answers {}", answer.status()), wait });
        }
        let mut all = BytesMut::new();
        while let Some(piece) = answer.chunk().await.map_err(failed)? {
            all.extend_from_slice(&piece);
            if all.len() > limit {
                return Err(FetchError::new(format!("{name}: larger than {limit} bytes")));
            }
        }
        Ok(all.freeze())
    }
}

/// A client for the server at `base`, and its address without a slash at the end. Redirects may lead to the same host, or by
/// https to `hosts`.
pub fn client(base: &str, hosts: &[String]) -> Result<(Client, String), FetchError> {
    let base = base.trim_end_matches('/').to_owned();
    let url = Url::parse(&base).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let url = url.ok_or_else(|| FetchError::new(format!("{base:?} is no http or https address")))?;
    let hosts = hosts.to_vec();
    let policy = redirect::Policy::custom(move |attempt| {
        let to = attempt.url();
        let same = to.origin() == url.origin() || to.scheme() == "https" && to.host_str() == url.host_str();
        let allowed = to.scheme() == "https" && hosts.iter().any(|host| Some(host.as_str()) == to.host_str());
        if attempt.previous().len() > REDIRECTS {
            attempt.error("too many redirects")
        } else if same || allowed {
            attempt.follow()
        } else {
            attempt.error("redirect to a host that is not allowed")
        }
    });
    // Nothing but the first caller can have installed it; then it is there, too.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder()
        .connect_timeout(Duration::from_secs(10))
        .read_timeout(Duration::from_secs(30))
        .timeout(WHOLE)
        .redirect(policy)
        .user_agent(concat!("rawdata/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| FetchError::new(crate::source::failed(error).to_string()))?;
    Ok((client, base))
}

fn path(sequence: i64) -> Result<String, FetchError> {
    path_of(sequence).ok_or_else(|| FetchError::new(format!("diff {sequence} has no place on a server")))
}

/// Seconds, or a date.
pub fn retry_after(value: &str) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    httpdate::parse_http_date(value).ok()?.duration_since(std::time::SystemTime::now()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_must_be_one_of_the_web() {
        for base in ["file:///etc/passwd", "ftp://host/x", "planet", ""] {
            assert!(Server::new(base, &[]).is_err(), "{base}");
        }
        assert_eq!(Server::new("https://host/minute//", &[]).unwrap().base, "https://host/minute");
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(retry_after(" 7 "), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Wed, 01 Jan 2020 00:00:00 GMT"), None);
        assert_eq!(retry_after("soon"), None);
        assert!(retry_after("Fri, 01 Jan 2100 00:00:00 GMT").is_some());
    }
}
