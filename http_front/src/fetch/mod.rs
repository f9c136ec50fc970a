//! Map data from the servers that have them.

mod extract;
mod file;
mod map_call;
mod overpass;
mod site;

pub use extract::{Extract, Extracts};
pub use file::open;
pub use map_call::{Bbox, MapCall};
pub use overpass::Overpass;
pub use site::Terms;

use std::time::Duration;

/// Longest pause in an answer.
const IDLE: Duration = Duration::from_secs(60);

/// Where `part` begins in `text`, looked for from the end.
fn find_last(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).rposition(|window| window == part)
}

/// What stands between the last `open` and the `close` after it.
fn between(text: &[u8], open: &[u8], close: &[u8]) -> Option<String> {
    let rest = text.get(find_last(text, open)? + open.len()..)?;
    let end = rest.windows(close.len()).position(|window| window == close)?;
    Some(String::from_utf8_lossy(rest.get(..end)?).trim().to_owned())
}

/// What stands inside the root of a whole map document.
fn inside(document: &[u8]) -> Result<&[u8], String> {
    let text = document.trim_ascii();
    let start = text.windows(4).position(|window| window == b"<osm").ok_or("the answer is no OSM XML")?;
    let inner = text.get(start..).unwrap_or_default();
    let tag = inner.iter().position(|&byte| byte == b'>').ok_or("the answer breaks off")?;
    let inner = inner.get(tag + 1..).unwrap_or_default();
    inner.strip_suffix(b"</osm>").ok_or_else(|| "the answer breaks off before </osm>".to_owned())
}

/// Where an answer begins as a page for people, as servers give it with status 200, too: a sentence with its title.
fn page(document: &[u8]) -> Option<String> {
    let head = document.get(..4096.min(document.len()))?;
    let text = String::from_utf8_lossy(head).to_ascii_lowercase();
    let is_page = text.contains("<!doctype html") || text.contains("<html");
    let title = between(head, b"<title>", b"</title>").unwrap_or_default();
    is_page.then(|| {
        format!("a web page came in place of map data: {}", if title.is_empty() { "untitled" } else { &title })
    })
}

/// What a refusal says, in a line: the title of a page, or the beginning of the text.
fn gist(text: &str) -> String {
    match page(text.as_bytes()) {
        Some(_) => between(text.as_bytes(), b"<title>", b"</title>").unwrap_or_default(),
        None => text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(500).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_told_from_a_document() {
        let xhtml = "<?xml version=\"1.0\"?>\n<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\">\n<html><head><title>OSM3S Response</title>";
        assert!(page(xhtml.as_bytes()).unwrap().ends_with("OSM3S Response"));
        assert!(page(b"<HTML><body>down for maintenance").is_some());
        assert_eq!(page(b"<?xml version=\"1.0\"?><osm version=\"0.6\"/>"), None);
        assert_eq!(page(b""), None);
        assert_eq!(gist(xhtml), "OSM3S Response");
        assert_eq!(gist(" too\n many  nodes "), "too many nodes");
    }
}
