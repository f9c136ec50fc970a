//! A map file at an address. What it is, its content tells, not its name or the server.

use super::{
    IDLE, page,
    site::{Answer, Site, Terms},
};
use crate::source::Source;

/// Opens the file at an address, of which more than `limit` bytes are an error.
pub async fn open(address: &str, terms: &Terms, limit: u64) -> Result<Source, String> {
    let site = Site::new(address, terms, IDLE)?;
    let answer = match site.send(|| site.client.get(address)).await? {
        Answer::Document(answer) => answer,
        Answer::Refused(status, text) => return Err(site.refusal(status, &text)),
    };
    let source = Source::answer(answer).at_most(limit).map_err(|error| site.said(error))?;
    let (first, source) = source.peek().await.map_err(|error| site.said(error))?;
    match page(&first) {
        Some(title) => Err(site.said(title)),
        None => Ok(source),
    }
}
