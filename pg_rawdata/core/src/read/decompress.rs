//! Takes gzip, bzip2 or zstd off a document, known by content and not by name.

use std::io::{self, BufReader, Chain, Cursor, Read};

use crate::{Error, ErrorKind, Result};

/// What is wrapped around a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// Nothing.
    #[default]
    None,
    /// gzip, one member or several.
    Gzip,
    /// bzip2, one stream or several.
    Bzip2,
    /// Zstandard, one frame or several.
    Zstd,
}

impl Compression {
    /// `none`, `gzip`, `bzip2` or `zstd`.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Bzip2 => "bzip2",
            Self::Zstd => "zstd",
        }
    }

    /// The compression of something that begins like this.
    pub fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Self::Bzip2,
            // The second one is a frame to be skipped, which may come first.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// A document without the compression around it.
///
/// Checksums are checked, and an end that comes early, or bytes behind the end that are not a further member, are
/// errors: an [`io::Error`] that carries an [`Error`].
pub struct Unpacked<R: Read> {
    input: Input<R>,
    compression: Compression,
}

type Compressed<R> = Chain<Cursor<Vec<u8>>, Labelled<R>>;

enum Input<R: Read> {
    Plain(Compressed<R>),
    Gzip(Box<flate2::bufread::MultiGzDecoder<BufReader<Compressed<R>>>>),
    Bzip2(Box<bzip2::bufread::MultiBzDecoder<BufReader<Compressed<R>>>>),
    Zstd(Box<zstd::stream::read::Decoder<'static, BufReader<Compressed<R>>>>),
}

impl<R: Read> Unpacked<R> {
    /// zstd's own default: frames that want more than 128 MiB to look back on are refused.
    const ZSTD_WINDOW_LOG: u32 = 27;
    const BUFFER: usize = 64 << 10;

    /// Looks at the first bytes and prepares to unpack the rest.
    pub fn new(input: R) -> Result<Self> {
        let mut input = Labelled(input);
        let head = read_head(&mut input, 4).map_err(|e| from_io(&e))?;
        let compression = Compression::of(&head);
        let input = Cursor::new(head).chain(input);
        let buffered = |input| BufReader::with_capacity(Self::BUFFER, input);
        let input = match compression {
            Compression::None => Input::Plain(input),
            Compression::Gzip => Input::Gzip(Box::new(flate2::bufread::MultiGzDecoder::new(buffered(input)))),
            Compression::Bzip2 => Input::Bzip2(Box::new(bzip2::bufread::MultiBzDecoder::new(buffered(input)))),
            Compression::Zstd => {
                let prepared = zstd::stream::read::Decoder::with_buffer(buffered(input)).and_then(|mut decoder| {
                    decoder.window_log_max(Self::ZSTD_WINDOW_LOG)?;
                    Ok(decoder)
                });
                Input::Zstd(Box::new(prepared.map_err(|e| Error::new(ErrorKind::Memory, format!("zstd: {e}")))?))
            }
        };
        Ok(Self { input, compression })
    }

    /// What is taken off.
    pub fn compression(&self) -> Compression {
        self.compression
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match &mut self.input {
            Input::Plain(input) => return input.read(out),
            Input::Gzip(decoder) => decoder.read(out),
            Input::Bzip2(decoder) => decoder.read(out),
            Input::Zstd(decoder) => decoder.read(out),
        }
        .map_err(|e| {
            label(e, |e| {
                let name = self.compression.name();
                let message = match e.kind() {
                    io::ErrorKind::UnexpectedEof => format!("{name} data ends early"),
                    _ => format!("broken {name} data: {e}"),
                };
                Error::new(ErrorKind::Binary, message)
            })
        })
    }
}

/// The reader underneath, whose errors are thereby told apart from those of the data.
struct Labelled<R>(R);

impl<R: Read> Read for Labelled<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out).map_err(|e| label(e, |e| Error::new(ErrorKind::Io, format!("reading failed: {e}"))))
    }
}

fn label(error: io::Error, meaning: impl FnOnce(&io::Error) -> Error) -> io::Error {
    if error.kind() == io::ErrorKind::Interrupted || carried(&error).is_some() {
        error
    } else {
        io::Error::other(meaning(&error))
    }
}

