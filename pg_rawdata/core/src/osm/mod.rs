//! OpenStreetMap's own things: nodes, ways, relations, tags, who and when, and places.
//!
//! Readers lend these: an [`Element`] borrows from the reader that made it and lives until the next one is read.

mod place;
mod tags;
mod timestamp;

use std::fmt;

pub use place::Place;
pub use tags::{OwnedTags, Span, Tags};
pub use timestamp::{DateTime, Timestamp};

pub(crate) use place::{quoted, units_from_nano};
pub(crate) use tags::keep_last;

/// Which of the three kinds an object is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKind {
    /// A point.
    Node,
    /// An ordered list of nodes.
    Way,
    /// An ordered list of members with roles.
    Relation,
}

impl ObjectKind {
    /// The three, in the order that documents have them in.
    pub const ALL: [Self; 3] = [Self::Node, Self::Way, Self::Relation];

    /// `node`, `way` or `relation`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Way => "way",
            Self::Relation => "relation",
        }
    }
}

/// Names one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    /// Its kind.
    pub kind: ObjectKind,
    /// Its number; unique within its kind.
    pub id: i64,
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.name(), self.id)
    }
}

/// Version, time and author of an object; each `None` where the document does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Meta<'a> {
    /// Number of the version, from 1.
    pub version: Option<i32>,
    /// When this version was made.
    pub timestamp: Option<Timestamp>,
    /// The changeset it was made in.
    pub changeset: Option<i64>,
    /// Number of the user.
    pub uid: Option<i32>,
    /// Name of the user.
    pub user: Option<&'a str>,
}

/// A node. `place` is `None` in a deletion that does not give one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node<'a> {
    /// Its number.
    pub id: i64,
    /// Where it is.
    pub place: Option<Place>,
    /// Version, time and author.
    pub meta: Meta<'a>,
    /// Its tags.
    pub tags: Tags<'a>,
}

/// A way. `places` is there only where the file carries them (`LocationsOnWays`); then as many as `refs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way<'a> {
    /// Its number.
    pub id: i64,
    /// The numbers of its nodes, in order.
    pub refs: &'a [i64],
    /// The places of its nodes, where the file gives them.
    pub places: Option<&'a [Option<Place>]>,
    /// Version, time and author.
    pub meta: Meta<'a>,
    /// Its tags.
    pub tags: Tags<'a>,
}

/// A member of a relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member<'a> {
    /// The object.
    pub object: ObjectId,
    /// Its role; often empty.
    pub role: &'a str,
}

/// Members of a relation, in order.
#[derive(Clone, Copy)]
pub struct Members<'a> {
    text: &'a str,
    spans: &'a [(ObjectId, Span)],
}

impl<'a> Members<'a> {
    /// Members whose roles lie in `text`.
    pub fn new(text: &'a str, spans: &'a [(ObjectId, Span)]) -> Self {
        Self { text, spans }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Each in turn.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Member<'a>> + Clone + use<'a> {
        let text = self.text;
        self.spans.iter().map(move |(object, role)| Member { object: *object, role: role.of(text) })
    }
}

impl fmt::Debug for Members<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl PartialEq for Members<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Members<'_> {}

/// A relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relation<'a> {
    /// Its number.
    pub id: i64,
    /// Its members, in order.
    pub members: Members<'a>,
    /// Version, time and author.
    pub meta: Meta<'a>,
    /// Its tags.
    pub tags: Tags<'a>,
}

/// One object as a document holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element<'a> {
    /// A node.
    Node(Node<'a>),
    /// A way.
    Way(Way<'a>),
    /// A relation.
    Relation(Relation<'a>),
}

impl<'a> Element<'a> {
    /// Which object it is.
    pub fn object(&self) -> ObjectId {
        match self {
            Self::Node(n) => ObjectId { kind: ObjectKind::Node, id: n.id },
            Self::Way(w) => ObjectId { kind: ObjectKind::Way, id: w.id },
            Self::Relation(r) => ObjectId { kind: ObjectKind::Relation, id: r.id },
        }
    }

    /// Version, time and author.
    pub fn meta(&self) -> &Meta<'a> {
        match self {
            Self::Node(n) => &n.meta,
            Self::Way(w) => &w.meta,
            Self::Relation(r) => &r.meta,
        }
    }

    /// Its tags.
    pub fn tags(&self) -> Tags<'a> {
        match self {
            Self::Node(n) => n.tags,
            Self::Way(w) => w.tags,
            Self::Relation(r) => r.tags,
        }
    }
}
