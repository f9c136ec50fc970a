//! Reading JSON as leniently as the old service does, gathering what is wrong instead of stopping at the first.

use serde_json::{Map, Value, json};

use super::refusal::{Item, Loc, Refusal, Status};

/// More reasons than this help nobody.
const MOST_ITEMS: usize = 20;
/// A value is sent back in a reason up to about so many characters.
const ECHO: usize = 1000;

/// The way from the body to a value, held on the stack while reading.
#[derive(Clone, Copy)]
pub(super) struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

impl<'a> Path<'a> {
    pub(super) const BODY: Path<'static> = Path { parent: None, step: Step::Key("body") };

    pub(super) fn key(&'a self, key: &'a str) -> Path<'a> {
        Path { parent: Some(self), step: Step::Key(key) }
    }

    pub(super) fn index(&'a self, index: usize) -> Path<'a> {
        Path { parent: Some(self), step: Step::Index(index) }
    }

    fn steps(&self) -> Vec<Loc> {
        let mut steps = Vec::new();
        let mut at = Some(self);
        while let Some(path) = at {
            steps.push(match path.step {
                Step::Key(key) => Loc::Key(key.chars().take(ECHO).collect()),
                Step::Index(index) => Loc::Index(index),
            });
            at = path.parent;
        }
        steps.reverse();
        steps
    }
}

/// What is wrong so far.
#[derive(Default)]
pub(super) struct Faults(Vec<Item>);

impl Faults {
    pub(super) fn push(&mut self, path: &Path, kind: &'static str, msg: impl Into<String>, input: &Value) {
        self.add(path, kind, msg.into(), input, None);
    }

    /// A value that none of the rules of the service's own allows.
    pub(super) fn value(&mut self, path: &Path, msg: &str, input: &Value) {
        self.add(path, "value_error", format!("Value error, {msg}"), input, None);
    }

    /// A value that is none of a list.
    pub(super) fn choice(&mut self, path: &Path, kind: &'static str, expected: String, input: &Value) {
        let msg = format!("Input should be {expected}");
        self.add(path, kind, msg, input, Some(json!({ "expected": expected })));
    }

    fn add(&mut self, path: &Path, kind: &'static str, msg: String, input: &Value, ctx: Option<Value>) {
        if self.0.len() < MOST_ITEMS {
            let input = is_short(input, &mut { ECHO }).then(|| input.clone());
            self.0.push(Item { kind: Some(kind), loc: path.steps(), msg, input, ctx });
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_refusal(self) -> Refusal {
        Refusal { status: Status::Unprocessable, items: self.0 }
    }
}

fn is_short(value: &Value, left: &mut usize) -> bool {
    let own = match value {
        Value::String(text) => text.len(),
        _ => 4,
    };
    let Some(rest) = left.checked_sub(own) else { return false };
    *left = rest;
    match value {
        Value::Array(list) => list.iter().all(|value| is_short(value, left)),
        Value::Object(object) => object.iter().all(|(key, value)| {
            *left = left.saturating_sub(key.len());
            is_short(value, left)
        }),
        _ => true,
    }
}

/// `'a', 'b' or 'c'`.
pub(super) fn one_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("'{name}'")).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

/// The members of an object; a fault where it is none.
pub(super) fn object<'v>(value: &'v Value, path: &Path, faults: &mut Faults) -> Option<&'v Map<String, Value>> {
    let object = value.as_object();
    if object.is_none() {
        let msg = "Input should be a valid dictionary or object to extract fields from";
        faults.push(path, "model_attributes_type", msg, value);
    }
    object
}

/// A member by its name in camel case, else in snake case. `null` is as good as absent.
pub(super) fn member<'v>(object: &'v Map<String, Value>, camel: &str) -> Option<&'v Value> {
    let snake = || {
        let mut name = String::with_capacity(camel.len() + 4);
        for letter in camel.chars() {
            if letter.is_ascii_uppercase() {
                name.push('_');
            }
            name.push(letter.to_ascii_lowercase());
        }
        name
    };
    object.get(camel).or_else(|| object.get(&snake())).filter(|value| !value.is_null())
}

pub(super) fn boolean(value: &Value, path: &Path, faults: &mut Faults) -> Option<bool> {
    let read = match value {
        Value::Bool(value) => return Some(*value),
        Value::String(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "on" | "1" => Some(true),
            "false" | "f" | "no" | "n" | "off" | "0" => Some(false),
            _ => None,
        },
        Value::Number(number) => match number.as_f64() {
            Some(1.0) => Some(true),
            Some(0.0) => Some(false),
            _ => None,
        },
        _ => {
            faults.push(path, "bool_type", "Input should be a valid boolean", value);
            return None;
        }
    };
    if read.is_none() {
        faults.push(path, "bool_parsing", "Input should be a valid boolean, unable to interpret input", value);
    }
    read
}

pub(super) fn integer(value: &Value, path: &Path, faults: &mut Faults) -> Option<i64> {
    let read = match value {
        Value::Number(number) => number.as_i64().or_else(|| {
            let whole = number.as_f64().filter(|number| number.fract() == 0.0)?;
            format!("{whole:.0}").parse().ok()
        }),
        Value::String(text) => text.trim().parse().ok(),
        Value::Bool(value) => Some(i64::from(*value)),
        _ => None,
    };
    if read.is_none() {
        faults.push(path, "int_parsing", "Input should be a valid integer", value);
    }
    read
}

pub(super) fn string<'v>(value: &'v Value, path: &Path, faults: &mut Faults) -> Option<&'v str> {
    let text = value.as_str();
    if text.is_none() {
        faults.push(path, "string_type", "Input should be a valid string", value);
    }
    text
}

pub(super) fn list<'v>(value: &'v Value, path: &Path, faults: &mut Faults) -> Option<&'v [Value]> {
    let list = value.as_array();
    if list.is_none() {
        faults.push(path, "list_type", "Input should be a valid list", value);
    }
    list.map(Vec::as_slice)
}