fn carried(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

/// The error that an [`io::Error`] carries.
pub(super) fn from_io(error: &io::Error) -> Error {
    carried(error).cloned().unwrap_or_else(|| Error::new(ErrorKind::Io, error.to_string()))
}

/// The first bytes, as many as asked for unless the input is shorter.
pub(super) fn read_head(input: &mut impl Read, length: u64) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    input.take(length).read_to_end(&mut head)?;
    Ok(head)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn bzip2(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
        encoder.include_checksum(true).unwrap();
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    const TEXT: &[u8] = b"the quick brown fox jumps over the lazy dog, again and again and again and again";

    type Pack = fn(&[u8]) -> Vec<u8>;

    fn all() -> [(Compression, Pack); 3] {
        [(Compression::Gzip, gzip), (Compression::Bzip2, bzip2), (Compression::Zstd, zstd)]
    }

    fn unpack(bytes: &[u8]) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        Unpacked::new(bytes)?.read_to_end(&mut out).map_err(|e| from_io(&e))?;
        Ok(out)
    }

    #[test]
    fn every_compression_is_known_by_its_content() {
        for (compression, pack) in all() {
            let packed = pack(TEXT);
            assert_eq!(Unpacked::new(&packed[..]).unwrap().compression(), compression);
            assert_eq!(unpack(&packed).unwrap(), TEXT);
        }
        assert_eq!(unpack(TEXT).unwrap(), TEXT);
        assert_eq!(unpack(b"").unwrap(), b"");
    }

    #[test]
    fn several_members_are_read_one_after_the_other() {
        for (_, pack) in all() {
            let packed = [pack(&TEXT[..30]), pack(b""), pack(&TEXT[30..])].concat();
            assert_eq!(unpack(&packed).unwrap(), TEXT);
        }
    }

    #[test]
    fn every_cut_is_an_error() {
        for (compression, pack) in all() {
            let packed = pack(TEXT);
            for cut in 4..packed.len() {
                let error = unpack(&packed[..cut]).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Binary, "{compression:?} cut at {cut}: {error}");
            }
        }
    }

    #[test]
    fn a_cut_in_the_second_member_is_an_error_too() {
        for (compression, pack) in all() {
            let packed = [pack(TEXT), pack(TEXT)].concat();
            for cut in packed.len() / 2 + 1..packed.len() {
                assert!(unpack(&packed[..cut]).is_err(), "{compression:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn a_changed_checksum_is_an_error() {
        for (compression, pack) in all() {
            let mut packed = pack(TEXT);
            // bzip2 ends in a sum and up to seven bits that mean nothing.
            let at = packed.len() - 3;
            packed[at] ^= 0x10;
            assert_eq!(unpack(&packed).unwrap_err().kind(), ErrorKind::Binary, "{compression:?}");
        }
    }

    #[test]
    fn bytes_behind_the_end_are_an_error() {
        for (compression, pack) in all() {
            let packed = [pack(TEXT), b"junk behind".to_vec()].concat();
            assert_eq!(unpack(&packed).unwrap_err().kind(), ErrorKind::Binary, "{compression:?}");
        }
    }

    #[test]
    fn a_failing_input_is_no_broken_data() {
        struct Failing;
        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the line went dead"))
            }
        }
        for (_, pack) in all() {
            let packed = pack(TEXT);
            let input = packed[..packed.len() / 2].chain(Failing);
            let mut unpacked = Unpacked::new(input).unwrap();
            let error = from_io(&unpacked.read_to_end(&mut Vec::new()).unwrap_err());
            assert_eq!((error.kind(), error.message()), (ErrorKind::Io, "reading failed: the line went dead"));
        }
    }

    #[test]
    fn a_zstd_window_beyond_the_cap_is_refused() {
        // Magic, a descriptor without sizes, a window of 2 TiB, one empty last block.
        let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8, 0x01, 0x00, 0x00];
        assert_eq!(unpack(&frame).unwrap_err().kind(), ErrorKind::Binary);
    }
}
