//! A piece of a document: its objects as records, by kind.

use rawdata_core::Result;
use rawdata_core::osm::{Element, Meta, Node, ObjectKind, Tags, Timestamp, Way};
use rawdata_core::packed::record;

/// A piece is handed over when its records take this much.
const PIECE_BYTES: usize = 256 << 10;

/// The version of a node that is known only from a way that tells its place. Any other version of it is newer.
const FROM_WAY: i32 = -1;

/// The version of a node as the document gives it.
pub fn version_of(node: &Node<'_>) -> Option<i32> {
    node.meta.version.filter(|version| *version != FROM_WAY)
}

/// Objects that follow each other in a document.
#[derive(Default)]
pub struct Piece {
    /// Nodes, ways and relations.
    pub records: [Records; 3],
    pub newest: Option<Timestamp>,
}

impl Piece {
    /// Adds an object; after a way that tells the places of its nodes, as in a file with `LocationsOnWays`, these too.
    pub fn add(&mut self, element: &Element<'_>) -> Result<()> {
        self.newest = self.newest.max(element.meta().timestamp);
        self.put(element)?;
        if let Element::Way(way) = element {
            for node in located(way) {
                self.put(&Element::Node(node))?;
            }
        }
        Ok(())
    }

    pub fn is_full(&self) -> bool {
        self.size() >= PIECE_BYTES
    }

    pub fn size(&self) -> usize {
        self.records.iter().map(|records| records.bytes.len()).sum()
    }

    pub fn count(&self) -> u64 {
        self.records.iter().map(|records| records.count).sum()
    }

    fn put(&mut self, element: &Element<'_>) -> Result<()> {
        let [nodes, ways, relations] = &mut self.records;
        let object = element.object();
        let records = match object.kind {
            ObjectKind::Node => nodes,
            ObjectKind::Way => ways,
            ObjectKind::Relation => relations,
        };
        records.order.saw(object.id);
        records.count += 1;
        record::encode(element, &mut records.bytes)
    }
}

fn located<'a>(way: &Way<'a>) -> impl Iterator<Item = Node<'static>> + use<'a> {
    let meta = Meta { version: Some(FROM_WAY), ..Meta::default() };
    let known = way.refs.iter().zip(way.places.unwrap_or_default());
    known.filter_map(move |(id, place)| Some(Node { id: *id, place: Some((*place)?), meta, tags: Tags::default() }))
}

/// Objects of one kind.
#[derive(Default)]
pub struct Records {
    pub bytes: Vec<u8>,
    pub count: u64,
    pub order: Order,
}

/// Whether ids come in strictly ascending order.
#[derive(Debug, Clone, Copy, Default)]
pub struct Order {
    first_and_last: Option<(i64, i64)>,
    is_broken: bool,
}

impl Order {
    pub fn is_strict(self) -> bool {
        !self.is_broken
    }

    /// Whether no id was seen yet.
    pub fn is_empty(self) -> bool {
        self.first_and_last.is_none()
    }

    /// Adds ids that come after those seen so far.
    pub fn join(&mut self, after: Self) {
        self.is_broken |= after.is_broken;
        let Some((next, last)) = after.first_and_last else { return };
        self.is_broken |= self.first_and_last.is_some_and(|(_, before)| before >= next);
        self.first_and_last = Some((self.first_and_last.map_or(next, |(first, _)| first), last));
    }

    fn saw(&mut self, id: i64) {
        self.join(Self { first_and_last: Some((id, id)), is_broken: false });
    }
}
