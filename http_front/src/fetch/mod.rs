//! Data of an area or a query, asked of the servers that have them.

mod map_call;
mod overpass;
mod site;

pub use map_call::{Bbox, MapCall};
pub use overpass::Overpass;
pub use site::Site;

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
