//! Formats of several files come as a zip with nothing packed. Here it is taken apart as it comes.

use std::io::{self, Write};

use super::zip_stream::ZipStream;

const HEAD: usize = 30;
const MEMBER: &[u8] = b"PK\x03\x04";
const DIRECTORY: &[u8] = b"PK\x01\x02";

/// A zip on its way into another.
#[derive(Debug, Default)]
pub struct Unpack {
    /// What has come of a member's head.
    head: Vec<u8>,
    /// Bytes of the member that are still to come.
    left: usize,
    in_directory: bool,
}

impl Unpack {
    /// Puts the next bytes into `zip`, as members of their own.
    pub fn feed(&mut self, mut data: &[u8], zip: &mut ZipStream<impl Write>) -> io::Result<()> {
        while !data.is_empty() && !self.in_directory {
            if self.left > 0 {
                let (now, rest) = data.split_at(data.len().min(self.left));
                zip.write(now)?;
                self.left -= now.len();
                data = rest;
                continue;
            }
            let wanted = self.head_size() - self.head.len();
            let (now, rest) = data.split_at(data.len().min(wanted));
            self.head.extend_from_slice(now);
            data = rest;
            if self.head.len() < self.head_size() {
                continue;
            }
            if self.head.starts_with(DIRECTORY) {
                self.in_directory = true;
            } else if self.head.starts_with(MEMBER) {
                let name = self.head.get(HEAD..HEAD + self.short(26)).unwrap_or_default();
                let name = std::str::from_utf8(name).map_err(|_| io::ErrorKind::InvalidData)?;
                zip.start(name)?;
                self.left = self.short(18) | self.short(20) << 16;
                self.head.clear();
            } else {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
        Ok(())
    }

    /// An error, unless all members have come.
    pub fn finish(&self) -> io::Result<()> {
        if self.in_directory { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    /// Bytes of the head, as far as they are known: behind the fixed ones lie the name and what else there is.
    fn head_size(&self) -> usize {
        let is_member = self.head.len() >= HEAD && self.head.starts_with(MEMBER);
        if is_member { HEAD + self.short(26) + self.short(28) } else { HEAD }
    }

    fn short(&self, at: usize) -> usize {
        let bytes = self.head.get(at..at + 2).and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(0, |bytes| usize::from(u16::from_le_bytes(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read};

    use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

    use super::*;

    fn stored(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in members {
            let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
            zip.start_file(*name, options).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn members_are_the_same_wherever_the_stream_is_cut() {
        let members: [(&str, &[u8]); 4] =
            [("नेपाल_point.shp", b"PK\x01\x02 some"), ("a.shx", b""), ("a.dbf", b"1"), ("b", b"PK\x03\x04")];
        let stored = stored(&members);
        for size in [1, 7, 30, 31, 1000] {
            let mut zip = ZipStream::trial();
            let mut unpack = Unpack::default();
            stored.chunks(size).for_each(|chunk| unpack.feed(chunk, &mut zip).unwrap());
            unpack.finish().unwrap();
            let mut zip = ZipArchive::new(Cursor::new(zip.finish().unwrap().0)).unwrap();
            assert_eq!(zip.len(), members.len());
            for (index, (name, content)) in members.iter().enumerate() {
                let mut member = zip.by_index(index).unwrap();
                let mut read = Vec::new();
                member.read_to_end(&mut read).unwrap();
                assert_eq!((member.name().unwrap().as_ref(), read.as_slice()), (*name, *content));
            }
        }
    }

    #[test]
    fn a_cut_stream_and_one_that_is_no_zip_are_errors() {
        let stored = stored(&[("a", b"some data")]);
        let mut zip = ZipStream::trial();
        let mut unpack = Unpack::default();
        unpack.feed(&stored[..35], &mut zip).unwrap();
        assert!(unpack.finish().is_err());
        assert!(Unpack::default().feed(&[b'x'; 40], &mut zip).is_err());
    }
}
