//! A change file in memory: of each object the one change that counts.

use std::io::{Read, Seek};

use super::supersedes;
use crate::osm::{Element, Meta, Node, ObjectKind, Tags, Timestamp};
use crate::packed::record;
use crate::read::osc::{Action, Changes};
use crate::read::{Header, Reader, is_map};
use crate::{Error, ErrorKind, Result};

/// What becomes of one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change<'a> {
    /// Its number.
    pub id: i64,
    /// The version that it gets, or that its deletion has; `None` where the document does not say.
    pub version: Option<i32>,
    /// The object as a [record](record::Decoder::decode); `None`: it is deleted.
    pub record: Option<&'a [u8]>,
    /// A node whose place is known from a way alone (`LocationsOnWays`): nothing is said of its version and tags.
    pub place_only: bool,
}

/// The changes of a document, one for each object, by kind and id.
#[derive(Debug, Default)]
pub struct Diff {
    records: Vec<u8>,
    changes: [Vec<Entry>; 3],
    read: u64,
    newest: Option<Timestamp>,
    header: Header,
    is_map: bool,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    id: i64,
    version: Option<i32>,
    /// Where the record lies.
    record: Option<(usize, usize)>,
    place_only: bool,
}

impl Diff {
    /// Reads a whole document: OsmChange, or a map file (XML or PBF), which is taken as puts only. It may take `memory`
    /// bytes here.
    pub fn read(
        mut document: impl Read + Seek,
        memory: usize,
        interrupt: &mut dyn FnMut() -> Result<()>,
    ) -> Result<Self> {
        let mut diff = Self::default();
        diff.is_map = is_map(&mut document)?;
        document.rewind().map_err(|error| Error::new(ErrorKind::Io, error.to_string()))?;
        if diff.is_map {
            diff.add_puts(Reader::new(document)?, memory, interrupt)?;
        } else {
            diff.add_changes(Changes::new(document)?, memory, interrupt)?;
        }
        diff.settle();
        Ok(diff)
    }

