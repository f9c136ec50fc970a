//! Columns of a file as a list of typed fields, and what a feature has in them.

use super::Feature;
use crate::osm::Timestamp;
use crate::request::Columns;
use crate::stored::jsonb::Object;

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// Its name.
    pub(super) name: String,
    /// The type of its values.
    pub(super) kind: Kind,
    content: Content,
}

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Whole numbers of 32 bits.
    Int,
    /// Whole numbers of 64 bits.
    Long,
    /// Text.
    Text,
    /// A JSON object.
    Json,
    /// Points in time.
    Time,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Content {
    Id,
    Table,
    Version,
    Tags,
    Changeset,
    Uid,
    User,
    Timestamp,
    Tag(String),
}

/// What a feature has in a column.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'a> {
    /// Nothing.
    Null,
    /// A number of a column of 32 bits.
    Int(i32),
    /// A number of a column of 64 bits.
    Long(i64),
    /// A text.
    Text(&'a str),
    /// Tags.
    Tags(Object<'a>),
    /// A time.
    Time(Timestamp),
}

/// The columns of a file but for the geometry, in order.
pub(super) fn fields(columns: &Columns) -> Vec<Field> {
    let mut fields = vec![field("osm_id", Kind::Long, Content::Id), field("osm_type", Kind::Text, Content::Table)];
    let tags = field("tags", Kind::Json, Content::Tags);
    match columns {
        Columns::All { user_metadata } => {
            fields.extend([
                field("version", Kind::Int, Content::Version),
                tags,
                field("changeset", Kind::Long, Content::Changeset),
            ]);
            if *user_metadata {
                fields.extend([field("uid", Kind::Int, Content::Uid), field("user", Kind::Text, Content::User)]);
            }
            fields.push(field("timestamp", Kind::Time, Content::Timestamp));
        }
        Columns::Tags => fields.push(tags),
        Columns::Attributes(attributes) => {
            let of_tag = |name: &str, key: &str| field(name, Kind::Text, Content::Tag(key.to_owned()));
            fields.extend(attributes.iter().map(|attribute| of_tag(&attribute.name, &attribute.key)));
        }
    }
    fields
}

fn field(name: &str, kind: Kind, content: Content) -> Field {
    Field { name: name.to_owned(), kind, content }
}

impl Field {
    /// What a feature has in this column.
    pub(super) fn value<'a>(&self, feature: &Feature<'a>) -> Value<'a> {
        let int = |number: Option<i32>| number.map_or(Value::Null, Value::Int);
        let text = |text: Option<&'a str>| text.map_or(Value::Null, Value::Text);
        match &self.content {
            Content::Id => Value::Long(feature.head.id),
            Content::Table => Value::Text(feature.head.source.table()),
            Content::Version => int(feature.head.version),
            Content::Tags => Value::Tags(feature.tags),
            Content::Changeset => feature.head.changeset.map_or(Value::Null, Value::Long),
            Content::Uid => int(feature.head.uid),
            Content::User => text(feature.user),
            Content::Timestamp => feature.head.timestamp.map_or(Value::Null, Value::Time),
            Content::Tag(key) => text(feature.tags.get(key)),
        }
    }
}
