//! Tagged ways and relations as the feature tables have them: what a rebuild takes from there is all but the geometry.

use rawdata_core::osm::{Meta, ObjectKind, Span, Tags};
use rawdata_core::stored::jsonb::Object;

use crate::error::OrRaise;
use crate::raw::portal::{self, Param};
use crate::server_time;

/// An object's number, metadata and tags.
pub struct StoredObject {
    pub id: i64,
    meta: Meta<'static>,
    user: Option<String>,
    text: String,
    tags: Vec<(Span, Span)>,
}

impl StoredObject {
    pub fn meta(&self) -> Meta<'_> {
        Meta { user: self.user.as_deref(), ..self.meta }
    }

    pub fn tags(&self) -> Tags<'_> {
        Tags::new(&self.text, &self.tags)
    }

    fn add_tags(&mut self, stored: &[u8]) {
        for (key, value) in Object::parse(stored).or_raise().iter() {
            let mut keep = |text: &str| {
                let start = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
                self.text.push_str(text);
                Span { start, end: u32::try_from(self.text.len()).unwrap_or(u32::MAX) }
            };
            let pair = (keep(key), keep(value));
            self.tags.push(pair);
        }
    }
}

/// Those of the given objects that carry tags, by id.
pub fn fetch(kind: ObjectKind, ids: Vec<i64>) -> Vec<StoredObject> {
    const COLUMNS: &str = "osm_id, uid, \"user\", version, changeset, \"timestamp\", tags";
    let tables: &[&str] = match kind {
        ObjectKind::Node => &["nodes"],
        ObjectKind::Way => &["ways_line", "ways_poly"],
        ObjectKind::Relation => &["relations"],
    };
    let mut query =
        format!("SELECT {COLUMNS} FROM rawdata.unplaced WHERE osm_type = '{}' AND osm_id = ANY ($1)", kind.name());
    for table in tables {
        query.push_str(&format!(" UNION ALL SELECT {COLUMNS} FROM rawdata.{table} WHERE osm_id = ANY ($1)"));
    }
    query.push_str(" ORDER BY osm_id");
    let mut objects = Vec::new();
    portal::each_row(&query, &[Param::Int8Array(ids)], |row| {
        let mut object = StoredObject {
            id: row.int8(0).unwrap_or_default(),
            meta: Meta {
                version: row.int4(3),
                timestamp: row.int8(5).and_then(server_time::from_server),
                changeset: row.int8(4),
                uid: row.int4(1),
                user: None,
            },
            user: row.text(2).map(str::to_owned),
            text: String::new(),
            tags: Vec::new(),
        };
        object.add_tags(row.bytes(6).unwrap_or_default());
        objects.push(object);
    });
    objects
}
