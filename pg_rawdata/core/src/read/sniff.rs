//! Tells by its first bytes what an unpacked document is.

use super::Format;
use super::decompress::Compression;
use crate::{Error, ErrorKind, Result};

/// How many bytes are looked at.
pub(super) const HEAD: u64 = 64;

const CONVERT: &str = "Convert it, for example by \"osmium cat\", to PBF or XML.";

/// The format of a document that begins like this.
pub(super) fn format(head: &[u8]) -> Result<Format> {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    match head {
        [] => Err(not_osm("the document is empty")),
        [0xfe, 0xff, ..] | [0xff, 0xfe, ..] | [0, b'<', ..] | [b'<', 0, ..] => {
            Err(Error::new(ErrorKind::Encoding, "the document is in UTF-16, only UTF-8 is read"))
        }
        [0xff, 0xe0, ..] => Err(unsupported("o5m")),
        // The length of a blob's header, which is never 16 MiB, or a damaged one in front of the header's name.
        [0, ..] => Ok(Format::Pbf),
        [_, _, _, _, 0x0a, _, name @ ..] if name.starts_with(b"OSM") => Ok(Format::Pbf),
        _ if text.starts_with(b"<") || text.is_empty() => Ok(Format::Xml),
        _ if Compression::of(head) != Compression::None => Err(not_osm("the document is compressed twice")),
        _ => Err(foreign(head, text)),
    }
}

fn foreign(head: &[u8], text: &[u8]) -> Error {
    match head {
        [0xfd, b'7', b'z', b'X', b'Z', ..] => return unsupported("xz"),
        [b'P', b'K', 3, 4, ..] => return unsupported("zip"),
        [b'7', b'z', 0xbc, 0xaf, ..] => return unsupported("7z"),
        _ => {}
    }
    match text {
        [b'n' | b'w' | b'r', b'0'..=b'9', ..] => unsupported("OPL"),
        [b'{' | b'[', ..] => unsupported("JSON"),
        _ => not_osm("the document is neither XML nor PBF"),
    }
}

fn unsupported(what: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("{what} files are not read")).with_hint(CONVERT)
}

fn not_osm(why: &str) -> Error {
    Error::new(ErrorKind::Xml, format!("not an OSM document: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_and_pbf_are_told_apart() {
        for head in [&b"<osm"[..], b"\xef\xbb\xbf<?xml", b" \n\t<osm", b"\n"] {
            assert_eq!(format(head).unwrap(), Format::Xml, "{head:?}");
        }
        for head in [&b"\0\0\0\x0e\x0a\x09OSMHeader"[..], b"\0", b"\xff\xff\xff\xff\x0a\x09OSMHeader"] {
            assert_eq!(format(head).unwrap(), Format::Pbf, "{head:?}");
        }
    }

    #[test]
    fn anything_else_is_called_by_its_name() {
        for (head, kind, message) in [
            (&b""[..], ErrorKind::Xml, "not an OSM document: the document is empty"),
            (b"\x1f\x8b\x08\0", ErrorKind::Xml, "not an OSM document: the document is compressed twice"),
            (b"\xff\xfe<\0o\0", ErrorKind::Encoding, "the document is in UTF-16, only UTF-8 is read"),
            (b"\xff\xe0\x04o5m2", ErrorKind::Unsupported, "o5m files are not read"),
            (b"n123 v1 dV", ErrorKind::Unsupported, "OPL files are not read"),
            (b"{\"elements\"", ErrorKind::Unsupported, "JSON files are not read"),
            (b"PK\x03\x04", ErrorKind::Unsupported, "zip files are not read"),
            (b"\xfd7zXZ\0", ErrorKind::Unsupported, "xz files are not read"),
            (b"Not Found", ErrorKind::Xml, "not an OSM document: the document is neither XML nor PBF"),
        ] {
            let error = format(head).unwrap_err();
            assert_eq!((error.kind(), error.message()), (kind, message));
        }
    }
}
