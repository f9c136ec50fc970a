//! The file that is delivered: a zip of the data, the area and a readme, or the data alone.
//!
//! One client in the field takes the first `.geojson` of a zip up to 50 MiB and the last of a larger one, and the area is a
//! `.geojson` too. So the data come first, and last when the zip has become larger than that.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

use rawdata_core::write::papers::{BOUNDARY_FILE, README_FILE};
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

use super::unpack::Unpack;
use crate::storage::Partial;

/// Up to this size of a zip the data come first.
const DATA_FIRST: u64 = 50 << 20;

/// How many files lie beside the data in a zip.
const PAPERS: usize = 2;

/// What lies beside the data in a zip.
#[derive(Debug, Clone)]
pub struct Papers {
    /// The area asked for.
    pub boundary: String,
    /// What this is, and under which licence.
    pub readme: String,
}

/// What the chunks of an export are.
#[derive(Debug, Clone)]
pub enum Data {
    /// A file of this name.
    File(String),
    /// A zip of several files, which go into the zip each for itself.
    Files,
}

/// A file being written.
pub enum Writer {
    /// A zip, in its data member.
    Zip(Box<ZipWriter<BufWriter<File>>>, Papers, u64),
    /// A zip, in one of its data members.
    Files(Box<ZipWriter<BufWriter<File>>>, Papers, u64, Unpack),
    /// The data as they are.
    Data(BufWriter<File>, u64),
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Size of the file.
    pub file_size: u64,
    /// Size of all that is in it, unpacked.
    pub content_size: u64,
}

impl Writer {
    /// Begins a zip of these data.
    pub fn zip(path: &Path, data: Data, papers: Papers) -> io::Result<Self> {
        let mut zip = ZipWriter::new(BufWriter::with_capacity(1 << 18, File::create_new(path)?));
        match data {
            Data::Files => Ok(Self::Files(Box::new(zip), papers, 0, Unpack::default())),
            Data::File(name) => {
                zip.start_file(name, options())?;
                Ok(Self::Zip(Box::new(zip), papers, 0))
            }
        }
    }

    /// Begins a file of the data alone.
    pub fn data(path: &Path) -> io::Result<Self> {
        Ok(Self::Data(BufWriter::new(File::create_new(path)?), 0))
    }

    /// Appends data.
    pub fn write(&mut self, data: &[u8]) -> io::Result<()> {
        match self {
            Self::Zip(zip, _, size) => {
                *size += data.len() as u64;
                zip.write_all(data)
            }
            Self::Files(zip, _, size, unpack) => {
                *size += unpack.feed(data, zip, options())?;
                Ok(())
            }
            Self::Data(file, size) => {
                *size += data.len() as u64;
                file.write_all(data)
            }
        }
    }

    /// Ends the file. `spare` is another name in the same folder, for a zip that has to be put in the other order.
    pub fn finish(self, written: Partial, spare: Partial) -> io::Result<(Partial, Written)> {
        self.finish_with(written, spare, DATA_FIRST)
    }

    fn finish_with(self, written: Partial, spare: Partial, data_first: u64) -> io::Result<(Partial, Written)> {
        match self {
            Self::Data(file, content_size) => {
                file.into_inner()?;
                Ok((written, Written { file_size: content_size, content_size }))
            }
            Self::Files(zip, papers, size, unpack) => {
                unpack.finish()?;
                Self::Zip(zip, papers, size).finish_with(written, spare, data_first)
            }
            Self::Zip(mut zip, papers, data_size) => {
                papers.add_to(&mut zip)?;
                zip.finish()?.into_inner()?;
                let content_size = data_size + papers.size();
                let file_size = written.path().metadata()?.len();
                if file_size <= data_first {
                    return Ok((written, Written { file_size, content_size }));
                }
                data_last(written.path(), spare.path(), &papers)?;
                let file_size = spare.path().metadata()?.len();
                Ok((spare, Written { file_size, content_size }))
            }
        }
    }
}

