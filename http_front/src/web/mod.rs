//! Requests that go out for map data: which hosts may be asked, and at which addresses.
//!
//! ```text
//! address ── Hosts::check ──> request ── Guard ──> connection ──> redirect ── Hosts::check ──> …
//! ```

mod guard;
mod hosts;

pub use hosts::Hosts;

use std::time::Duration;

use reqwest::{Client, Url, redirect};

use guard::Guard;

/// Redirects that are followed.
const REDIRECTS: usize = 5;
/// Longest that connecting may take.
const CONNECT: Duration = Duration::from_secs(10);

/// An address of the web.
pub fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| format!("{text:?} is no http or https address"))
}

/// A client that goes to `hosts` only, also where it is redirected, and gives up after a pause of `idle`. Where it begins
/// has to be checked before it is asked.
pub fn client(hosts: &Hosts, idle: Duration) -> Result<Client, String> {
    let allowed = hosts.clone();
    let policy = redirect::Policy::custom(move |attempt| {
        let from = attempt.previous().last();
        if attempt.previous().len() > REDIRECTS {
            attempt.error(format!("more than {REDIRECTS} redirects"))
        } else if from.is_some_and(|from| from.scheme() == "https") && attempt.url().scheme() != "https" {
            attempt.error("a redirect from https to http")
        } else if let Err(refusal) = allowed.check(attempt.url()) {
            attempt.error(refusal)
        } else {
            attempt.follow()
        }
    });
    // Nothing but the first caller can have installed it; then it is there, too.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .connect_timeout(idle.min(CONNECT))
        .read_timeout(idle)
        .redirect(policy)
        .dns_resolver(Guard(hosts.clone()))
        .user_agent(concat!("rawdata/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| crate::source::failed(error).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_of_the_web() {
        for text in ["file:///etc/passwd", "ftp://host/x", "planet", ""] {
            assert!(address(text).is_err(), "{text}");
        }
        assert_eq!(address("http://0x7f.1/").unwrap().host_str(), Some("127.0.0.1"));
    }
}
