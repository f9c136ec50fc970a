//! A zip, written from front to back, on the order of whose members is decided on the way.
//!
//! One client in the field takes the first `.geojson` of a zip up to 50 MiB and the last of a larger one, and the area is a
//! `.geojson` too. So the data come first, and last when the zip has become larger than that. Until it is known which, what is
//! packed waits in a temporary file.

use std::{
    fs::File,
    io::{self, BufWriter, Read, Seek, Write},
};

use super::{
    deflate::Deflater,
    record::{DosTime, Entry, directory},
};

/// How a zip is made.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Level of packing, 0 to 9.
    pub level: u32,
    /// On how many threads.
    pub threads: usize,
    /// Date and time of all members.
    pub time: DosTime,
    /// Up to this size of the zip the data come first.
    pub data_first: u64,
}

/// A zip being written.
pub struct ZipStream<W> {
    out: W,
    position: u64,
    options: Options,
    deflater: Deflater,
    /// What waits for its place: members without their heads.
    held: Option<BufWriter<File>>,
    papers: Vec<Paper>,
    papers_first: bool,
    data: Vec<Entry>,
    /// Whether the last of the data is not whole yet.
    is_open: bool,
}

/// A member that was whole from the beginning.
struct Paper {
    entry: Entry,
    packed: Vec<u8>,
}

impl<W: Write> ZipStream<W> {
    /// Begins a zip with these members beside the data. `held` is an empty file.
    pub fn new(out: W, held: File, options: Options, papers: &[(&str, &str)]) -> io::Result<Self> {
        let mut deflater = Deflater::new(options.level, options.threads);
        let mut packed_papers = Vec::new();
        for (name, text) in papers {
            let (mut entry, mut packed) = (Entry::new(name), Vec::new());
            deflater.write(text.as_bytes(), &mut packed)?;
            entry.sums = deflater.end(&mut packed)?;
            packed_papers.push(Paper { entry, packed });
        }
        Ok(Self {
            out,
            position: 0,
            options,
            deflater,
            held: Some(BufWriter::with_capacity(1 << 18, held)),
            papers: packed_papers,
            papers_first: false,
            data: Vec::new(),
            is_open: false,
        })
    }

    /// Begins a member of the data.
    pub fn start(&mut self, name: &str) -> io::Result<()> {
        self.end_member()?;
        let mut entry = Entry::new(name);
        if self.held.is_none() {
            (entry.offset, entry.streamed) = (self.position, true);
            self.put(&entry.head(self.options.time))?;
        }
        self.data.push(entry);
        self.is_open = true;
        Ok(())
    }

    /// Appends to the member.
    pub fn write(&mut self, data: &[u8]) -> io::Result<()> {
        let sink: &mut dyn Write = match &mut self.held {
            Some(held) => held,
            None => &mut self.out,
        };
        self.deflater.write(data, sink)?;
        if self.held.is_some() && self.size() > self.options.data_first {
            self.place_held(true)?;
        }
        Ok(())
    }

    /// Ends the zip. Gives back where it went, and how many bytes of content are in it.
    pub fn finish(mut self) -> io::Result<(W, u64)> {
        self.end_member()?;
        if self.held.is_some() {
            self.place_held(self.size() > self.options.data_first)?;
        }
        let papers = self.papers.iter().map(|paper| &paper.entry);
        let entries: Vec<&Entry> = if self.papers_first {
            papers.chain(&self.data).collect()
        } else {
            self.data.iter().chain(papers).collect()
        };
        let content = entries.iter().map(|entry| entry.sums.unpacked).sum();
        let end = directory(entries.into_iter(), self.position, self.options.time);
        self.put(&end)?;
        Ok((self.out, content))
    }

