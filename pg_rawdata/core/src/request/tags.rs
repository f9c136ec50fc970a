//! `filters.tags`: which tags a feature must have.

use serde_json::Value;

use super::GeometryType;
use super::lax::{self, Faults, Path};
use super::limits::Limits;
use super::per_type::PerType;

/// A condition on one tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// The key.
    pub key: String,
    /// The values allowed; empty where any will do.
    pub values: Vec<String>,
}

/// A condition on the tags of a feature: one of the lists must hold, of which all terms must hold. No list: no condition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TagFilter {
    /// The lists.
    pub any_of: Vec<Vec<Term>>,
}

impl TagFilter {
    /// Joins the terms of `join_or` and `join_and` as the old service does, whose clients depend on it:
    ///
    /// * one term to join by AND holds together with the last of the others only: `a OR (b AND c)`;
    /// * two or more hold together, as one more way to pass: `a OR b OR (c AND d)`.
    fn joined(or: Vec<Term>, mut and: Vec<Term>) -> Self {
        let mut any_of: Vec<Vec<Term>> = or.into_iter().map(|term| vec![term]).collect();
        match any_of.last_mut() {
            Some(last) if and.len() == 1 => last.append(&mut and),
            _ if and.is_empty() => {}
            _ => any_of.push(and),
        }
        Self { any_of }
    }
}

/// Reads `filters.tags`. What `all_geometry` says counts for every type, whatever the others say.
pub(super) fn read(value: Option<&Value>, path: &Path, limits: &Limits, faults: &mut Faults) -> PerType<TagFilter> {
    let Some(filters) = value.and_then(|value| lax::object(value, path, faults)) else { return PerType::default() };
    let mut keys = 0;
    let mut read = |name: &'static str, faults: &mut Faults| {
        let value = lax::member(filters, name)?;
        Some(read_filter(value, &path.key(spelled(name)), limits, &mut keys, faults))
    };
    let all = read("allGeometry", faults);
    let own = PerType::from_fn(|kind| read(kind.name(), faults));
    if keys > limits.filters {
        let msg = format!("The request filters by {keys} keys, more than {}", limits.filters);
        faults.value(path, &msg, &Value::Null);
    }
    PerType::from_fn(|kind: GeometryType| all.clone().or_else(|| own[kind].clone()).unwrap_or_default())
}

/// A geometry type as people spell it in filters, which is how it is named in a reason.
pub(super) fn spelled(name: &'static str) -> &'static str {
    if name == "allGeometry" { "all_geometry" } else { name }
}

fn read_filter(value: &Value, path: &Path, limits: &Limits, keys: &mut usize, faults: &mut Faults) -> TagFilter {
    let Some(joins) = lax::object(value, path, faults) else { return TagFilter::default() };
    let mut read = |camel, snake| {
        let path = path.key(snake);
        let terms = lax::member(joins, camel).and_then(|value| lax::object(value, &path, faults));
        let terms: Vec<Term> = terms
            .into_iter()
            .flatten()
            .filter_map(|(key, values)| {
                *keys = keys.saturating_add(1);
                read_term(key, values, &path, limits, faults)
            })
            .collect();
        terms
    };
    let or = read("joinOr", "join_or");
    let and = read("joinAnd", "join_and");
    TagFilter::joined(or, and)
}

fn read_term(key: &str, values: &Value, path: &Path, limits: &Limits, faults: &mut Faults) -> Option<Term> {
    let path = path.key(key);
    let values = lax::list(values, &path, faults)?.iter().enumerate().map(|(index, value)| {
        let path = path.index(index);
        let text = lax::string(value, &path, faults)?;
        check_text(text, value, &path, limits, faults)
    });
    let values: Vec<String> = values.collect::<Option<_>>()?;
    let key = check_text(key, &Value::Null, &path, limits, faults)?;
    Some(Term { key, values })
}

/// A key or value as it can be looked for: without spaces around it.
pub(super) fn check_text(
    text: &str,
    value: &Value,
    path: &Path,
    limits: &Limits,
    faults: &mut Faults,
) -> Option<String> {
    let text = text.trim();
    if text.len() > limits.text_bytes {
        let msg = format!("A key or value may have at most {} bytes", limits.text_bytes);
        faults.value(path, &msg, &Value::Null);
        return None;
    }
    if text.contains('\0') {
        faults.value(path, "A key or value cannot hold the character U+0000", value);
        return None;
    }
    Some(text.to_owned())
}
