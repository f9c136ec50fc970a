//! A server of change files, asked politely.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use rawdata_core::{
    read::osc::Changes,
    replication::{STATE_LIMIT, State, path_of},
};
use reqwest::{Client, StatusCode, Url, header::RETRY_AFTER, redirect};

use super::retry_after;

/// Largest diff that is fetched. A day of the planet has about 150 MB.
const DIFF_LIMIT: usize = 512 << 20;
/// Redirects that are followed.
const REDIRECTS: usize = 5;

/// How long a server may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Between two pieces of an answer.
    pub idle: Duration,
    /// For the whole of it.
    pub whole: Duration,
}

#[cfg(test)]
impl Default for Patience {
    fn default() -> Self {
        Self { idle: Duration::from_secs(30), whole: Duration::from_secs(300) }
    }
}

/// Where something went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// In what we were told.
    Setting,
    /// On the way.
    Network,
    /// The server does not have the file.
    Missing,
    /// The server refuses.
    Server,
    /// A state file is none.
    State,
    /// A diff is none, or came broken.
    Document,
    /// The database did not take it.
    Database,
}

impl Kind {
    /// As SQL tells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Setting => "setting",
            Self::Network => "network",
            Self::Missing => "missing",
            Self::Server => "server",
            Self::State => "state",
            Self::Document => "document",
            Self::Database => "database",
        }
    }
}

/// Why a file could not be had.
#[derive(Debug)]
pub struct FetchError {
    /// Where it went wrong.
    pub kind: Kind,
    /// What went wrong, for people: without addresses, which may hold a password.
    pub message: String,
    /// How long the server asks to wait.
    pub wait: Option<Duration>,
}

impl FetchError {
    /// Without a wish of the server's.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), wait: None }
    }
}

/// The server.
pub struct Server {
    client: Client,
    base: String,
}

impl Server {
    /// `base` is the folder where `state.txt` lies. Redirects may lead to the same host, or by https to `hosts`.
    pub fn new(base: &str, hosts: &[String], patience: Patience) -> Result<Self, FetchError> {
        let (client, base) = client(base, hosts, patience)?;
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
        let message = format!("the state file of diff {sequence} is that of diff {}", state.sequence);
        Err(FetchError::new(Kind::State, message))
    }

    /// A diff, as it is: compressed, with `osmChange` as its root.
    pub async fn diff(&self, sequence: i64) -> Result<Bytes, FetchError> {
        let name = format!("{}.osc.gz", path(sequence)?);
        let document = self.get(&name, DIFF_LIMIT, Kind::Document).await?;
        match Changes::new(document.as_ref()) {
            Ok(_) => Ok(document),
            Err(error) => Err(FetchError::new(Kind::Document, format!("{name}: {error}"))),
        }
    }

    async fn state(&self, name: &str) -> Result<State, FetchError> {
        let wrong = |why: String| FetchError::new(Kind::State, format!("{name}: {why}"));
        let bytes = self.get(name, STATE_LIMIT, Kind::State).await?;
        let text = std::str::from_utf8(&bytes).map_err(|_| wrong("not text".into()))?;
        State::parse(text).map_err(|error| wrong(error.to_string()))
    }

    async fn get(&self, name: &str, limit: usize, wanted: Kind) -> Result<Bytes, FetchError> {
        let failed = |error| FetchError::new(Kind::Network, format!("{name}: {}", crate::source::failed(error)));
        let mut answer = self.client.get(format!("{}/{name}", self.base)).send().await.map_err(failed)?;
        if answer.status() != StatusCode::OK {
            let kind = match answer.status() {
                StatusCode::NOT_FOUND | StatusCode::GONE => Kind::Missing,
                _ => Kind::Server,
            };
            let wait = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(retry_after);
            return Err(FetchError { kind, message: format!("{name}: the server answers {}", answer.status()), wait });
        }
        let mut all = BytesMut::new();
        while let Some(piece) = answer.chunk().await.map_err(failed)? {
            all.extend_from_slice(&piece);
            if all.len() > limit {
                return Err(FetchError::new(wanted, format!("{name}: larger than {limit} bytes")));
            }
            if wanted == Kind::Document && !may_begin_a_diff(&all) {
                return Err(FetchError::new(wanted, format!("{name}: neither gzip nor XML")));
            }
        }
        Ok(all.freeze())
    }
}

/// Whether this may be the beginning of a change file. What is none is not fetched to its end.
fn may_begin_a_diff(bytes: &[u8]) -> bool {
    matches!(bytes, [] | [0x1f] | [0x1f, 0x8b, ..] | [b'<', ..] | [0xef, ..])
}

/// A client for the server at `base`, and its address without a slash at the end. Redirects may lead to the same host, or by
/// https to `hosts`.
fn client(base: &str, hosts: &[String], patience: Patience) -> Result<(Client, String), FetchError> {
    let base = base.trim_end_matches('/').to_owned();
    let url = Url::parse(&base).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let url = url
        .ok_or_else(|| FetchError::new(Kind::Setting, "the server's address has to begin with http:// or https://"))?;
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
        .connect_timeout(patience.idle.min(Duration::from_secs(10)))
        .read_timeout(patience.idle)
        .timeout(patience.whole)
        .redirect(policy)
        .user_agent(concat!("rawdata/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| FetchError::new(Kind::Network, crate::source::failed(error).to_string()))?;
    Ok((client, base))
}

fn path(sequence: i64) -> Result<String, FetchError> {
    path_of(sequence).ok_or_else(|| FetchError::new(Kind::State, format!("diff {sequence} has no place on a server")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_must_be_one_of_the_web() {
        for base in ["file:///etc/passwd", "ftp://host/x", "planet", ""] {
            assert!(Server::new(base, &[], Patience::default()).is_err(), "{base}");
        }
        let server = Server::new("https://host/minute//", &[], Patience::default()).unwrap();
        assert_eq!(server.base, "https://host/minute");
    }

    #[test]
    fn what_is_no_diff_is_known_by_its_first_bytes() {
        for begin in ["", "\x1f", "<osmChange", "\u{feff}<osmChange"] {
            assert!(may_begin_a_diff(begin.as_bytes()), "{begin}");
        }
        assert!(!may_begin_a_diff(&[0; 9]) && !may_begin_a_diff(b"PK"));
    }
}
