//! Why a request is refused, in the shape the old service's clients read.

use std::fmt;

use serde_json::{Map, Value, json};

/// A refused request: which class of refusal, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// The class.
    pub status: Status,
    /// At least one reason; clients show the first.
    pub items: Vec<Item>,
}

/// The class of a refusal. In SQL all of them are an invalid argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// 422: the request cannot be read.
    Unprocessable,
    /// 400: the request can be read, but asks for too much.
    BadRequest,
    /// 403: the caller may not ask for this.
    Forbidden,
    /// 406: the caller may not ask for this in this form.
    NotAcceptable,
    /// 413: the body is too long.
    TooLarge,
}

impl Status {
    /// The number of the HTTP status.
    pub fn code(self) -> u16 {
        match self {
            Self::Unprocessable => 422,
            Self::BadRequest => 400,
            Self::Forbidden => 403,
            Self::NotAcceptable => 406,
            Self::TooLarge => 413,
        }
    }
}

/// One reason. Reasons of status 422 say what was expected where; the others have a message only.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Short name of the rule that was broken, for programs; `None` where only the message is sent.
    pub kind: Option<&'static str>,
    /// The way from the body to the value.
    pub loc: Vec<Loc>,
    /// What is wrong, for people.
    pub msg: String,
    /// The value as sent, where it is short.
    pub input: Option<Value>,
    /// What the rule was, for programs.
    pub ctx: Option<Value>,
}

/// One step on the way to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loc {
    /// A member of an object.
    Key(String),
    /// A place in a list, from 0.
    Index(usize),
}

impl Refusal {
    /// A refusal for one reason that is only a message.
    pub fn new(status: Status, msg: impl Into<String>) -> Self {
        let item = Item { kind: None, loc: Vec::new(), msg: msg.into(), input: None, ctx: None };
        Self { status, items: vec![item] }
    }

    /// A refusal of the area of a request, with status 422.
    pub fn of_geometry(msg: impl Into<String>) -> Self {
        let loc = vec![Loc::Key("body".into()), Loc::Key("geometry".into())];
        let item = Item { kind: Some("value_error"), loc, msg: msg.into(), input: None, ctx: None };
        Self { status: Status::Unprocessable, items: vec![item] }
    }

    /// The reply's body: `{"detail": [{"msg": …}, …]}`.
    pub fn to_json(&self) -> Value {
        json!({ "detail": self.items.iter().map(Item::to_json).collect::<Vec<_>>() })
    }
}

impl fmt::Display for Refusal {
    /// All reasons on one line, each after the place it is about.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, item) in self.items.iter().enumerate() {
            if at > 0 {
                f.write_str("; ")?;
            }
            item.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // "body" says nothing to someone who called a function.
        let steps = self.loc.get(1..).unwrap_or_default();
        for (at, step) in steps.iter().enumerate() {
            match step {
                Loc::Key(key) if at == 0 => f.write_str(key)?,
                Loc::Key(key) => write!(f, ".{key}")?,
                Loc::Index(byte) if at == 0 => write!(f, "byte {byte}")?,
                Loc::Index(index) => write!(f, "[{index}]")?,
            }
        }
        if !steps.is_empty() {
            f.write_str(": ")?;
        }
        f.write_str(&self.msg)?;
        match self.ctx.as_ref().and_then(|ctx| ctx.get("error")).and_then(Value::as_str) {
            Some(error) => write!(f, ": {error}"),
            None => Ok(()),
        }
    }
}

impl Item {
    fn to_json(&self) -> Value {
        let mut object = Map::new();
        if let Some(kind) = self.kind {
            object.insert("type".into(), kind.into());
            object.insert("loc".into(), self.loc.iter().map(Loc::to_json).collect());
        }
        object.insert("msg".into(), self.msg.clone().into());
        if let Some(input) = &self.input {
            object.insert("input".into(), input.clone());
        }
        if let Some(ctx) = &self.ctx {
            object.insert("ctx".into(), ctx.clone());
        }
        object.into()
    }
}

impl Loc {
    fn to_json(&self) -> Value {
        match self {
            Self::Key(key) => key.clone().into(),
            Self::Index(index) => (*index).into(),
        }
    }
}
