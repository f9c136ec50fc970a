//! From events to objects: what `<node>`, `<way>` and `<relation>` mean, in map files and change files alike.

use std::io::Read;

use super::attributes::{Value, malformed};
use super::events::{Event, Events, Start};
use crate::osm::{Element, ObjectId, ObjectKind, Place, Timestamp, quoted};
use crate::read::object::{Object, checked_id};
use crate::{Error, ErrorKind, Result};

/// The most bytes that one object may take in the document.
const OBJECT: u64 = 32 << 20;

/// The object read last.
pub(in crate::read) struct Parser {
    object: Object,
    text: String,
}

/// The kind of object that an element of this name is.
pub(in crate::read) fn object_kind(name: &str) -> Option<ObjectKind> {
    match name {
        "node" => Some(ObjectKind::Node),
        "way" => Some(ObjectKind::Way),
        "relation" => Some(ObjectKind::Relation),
        _ => None,
    }
}

/// Passes over an element that is not known, unless it is an object, which must not be lost in silence.
pub(in crate::read) fn ignore(start: &mut Start) -> Result<()> {
    match object_kind(start.name()) {
        Some(kind) => Err(Error::new(ErrorKind::Xml, format!("<{}> in a place where no object may be", kind.name()))),
        None => start.check(),
    }
}

impl Parser {
    pub fn new() -> Self {
        Self { object: Object::new(), text: String::new() }
    }

    pub fn element(&self) -> Element<'_> {
        self.object.element(&self.text)
    }

    /// Whether it is there, and not a mark that it was deleted.
    pub fn visible(&self) -> bool {
        self.object.visible
    }

    /// Begins an object. In a deletion (`deleted`) nodes need no place.
    pub fn begin(&mut self, kind: ObjectKind, mut start: Start, deleted: bool) -> Result<()> {
        self.object.clear(kind);
        self.text.clear();
        let began = self.attributes(&mut start, deleted);
        self.named(began)
    }

    /// Reads the rest of the object that was begun, to its end.
    pub fn finish<R: Read>(&mut self, events: &mut Events<R>) -> Result<()> {
        let finished = self.children(events);
        self.named(finished)
    }

    /// Adds to an error which object it is about, if that was read already.
    fn named<T>(&self, result: Result<T>) -> Result<T> {
        result.map_err(|e| if self.object.id == 0 { e } else { e.in_object(self.object.object()) })
    }

    fn attributes(&mut self, start: &mut Start, deleted: bool) -> Result<()> {
        let (mut lat, mut lon, mut id) = (None, None, None);
        let object = &mut self.object;
        let mut attributes = start.attributes();
        while let Some((name, value)) = attributes.next()? {
            match name {
                "id" => {
                    object.id = number(name, value)?;
                    id = Some(checked_id("attribute \"id\":", object.id)?);
                }
                "lat" if object.kind == ObjectKind::Node => lat = Some(Place::parse_lat(&value.text()?)?),
                "lon" if object.kind == ObjectKind::Node => lon = Some(Place::parse_lon(&value.text()?)?),
                "version" => object.stamp.version = Some(small(name, value, 0)?).filter(|version| *version > 0),
                "timestamp" => object.stamp.timestamp = Some(Timestamp::parse(&value.text()?)?),
                "changeset" => object.stamp.changeset = positive(name, number(name, value)?)?,
                // Authors without a name had numbers below 1.
                "uid" => object.stamp.uid = Some(small(name, value, i64::MIN)?).filter(|uid| *uid > 0),
                "user" => {
                    object.stamp.user = Some(value.append_to(&mut self.text)?).filter(|user| user.start < user.end)
                }
                "visible" => {
                    object.visible = match &*value.text()? {
                        "true" => true,
                        "false" => false,
                        other => return Err(malformed_value(name, other)),
                    }
                }
                _ => {}
            }
        }
        let element = object.kind.name();
        id.ok_or_else(|| missing(element, "id"))?;
        if object.kind == ObjectKind::Node {
            object.place = match (lat, lon) {
                (Some(y), Some(x)) => Some(Place { x, y }),
                _ if deleted || !object.visible => None,
                (None, _) => return Err(missing(element, "lat")),
                (_, None) => return Err(missing(element, "lon")),
            };
        }
        Ok(())
    }

    fn children<R: Read>(&mut self, events: &mut Events<R>) -> Result<()> {
        let mut located = false;
        let began = events.byte();
        let mut depth = None;
        loop {
            if events.byte() - began > OBJECT {
                return Err(Error::new(ErrorKind::Limit, format!("the object takes more than {OBJECT} bytes")));
            }
            match events.next()? {
                Event::Start(mut start) => {
                    let direct = *depth.get_or_insert(start.depth) == start.depth;
                    match (start.name(), self.object.kind) {
                        ("tag", _) if direct => self.tag(&mut start)?,
                        ("nd", ObjectKind::Way) if direct => located |= self.nd(&mut start)?,
                        ("member", ObjectKind::Relation) if direct => self.member(&mut start)?,
                        (name @ ("nd" | "member"), kind) if direct => {
                            return Err(malformed(format!("<{name}> in a <{}>", kind.name())));
                        }
                        _ => ignore(&mut start)?,
                    }
                }
                // The first child tells how deep children lie; what ends above that is the object.
                Event::End(ended) if depth.is_none_or(|depth| ended < depth) => break,
                Event::End(_) | Event::Text(_) | Event::Other => {}
                Event::Eof => return Err(malformed("the document ends inside an object")),
            }
        }
        if !located {
            self.object.places.clear();
        }
        self.object.settle_tags(&self.text);
        Ok(())
    }

    fn tag(&mut self, start: &mut Start) -> Result<()> {
        let (mut key, mut tag_value) = (None, None);
        let mut attributes = start.attributes();
        while let Some((name, value)) = attributes.next()? {
            match name {
                "k" => key = Some(value.append_to(&mut self.text)?),
                "v" => tag_value = Some(value.append_to(&mut self.text)?),
                _ => {}
            }
        }
        let key = key.ok_or_else(|| missing("tag", "k"))?;
        self.object.tags.push((key, tag_value.ok_or_else(|| missing("tag", "v"))?));
        Ok(())
    }

    /// A node of a way. Gives whether it says where that lies, as some programs write it.
    fn nd(&mut self, start: &mut Start) -> Result<bool> {
        let (mut node, mut lat, mut lon) = (None, None, None);
        let mut attributes = start.attributes();
        while let Some((name, value)) = attributes.next()? {
            match name {
                "ref" => node = Some(checked_id("attribute \"ref\":", number(name, value)?)?),
                "lat" => lat = Some(Place::parse_lat(&value.text()?)?),
                "lon" => lon = Some(Place::parse_lon(&value.text()?)?),
                _ => {}
            }
        }
        self.object.refs.push(node.ok_or_else(|| missing("nd", "ref"))?);
        let place = lon.zip(lat).map(|(x, y)| Place { x, y });
        self.object.places.push(place);
        Ok(place.is_some())
    }

    fn member(&mut self, start: &mut Start) -> Result<()> {
        let (mut kind, mut id, mut role) = (None, None, None);
        let mut attributes = start.attributes();
        while let Some((name, value)) = attributes.next()? {
            match name {
                "type" => {
                    let text = value.text()?;
                    kind = Some(object_kind(&text).ok_or_else(|| malformed_value(name, &text))?);
                }
                "ref" => id = Some(checked_id("attribute \"ref\":", number(name, value)?)?),
                "role" => role = Some(value.append_to(&mut self.text)?),
                _ => {}
            }
        }
        let kind = kind.ok_or_else(|| missing("member", "type"))?;
        let id = id.ok_or_else(|| missing("member", "ref"))?;
        self.object.members.push((ObjectId { kind, id }, role.unwrap_or_default()));
        Ok(())
    }
}

