//! What a block's numbers mean: places, times, and who made a version.

use super::strings::Strings;
use super::wire::{Cursor, broken};
use crate::osm::{Place, Timestamp, units_from_nano};
use crate::read::object::Stamp;
use crate::{Error, ErrorKind, Result};

/// Units of a block's coordinates (in 1e-9 degree) and times (in milliseconds).
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    pub granularity: i64,
    pub date_granularity: i64,
    pub lat_offset: i64,
    pub lon_offset: i64,
}

impl Default for Scale {
    fn default() -> Self {
        Self { granularity: 100, date_granularity: 1000, lat_offset: 0, lon_offset: 0 }
    }
}

/// What libosmium writes for a node of a way whose place it does not know.
const NOWHERE: i64 = i32::MAX as i64;

impl Scale {
    /// Refuses units of nothing.
    pub fn check(&self) -> Result<()> {
        if self.granularity > 0 && self.date_granularity > 0 {
            Ok(())
        } else {
            Err(broken(format!("granularity {} and {}", self.granularity, self.date_granularity)))
        }
    }

    fn units(&self, lon: i64, lat: i64) -> Option<(i64, i64)> {
        let x = lon.checked_mul(self.granularity)?.checked_add(self.lon_offset)?;
        let y = lat.checked_mul(self.granularity)?.checked_add(self.lat_offset)?;
        Some((units_from_nano(x), units_from_nano(y)))
    }

    /// A place; rounded to 1e-7 degree as text is, half away from zero.
    pub fn place(&self, lon: i64, lat: i64) -> Result<Place> {
        self.units(lon, lat).and_then(|(x, y)| Place::new(x, y)).ok_or_else(not_on_earth)
    }

    /// The place of a way's node, which may be unknown.
    pub fn place_of_ref(&self, lon: i64, lat: i64) -> Result<Option<Place>> {
        match self.units(lon, lat) {
            Some((NOWHERE, NOWHERE)) => Ok(None),
            Some((x, y)) => Place::new(x, y).map(Some).ok_or_else(not_on_earth),
            None => Err(not_on_earth()),
        }
    }

    /// A time; writers that do not know one write 0.
    fn timestamp(&self, time: i64) -> Result<Option<Timestamp>> {
        if time == 0 {
            return Ok(None);
        }
        let seconds = time.checked_mul(self.date_granularity).map(|milliseconds| milliseconds.div_euclid(1000));
        let timestamp = seconds.and_then(Timestamp::new);
        timestamp.map(Some).ok_or_else(|| Error::new(ErrorKind::Range, "a timestamp is out of range"))
    }
}

fn not_on_earth() -> Error {
    Error::new(ErrorKind::Range, "a coordinate is out of range")
}

/// Version, time and author as a block writes them, 0 for what it leaves out.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Info {
    pub version: i64,
    pub timestamp: i64,
    pub changeset: i64,
    pub uid: i64,
    /// Number of the user's name in the string table.
    pub user: Option<u64>,
    pub hidden: bool,
}

impl Info {
    pub fn read(block: &[u8], mut fields: Cursor) -> Result<Self> {
        let mut info = Self::default();
        while let Some(field) = fields.field(block)? {
            match field.number {
                1 => info.version = field.int(block)?,
                2 => info.timestamp = field.int(block)?,
                3 => info.changeset = field.int(block)?,
                4 => info.uid = field.int(block)?,
                5 => info.user = Some(field.int(block)?.cast_unsigned()),
                6 => info.hidden = field.int(block)? == 0,
                _ => {}
            }
        }
        Ok(info)
    }

    /// What it means. Numbers below 1 and empty names stand for what is not known.
    #[inline]
    pub fn stamp(&self, scale: &Scale, strings: &Strings) -> Result<Stamp> {
        let user = self.user.map(|user| strings.get(user)).transpose()?;
        Ok(Stamp {
            version: small("version", self.version)?,
            timestamp: scale.timestamp(self.timestamp)?,
            changeset: Some(self.changeset).filter(|changeset| *changeset > 0),
            uid: small("uid", self.uid)?,
            user: user.filter(|user| user.start < user.end),
        })
    }
}

#[inline]
fn small(what: &str, number: i64) -> Result<Option<i32>> {
    if number < 1 {
        return Ok(None);
    }
    let fitting = i32::try_from(number).map(Some);
    fitting.map_err(|_| Error::new(ErrorKind::Range, format!("{what} {number} is out of range")))
}
