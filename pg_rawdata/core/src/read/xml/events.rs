//! XML as a sequence of events, with all that the parser underneath lets pass refused: a document that ends early or
//! has several roots, deep nesting, document type declarations, unknown entities, other encodings.

use std::io::Read;

use quick_xml::events::{BytesDecl, BytesStart, BytesText, Event as XmlEvent};

use super::attributes::{Attributes, malformed, referred};
use super::guard::Guard;
use crate::osm::{Span, quoted};
use crate::read::decompress::from_io;
use crate::{Error, ErrorKind, Result};

/// The deepest that elements may be nested.
const DEPTH: usize = 16;

pub(in crate::read) enum Event<'a> {
    /// An element begins. Its end comes as an event too, also where one tag is both.
    Start(Start<'a>),
    /// The element of this depth ends; the root has depth 1.
    End(usize),
    /// Text as it stands in the document, between references.
    Text(BytesText<'a>),
    /// A comment, a processing instruction, a reference, CDATA.
    Other,
    /// The document ended as it should.
    Eof,
}

/// The tag that an element begins with.
pub(in crate::read) struct Start<'a> {
    tag: BytesStart<'a>,
    names: &'a mut Vec<Span>,
    /// How deep the element lies; the root has depth 1.
    pub depth: usize,
}

impl Start<'_> {
    pub fn name(&self) -> &str {
        self.tag.name().0
    }

    pub(super) fn attributes(&mut self) -> Attributes<'_> {
        Attributes::new(self.tag.attributes_raw(), self.names)
    }

    /// Reads the attributes only to see that they are sound.
    pub fn check(&mut self) -> Result<()> {
        let mut attributes = self.attributes();
        while attributes.next()?.is_some() {}
        Ok(())
    }
}

pub(in crate::read) struct Events<R: Read> {
    xml: quick_xml::Reader<Guard<R>>,
    buffer: Vec<u8>,
    names: Vec<Span>,
    depth: usize,
    /// The last tag was an element of its own, whose end is still to be told.
    empty: bool,
    /// Anything was read, so that a declaration comes too late.
    begun: bool,
    /// The root element's name, once it has begun.
    root: Option<String>,
}

impl<R: Read> Events<R> {
    pub fn new(input: R) -> Self {
        let mut xml = quick_xml::Reader::from_reader(Guard::new(input));
        xml.config_mut().enable_all_checks(true);
        Self { xml, buffer: Vec::new(), names: Vec::new(), depth: 0, empty: false, begun: false, root: None }
    }

    /// Bytes read so far.
    pub fn byte(&self) -> u64 {
        self.xml.get_ref().byte()
    }

    /// Adds the place to an error.
    pub fn locate(&self, error: Error) -> Error {
        let guard = self.xml.get_ref();
        error.at_byte(guard.byte()).at_line(guard.line())
    }

    pub fn next(&mut self) -> Result<Event<'_>> {
        if self.empty {
            self.empty = false;
            return Ok(close(&mut self.depth));
        }
        self.xml.get_mut().begin_event()?;
        self.buffer.clear();
        let begun = std::mem::replace(&mut self.begun, true);
        match self.xml.read_event_into(&mut self.buffer).map_err(|e| translate(&e))? {
            XmlEvent::Start(tag) => {
                let depth = open(&mut self.depth, &mut self.root, &tag)?;
                Ok(Event::Start(Start { tag, names: &mut self.names, depth }))
            }
            XmlEvent::Empty(tag) => {
                let depth = open(&mut self.depth, &mut self.root, &tag)?;
                self.empty = true;
                Ok(Event::Start(Start { tag, names: &mut self.names, depth }))
            }
            XmlEvent::End(_) => Ok(close(&mut self.depth)),
            XmlEvent::Text(text) if self.depth > 0 || text.trim_ascii().is_empty() => Ok(Event::Text(text)),
            XmlEvent::CData(_) if self.depth > 0 => Ok(Event::Other),
            XmlEvent::GeneralRef(name) if self.depth > 0 => referred(&name).map(|_| Event::Other),
            XmlEvent::Text(_) | XmlEvent::CData(_) | XmlEvent::GeneralRef(_) => {
                Err(malformed("text outside the root element"))
            }
            XmlEvent::Comment(_) | XmlEvent::PI(_) => Ok(Event::Other),
            XmlEvent::Decl(_) if begun => Err(malformed("the XML declaration is not the first thing in the document")),
            XmlEvent::Decl(declaration) => check_encoding(&declaration).map(|()| Event::Other),
            XmlEvent::DocType(_) => Err(malformed("a document type declaration has no place in an OSM document")),
            XmlEvent::Eof => match &self.root {
                None => Err(malformed("the document has no root element")),
                Some(root) if self.depth > 0 => Err(malformed(format!("the document ends before </{root}>"))),
                Some(_) => Ok(Event::Eof),
            },
        }
    }
}

fn open(depth: &mut usize, root: &mut Option<String>, tag: &BytesStart) -> Result<usize> {
    if *depth == DEPTH {
        return Err(malformed(format!("elements are nested more than {DEPTH} deep")));
    }
    if *depth == 0 {
        if root.is_some() {
            return Err(malformed("a second root element"));
        }
        *root = Some(tag.name().0.chars().take(40).collect());
    }
    *depth += 1;
    Ok(*depth)
}

fn close(depth: &mut usize) -> Event<'static> {
    let closed = *depth;
    *depth = closed.saturating_sub(1);
    Event::End(closed)
}

fn check_encoding(declaration: &BytesDecl) -> Result<()> {
    let Some(encoding) = declaration.encoding() else { return Ok(()) };
    let encoding = encoding.map_err(|e| malformed(e.to_string()))?;
    if ["utf-8", "utf8", "us-ascii", "ascii"].iter().any(|known| encoding.eq_ignore_ascii_case(known)) {
        Ok(())
    } else {
        Err(Error::new(ErrorKind::Encoding, format!("the document is in {}, only UTF-8 is read", quoted(&encoding))))
    }
}

fn translate(error: &quick_xml::Error) -> Error {
    match error {
        quick_xml::Error::Io(e) => from_io(e),
        quick_xml::Error::Encoding(_) => Error::new(ErrorKind::Encoding, "the document is not UTF-8 throughout"),
        other => malformed(other.to_string()),
    }
}
