//! A block of objects, decoded one object at a time from the bytes of its blob.

use super::blob::{Blob, Unpacker};
use super::dense::Dense;
use super::scale::{Info, Scale};
use super::strings::Strings;
use super::wire::{Column, Cursor, broken};
use crate::osm::{Element, ObjectId, ObjectKind};
use crate::read::object::{Object, checked_id};
use crate::{Error, Result};

/// Decodes the objects of one blob after the other.
///
/// Besides the unpacked bytes it holds one object, so memory does not grow with the number of objects. Each thread can
/// have its own; it keeps its buffers from blob to blob.
pub struct Block {
    unpacker: Unpacker,
    /// The unpacked blob, and behind it what [`Column::gather`] put there for the present object.
    bytes: Vec<u8>,
    length: usize,
    blob: Blob,
    strings: Strings,
    scale: Scale,
    /// Groups still to be read.
    groups: Cursor,
    /// What is left of the present group.
    group: Cursor,
    /// What is left of the present dense nodes.
    dense: Option<Dense>,
    object: Object,
}

impl Default for Block {
    fn default() -> Self {
        Self::new()
    }
}

impl Block {
    /// A block without objects.
    pub fn new() -> Self {
        Self {
            unpacker: Unpacker::new(),
            bytes: Vec::new(),
            length: 0,
            blob: Blob::default(),
            strings: Strings::default(),
            scale: Scale::default(),
            groups: Cursor::default(),
            group: Cursor::default(),
            dense: None,
            object: Object::new(),
        }
    }

    /// Unpacks a blob and gets ready to read its objects.
    ///
    /// The blob is exchanged for the one before, so that both keep their memory.
    pub fn decode(&mut self, blob: &mut Blob) -> Result<()> {
        std::mem::swap(&mut self.blob, blob);
        (self.groups, self.group, self.dense) = Default::default();
        self.load().map_err(|e| self.blob.locate(e))
    }

    fn load(&mut self) -> Result<()> {
        self.unpacker.unpack(&self.blob, &mut self.bytes)?;
        self.length = self.bytes.len();
        let bytes = &self.bytes[..];
        let (mut scale, mut table) = (Scale::default(), None);
        let mut fields = Cursor::all(bytes);
        while let Some(field) = fields.field(bytes)? {
            match field.number {
                1 if table.is_some() => return Err(broken("a block has two string tables")),
                1 => table = Some(field.message()?),
                17 => scale.granularity = field.int(bytes)?,
                18 => scale.date_granularity = field.int(bytes)?,
                19 => scale.lat_offset = field.int(bytes)?,
                20 => scale.lon_offset = field.int(bytes)?,
                _ => {}
            }
        }
        scale.check()?;
        self.scale = scale;
        match table {
            Some(table) => self.strings.load(bytes, table)?,
            None => self.strings.clear(),
        }
        self.groups = Cursor::all(bytes);
        Ok(())
    }

