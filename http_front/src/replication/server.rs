//! A server of change files, asked politely.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use rawdata_core::{
    read::osc::Changes,
    replication::{STATE_LIMIT, State, path_of},
};
use reqwest::{Client, StatusCode, header::RETRY_AFTER};

use super::retry_after;
use crate::web::{self, Hosts};

/// Largest diff that is fetched. A day of the planet has about 150 MB.
const DIFF_LIMIT: usize = 512 << 20;

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
    time_limit: Duration,
}

impl Server {
    /// `base` is the folder where `state.txt` lies. It and all that it redirects to are among `hosts`.
    pub fn new(base: &str, hosts: &Hosts, patience: Patience) -> Result<Self, FetchError> {
        let setting = |why| FetchError::new(Kind::Setting, why);
        let mut url = web::address(base)
            .map_err(|_| setting("the server's address has to begin with http:// or https://".to_owned()))?;
        if hosts.check(&url).is_err() {
            // Files name well-known servers by http.
            url.set_scheme("https").map_err(|()| setting("the server's address cannot be read".to_owned()))?;
            hosts.check(&url).map_err(setting)?;
        }
        let client = web::client(hosts, patience.idle).map_err(setting)?;
        Ok(Self { client, base: url.as_str().trim_end_matches('/').to_owned(), time_limit: patience.whole })
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
        let request = self.client.get(format!("{}/{name}", self.base)).timeout(self.time_limit);
        let mut answer = request.send().await.map_err(failed)?;
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

fn path(sequence: i64) -> Result<String, FetchError> {
    path_of(sequence).ok_or_else(|| FetchError::new(Kind::State, format!("diff {sequence} has no place on a server")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_must_be_one_of_the_web_and_of_an_allowed_host() {
        let base_of = |base: &str| {
            let server = Server::new(base, &Hosts::new(&["mirror".to_owned()]), Patience::default());
            server.map(|server| server.base).map_err(|error| error.message)
        };
        for base in ["file:///etc/passwd", "ftp://host/x", "planet", ""] {
            assert!(base_of(base).unwrap_err().contains("http:// or https://"), "{base}");
        }
        for base in ["http://169.254.169.254/latest", "https://elsewhere/minute"] {
            assert!(base_of(base).unwrap_err().contains("--allow-host"), "{base}");
        }
        for (base, expected) in [
            ("http://mirror:81/minute//", "http://mirror:81/minute"),
            ("https://planet.osm.org/replication/minute/", "https://planet.osm.org/replication/minute"),
            ("http://download.geofabrik.de/europe/x-updates", "https://download.geofabrik.de/europe/x-updates"),
        ] {
            assert_eq!(base_of(base).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn what_is_no_diff_is_known_by_its_first_bytes() {
        for begin in ["", "\x1f", "<osmChange", "\u{feff}<osmChange"] {
            assert!(may_begin_a_diff(begin.as_bytes()), "{begin}");
        }
        assert!(!may_begin_a_diff(&[0; 9]) && !may_begin_a_diff(b"PK"));
    }
}
