//! The attributes of a tag: taken apart, checked and resolved as XML 1.0 demands, without an allocation each.

use std::borrow::Cow;

use crate::osm::{Span, quoted};
use crate::{Error, ErrorKind, Result};

/// The most attributes that a tag may have.
const ATTRIBUTES: usize = 1000;

/// Walks the attributes of one tag.
pub(super) struct Attributes<'a> {
    text: &'a str,
    at: usize,
    /// Names seen so far, to find one that is given twice.
    names: &'a mut Vec<Span>,
}

/// A value as written, already known to be sound.
#[derive(Clone, Copy)]
pub(super) struct Value<'a> {
    raw: &'a str,
    /// Nothing in it needs to be replaced.
    plain: bool,
}

impl<'a> Attributes<'a> {
    /// Attributes of a tag: `text` is what follows its name.
    pub fn new(text: &'a str, names: &'a mut Vec<Span>) -> Self {
        names.clear();
        Self { text, at: 0, names }
    }

    pub fn next(&mut self) -> Result<Option<(&'a str, Value<'a>)>> {
        let blanks = self.skip_blanks();
        if self.at == self.text.len() {
            return Ok(None);
        }
        if !blanks {
            return Err(malformed("no blank between two attributes"));
        }
        let name = self.name()?;
        self.skip_blanks();
        if self.byte() != Some(b'=') {
            return Err(malformed(format!("attribute {} has no value", quoted(name))));
        }
        self.at += 1;
        self.skip_blanks();
        let value = self.value(name)?;
        Ok(Some((name, value)))
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_blanks(&mut self) -> bool {
        let from = self.at;
        while matches!(self.byte(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        self.at > from
    }

    fn name(&mut self) -> Result<&'a str> {
        let from = self.at;
        while !matches!(
            self.byte(),
            None | Some(b'=' | b' ' | b'\t' | b'\n' | b'\r' | b'"' | b'\'' | b'<' | b'&' | b'/')
        ) {
            self.at += 1;
        }
        let name = self.text.get(from..self.at).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| malformed("an attribute has no name"))?;
        if self.names.len() == ATTRIBUTES {
            return Err(Error::new(ErrorKind::Limit, format!("a tag has more than {ATTRIBUTES} attributes")));
        }
        if self.names.iter().any(|seen| seen.of(self.text) == name) {
            return Err(malformed(format!("attribute {} is given twice", quoted(name))));
        }
        // A tag is far shorter than 4 GiB.
        if let (Ok(start), Ok(end)) = (u32::try_from(from), u32::try_from(self.at)) {
            self.names.push(Span { start, end });
        }
        Ok(name)
    }

    fn value(&mut self, name: &str) -> Result<Value<'a>> {
        let Some(quote @ (b'"' | b'\'')) = self.byte() else {
            return Err(malformed(format!("the value of attribute {} is not in quotes", quoted(name))));
        };
        let from = self.at + 1;
        let behind = self.text.get(from..).unwrap_or_default();
        let raw = behind.split(char::from(quote)).next().filter(|raw| raw.len() < behind.len());
        let raw = raw.ok_or_else(|| malformed(format!("the value of attribute {} does not end", quoted(name))))?;
        self.at = from + raw.len() + 1;
        let kinds = raw.bytes().fold(0, |kinds, byte| kinds | kind(byte));
        if kinds & FORBIDDEN != 0 {
            return Err(malformed(format!("'<' in the value of attribute {}", quoted(name))));
        }
        let (plain, ascii) = (kinds & SPECIAL == 0, kinds & WIDE == 0);
        if !ascii && raw.contains(['\u{fffe}', '\u{ffff}']) {
            return Err(malformed(format!(
                "the value of attribute {} holds a character that XML forbids",
                quoted(name)
            )));
        }
        if !plain {
            resolve(raw, |_| {})?;
        }
        Ok(Value { raw, plain })
    }
}

impl<'a> Value<'a> {
    /// What it means.
    pub fn text(self) -> Result<Cow<'a, str>> {
        if self.plain {
            return Ok(Cow::Borrowed(self.raw));
        }
        let mut text = String::new();
        resolve(self.raw, |part| text.push_str(part))?;
        Ok(Cow::Owned(text))
    }

    /// Appends what it means to a text.
    pub fn append_to(self, text: &mut String) -> Result<Span> {
        let start = position(text)?;
        if self.plain {
            text.push_str(self.raw);
        } else {
            resolve(self.raw, |part| text.push_str(part))?;
        }
        Ok(Span { start, end: position(text)? })
    }
}

const FORBIDDEN: u8 = 1;
const SPECIAL: u8 = 2;
const WIDE: u8 = 4;

/// What a byte of a value calls for.
fn kind(byte: u8) -> u8 {
    match byte {
        b'<' => FORBIDDEN,
        b'&' | b'\t' | b'\n' | b'\r' => SPECIAL,
        0x80.. => WIDE,
        _ => 0,
    }
}

