//! Reads documents: OSM XML, OsmChange and PBF, plain or compressed.
//!
//! ```text
//! bytes ── decompress ──┬─ xml ──┐
//!                       ├─ osc ──┼──> osm::Element, lent one at a time
//!                       └─ pbf ──┘
//! ```
//!
//! [`Reader`] is the front door for map files, [`osc::Changes`] the one for change files. Both read as they go, hold no
//! more than one object or blob, and end with an error unless the document is whole to its last byte. One cut cannot be
//! seen: a PBF that ends exactly between two blobs is a PBF.
//!
//! ```
//! use rawdata_core::osm::Element;
//! use rawdata_core::read::Reader;
//!
//! let document = r#"<osm version="0.6"><node id="7" lat="47.14" lon="9.52"><tag k="name" v="Vaduz"/></node></osm>"#;
//! let mut reader = Reader::new(document.as_bytes())?;
//! while let Some(element) = reader.next()? {
//!     if let Element::Node(node) = element {
//!         assert_eq!((node.id, node.tags.get("name")), (7, Some("Vaduz")));
//!     }
//! }
//! # Ok::<(), rawdata_core::Error>(())
//! ```

mod decompress;
mod header;
mod object;
pub mod osc;
pub mod pbf;
mod sniff;
mod xml;

use std::io::{Chain, Cursor, Read};

pub use decompress::{Compression, Unpacked};
pub use header::{Format, Header};

use crate::osm::Element;
use crate::{Error, Result};

/// What the parsers read: the document without compression, from its first byte on.
type Stream<R> = Chain<Cursor<Vec<u8>>, Unpacked<R>>;

/// A document of unknown format, looked at but not yet read.
struct Opened<R: Read> {
    stream: Stream<R>,
    compression: Compression,
    format: Format,
}

impl<R: Read> Opened<R> {
    fn new(input: R) -> Result<Self> {
        let mut unpacked = Unpacked::new(input)?;
        let compression = unpacked.compression();
        let head = decompress::read_head(&mut unpacked, sniff::HEAD).map_err(|e| decompress::from_io(&e))?;
        let format = sniff::format(&head)?;
        Ok(Self { stream: Cursor::new(head).chain(unpacked), compression, format })
    }
}

/// Whether a document is a map file, by its format or its root element. What is neither is taken for a change file.
pub fn is_map(input: impl Read) -> Result<bool> {
    let opened = Opened::new(input)?;
    match opened.format {
        Format::Pbf => Ok(true),
        Format::Xml => Ok(xml::root_name(opened)? == "osm"),
    }
}

/// Reads a map file of any format and compression.
///
/// Objects marked as deleted (`visible="false"`) are passed over. Metadata that a document leaves out, or fills with 0
/// or an empty name as writers do that do not know it, is `None`.
///
/// Errors of the input (`R`) have kind [`Io`](crate::ErrorKind::Io), unless they carry an [`Error`]
/// (`io::Error::other(error)`), which then comes out as it went in.
pub struct Reader<R: Read> {
    source: Source<R>,
    failed: Option<Error>,
}

enum Source<R: Read> {
    Xml(Box<xml::Reader<R>>),
    Pbf(Box<pbf::Reader<R>>),
}

impl<R: Read> Reader<R> {
    /// Finds out what the input is and reads up to its first object.
    pub fn new(input: R) -> Result<Self> {
        let opened = Opened::new(input)?;
        let source = match opened.format {
            Format::Xml => Source::Xml(Box::new(xml::Reader::new(opened)?)),
            Format::Pbf => Source::Pbf(Box::new(pbf::Reader::new(opened)?)),
        };
        Ok(Self { source, failed: None })
    }

    /// What the document says of itself before its first object.
    pub fn header(&self) -> &Header {
        match &self.source {
            Source::Xml(reader) => reader.header(),
            Source::Pbf(reader) => reader.header(),
        }
    }

    /// The blobs of a PBF, none of which was read yet but the header's, for threads to decode by [`pbf::open`];
    /// `None` for any other format. Instead of [`Self::next`].
    pub fn blobs(&mut self) -> Option<&mut pbf::Blobs<impl Read>> {
        match &mut self.source {
            Source::Xml(_) => None,
            Source::Pbf(reader) => Some(reader.blobs()),
        }
    }

    /// The next object; `None` only where the document has ended as it should.
    ///
    /// After the first error there is nothing but that error.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot lend what it holds itself")]
    pub fn next(&mut self) -> Result<Option<Element<'_>>> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let advanced = match &mut self.source {
            Source::Xml(reader) => reader.advance(),
            Source::Pbf(reader) => reader.advance(),
        };
        match advanced {
            Ok(true) => Ok(Some(match &self.source {
                Source::Xml(reader) => reader.element(),
                Source::Pbf(reader) => reader.element(),
            })),
            Ok(false) => Ok(None),
            Err(error) => Err(self.failed.insert(error).clone()),
        }
    }
}
