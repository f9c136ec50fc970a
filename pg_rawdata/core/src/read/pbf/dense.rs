//! Nodes of a block written column by column, most of them as differences to the node before.

use super::scale::{Info, Scale};
use super::strings::Strings;
use super::wire::{Column, Cursor, broken};
use crate::Result;
use crate::osm::ObjectKind;
use crate::read::object::{Object, checked_id};

/// Columns of the nodes, each where its next number stands. What metadata is left out has an empty column.
#[derive(Debug, Default)]
pub(super) struct Dense {
    ids: Cursor,
    lats: Cursor,
    lons: Cursor,
    tags: Option<Cursor>,
    versions: Option<Cursor>,
    timestamps: Option<Cursor>,
    changesets: Option<Cursor>,
    uids: Option<Cursor>,
    users: Option<Cursor>,
    visibles: Option<Cursor>,
    id: i64,
    lat: i64,
    lon: i64,
    info: Info,
    user: i64,
}

impl Dense {
    /// Finds the columns of a `DenseNodes` message.
    pub fn new(block: &mut Vec<u8>, message: Cursor) -> Result<Self> {
        let (mut info, mut fields) = (None, message);
        let [mut ids, mut lats, mut lons, mut tags] = [Column::default(); 4];
        while let Some(field) = fields.field(block)? {
            match field.number {
                1 => ids.add(field)?,
                5 => info = Some(field.message()?),
                8 => lats.add(field)?,
                9 => lons.add(field)?,
                10 => tags.add(field)?,
                _ => {}
            }
        }
        let mut dense = Self {
            ids: ids.gather(block, message, 1)?,
            lats: lats.gather(block, message, 8)?,
            lons: lons.gather(block, message, 9)?,
            tags: filled(tags.gather(block, message, 10)?),
            ..Self::default()
        };
        if let Some(info) = info {
            dense.metadata(block, info)?;
        }
        Ok(dense)
    }

    fn metadata(&mut self, block: &mut Vec<u8>, message: Cursor) -> Result<()> {
        let mut fields = message;
        let mut columns = [Column::default(); 6];
        while let Some(field) = fields.field(block)? {
            let column = (field.number as usize).checked_sub(1).and_then(|index| columns.get_mut(index));
            if let Some(column) = column {
                column.add(field)?;
            }
        }
        let [versions, timestamps, changesets, uids, users, visibles] = columns;
        self.versions = filled(versions.gather(block, message, 1)?);
        self.timestamps = filled(timestamps.gather(block, message, 2)?);
        self.changesets = filled(changesets.gather(block, message, 3)?);
        self.uids = filled(uids.gather(block, message, 4)?);
        self.users = filled(users.gather(block, message, 5)?);
        self.visibles = filled(visibles.gather(block, message, 6)?);
        Ok(())
    }

    /// Reads the next node into `object`; `false` where there is none.
    pub fn next(&mut self, block: &[u8], strings: &Strings, scale: &Scale, object: &mut Object) -> Result<bool> {
        object.clear(ObjectKind::Node);
        if self.ids.is_empty() {
            return if self.spent() { Ok(false) } else { Err(unequal()) };
        }
        object.id = self.ids.add_delta(block, &mut self.id)?;
        checked_id("node", object.id)?;
        if self.lats.is_empty() || self.lons.is_empty() {
            return Err(unequal());
        }
        let lat = self.lats.add_delta(block, &mut self.lat)?;
        let lon = self.lons.add_delta(block, &mut self.lon)?;
        object.place = Some(scale.place(lon, lat)?);
        self.read_info(block)?;
        object.stamp = self.info.stamp(scale, strings)?;
        object.visible = !self.info.hidden;
        self.read_tags(block, strings, object)?;
        Ok(true)
    }

    #[inline]
    fn read_info(&mut self, block: &[u8]) -> Result<()> {
        let info = &mut self.info;
        if let Some(versions) = &mut self.versions {
            info.version = versions.varint(block)?.cast_signed();
        }
        if let Some(timestamps) = &mut self.timestamps {
            timestamps.add_delta(block, &mut info.timestamp)?;
        }
        if let Some(changesets) = &mut self.changesets {
            changesets.add_delta(block, &mut info.changeset)?;
        }
        if let Some(uids) = &mut self.uids {
            uids.add_delta(block, &mut info.uid)?;
        }
        if let Some(users) = &mut self.users {
            info.user = Some(users.add_delta(block, &mut self.user)?.cast_unsigned());
        }
        if let Some(visibles) = &mut self.visibles {
            info.hidden = visibles.varint(block)? == 0;
        }
        Ok(())
    }

    /// Keys and values in turn, 0 behind those of each node.
    #[inline]
    fn read_tags(&mut self, block: &[u8], strings: &Strings, object: &mut Object) -> Result<()> {
        let Some(tags) = &mut self.tags else { return Ok(()) };
        loop {
            let key = tags.varint(block)?;
            if key == 0 {
                return Ok(());
            }
            object.tags.push((strings.get(key)?, strings.get(tags.varint(block)?)?));
        }
    }

    /// Whether all columns are at their end, as they must be together.
    fn spent(&self) -> bool {
        let info = [self.versions, self.timestamps, self.changesets, self.uids, self.users, self.visibles];
        [self.lats, self.lons].into_iter().chain(self.tags).chain(info.into_iter().flatten()).all(Cursor::is_empty)
    }
}

fn filled(column: Cursor) -> Option<Cursor> {
    Some(column).filter(|column| !column.is_empty())
}

fn unequal() -> crate::Error {
    broken("the columns of dense nodes are of unequal length")
}