fn position(text: &str) -> Result<u32> {
    u32::try_from(text.len()).map_err(|_| Error::new(ErrorKind::Limit, "the texts of an object are longer than 4 GiB"))
}

/// Replaces references by what they stand for and each literal line end or tab by a blank.
fn resolve(raw: &str, mut push: impl FnMut(&str)) -> Result<()> {
    let mut rest = raw;
    while let Some(at) = rest.find(['&', '\t', '\n', '\r']) {
        let (before, special) = rest.split_at(at);
        push(before);
        rest = if let Some(reference) = special.strip_prefix('&') {
            let (name, behind) =
                reference.split_once(';').ok_or_else(|| malformed("a reference does not end in ';'"))?;
            push(referred(name)?.encode_utf8(&mut [0; 4]));
            behind
        } else {
            push(" ");
            special.strip_prefix("\r\n").or_else(|| special.get(1..)).unwrap_or_default()
        };
    }
    push(rest);
    Ok(())
}

/// The character that `&name;` stands for.
pub(super) fn referred(name: &str) -> Result<char> {
    let number = match name {
        "amp" => return Ok('&'),
        "lt" => return Ok('<'),
        "gt" => return Ok('>'),
        "quot" => return Ok('"'),
        "apos" => return Ok('\''),
        _ => name.strip_prefix('#').ok_or_else(|| malformed(format!("unknown entity {}", quoted(name))))?,
    };
    let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |hex| (hex, 16));
    let digits = Some(digits).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
    digits
        .and_then(|digits| u32::from_str_radix(digits, radix).ok())
        .and_then(char::from_u32)
        .filter(|c| !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}'))
        .ok_or_else(|| malformed(format!("reference {} to no character of XML", quoted(name))))
}

pub(super) fn malformed(what: impl AsRef<str>) -> Error {
    Error::new(ErrorKind::Xml, format!("malformed XML: {}", what.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(String, String)>> {
        let mut names = Vec::new();
        let mut attributes = Attributes::new(text, &mut names);
        let mut all = Vec::new();
        while let Some((name, value)) = attributes.next()? {
            let mut appended = "x".to_owned();
            let span = value.append_to(&mut appended)?;
            assert_eq!(span.of(&appended), value.text()?);
            all.push((name.to_owned(), value.text()?.into_owned()));
        }
        Ok(all)
    }

    fn value(raw: &str) -> Result<String> {
        Ok(read(&format!(" v=\"{raw}\""))?.remove(0).1)
    }

    #[test]
    fn both_quotes_and_blanks_around_the_sign_are_taken() {
        let expected = [("k", "a'b"), ("v", "c\"d"), ("é", "")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        assert_eq!(read(" k=\"a'b\" \n v = 'c\"d'\té=''  ").unwrap(), expected);
        assert_eq!(read("").unwrap(), []);
        assert_eq!(read("  ").unwrap(), []);
    }

    #[test]
    fn references_stay_and_literal_line_ends_become_blanks() {
        assert_eq!(value("a\nb\tc\r\nd\re").unwrap(), "a b c d e");
        assert_eq!(value("a&#10;b&#x9;c&#13;&#x1F600;").unwrap(), "a\nb\tc\r😀");
        assert_eq!(value("&lt;&gt;&amp;&quot;&apos;]]>").unwrap(), "<>&\"']]>");
        assert_eq!(value("&amp;lt;").unwrap(), "&lt;");
    }

    #[test]
    fn references_to_nothing_are_refused() {
        for raw in [
            "&nbsp;",
            "&;",
            "&",
            "& b",
            "&#;",
            "&#x;",
            "&#0;",
            "&#x0;",
            "&#1;",
            "&#xD800;",
            "&#55296;",
            "&#x110000;",
            "&#xFFFF;",
            "&#+65;",
            "&#-65;",
            "&#99999999999;",
            "&#1a;",
            "&#X41;",
            "&Amp;",
        ] {
            assert_eq!(value(raw).unwrap_err().kind(), ErrorKind::Xml, "{raw}");
        }
        assert!(value("\u{ffff}").is_err());
        assert!(value("\u{fdd0}\u{1ffff}").is_ok());
    }

    #[test]
    fn broken_attributes_are_refused() {
        for text in [
            " a",
            " a=",
            " a=b",
            " a=\"b",
            " a='b\"",
            " =\"b\"",
            " a=\"1\"b=\"2\"",
            " a=\"<\"",
            " a b=\"1\"",
            " \"a\"",
            " a=\"1\" a=\"2\"",
            " a=\"1\" b='' a=''",
            "/ a=\"1\"",
            " a&=\"1\"",
        ] {
            assert_eq!(read(text).unwrap_err().kind(), ErrorKind::Xml, "{text}");
        }
    }

    #[test]
    fn a_thousand_attributes_are_enough() {
        let many = |count: usize| (0..count).map(|i| format!(" a{i}='1'")).collect::<String>();
        assert_eq!(read(&many(1000)).unwrap().len(), 1000);
        assert_eq!(read(&many(1001)).unwrap_err().kind(), ErrorKind::Limit);
    }
}