    /// The next object; `None` behind the last one. After an error the block is of no more use.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot lend what it holds itself")]
    pub fn next(&mut self) -> Result<Option<Element<'_>>> {
        Ok(if self.advance()? { Some(self.element()) } else { None })
    }

    /// The object read last.
    pub(super) fn element(&self) -> Element<'_> {
        self.object.element(self.strings.text())
    }

    /// Reads the next object that is not marked as deleted, if there is one.
    pub(super) fn advance(&mut self) -> Result<bool> {
        self.read().map_err(|e| self.locate(e))
    }

    fn locate(&self, error: Error) -> Error {
        let error = self.blob.locate(error);
        if self.object.id == 0 { error } else { error.in_object(self.object.object()) }
    }

    fn read(&mut self) -> Result<bool> {
        loop {
            if let Some(dense) = &mut self.dense {
                if !dense.next(&self.bytes, &self.strings, &self.scale, &mut self.object)? {
                    self.dense = None;
                    continue;
                }
            } else if let Some(field) = self.group.field(&self.bytes)? {
                self.bytes.truncate(self.length);
                self.object.clear(ObjectKind::Node);
                match field.number {
                    1 => self.node(field.message()?)?,
                    2 => {
                        self.dense = Some(Dense::new(&mut self.bytes, field.message()?)?);
                        continue;
                    }
                    3 => self.way(field.message()?)?,
                    4 => self.relation(field.message()?)?,
                    _ => continue,
                }
            } else {
                match self.groups.field(&self.bytes)? {
                    Some(field) if field.number == 2 => self.group = field.message()?,
                    Some(_) => {}
                    None => {
                        self.object.clear(ObjectKind::Node);
                        return Ok(false);
                    }
                }
                continue;
            }
            if self.object.visible {
                self.object.settle_tags(self.strings.text());
                return Ok(true);
            }
        }
    }

    fn node(&mut self, message: Cursor) -> Result<()> {
        let (mut lat, mut lon, mut common) = (None, None, Common::default());
        let mut fields = message;
        while let Some(field) = fields.field(&self.bytes)? {
            match field.number {
                1 => self.object.id = field.sint(&self.bytes)?,
                2 => common.keys.add(field)?,
                3 => common.values.add(field)?,
                4 => common.info = Some(field.message()?),
                8 => lat = Some(field.sint(&self.bytes)?),
                9 => lon = Some(field.sint(&self.bytes)?),
                _ => {}
            }
        }
        self.common(common, message)?;
        self.object.place = match (lat, lon) {
            (Some(lat), Some(lon)) => Some(self.scale.place(lon, lat)?),
            _ if !self.object.visible => None,
            _ => return Err(broken("a node has no coordinates")),
        };
        Ok(())
    }

    fn way(&mut self, message: Cursor) -> Result<()> {
        self.object.kind = ObjectKind::Way;
        let mut common = Common::default();
        let [mut refs, mut lats, mut lons] = [Column::default(); 3];
        let mut fields = message;
        while let Some(field) = fields.field(&self.bytes)? {
            match field.number {
                1 => self.object.id = field.int(&self.bytes)?,
                2 => common.keys.add(field)?,
                3 => common.values.add(field)?,
                4 => common.info = Some(field.message()?),
                8 => refs.add(field)?,
                9 => lats.add(field)?,
                10 => lons.add(field)?,
                _ => {}
            }
        }
        self.common(common, message)?;
        let mut refs = refs.gather(&mut self.bytes, message, 8)?;
        let lats = lats.gather(&mut self.bytes, message, 9)?;
        let lons = lons.gather(&mut self.bytes, message, 10)?;
        let mut node = 0;
        while !refs.is_empty() {
            self.object.refs.push(checked_id("reference to node", refs.add_delta(&self.bytes, &mut node)?)?);
        }
        self.places(lats, lons)
    }

    /// The places of the way's nodes, where the file has them.
    fn places(&mut self, mut lats: Cursor, mut lons: Cursor) -> Result<()> {
        if lats.is_empty() && lons.is_empty() {
            return Ok(());
        }
        let (mut lat, mut lon) = (0, 0);
        for _ in &self.object.refs {
            if lats.is_empty() || lons.is_empty() {
                return Err(unequal("places of nodes"));
            }
            lats.add_delta(&self.bytes, &mut lat)?;
            lons.add_delta(&self.bytes, &mut lon)?;
            self.object.places.push(self.scale.place_of_ref(lon, lat)?);
        }
        if lats.is_empty() && lons.is_empty() { Ok(()) } else { Err(unequal("places of nodes")) }
    }

    fn relation(&mut self, message: Cursor) -> Result<()> {
        self.object.kind = ObjectKind::Relation;
        let mut common = Common::default();
        let [mut roles, mut ids, mut kinds] = [Column::default(); 3];
        let mut fields = message;
        while let Some(field) = fields.field(&self.bytes)? {
            match field.number {
                1 => self.object.id = field.int(&self.bytes)?,
                2 => common.keys.add(field)?,
                3 => common.values.add(field)?,
                4 => common.info = Some(field.message()?),
                8 => roles.add(field)?,
                9 => ids.add(field)?,
                10 => kinds.add(field)?,
                _ => {}
            }
        }
        self.common(common, message)?;
        let mut roles = roles.gather(&mut self.bytes, message, 8)?;
        let mut ids = ids.gather(&mut self.bytes, message, 9)?;
        let mut kinds = kinds.gather(&mut self.bytes, message, 10)?;
        let mut member = 0;
        while !ids.is_empty() {
            if roles.is_empty() || kinds.is_empty() {
                return Err(unequal("members"));
            }
            let id = checked_id("reference to member", ids.add_delta(&self.bytes, &mut member)?)?;
            let kind = match kinds.varint(&self.bytes)? {
                0 => ObjectKind::Node,
                1 => ObjectKind::Way,
                2 => ObjectKind::Relation,
                other => return Err(broken(format!("a member is of unknown type {other}"))),
            };
            let role = self.strings.get(roles.varint(&self.bytes)?)?;
            self.object.members.push((ObjectId { kind, id }, role));
        }
        if roles.is_empty() && kinds.is_empty() { Ok(()) } else { Err(unequal("members")) }
    }

    /// What all objects have.
    fn common(&mut self, common: Common, message: Cursor) -> Result<()> {
        checked_id(self.object.kind.name(), self.object.id)?;
        if let Some(info) = common.info {
            let info = Info::read(&self.bytes, info)?;
            self.object.stamp = info.stamp(&self.scale, &self.strings)?;
            self.object.visible = !info.hidden;
        }
        let mut keys = common.keys.gather(&mut self.bytes, message, 2)?;
        let mut values = common.values.gather(&mut self.bytes, message, 3)?;
        while !keys.is_empty() && !values.is_empty() {
            let key = self.strings.get(keys.varint(&self.bytes)?)?;
            self.object.tags.push((key, self.strings.get(values.varint(&self.bytes)?)?));
        }
        if keys.is_empty() && values.is_empty() { Ok(()) } else { Err(unequal("tags")) }
    }
}

/// Fields that all objects have.
#[derive(Default)]
struct Common {
    keys: Column,
    values: Column,
    info: Option<Cursor>,
}

fn unequal(what: &str) -> Error {
    broken(format!("the columns of {what} are of unequal length"))
}
