//! OSM PBF.
//!
//! [`Blobs`] takes a file apart, [`Block`] decodes a blob; [`read::Reader`](super::Reader) does both in turn. Blobs
//! may be packed with zlib, lz4 or zstd or not at all; each must unpack to exactly the size it promises.
//!
//! Coordinates are exact for all files whose granularity is a multiple of 100 (so all there are); others round to 1e-7
//! degree, half away from zero. Times are cut to whole seconds.

mod blob;
mod block;
mod dense;
mod header;
mod scale;
mod strings;
mod wire;

use std::io::Read;

pub use blob::{Blob, BlobKind, Blobs};
pub use block::Block;

use self::blob::Unpacker;
use self::wire::broken;
use super::{Format, Header, Opened, Stream};
use crate::osm::Element;
use crate::{Error, ErrorKind, Result};

/// Reads the header that the first blob of a file holds, and refuses a file that requires what is not supported.
pub fn header(blob: &Blob) -> Result<Header> {
    let mut header = Header { format: Format::Pbf, ..Header::default() };
    let mut bytes = Vec::new();
    let read = if blob.kind() == BlobKind::Header {
        Unpacker::new().unpack(blob, &mut bytes).and_then(|()| header::read(&bytes, &mut header))
    } else {
        Err(broken("the file does not begin with a header"))
    };
    read.map(|()| header).map_err(|e| blob.locate(e))
}

/// Unpacks a blob, whose objects the block then tells one by one; there are none in a blob that holds something else.
pub fn open(blob: &mut Blob, block: &mut Block) -> Result<()> {
    match blob.kind() {
        BlobKind::Data => block.decode(blob),
        BlobKind::Other => Ok(()),
        BlobKind::Header => {
            let error =
                Error::new(ErrorKind::Unsupported, "the file has a second header: it was put together of several");
            Err(blob.locate(error.with_hint("Join files by \"osmium merge\".")))
        }
    }
}

pub(super) struct Reader<R: Read> {
    blobs: Blobs<Stream<R>>,
    blob: Blob,
    block: Block,
    header: Header,
}

impl<R: Read> Reader<R> {
    pub fn new(opened: Opened<R>) -> Result<Self> {
        let mut blobs = Blobs::new(opened.stream);
        let mut blob = Blob::default();
        if !blobs.next_into(&mut blob)? {
            return Err(broken("the file is empty"));
        }
        let header = Header { compression: opened.compression, ..header(&blob)? };
        Ok(Self { blobs, blob, block: Block::new(), header })
    }

    pub fn header(&self) -> &Header {
        &self.header
    }

    pub fn blobs(&mut self) -> &mut Blobs<Stream<R>> {
        &mut self.blobs
    }

    /// Reads the next object, if there is one.
    pub fn advance(&mut self) -> Result<bool> {
        while !self.block.advance()? {
            if !self.blobs.next_into(&mut self.blob)? {
                return Ok(false);
            }
            open(&mut self.blob, &mut self.block)?;
        }
        Ok(true)
    }

    /// The object read last.
    pub fn element(&self) -> Element<'_> {
        self.block.element()
    }
}