    fn end_member(&mut self) -> io::Result<()> {
        if !std::mem::take(&mut self.is_open) {
            return Ok(());
        }
        let sink: &mut dyn Write = match &mut self.held {
            Some(held) => held,
            None => &mut self.out,
        };
        let sums = self.deflater.end(sink)?;
        let Some(entry) = self.data.last_mut() else { return Ok(()) };
        entry.sums = sums;
        if entry.streamed {
            let descriptor = entry.descriptor();
            self.position += sums.packed;
            self.put(&descriptor)?;
        }
        Ok(())
    }

    /// How large the zip would be, if it ended here and nothing were streamed.
    fn size(&self) -> u64 {
        let papers = self.papers.iter().map(|paper| &paper.entry);
        let entries = || papers.clone().chain(&self.data);
        let members = entries().map(|entry| entry.head(self.options.time).len() as u64 + entry.sums.packed).sum();
        let open = if self.is_open { self.deflater.packed() } else { 0 };
        members + open + directory(entries(), members, self.options.time).len() as u64
    }

    /// Puts what was held where it belongs; what comes from now on needs no holding.
    fn place_held(&mut self, papers_first: bool) -> io::Result<()> {
        let Some(held) = self.held.take() else { return Ok(()) };
        let mut held = held.into_inner()?;
        held.rewind()?;
        self.papers_first = papers_first;
        if papers_first {
            self.put_papers()?;
        }
        for index in 0..self.data.len() {
            let is_open = self.is_open && index + 1 == self.data.len();
            let Some(entry) = self.data.get_mut(index) else { continue };
            (entry.offset, entry.streamed) = (self.position, is_open);
            let head = entry.head(self.options.time);
            let length = if is_open { self.deflater.packed() } else { entry.sums.packed };
            self.put(&head)?;
            io::copy(&mut (&mut held).take(length), &mut self.out)?;
            // Of a member that is streamed they are counted when it ends.
            self.position += if is_open { 0 } else { length };
        }
        if papers_first { Ok(()) } else { self.put_papers() }
    }

    fn put_papers(&mut self) -> io::Result<()> {
        for paper in &mut self.papers {
            paper.entry.offset = self.position;
            let head = paper.entry.head(self.options.time);
            self.out.write_all(&head)?;
            self.out.write_all(&paper.packed)?;
            self.position += (head.len() + paper.packed.len()) as u64;
        }
        Ok(())
    }

    fn put(&mut self, record: &[u8]) -> io::Result<()> {
        self.position += record.len() as u64;
        self.out.write_all(record)
    }
}

#[cfg(test)]
impl ZipStream<Vec<u8>> {
    /// A zip with nothing in it.
    pub fn trial() -> Self {
        let options = Options { level: 6, threads: 2, time: DosTime::new(None), data_first: u64::MAX };
        Self::new(Vec::new(), crate::storage::unnamed_file(&std::env::temp_dir()).unwrap(), options, &[]).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, SeekFrom};

    use zip::ZipArchive;

    use super::*;

    const PAPERS: [(&str, &str); 2] = [("boundary", "{}"), ("Readme.txt", "read me")];

    fn options(data_first: u64) -> Options {
        Options { level: 6, threads: 2, time: DosTime::new(None), data_first }
    }

    fn zip<W: Write>(out: W, data_first: u64) -> ZipStream<W> {
        ZipStream::new(out, crate::storage::unnamed_file(&std::env::temp_dir()).unwrap(), options(data_first), &PAPERS)
            .unwrap()
    }

    fn members(zip: impl Read + Seek) -> Vec<(String, Vec<u8>)> {
        let mut zip = ZipArchive::new(zip).unwrap();
        let count = zip.len();
        let member = |index| {
            let mut member = zip.by_index(index).unwrap();
            let mut content = Vec::new();
            member.read_to_end(&mut content).unwrap();
            (member.name().unwrap().into_owned(), content)
        };
        (0..count).map(member).collect()
    }

