//! Objects between reading and building: a temporary file for each kind.
//!
//! A kind in strict order of ids is built from as it lies. Any other goes by a sorted list of its ids, the newest
//! version of an object winning, so that the order of a document and repeated objects in it make no difference.

use rawdata_core::osm::ObjectKind;
use rawdata_core::packed::record;
use rawdata_core::{Error, ErrorKind, Result};

use super::piece::{Order, Piece};
use crate::error::OrRaise;
use crate::raw::interrupts;
use crate::raw::temp_file::TempFile;
use crate::settings;

const BUFFER: usize = 256 << 10;

/// The spools of nodes, ways and relations.
pub struct Spools([Spool; 3]);

impl Spools {
    pub fn create() -> Self {
        Self(ObjectKind::ALL.map(Spool::create))
    }

    pub fn write(&mut self, piece: &Piece) {
        for (spool, records) in self.0.iter_mut().zip(&piece.records) {
            spool.file.write(&records.bytes);
            spool.count += records.count;
            spool.order.join(records.order);
        }
    }

    /// Objects written, repeated ones counted each time.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|spool| spool.count).sum()
    }

    /// Hands over the record of each object once, nodes, ways, relations, in order of ids, and deletes the spools.
    pub fn drain(self, mut each: impl FnMut(ObjectKind, &[u8])) {
        for spool in self.0 {
            let kind = spool.kind;
            spool.drain(|record| each(kind, record));
        }
    }
}

/// Objects of one kind.
struct Spool {
    kind: ObjectKind,
    file: TempFile,
    count: u64,
    order: Order,
}

impl Spool {
    fn create(kind: ObjectKind) -> Self {
        Self { kind, file: TempFile::create(), count: 0, order: Order::default() }
    }

    fn drain(mut self, mut each: impl FnMut(&[u8])) {
        if self.order.is_strict() {
            self.scan(|_, body| {
                each(body);
                Ok(())
            });
        } else {
            self.in_id_order(&mut each);
        }
        self.file.close();
    }

    fn in_id_order(&mut self, each: &mut dyn FnMut(&[u8])) {
        let mut body = Vec::new();
        for entry in self.newest() {
            self.file.seek(entry.byte);
            body.resize(entry.length as usize, 0);
            self.file.read(&mut body);
            each(&body);
            interrupts::check();
        }
    }

    /// Where the newest version of each object lies, by id.
    fn newest(&mut self) -> Vec<Entry> {
        let mut list: Vec<Entry> = Vec::new();
        let budget = settings::import_memory() / size_of::<Entry>();
        if usize::try_from(self.count).is_ok_and(|count| count > budget) {
            Err(Error::new(
                ErrorKind::Memory,
                format!("document has its {}s in no order of ids and is too large to sort", self.kind.name()),
            )
            .with_hint("Sort the document first, for example with osmium sort, or raise rawdata.import_memory."))
            .or_raise()
        }
        list.reserve_exact(usize::try_from(self.count).unwrap_or(0));
        self.scan(|byte, body| {
            let (id, version) = record::peek(body)?;
            let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
            list.push(Entry { id, version, byte, length });
            Ok(())
        });
        list.sort_unstable_by_key(|entry| (entry.id, entry.version, entry.byte));
        list.dedup_by(|later, kept| {
            let same = later.id == kept.id;
            if same {
                *kept = *later;
            }
            same
        });
        list
    }

    /// Hands over the place in the file and the body of each record, in the file's order.
    fn scan(&mut self, mut each: impl FnMut(u64, &[u8]) -> Result<()>) {
        self.file.seek(0);
        let mut buffer = vec![0; BUFFER];
        let (mut filled, mut at) = (0, 0);
        let mut buffer_starts = 0u64;
        loop {
            let rest = buffer.get(at..filled).unwrap_or_default();
            let length = rest.first_chunk::<4>().map(|head| u32::from_le_bytes(*head) as usize);
            if let Some(body) = length.and_then(|length| rest.get(4..4 + length)) {
                each(buffer_starts + at as u64 + 4, body).or_raise();
                at += 4 + body.len();
                continue;
            }
            let wanted = length.map_or(BUFFER, |length| (length + 4).max(BUFFER));
            buffer.copy_within(at..filled, 0);
            buffer_starts += at as u64;
            filled -= at;
            at = 0;
            buffer.resize(wanted, 0);
            let got = self.file.read(buffer.get_mut(filled..).unwrap_or_default());
            interrupts::check();
            if got == 0 {
                return;
            }
            filled += got;
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    id: i64,
    version: i64,
    byte: u64,
    length: u32,
}
