//! Tags as spans of one text, so that a reader lends them without an allocation each.

/// A stretch of a text, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// Byte after the last.
    pub end: u32,
}

impl Span {
    /// The stretch of `text`; empty where it does not lie within it.
    pub fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or("")
    }
}

/// Tags of an object, in the document's order, keys unique (of equal keys in a document the last one counts).
#[derive(Debug, Clone, Copy, Default)]
pub struct Tags<'a> {
    text: &'a str,
    spans: &'a [(Span, Span)],
}

impl<'a> Tags<'a> {
    /// Tags whose keys and values lie in `text`.
    pub fn new(text: &'a str, spans: &'a [(Span, Span)]) -> Self {
        Self { text, spans }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Key and value of each, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'a str, &'a str)> + Clone + use<'a> {
        let text = self.text;
        self.spans.iter().map(move |(key, value)| (key.of(text), value.of(text)))
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&'a str> {
        self.iter().find(|(k, _)| *k == key).map(|(_, v)| v)
    }
}

impl PartialEq for Tags<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Tags<'_> {}