    /// Cannot be packed.
    fn noise(length: usize) -> Vec<u8> {
        let numbers = std::iter::successors(Some(1_u64), |n| Some(n.wrapping_mul(6_364_136_223_846_793_005) + 1));
        numbers.map(|n| n.to_le_bytes()[5]).take(length).collect()
    }

    /// A zip of two members of noise, in chunks.
    fn noisy(data_first: u64, length: usize) -> Vec<u8> {
        let mut zip = zip(Vec::new(), data_first);
        for name in ["नेपाल.shp", "b"] {
            zip.start(name).unwrap();
            noise(length).chunks(700_000).for_each(|chunk| zip.write(chunk).unwrap());
        }
        zip.finish().unwrap().0
    }

    #[test]
    fn the_data_come_first_in_a_small_zip_and_last_in_a_large_one() {
        let data = [("नेपाल.shp".to_owned(), noise(3 << 20)), ("b".to_owned(), noise(3 << 20))];
        let papers = PAPERS.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()));
        let small = noisy(u64::MAX, 3 << 20);
        assert!(members(Cursor::new(&small)) == [data.clone(), papers.clone()].concat());
        // At once, within the first, at its end, within the second, at the end.
        for limit in [0, 2 << 20, 3 << 20, 4 << 20, small.len() as u64 - 1] {
            assert!(members(Cursor::new(noisy(limit, 3 << 20))) == [papers.clone(), data.clone()].concat(), "{limit}");
        }
        assert!(noisy(small.len() as u64, 3 << 20) == small);
    }

    #[test]
    fn members_lie_in_the_order_in_which_they_are_listed() {
        for limit in [u64::MAX, 2 << 20] {
            let mut zip = ZipArchive::new(Cursor::new(noisy(limit, 3 << 20))).unwrap();
            let starts: Vec<u64> = (0..4).map(|index| zip.by_index_raw(index).unwrap().header_start()).collect();
            assert!(starts.is_sorted(), "{starts:?}");
        }
    }

    #[test]
    fn sizes_stand_in_the_heads_of_a_small_zip() {
        let mut zip = zip(Vec::new(), u64::MAX);
        zip.start("a").unwrap();
        zip.write(b"some data").unwrap();
        let (bytes, content) = zip.finish().unwrap();
        assert_eq!(content, 9 + 2 + 7);
        assert_eq!((bytes[6] & 8, &bytes[22..26]), (0, &9_u32.to_le_bytes()[..]));
    }

    #[test]
    fn a_zip_of_no_data_is_a_zip() {
        let (bytes, _) = zip(Vec::new(), u64::MAX).finish().unwrap();
        assert_eq!(members(Cursor::new(bytes)).len(), 2);
    }

    #[test]
    fn members_beyond_4_gib_are_found() {
        let mut file = crate::storage::unnamed_file(&std::env::temp_dir()).unwrap();
        file.seek(SeekFrom::Start(5 << 30)).unwrap();
        let mut zip = zip(file.try_clone().unwrap(), 0);
        // A hole lies where the zip would have begun.
        zip.position = 5 << 30;
        zip.start("a").unwrap();
        zip.write(b"some data").unwrap();
        zip.finish().unwrap();
        let names: Vec<String> = members(file).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["boundary", "Readme.txt", "a"]);
    }

    #[test]
    fn a_member_beyond_4_gib_has_its_size() {
        let mut zip = zip(Vec::new(), 0);
        zip.start("a").unwrap();
        zip.write(b"some data").unwrap();
        zip.start("b").unwrap();
        zip.data[0].sums.unpacked += 5 << 30;
        let (bytes, content) = zip.finish().unwrap();
        assert_eq!(content, (5 << 30) + 9 + 2 + 7);
        let mut zip = ZipArchive::new(Cursor::new(bytes)).unwrap();
        assert_eq!(zip.by_index_raw(2).unwrap().size(), (5 << 30) + 9);
        assert_eq!(zip.by_name("b").unwrap().size(), 0);
    }
}
