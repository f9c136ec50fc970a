//! One object as a self-contained record: how an import carries objects from the reader to the builders.
//!
//! ```text
//! u32 length | flags | id | metadata present | places and refs, or members | tag count and lengths | all text
//! ```

use super::{damaged, members, varint};
use crate::osm::{Element, Members, Meta, Node, ObjectId, ObjectKind, Place, Relation, Span, Tags, Timestamp, Way};
use crate::{Error, ErrorKind, Result};

const VERSION: u64 = 1;
const TIMESTAMP: u64 = 2;
const CHANGESET: u64 = 4;
const UID: u64 = 8;
const USER: u64 = 16;

/// The bodies of records that follow each other.
pub fn bodies(mut records: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = records.split_first_chunk::<4>()?;
        let (body, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        records = rest;
        Some(body)
    })
}

/// Appends the record of an object. A node must have a place.
pub fn encode(element: &Element<'_>, out: &mut Vec<u8>) -> Result<()> {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    let meta = element.meta();
    let flags = [
        (meta.version.is_some(), VERSION),
        (meta.timestamp.is_some(), TIMESTAMP),
        (meta.changeset.is_some(), CHANGESET),
        (meta.uid.is_some(), UID),
        (meta.user.is_some(), USER),
    ];
    varint::put(out, flags.iter().filter(|(on, _)| *on).map(|(_, bit)| bit).sum());
    varint::put_signed(out, element.object().id);
    let numbers = [meta.version.map(i64::from), meta.timestamp.map(|t| t.0), meta.changeset, meta.uid.map(i64::from)];
    for number in numbers.into_iter().flatten() {
        varint::put_signed(out, number);
    }
    match element {
        Element::Node(node) => {
            let place = node.place.ok_or_else(|| Error::new(ErrorKind::Argument, "node without a place"))?;
            out.extend_from_slice(&place.x.to_le_bytes());
            out.extend_from_slice(&place.y.to_le_bytes());
        }
        Element::Way(way) => {
            varint::put(out, way.refs.len() as u64);
            let mut before = 0i64;
            for &id in way.refs {
                varint::put_signed(out, id.wrapping_sub(before));
                before = id;
            }
        }
        Element::Relation(relation) => {
            varint::put(out, relation.members.len() as u64);
            for member in relation.members.iter() {
                varint::put(out, members::kind_number(member.object.kind));
                varint::put_signed(out, member.object.id);
                varint::put(out, member.role.len() as u64);
            }
        }
    }
    let tags = element.tags();
    varint::put(out, tags.len() as u64);
    for (key, value) in tags.iter() {
        varint::put(out, key.len() as u64);
        varint::put(out, value.len() as u64);
    }
    varint::put(out, meta.user.map_or(0, str::len) as u64);
    if let Element::Relation(relation) = element {
        relation.members.iter().for_each(|member| out.extend_from_slice(member.role.as_bytes()));
    }
    for (key, value) in tags.iter() {
        out.extend_from_slice(key.as_bytes());
        out.extend_from_slice(value.as_bytes());
    }
    out.extend_from_slice(meta.user.unwrap_or("").as_bytes());
    let length = u32::try_from(out.len() - start - 4)
        .map_err(|_| Error::new(ErrorKind::Limit, "object larger than 4 GiB").in_object(element.object()))?;
    if let Some(head) = out.get_mut(start..start + 4) {
        head.copy_from_slice(&length.to_le_bytes());
    }
    Ok(())
}

/// The id and version in a record (without its length), without reading the rest. Version 0 where there is none.
pub fn peek(mut body: &[u8]) -> Result<(i64, i64)> {
    let head = (|| {
        let flags = varint::take(&mut body)?;
        let id = varint::take_signed(&mut body)?;
        let version = if flags & VERSION != 0 { varint::take_signed(&mut body)? } else { 0 };
        Some((id, version))
    })();
    head.ok_or_else(|| damaged("objects"))
}

/// Unpacks records, reusing its memory from one to the next.
#[derive(Debug, Default)]
pub struct Decoder {
    refs: Vec<i64>,
    members: Vec<(ObjectId, Span)>,
    tags: Vec<(Span, Span)>,
}

impl Decoder {
    /// The object in a record (without its length).
    pub fn decode<'a>(&'a mut self, kind: ObjectKind, body: &'a [u8]) -> Result<Element<'a>> {
        self.read(kind, body).ok_or_else(|| damaged("objects"))
    }