    /// The changes of one kind of objects, by id.
    pub fn changes(&self, kind: ObjectKind) -> impl ExactSizeIterator<Item = Change<'_>> + Clone {
        let entries = self.changes.get(kind as usize).map(Vec::as_slice).unwrap_or_default();
        entries.iter().map(|&Entry { id, version, record, place_only }| Change {
            id,
            version,
            record: record.map(|(start, end)| self.records.get(start..end).unwrap_or_default()),
            place_only,
        })
    }

    /// Makes deletions of the puts of objects that are to be left out.
    pub fn leave_out(&mut self, kind: ObjectKind, mut left_out: impl FnMut(i64) -> bool) {
        for entry in self.changes.get_mut(kind as usize).into_iter().flatten() {
            if left_out(entry.id) {
                entry.record = None;
            }
        }
    }

    /// How many changes the document has, several of one object counted each.
    pub fn read_in_all(&self) -> u64 {
        self.read
    }

    /// The newest time that an object carries.
    pub fn newest(&self) -> Option<Timestamp> {
        self.newest
    }

    /// Whether the document is a map file.
    pub fn is_map(&self) -> bool {
        self.is_map
    }

    /// What the document says of itself.
    pub fn header(&self) -> &Header {
        &self.header
    }

    fn add_changes<R: Read>(
        &mut self,
        mut changes: Changes<R>,
        memory: usize,
        interrupt: &mut dyn FnMut() -> Result<()>,
    ) -> Result<()> {
        self.header = changes.header().clone();
        while let Some((action, element)) = changes.next()? {
            self.add(&element, action == Action::Delete, memory)?;
            interrupt()?;
        }
        Ok(())
    }

    fn add_puts<R: Read>(
        &mut self,
        mut reader: Reader<R>,
        memory: usize,
        interrupt: &mut dyn FnMut() -> Result<()>,
    ) -> Result<()> {
        self.header = reader.header().clone();
        while let Some(element) = reader.next()? {
            self.add(&element, false, memory)?;
            interrupt()?;
        }
        Ok(())
    }

    fn add(&mut self, element: &Element<'_>, deleted: bool, memory: usize) -> Result<()> {
        self.read += 1;
        self.newest = self.newest.max(element.meta().timestamp);
        self.push(element, deleted, false)?;
        if let Element::Way(way) = element
            && let Some(places) = way.places
        {
            for (&id, place) in way.refs.iter().zip(places) {
                if place.is_some() {
                    let node = Node { id, place: *place, meta: Meta::default(), tags: Tags::default() };
                    self.push(&Element::Node(node), false, true)?;
                }
            }
        }
        let entries: usize = self.changes.iter().map(Vec::len).sum();
        if self.records.len().saturating_add(entries.saturating_mul(size_of::<Entry>())) > memory {
            let error = Error::new(ErrorKind::Memory, "diff does not fit into the memory allowed for it");
            return Err(error
                .with_hint("Raise rawdata.import_memory, or apply diffs of shorter spans of time.")
                .in_object(element.object()));
        }
        Ok(())
    }

    fn push(&mut self, element: &Element<'_>, deleted: bool, place_only: bool) -> Result<()> {
        let start = self.records.len();
        if !deleted {
            record::encode(element, &mut self.records)?;
        }
        let object = element.object();
        if let Some(changes) = self.changes.get_mut(object.kind as usize) {
            let version = element.meta().version;
            // Without the length in front, which is for files.
            let record = (!deleted).then_some((start + 4, self.records.len()));
            changes.push(Entry { id: object.id, version, record, place_only });
        }
        Ok(())
    }

    /// Of each object keeps the newest version; of equal ones, and where one is not known, the later in the document.
    fn settle(&mut self) {
        for changes in &mut self.changes {
            // A place from a way comes before all that tells of the node itself. The sort keeps the document's order.
            changes.sort_by_key(|entry| (entry.id, !entry.place_only));
            changes.dedup_by(|later, kept| {
                let same = later.id == kept.id;
                if same && (kept.place_only || supersedes(later.version, kept.version)) {
                    *kept = *later;
                }
                same
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::packed::record::Decoder;

    fn read(document: &str) -> Result<Diff> {
        Diff::read(Cursor::new(document), 1 << 20, &mut || Ok(()))
    }

    /// `id version` of each change, `-` before deletions.
    fn list(diff: &Diff, kind: ObjectKind) -> Vec<String> {
        let sign = |change: &Change<'_>| if change.record.is_some() { "" } else { "-" };
        diff.changes(kind).map(|c| format!("{}{} {}", sign(&c), c.id, c.version.unwrap_or(0))).collect()
    }

    fn nodes(body: &str) -> Vec<String> {
        list(&read(&format!("<osmChange version='0.6'>{body}</osmChange>")).unwrap(), ObjectKind::Node)
    }

    #[test]
    fn the_newest_version_counts_whatever_the_order() {
        let [one, two] = [
            "<create><node id='1' version='1' lat='1' lon='1'/></create>",
            "<delete><node id='1' version='2'/></delete>",
        ];
        assert_eq!(nodes(&format!("{one}{two}")), ["-1 2"]);
        assert_eq!(nodes(&format!("{two}{one}")), ["-1 2"]);
    }

    #[test]
    fn of_equal_or_unknown_versions_the_later_counts() {
        let [a, b, none] = ["version='3' lat='1'", "version='3' lat='2'", "lat='3'"]
            .map(|text| format!("<modify><node id='1' lon='1' {text}/></modify>"));
        let place = |body: String| {
            let diff = read(&format!("<osmChange version='0.6'>{body}</osmChange>")).unwrap();
            let change = diff.changes(ObjectKind::Node).next().unwrap();
            match Decoder::default().decode(ObjectKind::Node, change.record.unwrap()).unwrap() {
                Element::Node(node) => node.place.unwrap().lat(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(place(format!("{a}{b}")), 2.0);
        assert_eq!(place(format!("{b}{a}")), 1.0);
        assert_eq!(place(format!("{a}{none}")), 3.0);
        assert_eq!(place(format!("{none}{a}")), 1.0);
    }

    #[test]
    fn objects_come_by_kind_and_id() {
        let document = "<osmChange version='0.6'><modify><way id='9' version='1'><nd ref='1'/></way>\
            <way id='2' version='1'/><relation id='5' timestamp='2024-01-01T00:00:00Z'/></modify></osmChange>";
        let diff = read(document).unwrap();
        assert_eq!(list(&diff, ObjectKind::Way), ["2 1", "9 1"]);
        assert_eq!(list(&diff, ObjectKind::Relation), ["5 0"]);
        assert_eq!((diff.changes(ObjectKind::Node).len(), diff.read_in_all()), (0, 3));
        assert_eq!(diff.newest(), Some(Timestamp(1_704_067_200)));
    }

    #[test]
    fn what_is_left_out_is_deleted() {
        let mut diff = read(
            "<osmChange version='0.6'><create><node id='1' version='3' lat='1' lon='1'/>\
             <node id='2' version='1' lat='1' lon='1'/><way id='1' version='1'/></create></osmChange>",
        )
        .unwrap();
        diff.leave_out(ObjectKind::Node, |id| id == 1);
        assert_eq!(list(&diff, ObjectKind::Node), ["-1 3", "2 1"]);
        assert_eq!(list(&diff, ObjectKind::Way), ["1 1"]);
    }

    #[test]
    fn a_map_file_is_taken_as_puts() {
        let diff = read("<osm version='0.6'><node id='1' version='4' lat='1' lon='1'/></osm>").unwrap();
        assert_eq!(list(&diff, ObjectKind::Node), ["1 4"]);
    }

    #[test]
    fn what_is_wrong_with_a_map_file_is_told() {
        for (document, message) in [
            (
                "<osm version='0.6'><node id='1'/",
                "malformed XML: syntax error: tag not closed: `>` not found before end of input",
            ),
            ("<osm version='0.6'><node id='1' lat='1' lon='1'>", "malformed XML: the document ends before </osm>"),
            ("<osm version='0.6'><node id='1' lat='1'/></osm>", "<node> has no \"lon\" attribute"),
            ("<osm><node id='1' lat='1' lon='1'/></osm>", "<osm> has no \"version\" attribute"),
        ] {
            let error = read(document).unwrap_err();
            assert_eq!((error.kind(), error.message()), (ErrorKind::Xml, message));
        }
    }

    #[test]
    fn what_is_neither_is_refused_as_a_change_file() {
        let error = read("<html/>").unwrap_err();
        assert_eq!(error.message(), "expected an <osmChange> document, found <html>");
        assert_eq!(read("<osmChange version='0.6'><create>").unwrap_err().kind(), ErrorKind::Xml);
    }

    #[test]
    fn memory_is_bounded() {
        let body = "<node id='1' lat='1' lon='1'/>".repeat(100);
        let document = format!("<osmChange version='0.6'><create>{body}</create></osmChange>");
        let error = Diff::read(Cursor::new(document), 1000, &mut || Ok(())).unwrap_err();
        assert_eq!((error.kind(), error.hint().is_some()), (ErrorKind::Memory, true));
    }

    #[test]
    fn reading_can_be_stopped() {
        let mut stop = || Err(Error::new(ErrorKind::Io, "stopped"));
        let document = "<osmChange version='0.6'><delete><node id='1'/></delete></osmChange>";
        assert_eq!(Diff::read(Cursor::new(document), 1000, &mut stop).unwrap_err().message(), "stopped");
    }
}
