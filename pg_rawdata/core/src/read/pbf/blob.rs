//! A PBF file as a row of blobs, and a blob without its compression.

use std::io::{self, BufReader, Read};

use super::wire::{Cursor, broken};
use crate::read::decompress::from_io;
use crate::{Error, ErrorKind, Result};

/// The most bytes of a blob's header.
const HEADER: u32 = 64 << 10;
/// The most bytes of a blob, packed or unpacked.
pub(super) const BLOB: usize = 32 << 20;

/// What a blob holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BlobKind {
    /// The file's header.
    Header,
    /// Objects.
    #[default]
    Data,
    /// Something else, to be passed over.
    Other,
}

/// A blob as it stands in the file. Kept and filled anew, it does not allocate again.
#[derive(Debug, Clone, Default)]
pub struct Blob {
    kind: BlobKind,
    number: u64,
    byte: u64,
    packed: Vec<u8>,
}

impl Blob {
    /// What it holds.
    pub fn kind(&self) -> BlobKind {
        self.kind
    }

    /// Which blob of the file it is; 0 is the first.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The bytes that it takes while it is decoded: packed and, as far as it says so, unpacked.
    pub fn size(&self) -> usize {
        self.packed.len() + Payload::read(&self.packed).map_or(0, |payload| payload.size.unwrap_or(BLOB))
    }

    /// Adds to an error which blob it is about.
    pub(super) fn locate(&self, error: Error) -> Error {
        error.in_blob(self.number).at_byte(self.byte)
    }
}

/// Takes a PBF file apart into its blobs, without looking into them.
///
/// Blobs know nothing of each other, so they can be decoded by several threads.
pub struct Blobs<R> {
    input: BufReader<R>,
    number: u64,
    byte: u64,
    header: Vec<u8>,
}

impl<R: Read> Blobs<R> {
    /// Takes apart what the input gives.
    pub fn new(input: R) -> Self {
        Self { input: BufReader::with_capacity(64 << 10, input), number: 0, byte: 0, header: Vec::new() }
    }

    /// Fills `blob` with the next one; `false` where the file has ended between two.
    pub fn next_into(&mut self, blob: &mut Blob) -> Result<bool> {
        (blob.number, blob.byte) = (self.number, self.byte);
        let filled = self.read(blob).map_err(|e| blob.locate(e))?;
        self.number += 1;
        Ok(filled)
    }

    fn read(&mut self, blob: &mut Blob) -> Result<bool> {
        let Self { input, byte, header, .. } = self;
        take(input, byte, 4, header)?;
        let length = match header[..] {
            [] => return Ok(false),
            [a, b, c, d] => u32::from_be_bytes([a, b, c, d]),
            _ => return Err(broken("stray bytes at the file's end")),
        };
        if !(1..=HEADER).contains(&length) {
            return Err(broken(format!("a blob's header has {length} bytes, not 1 to {HEADER}")));
        }
        take(input, byte, u64::from(length), header)?;
        if (header.len() as u64) < u64::from(length) {
            return Err(broken("the file ends inside the header of a blob"));
        }
        let (kind, size) = parse_header(header)?;
        blob.kind = kind;
        take(input, byte, size, &mut blob.packed)?;
        if (blob.packed.len() as u64) < size {
            return Err(broken("the file ends inside a blob"));
        }
        Ok(true)
    }
}

/// Reads so many bytes, or as many as there are. The buffer grows with what comes, not with what was promised.
fn take(input: &mut impl Read, byte: &mut u64, length: u64, buffer: &mut Vec<u8>) -> Result<()> {
    buffer.clear();
    let read = input.take(length).read_to_end(buffer).map_err(|e: io::Error| from_io(&e))?;
    *byte += read as u64;
    Ok(())
}