fn missing(element: &str, attribute: &str) -> Error {
    Error::new(ErrorKind::Xml, format!("<{element}> has no \"{attribute}\" attribute"))
}

fn malformed_value(attribute: &str, text: &str) -> Error {
    Error::new(ErrorKind::Xml, format!("attribute \"{attribute}\" has an unknown value: {}", quoted(text)))
}

fn number(attribute: &str, value: Value) -> Result<i64> {
    let text = value.text()?;
    let digits = text.strip_prefix('-').unwrap_or(&text);
    let what = if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        "is not a number"
    } else if let Ok(number) = text.parse() {
        return Ok(number);
    } else {
        "is out of range"
    };
    Err(Error::new(ErrorKind::Range, format!("attribute \"{attribute}\" {what}: {}", quoted(&text))))
}

fn small(attribute: &str, value: Value, least: i64) -> Result<i32> {
    let number = number(attribute, value)?;
    // Below the least that is an error, below what fits it is only as small as can be.
    let fitting = if number < least { None } else { i32::try_from(number.max(i64::from(i32::MIN))).ok() };
    fitting.ok_or_else(|| out_of_range(attribute, number))
}

/// A number from 1; 0 is none.
fn positive(attribute: &str, number: i64) -> Result<Option<i64>> {
    if number < 0 { Err(out_of_range(attribute, number)) } else { Ok(Some(number).filter(|n| *n > 0)) }
}

fn out_of_range(attribute: &str, number: i64) -> Error {
    Error::new(ErrorKind::Range, format!("attribute \"{attribute}\" is out of range: \"{number}\""))
}