    fn read<'a>(&'a mut self, kind: ObjectKind, mut body: &'a [u8]) -> Option<Element<'a>> {
        let bytes = &mut body;
        let flags = varint::take(bytes)?;
        let id = varint::take_signed(bytes)?;
        let mut number = |bit| if flags & bit != 0 { varint::take_signed(bytes).map(Some) } else { Some(None) };
        let version = number(VERSION)?.map(i32::try_from).transpose().ok()?;
        let timestamp = number(TIMESTAMP)?.map(Timestamp);
        let changeset = number(CHANGESET)?;
        let uid = number(UID)?.map(i32::try_from).transpose().ok()?;

        self.refs.clear();
        self.members.clear();
        self.tags.clear();
        let mut text_end = 0u32;
        let mut span = |len: u64| {
            let start = text_end;
            text_end = text_end.checked_add(u32::try_from(len).ok()?)?;
            Some(Span { start, end: text_end })
        };
        let mut place = None;
        match kind {
            ObjectKind::Node => {
                let (x, rest) = body.split_first_chunk::<4>()?;
                let (y, rest) = rest.split_first_chunk::<4>()?;
                place = Some(Place { x: i32::from_le_bytes(*x), y: i32::from_le_bytes(*y) });
                body = rest;
            }
            ObjectKind::Way => {
                let mut before = 0i64;
                for _ in 0..varint::take_len(&mut body)? {
                    before = before.wrapping_add(varint::take_signed(&mut body)?);
                    self.refs.push(before);
                }
            }
            ObjectKind::Relation => {
                for _ in 0..varint::take_len(&mut body)? {
                    let kind = members::kind_of(varint::take(&mut body)?)?;
                    let id = varint::take_signed(&mut body)?;
                    self.members.push((ObjectId { kind, id }, span(varint::take(&mut body)?)?));
                }
            }
        }
        for _ in 0..varint::take_len(&mut body)? {
            let key = span(varint::take(&mut body)?)?;
            self.tags.push((key, span(varint::take(&mut body)?)?));
        }
        let user = span(varint::take(&mut body)?)?;
        let text = std::str::from_utf8(body).ok()?;
        let tags = Tags::new(text, &self.tags);
        let user = (flags & USER != 0).then(|| user.of(text));
        let meta = Meta { version, timestamp, changeset, uid, user };
        Some(match kind {
            ObjectKind::Node => Element::Node(Node { id, place, meta, tags }),
            ObjectKind::Way => Element::Way(Way { id, refs: &self.refs, places: None, meta, tags }),
            ObjectKind::Relation => {
                Element::Relation(Relation { id, members: Members::new(text, &self.members), meta, tags })
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comes_back(element: Element<'_>) {
        let mut bytes = Vec::new();
        encode(&element, &mut bytes).unwrap();
        let body = &bytes[4..];
        assert_eq!(u32::from_le_bytes(bytes[..4].try_into().unwrap()) as usize, body.len());
        let kind = element.object().kind;
        assert_eq!(Decoder::default().decode(kind, body).unwrap(), element);
        assert_eq!(peek(body).unwrap(), (element.object().id, element.meta().version.map_or(0, i64::from)));
        for cut in 0..body.len().min(8) {
            assert!(Decoder::default().decode(kind, &body[..cut]).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn objects_come_back() {
        let text = "nameMünsterouterbob";
        let tags = [(Span { start: 0, end: 4 }, Span { start: 4, end: 12 })];
        let meta = Meta {
            version: Some(3),
            timestamp: Some(Timestamp(1_700_000_000)),
            changeset: Some(1 << 40),
            uid: Some(0),
            user: Some("bob"),
        };
        let tags = Tags::new(text, &tags);
        let place = Some(Place { x: -1, y: 900_000_000 });
        comes_back(Element::Node(Node { id: 1 << 41, place, meta, tags }));
        comes_back(Element::Node(Node { id: 1, place, meta: Meta::default(), tags: Tags::default() }));
        comes_back(Element::Way(Way { id: 9, refs: &[5, 6, 5], places: None, meta, tags }));
        let way = ObjectId { kind: ObjectKind::Way, id: 9 };
        let node = ObjectId { kind: ObjectKind::Node, id: 2 };
        let members = [(way, Span { start: 12, end: 17 }), (node, Span::default())];
        comes_back(Element::Relation(Relation { id: 4, members: Members::new(text, &members), meta, tags }));
    }
}
