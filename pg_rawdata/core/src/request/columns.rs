//! `filters.attributes`: which columns the rows of each geometry type have.

use serde_json::Value;

use super::GeometryType;
use super::format::Format;
use super::lax::{self, Faults, Path};
use super::limits::Limits;
use super::per_type::PerType;
use super::tags::{check_text, spelled};

/// The columns of rows, between `osm_id, osm_type` and the geometry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Columns {
    /// Version, tags, changeset and time, and on demand the user.
    All {
        /// Whether number and name of the user are among them.
        user_metadata: bool,
    },
    /// All tags, nothing else.
    Tags,
    /// A column for each of these tags.
    Attributes(Vec<Attribute>),
}

impl Default for Columns {
    fn default() -> Self {
        Self::All { user_metadata: false }
    }
}

/// A tag that is a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// The tag's key.
    pub key: String,
    /// The column's name, of which there is no other in the file.
    pub name: String,
}

/// Lists of keys as asked for; `None` where there is none.
pub(super) struct Lists(PerType<Option<Vec<String>>>);

/// Reads `filters.attributes`. What `all_geometry` says counts for every type, whatever the others say.
pub(super) fn read(value: Option<&Value>, path: &Path, limits: &Limits, faults: &mut Faults) -> Lists {
    let Some(lists) = value.and_then(|value| lax::object(value, path, faults)) else {
        return Lists(PerType::default());
    };
    let mut count = 0;
    let mut read = |name: &'static str, faults: &mut Faults| {
        let keys = read_keys(lax::member(lists, name)?, &path.key(spelled(name)), limits, faults);
        count += keys.len();
        (!keys.is_empty()).then_some(keys)
    };
    let all = read("allGeometry", faults);
    let own = PerType::from_fn(|kind| read(kind.name(), faults));
    if count > limits.attributes {
        let msg = format!("The request asks for {count} attributes, more than {}", limits.attributes);
        faults.value(path, &msg, &Value::Null);
    }
    Lists(PerType::from_fn(|kind| all.clone().or_else(|| own[kind].clone())))
}

fn read_keys(value: &Value, path: &Path, limits: &Limits, faults: &mut Faults) -> Vec<String> {
    let entries = lax::list(value, path, faults).unwrap_or_default();
    let mut keys: Vec<String> = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let path = path.index(index);
        let text = lax::string(entry, &path, faults).unwrap_or_default();
        for part in text.split(',') {
            match check_text(part, entry, &path, limits, faults) {
                Some(key) if !key.is_empty() => keys.push(key),
                _ => {}
            }
        }
    }
    let mut seen = std::collections::HashSet::new();
    keys.retain(|key| seen.insert(key.clone()));
    keys
}

impl Lists {
    /// The columns of each type. A file that is one table has the columns of all lists in every row.
    pub(super) fn into_columns(self, format: Format, user_metadata: bool) -> PerType<Columns> {
        let Self(lists) = self;
        let columns = |keys: Option<&Vec<String>>| match keys {
            None => Columns::All { user_metadata },
            Some(keys) if keys.iter().any(|key| key == "*") => Columns::Tags,
            Some(keys) => Columns::Attributes(named(keys, format)),
        };
        if !format.is_one_table() {
            return PerType::from_fn(|kind| columns(lists[kind].as_ref()));
        }
        let mut merged: Option<Vec<String>> = None;
        for list in GeometryType::ALL.iter().filter_map(|kind| lists[*kind].as_ref()) {
            let merged = merged.get_or_insert_default();
            for key in list {
                if !merged.contains(key) {
                    merged.push(key.clone());
                }
            }
        }
        let merged = columns(merged.as_ref());
        PerType::from_fn(|_| merged.clone())
    }
}

/// Longest identifier of PostgreSQL, in bytes.
pub const LONGEST_IDENTIFIER: usize = 63;

/// Gives each key a column name. Where two keys come to the same name, the later one is numbered.
fn named(keys: &[String], format: Format) -> Vec<Attribute> {
    let mut taken: Vec<String> = ["osm_id", "osm_type", "geom"].map(str::to_owned).into();
    taken.extend(own_names(format).iter().map(|name| (*name).to_owned()));
    let longest = longest_name(format);
    let name = |key: &String| {
        let plain = column_name(key);
        let cut = |most: usize| plain.get(..plain.floor_char_boundary(most)).unwrap_or_default();
        let numbered = (2usize..).map(|number| {
            let number = format!("_{number}");
            format!("{}{number}", cut(longest.saturating_sub(number.len())))
        });
        let is_free = |name: &String| !taken.contains(name);
        let name = std::iter::once(cut(longest).to_owned()).chain(numbered).find(is_free).unwrap_or_default();
        taken.push(name.clone());
        Attribute { key: key.clone(), name }
    };
    keys.iter().map(name).collect()
}

/// Names of columns that a format adds, or that tables have anyway.
fn own_names(format: Format) -> &'static [&'static str] {
    match format {
        Format::GeoPackage => &["fid"],
        Format::Csv => &["longitude", "latitude", "geom_type"],
        Format::Sql => &["ogc_fid", "tableoid", "ctid", "xmin", "xmax", "cmin", "cmax"],
        Format::GeoParquet => &["geometry", "bbox"],
        _ => &[],
    }
}

/// Longest name of a column, in bytes.
fn longest_name(format: Format) -> usize {
    match format {
        Format::Sql => LONGEST_IDENTIFIER,
        Format::Shapefile => 10,
        _ => usize::MAX,
    }
}

/// A key as a column's name: white space and `:` turned into `_`, letters A to Z folded as PostgreSQL folds them.
fn column_name(key: &str) -> String {
    let fold = |letter: char| if letter == ':' || letter.is_whitespace() { '_' } else { letter.to_ascii_lowercase() };
    key.chars().map(fold).collect()
}
