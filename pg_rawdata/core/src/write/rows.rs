//! Rows in bytes of their own, so that they can be encoded elsewhere than where they were read.

use super::{Encoder, Feature};
use crate::osm::Timestamp;
use crate::request::query::Source;
use crate::stored::geometry::View;
use crate::stored::jsonb::Object;
use crate::{Error, Result};

/// Which object a row is, and the version of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Where it comes from: its `osm_type`, and whose columns it has.
    pub source: Source,
    /// Its number.
    pub id: i64,
    /// Its version.
    pub version: Option<i32>,
    /// The changeset of that version.
    pub changeset: Option<i64>,
    /// The time of that version.
    pub timestamp: Option<Timestamp>,
    /// Number of the user who made it.
    pub uid: Option<i32>,
}

impl Head {
    /// Adds to an error which row that is.
    fn place(&self, error: Error) -> Error {
        self.source.place(self.id, error)
    }
}

/// A row as it is stored, whose tags and geometry are not looked at yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row<'a> {
    /// Which object it is.
    pub head: Head,
    /// Name of the user who made its version.
    pub user: Option<&'a str>,
    /// Its tags.
    pub tags: &'a [u8],
    /// Its geometry.
    pub geometry: &'a [u8],
}

impl<'a> Row<'a> {
    /// The feature with its geometry, which is read already.
    pub fn feature(&self, geometry: View<'a>) -> Result<Feature<'a>> {
        let tags = Object::parse(self.tags).map_err(|error| self.head.place(error))?;
        Ok(Feature { head: self.head, user: self.user, tags, geometry })
    }

    /// Hands it to an encoder.
    pub fn encode(&self, encoder: &mut dyn Encoder, out: &mut Vec<u8>) -> Result<()> {
        let geometry = View::parse(self.geometry).map_err(|error| self.head.place(error))?;
        encoder.feature(&self.feature(geometry)?, out)
    }
}

/// Rows, one after the other.
#[derive(Debug, Default)]
pub struct Rows {
    entries: Vec<Entry>,
    /// Name of the user, tags and geometry of each.
    bytes: Vec<u8>,
    /// How many were taken, and their bytes.
    taken: (usize, usize),
}

/// The head of a row, and the sizes of what follows.
#[derive(Debug)]
struct Entry {
    head: Head,
    user: Option<usize>,
    tags: usize,
    geometry: usize,
}

impl Rows {
    /// Room for so many bytes of rows.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), ..Self::default() }
    }

    /// Adds a copy of a row.
    pub fn add(&mut self, row: &Row) {
        self.entries.push(Entry {
            head: row.head,
            user: row.user.map(str::len),
            tags: row.tags.len(),
            geometry: row.geometry.len(),
        });
        self.bytes.extend_from_slice(row.user.unwrap_or_default().as_bytes());
        self.bytes.extend_from_slice(row.tags);
        self.bytes.extend_from_slice(row.geometry);
    }

    /// How many bytes they take.
    pub fn size(&self) -> usize {
        self.bytes.len() + self.entries.len() * size_of::<Entry>()
    }

    /// The next that was not taken yet.
    pub fn take(&mut self) -> Option<Row<'_>> {
        let (index, start) = self.taken;
        let entry = self.entries.get(index)?;
        let (user, tags) = (start + entry.user.unwrap_or(0), entry.tags);
        let (geometry, end) = (user + tags, user + tags + entry.geometry);
        self.taken = (index + 1, end);
        let bytes = |from: usize, to: usize| self.bytes.get(from..to).unwrap_or_default();
        Some(Row {
            head: entry.head,
            user: entry.user.and_then(|_| std::str::from_utf8(bytes(start, user)).ok()),
            tags: bytes(user, geometry),
            geometry: bytes(geometry, end),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ErrorKind;
    use crate::geometry::Geometry;
    use crate::osm::Place;
    use crate::stored::{geometry, jsonb};

    proptest! {
        #[test]
        fn rows_come_back_as_they_were(
            rows in prop::collection::vec(
                (
                    any::<i64>(),
                    any::<Option<i32>>(),
                    any::<Option<i64>>(),
                    prop::option::of(".{0,9}"),
                    prop::collection::vec(any::<u8>(), 0..20),
                    prop::collection::vec(any::<u8>(), 0..20),
                ),
                0..20,
            )
        ) {
            let rows: Vec<Row> = rows
                .iter()
                .map(|(id, small, large, user, tags, geometry)| Row {
                    head: Head {
                        source: Source::WaysPoly,
                        id: *id,
                        version: *small,
                        changeset: *large,
                        timestamp: large.map(Timestamp),
                        uid: *small,
                    },
                    user: user.as_deref(),
                    tags,
                    geometry,
                })
                .collect();
            let mut owned = Rows::with_capacity(100);
            rows.iter().for_each(|row| owned.add(row));
            for row in rows {
                prop_assert_eq!(owned.take(), Some(row));
            }
            prop_assert_eq!(owned.take(), None);
        }
    }

    /// Notes the ids of features.
    struct Ids;

    impl Encoder for Ids {
        fn begin(&mut self, _: &super::super::Schema, _: &mut Vec<u8>) -> Result<()> {
            Ok(())
        }

        fn feature(&mut self, feature: &Feature, out: &mut Vec<u8>) -> Result<()> {
            out.extend_from_slice(&feature.head.id.to_be_bytes());
            Ok(())
        }

        fn finish(&mut self, _: &mut Vec<u8>) -> Result<super::super::Rest> {
            Ok(super::super::Rest::Done)
        }
    }

    #[test]
    fn an_encoder_gets_them_in_order_and_refuses_one_that_is_broken() {
        let (mut tags, mut place) = (Vec::new(), Vec::new());
        jsonb::write([("k", "v")], &mut tags).unwrap();
        geometry::write(&Geometry::Point(Place::new(1, 2).unwrap()), &mut place).unwrap();
        let row = |id, tags, geometry| Row {
            head: Head { source: Source::Nodes, id, version: None, changeset: None, timestamp: None, uid: None },
            user: None,
            tags,
            geometry,
        };
        for (tags_of_third, place_of_third, kind) in
            [(&b"\0\0\0\x40"[..], place.as_slice(), ErrorKind::Unsupported), (&tags, b"", ErrorKind::Binary)]
        {
            let mut rows = Rows::default();
            rows.add(&row(7, &tags, &place));
            rows.add(&row(3, &tags, &place));
            rows.add(&row(5, tags_of_third, place_of_third));
            let mut out = Vec::new();
            for _ in 0..2 {
                rows.take().unwrap().encode(&mut Ids, &mut out).unwrap();
            }
            assert_eq!(out, [7_i64.to_be_bytes(), 3_i64.to_be_bytes()].concat());
            let error = rows.take().unwrap().encode(&mut Ids, &mut out).unwrap_err();
            assert_eq!((error.kind(), error.place().unwrap()), (kind, "The reader had come to node 5.".to_owned()));
        }
    }
}
