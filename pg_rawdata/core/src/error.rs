//! What went wrong, of which kind, and where.

use std::fmt;

use crate::osm::ObjectId;

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// What kind of thing went wrong. The SQL glue picks a SQLSTATE by it, the HTTP front a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The XML is not well formed, or is not the document it should be.
    Xml,
    /// The PBF, or the compression around a document, is broken.
    Binary,
    /// Text is not UTF-8, or holds a character that text must not hold.
    Encoding,
    /// A number, place or time is out of range or is none.
    Range,
    /// A documented limit was passed.
    Limit,
    /// A memory budget was used up.
    Memory,
    /// The input is sound but asks for something that is not supported.
    Unsupported,
    /// An argument of a call cannot be used.
    Argument,
    /// The bytes could not be read from where they come from.
    Io,
}

/// An error: kind, message (lower case, no full stop), and the place where it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Inner {
    kind: ErrorKind,
    message: String,
    byte: Option<u64>,
    line: Option<u64>,
    blob: Option<u64>,
    object: Option<ObjectId>,
    hint: Option<&'static str>,
}

impl Error {
    /// Makes an error without a place.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            byte: None,
            line: None,
            blob: None,
            object: None,
            hint: None,
        }))
    }

    /// Adds the byte (of the document as unpacked) that the reader had come to, unless one is there.
    #[must_use]
    pub fn at_byte(mut self, byte: u64) -> Self {
        self.0.byte.get_or_insert(byte);
        self
    }

    /// Adds the line that the reader had come to (1 is the first), unless one is there.
    #[must_use]
    pub fn at_line(mut self, line: u64) -> Self {
        self.0.line.get_or_insert(line);
        self
    }

    /// Adds the blob (0 is the file's first) that the reader was in, unless one is there.
    #[must_use]
    pub fn in_blob(mut self, blob: u64) -> Self {
        self.0.blob.get_or_insert(blob);
        self
    }

    /// Adds the object that was being read, unless one is there.
    #[must_use]
    pub fn in_object(mut self, object: ObjectId) -> Self {
        self.0.object.get_or_insert(object);
        self
    }

    /// Adds a sentence that says what to do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: &'static str) -> Self {
        self.0.hint = Some(hint);
        self
    }

    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The message without the place.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do about it, as a sentence, where there is something to do.
    pub fn hint(&self) -> Option<&'static str> {
        self.0.hint
    }

    /// Where it was found, as a sentence; `None` where no place is known.
    pub fn place(&self) -> Option<String> {
        let mut parts = Vec::new();
        if let Some(blob) = self.0.blob {
            parts.push(format!("blob {blob}"));
        }
        if let Some(line) = self.0.line {
            parts.push(format!("line {line}"));
        }
        if let Some(byte) = self.0.byte {
            parts.push(format!("byte {byte}"));
        }
        if let Some(object) = self.0.object {
            parts.push(object.to_string());
        }
        (!parts.is_empty()).then(|| format!("The reader had come to {}.", parts.join(", ")))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {}