impl Papers {
    fn add_to(&self, zip: &mut ZipWriter<BufWriter<File>>) -> io::Result<()> {
        for (name, text) in [(BOUNDARY_FILE, &self.boundary), (README_FILE, &self.readme)] {
            zip.start_file(name, options().large_file(false))?;
            zip.write_all(text.as_bytes())?;
        }
        Ok(())
    }

    fn size(&self) -> u64 {
        (self.boundary.len() + self.readme.len()) as u64
    }
}

/// Writes the zip anew with the data last, without packing them again.
fn data_last(from: &Path, to: &Path, papers: &Papers) -> io::Result<()> {
    let mut from = ZipArchive::new(File::open(from)?)?;
    let mut zip = ZipWriter::new(BufWriter::with_capacity(1 << 18, File::create_new(to)?));
    papers.add_to(&mut zip)?;
    // The papers were put behind the data.
    for index in 0..from.len().saturating_sub(PAPERS) {
        zip.raw_copy_file(from.by_index_raw(index)?)?;
    }
    zip.finish()?.into_inner()?;
    Ok(())
}

fn options() -> SimpleFileOptions {
    // The size of the data is not known beforehand, so there is room for one above 4 GiB.
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .large_file(true)
        .unix_permissions(0o644)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::storage::Storage;
    use uuid::Uuid;

    fn papers() -> Papers {
        Papers { boundary: "{}".into(), readme: "read me".into() }
    }

    fn members(data_first: u64) -> (Vec<(String, String)>, Written) {
        let folder = std::env::temp_dir().join(format!("rawdata-{}", Uuid::new_v4()));
        let store = Storage::open(&folder).unwrap();
        let (partial, spare) = (store.partial(Uuid::nil(), 1), store.partial(Uuid::nil(), 1));
        let mut writer = Writer::zip(partial.path(), Data::File("नेपाल.geojson".into()), papers()).unwrap();
        writer.write(b"some ").unwrap();
        writer.write(b"data").unwrap();
        let (file, written) = writer.finish_with(partial, spare, data_first).unwrap();
        let mut zip = ZipArchive::new(File::open(file.path()).unwrap()).unwrap();
        let members = (0..zip.len()).map(|index| {
            let mut member = zip.by_index(index).unwrap();
            let mut text = String::new();
            member.read_to_string(&mut text).unwrap();
            (member.name().unwrap().into_owned(), text)
        });
        let members = members.collect();
        std::fs::remove_dir_all(&folder).unwrap();
        (members, written)
    }

    #[test]
    fn the_data_come_first_in_a_small_zip_and_last_in_a_large_one() {
        let data = ("नेपाल.geojson".to_owned(), "some data".to_owned());
        let boundary = (BOUNDARY_FILE.to_owned(), "{}".to_owned());
        let readme = (README_FILE.to_owned(), "read me".to_owned());
        assert_eq!(members(u64::MAX).0, [data.clone(), boundary.clone(), readme.clone()]);
        assert_eq!(members(10).0, [boundary, readme, data]);
    }

    #[test]
    fn the_size_of_the_content_is_that_of_all_members() {
        assert_eq!(members(u64::MAX).1.content_size, 9 + 2 + 7);
    }

    #[test]
    fn data_alone_are_written_as_they_are() {
        let folder = std::env::temp_dir().join(format!("rawdata-{}", Uuid::new_v4()));
        let store = Storage::open(&folder).unwrap();
        let (partial, spare) = (store.partial(Uuid::nil(), 1), store.partial(Uuid::nil(), 1));
        let mut writer = Writer::data(partial.path()).unwrap();
        writer.write(b"data").unwrap();
        let (file, written) = writer.finish(partial, spare).unwrap();
        assert_eq!(std::fs::read(file.path()).unwrap(), b"data");
        assert_eq!(written, Written { file_size: 4, content_size: 4 });
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
