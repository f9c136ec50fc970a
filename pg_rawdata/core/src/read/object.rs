//! The object that a reader has come to: one set of buffers, filled anew for each.

use crate::osm::keep_last;
use crate::osm::{Element, Members, Meta, Node, ObjectId, ObjectKind, Place, Relation, Span, Tags, Timestamp, Way};
use crate::{Error, ErrorKind, Result};

/// Version, time and author; the user's name as a stretch of the reader's text.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stamp {
    pub version: Option<i32>,
    pub timestamp: Option<Timestamp>,
    pub changeset: Option<i64>,
    pub uid: Option<i32>,
    pub user: Option<Span>,
}

/// An object whose texts lie elsewhere: in the XML reader's own text or in a block's string table.
#[derive(Debug)]
pub(super) struct Object {
    pub kind: ObjectKind,
    pub id: i64,
    pub visible: bool,
    pub place: Option<Place>,
    pub stamp: Stamp,
    pub tags: Vec<(Span, Span)>,
    pub refs: Vec<i64>,
    /// As many as `refs`, or none.
    pub places: Vec<Option<Place>>,
    pub members: Vec<(ObjectId, Span)>,
}

impl Object {
    pub fn new() -> Self {
        Self {
            kind: ObjectKind::Node,
            id: 0,
            visible: true,
            place: None,
            stamp: Stamp::default(),
            tags: Vec::new(),
            refs: Vec::new(),
            places: Vec::new(),
            members: Vec::new(),
        }
    }

    pub fn clear(&mut self, kind: ObjectKind) {
        self.kind = kind;
        self.id = 0;
        self.visible = true;
        self.place = None;
        self.stamp = Stamp::default();
        self.tags.clear();
        self.refs.clear();
        self.places.clear();
        self.members.clear();
    }

    pub fn object(&self) -> ObjectId {
        ObjectId { kind: self.kind, id: self.id }
    }

    /// Of tags with equal keys keeps the last.
    pub fn settle_tags(&mut self, text: &str) {
        if self.tags.len() > 1 {
            keep_last(text, &mut self.tags);
        }
    }

    /// Lends it, with the text that its spans mean.
    pub fn element<'a>(&'a self, text: &'a str) -> Element<'a> {
        let stamp = &self.stamp;
        let meta = Meta {
            version: stamp.version,
            timestamp: stamp.timestamp,
            changeset: stamp.changeset,
            uid: stamp.uid,
            user: stamp.user.map(|user| user.of(text)),
        };
        let tags = Tags::new(text, &self.tags);
        match self.kind {
            ObjectKind::Node => Element::Node(Node { id: self.id, place: self.place, meta, tags }),
            ObjectKind::Way => {
                let places = (!self.places.is_empty()).then_some(&self.places[..]);
                Element::Way(Way { id: self.id, refs: &self.refs, places, meta, tags })
            }
            ObjectKind::Relation => {
                let members = Members::new(text, &self.members);
                Element::Relation(Relation { id: self.id, members, meta, tags })
            }
        }
    }
}

/// An object's own number, or one that it refers to: 1 … 2^63−1.
pub(super) fn checked_id(what: &str, id: i64) -> Result<i64> {
    if id > 0 {
        return Ok(id);
    }
    let error = Error::new(ErrorKind::Range, format!("{what} {id} is not a positive number"));
    Err(error.with_hint("Objects that were never uploaded have such numbers: this looks like an editor's own file."))
}
