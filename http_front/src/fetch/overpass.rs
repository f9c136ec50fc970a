//! A query to an Overpass server.

use std::time::Duration;

use bytes::Bytes;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::CONTENT_TYPE;

use super::{
    between, inside,
    site::{Answer, Site, Terms},
};

/// Longest time that the server works on a query before it begins to answer.
const WORK: Duration = Duration::from_secs(1800);

/// The server.
pub struct Overpass(Site);

impl Overpass {
    /// `base` is its address, without `/interpreter`.
    pub fn new(base: &str, terms: &Terms) -> Result<Self, String> {
        Ok(Self(Site::new(base, terms, WORK)?))
    }

    /// The answer to a query in Overpass QL, whole. The server says 200 before it knows whether it will get to the end.
    pub async fn fetch(&self, query: &str) -> Result<Bytes, String> {
        let address = format!("{}/interpreter", self.0.base);
        let body = format!("data={}", utf8_percent_encode(query, NON_ALPHANUMERIC));
        let request = || {
            let request = self.0.client.post(&address).body(body.clone());
            request.header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        };
        match self.0.ask(request).await? {
            Answer::Document(document) => {
                let inner = inside(&document)
                    .map_err(|error| self.0.said(format!("{error}: the query has to ask for [out:xml]")))?;
                match between(inner, b"<remark>", b"</remark>") {
                    Some(remark) if remark.contains("error") => Err(self.0.said(remark)),
                    _ => Ok(document),
                }
            }
            Answer::Refused(status, text) => match errors(&text).as_slice() {
                [] => Err(self.0.refusal(status, &text)),
                reasons => Err(self.0.refusal(status, &reasons.join("; "))),
            },
        }
    }
}

/// The errors on a page for people.
fn errors(page: &str) -> Vec<String> {
    let lines = page.lines().filter_map(|line| line.split_once("Error</strong>:"));
    lines.map(|(_, text)| text.trim().trim_end_matches("</p>").trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_found_on_the_page() {
        let page = "<p>Licence</p>\n<p><strong style=\"color:#FF0000\">Error</strong>: line 1: parse error: Unknown type </p>\n";
        assert_eq!(errors(page), ["line 1: parse error: Unknown type"]);
    }
}
