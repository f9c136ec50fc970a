//! Tags as spans of one text, so that a reader lends them without an allocation each.

use std::fmt;

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
#[derive(Clone, Copy, Default)]
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

impl fmt::Debug for Tags<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl PartialEq for Tags<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Tags<'_> {}

/// Tags that belong to no document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OwnedTags {
    text: String,
    spans: Vec<(Span, Span)>,
}

impl OwnedTags {
    /// The tags.
    pub fn tags(&self) -> Tags<'_> {
        Tags::new(&self.text, &self.spans)
    }

    fn keep(&mut self, text: &str) -> Span {
        let start = self.text.len();
        self.text.push_str(text);
        // Beyond 4 GB a stretch ends where it begins: the server holds no such tags.
        let [start, end] = [start, self.text.len()].map(|at| u32::try_from(at).unwrap_or(u32::MAX));
        Span { start, end }
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for OwnedTags {
    fn from_iter<T: IntoIterator<Item = (&'a str, &'a str)>>(pairs: T) -> Self {
        let mut owned = Self::default();
        for (key, value) in pairs {
            let span = (owned.keep(key), owned.keep(value));
            owned.spans.push(span);
        }
        keep_last(&owned.text, &mut owned.spans);
        owned
    }
}

/// Of tags with equal keys keeps the last one, where it stands.
pub(crate) fn keep_last(text: &str, spans: &mut Vec<(Span, Span)>) {
    // Comparing each with each is quickest for the few tags that objects have, and hopeless for thousands.
    const FEW: usize = 24;
    let count = spans.len();
    if count <= FEW {
        let equal = |i: usize, j: usize| match (spans.get(i), spans.get(j)) {
            (Some(a), Some(b)) => a.0.of(text) == b.0.of(text),
            _ => false,
        };
        if (0..count).all(|i| (i + 1..count).all(|j| !equal(i, j))) {
            return;
        }
    }
    let mut by_key: Vec<(&str, usize)> = spans.iter().enumerate().map(|(at, span)| (span.0.of(text), at)).collect();
    by_key.sort_unstable();
    let mut keep = vec![true; count];
    for pair in by_key.windows(2) {
        if let [(key, at), (next, _)] = pair
            && key == next
            && let Some(keep) = keep.get_mut(*at)
        {
            *keep = false;
        }
    }
    let mut keep = keep.into_iter();
    spans.retain(|_| keep.next().unwrap_or(true));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(keys: &str) -> Vec<(String, u32)> {
        let span = |at: usize| Span { start: u32::try_from(at).unwrap(), end: u32::try_from(at + 1).unwrap() };
        let mut spans: Vec<_> = (0..keys.len()).map(|at| (span(at), span(at))).collect();
        keep_last(keys, &mut spans);
        spans.iter().map(|(key, value)| (key.of(keys).to_owned(), value.start)).collect()
    }

    #[test]
    fn of_equal_keys_the_last_stays_where_it_stands() {
        let expected = [("b", 1), ("a", 3), ("c", 4)].map(|(k, at)| (k.to_owned(), at));
        assert_eq!(kept("abaac"), expected);
        assert_eq!(kept("").len(), 0);
        assert_eq!(kept("abc").len(), 3);
    }

    #[test]
    fn many_keys_are_treated_as_few_are() {
        let many: String = ('a'..='z').chain('a'..='y').collect();
        let kept = kept(&many);
        assert_eq!(kept.len(), 26);
        assert_eq!(kept.first(), Some(&("z".to_owned(), 25)));
        assert_eq!(kept.last(), Some(&("y".to_owned(), 50)));
    }
}