fn parse_header(bytes: &[u8]) -> Result<(BlobKind, u64)> {
    let (mut kind, mut size) = (None, None);
    let mut fields = Cursor::all(bytes);
    while let Some(field) = fields.field(bytes)? {
        match field.number {
            1 => {
                kind = Some(match field.message()?.bytes(bytes) {
                    b"OSMHeader" => BlobKind::Header,
                    b"OSMData" => BlobKind::Data,
                    b"" => return Err(broken("the type of a blob is empty")),
                    _ => BlobKind::Other,
                });
            }
            3 => size = Some(field.int(bytes)?),
            _ => {}
        }
    }
    let kind = kind.ok_or_else(|| broken("a blob has no type"))?;
    let size = size.ok_or_else(|| broken("a blob has no size"))?;
    match u64::try_from(size) {
        Ok(size) if (1..=BLOB as u64).contains(&size) => Ok((kind, size)),
        _ => Err(broken(format!("a blob has {size} bytes, not 1 to {BLOB}"))),
    }
}

/// What a blob says of its content.
struct Payload<'a> {
    packing: u32,
    /// Unpacked.
    size: Option<usize>,
    packed: &'a [u8],
}

impl<'a> Payload<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self> {
        let (mut size, mut payload) = (None, None);
        let mut fields = Cursor::all(bytes);
        while let Some(field) = fields.field(bytes)? {
            match field.number {
                2 => size = Some(field.int(bytes)?),
                1 | 3..=7 if payload.is_some() => return Err(broken("a blob holds its data twice")),
                1 | 3..=7 => payload = Some((field.number, field.message()?.bytes(bytes))),
                _ => {}
            }
        }
        let (packing, packed) = payload.ok_or_else(|| broken("a blob holds no data"))?;
        Ok(Self { packing, size: size.map(checked_size).transpose()?, packed })
    }
}

/// Unpacks blobs. One a thread: it keeps what the decompressors need.
pub(super) struct Unpacker {
    zlib: libdeflater::Decompressor,
    zstd: Option<zstd::bulk::Decompressor<'static>>,
}

impl Unpacker {
    pub fn new() -> Self {
        Self { zlib: libdeflater::Decompressor::new(), zstd: None }
    }

    /// Puts into `out` what the blob holds: exactly as much as it says, else it is an error.
    pub fn unpack(&mut self, blob: &Blob, out: &mut Vec<u8>) -> Result<()> {
        let Payload { packing, size, packed } = Payload::read(&blob.packed)?;
        if packing == 1 {
            checked_length(size.unwrap_or(packed.len()), packed.len())?;
            out.clear();
            out.extend_from_slice(packed);
            return Ok(());
        }
        let room = match (size, packing) {
            (Some(size), _) => size,
            // Old writers left the size out, when there was only zlib.
            (None, 3) => BLOB,
            (None, _) => return Err(broken("a blob does not say its size")),
        };
        out.resize(room, 0);
        let length = match packing {
            3 => self.zlib.zlib_decompress(packed, out).map_err(|e| broken(format!("zlib: {e}")))?,
            6 => lz4_flex::block::decompress_into(packed, out).map_err(|e| broken(format!("lz4: {e}")))?,
            7 => self.unzstd(packed, out)?,
            4 => return Err(unsupported("lzma")),
            _ => return Err(unsupported("bzip2")),
        };
        checked_length(size.unwrap_or(length), length)?;
        out.truncate(length);
        Ok(())
    }

    fn unzstd(&mut self, packed: &[u8], out: &mut [u8]) -> Result<usize> {
        let zstd = match &mut self.zstd {
            Some(zstd) => zstd,
            none => none.insert(
                zstd::bulk::Decompressor::new().map_err(|e| Error::new(ErrorKind::Memory, format!("zstd: {e}")))?,
            ),
        };
        // Output goes straight to its place, so that a frame's window asks for no memory.
        zstd.decompress_to_buffer(packed, out).map_err(|e| broken(format!("zstd: {e}")))
    }
}

fn checked_size(size: i64) -> Result<usize> {
    let fitting = usize::try_from(size).ok().filter(|size| *size <= BLOB);
    fitting.ok_or_else(|| broken(format!("a blob unpacks to {size} bytes, not 0 to {BLOB}")))
}

fn checked_length(promised: usize, length: usize) -> Result<()> {
    if promised == length {
        Ok(())
    } else {
        Err(broken(format!("a blob unpacks to {length} bytes where it says {promised}")))
    }
}

fn unsupported(packing: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("blobs packed with {packing} are not read"))
        .with_hint("Write the file anew with zlib, for example by \"osmium cat\".")
}
