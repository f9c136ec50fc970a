//! The file that is delivered: a zip of the data, the area and a readme, or the data alone.

mod deflate;
mod record;
mod unpack;
mod zip_stream;

use std::{
    fs::File,
    io::{self, Write},
    thread::available_parallelism,
};

use rawdata_core::write::papers::{BOUNDARY_FILE, README_FILE};

use record::DosTime;
use unpack::Unpack;
use zip_stream::{Options, ZipStream};

/// Up to this size of a zip the data come first.
const DATA_FIRST: u64 = 50 << 20;
/// Most threads that pack: the database makes no more than these can take.
const THREADS: usize = 8;

/// What lies beside the data in a zip.
#[derive(Debug, Clone)]
pub struct Papers {
    /// The area asked for.
    pub boundary: String,
    /// What this is, and under which licence.
    pub readme: String,
}

/// How the data are delivered.
#[derive(Debug, Clone)]
pub enum Layout {
    /// As they are.
    Bare,
    /// In a zip, as a file of this name.
    Zipped(String),
    /// In a zip, as several files: the data are a zip of them.
    ZippedEach,
}

/// What is made of the data.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How they are delivered.
    pub layout: Layout,
    /// What lies beside them.
    pub papers: Papers,
    /// The time of the data, in seconds since 1970.
    pub time: Option<i64>,
    /// Level of packing, 0 to 9.
    pub level: u32,
}

/// A file being written.
pub enum Writer<W> {
    /// The data as they are.
    Bare(W, u64),
    /// A zip, in its data member.
    Zipped(Box<ZipStream<W>>),
    /// A zip, in one of its data members.
    ZippedEach(Box<ZipStream<W>>, Unpack),
}

impl<W: Write> Writer<W> {
    /// Begins a file. `held` is an empty one, for what has to wait.
    pub fn new(out: W, held: File, plan: &Plan) -> io::Result<Self> {
        let options = Options {
            level: plan.level,
            threads: available_parallelism().map_or(1, |threads| threads.get().min(THREADS)),
            time: DosTime::new(plan.time),
            data_first: DATA_FIRST,
        };
        let papers = [(BOUNDARY_FILE, plan.papers.boundary.as_str()), (README_FILE, plan.papers.readme.as_str())];
        Ok(match &plan.layout {
            Layout::Bare => Self::Bare(out, 0),
            Layout::Zipped(name) => {
                let mut zip = Box::new(ZipStream::new(out, held, options, &papers)?);
                zip.start(name)?;
                Self::Zipped(zip)
            }
            Layout::ZippedEach => {
                Self::ZippedEach(Box::new(ZipStream::new(out, held, options, &papers)?), Unpack::default())
            }
        })
    }

    /// Appends data.
    pub fn write(&mut self, data: &[u8]) -> io::Result<()> {
        match self {
            Self::Bare(out, size) => {
                *size += data.len() as u64;
                out.write_all(data)
            }
            Self::Zipped(zip) => zip.write(data),
            Self::ZippedEach(zip, unpack) => unpack.feed(data, zip),
        }
    }

    /// Ends the file. Gives back where it went, and how many bytes of content are in it.
    pub fn finish(self) -> io::Result<(W, u64)> {
        match self {
            Self::Bare(out, size) => Ok((out, size)),
            Self::Zipped(zip) => zip.finish(),
            Self::ZippedEach(zip, unpack) => {
                unpack.finish()?;
                zip.finish()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_alone_are_written_as_they_are() {
        let papers = Papers { boundary: "{}".into(), readme: "read me".into() };
        let plan = Plan { layout: Layout::Bare, papers, time: None, level: 6 };
        let held = crate::storage::unnamed_file(&std::env::temp_dir()).unwrap();
        let mut writer = Writer::new(Vec::new(), held, &plan).unwrap();
        writer.write(b"some ").unwrap();
        writer.write(b"data").unwrap();
        assert_eq!(writer.finish().unwrap(), (b"some data".to_vec(), 9));
    }
}
