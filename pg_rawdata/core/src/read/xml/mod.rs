//! OSM XML, version 0.6.
//!
//! Unknown elements and attributes are passed over. Objects anywhere but directly in `<osm>` are refused, since they
//! mean something else there (a change file, a difference). Where the nodes of a way carry places of their own, as some
//! programs write them, these come along.

mod attributes;
mod events;
mod guard;
mod parse;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::io::Read;

pub(super) use events::{Event, Events, Start};
pub(super) use parse::{Parser, ignore, object_kind};

use super::header::bbox;
use super::{Format, Header, Opened, Stream};
use crate::osm::{Element, Place, Timestamp, quoted};
use crate::{Error, ErrorKind, Result};

pub(super) struct Reader<R: Read> {
    events: Events<Stream<R>>,
    header: Header,
    parser: Parser,
    /// The first object was read ahead, to come by all of the header.
    ahead: bool,
    /// What a server said of its answer, while it is being read.
    remark: Option<String>,
}

/// How much of a remark is repeated.
const REMARK: usize = 500;

impl<R: Read> Reader<R> {
    pub fn new(opened: Opened<R>) -> Result<Self> {
        let header = Header { format: Format::Xml, compression: opened.compression, ..Header::default() };
        let mut reader =
            Self { events: Events::new(opened.stream), header, parser: Parser::new(), ahead: false, remark: None };
        let began = begin(&mut reader.events, "osm", &mut reader.header);
        began.map_err(|e| reader.events.locate(e))?;
        reader.ahead = reader.advance()?;
        Ok(reader)
    }

    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Reads the next object, if there is one.
    pub fn advance(&mut self) -> Result<bool> {
        if self.ahead {
            self.ahead = false;
            return Ok(true);
        }
        self.read().map_err(|e| self.events.locate(e))
    }

    /// The object read last.
    pub fn element(&self) -> Element<'_> {
        self.parser.element()
    }

    fn read(&mut self) -> Result<bool> {
        loop {
            match self.events.next()? {
                Event::Start(start) if start.depth == 2 => {
                    let Some(kind) = object_kind(start.name()) else {
                        self.remark = remark(start.name());
                        describe(start, &mut self.header)?;
                        continue;
                    };
                    self.parser.begin(kind, start, false)?;
                    self.parser.finish(&mut self.events)?;
                    if self.parser.visible() {
                        return Ok(true);
                    }
                }
                Event::Start(mut start) => ignore(&mut start)?,
                Event::Text(text) => {
                    if let Some(remark) = self.remark.as_mut().filter(|remark| remark.len() < REMARK) {
                        remark.extend(text.chars().take(REMARK));
                    }
                }
                Event::End(2) => self.remark.take().map_or(Ok(()), |remark| got_through(&remark))?,
                Event::End(_) | Event::Other => {}
                Event::Eof => return Ok(false),
            }
        }
    }
}

/// The name of the root element.
pub(super) fn root_name<R: Read>(opened: Opened<R>) -> Result<String> {
    let mut events = Events::new(opened.stream);
    loop {
        // A document that ends without a root is an error of the events already.
        match events.next() {
            Ok(Event::Start(start)) => return Ok(start.name().to_owned()),
            Ok(_) => {}
            Err(error) => return Err(events.locate(error)),
        }
    }
}

/// Reads up to the root element, which must have this name, and what it says.
pub(super) fn begin<R: Read>(events: &mut Events<R>, expected: &str, header: &mut Header) -> Result<()> {
    loop {
        // A document that ends without a root is an error of the events already.
        if let Event::Start(start) = events.next()? {
            return root(start, expected, header);
        }
    }
}

fn root(mut start: Start, expected: &str, header: &mut Header) -> Result<()> {
    if start.name() != expected {
        let found: String = start.name().chars().take(40).collect();
        let error = Error::new(ErrorKind::Xml, format!("expected an <{expected}> document, found <{found}>"));
        return Err(match found.as_str() {
            "osmChange" => error.with_hint("A change file is not imported but applied to the data that is loaded."),
            "osm" => error.with_hint("A map file is not applied but imported."),
            _ => error,
        });
    }
    let mut version = None;
    let mut attributes = start.attributes();
    while let Some((name, value)) = attributes.next()? {
        match name {
            "version" => version = Some(value.text()?.into_owned()),
            "generator" => header.generator = Some(value.text()?.into_owned()),
            "timestamp" => header.timestamp = Timestamp::parse(&value.text()?).ok(),
            _ => {}
        }
    }
    match version.as_deref() {
        Some("0.6") => Ok(()),
        Some(other) => {
            let message = format!("version {} of the OSM format is not read, only 0.6", quoted(other));
            Err(Error::new(ErrorKind::Unsupported, message))
        }
        // Change files are handed around without one.
        None if expected == "osmChange" => Ok(()),
        None => Err(Error::new(ErrorKind::Xml, format!("<{expected}> has no \"version\" attribute"))),
    }
}

/// What a remark of this name begins with. The OSM API has `<error>` for what Overpass says in `<remark>`.
fn remark(name: &str) -> Option<String> {
    match name {
        "remark" => Some(String::new()),
        "error" => Some("error: ".to_owned()),
        _ => None,
    }
}

/// A server that begins to answer before it has everything says at the end that it failed; what came is a part only.
fn got_through(remark: &str) -> Result<()> {
    if !remark.contains("error") {
        return Ok(());
    }
    let message = format!("the document is not whole, says the server that wrote it: {}", remark.trim());
    Err(Error::new(ErrorKind::Xml, message).with_hint("Ask the server for less at a time, or again later."))
}

/// Takes what an element beside the objects says of the document.
fn describe(mut start: Start, header: &mut Header) -> Result<()> {
    let mut corners: [Option<Cow<str>>; 4] = Default::default();
    let [west, south, east, north] = &mut corners;
    let is = |name: &str| start.name() == name;
    let (bounds, meta) = (is("bounds"), is("meta"));
    let mut attributes = start.attributes();
    while let Some((name, value)) = attributes.next()? {
        match name {
            "minlon" if bounds => *west = Some(value.text()?),
            "minlat" if bounds => *south = Some(value.text()?),
            "maxlon" if bounds => *east = Some(value.text()?),
            "maxlat" if bounds => *north = Some(value.text()?),
            "osm_base" if meta => header.timestamp = Timestamp::parse(&value.text()?).ok(),
            _ => {}
        }
    }
    if let [Some(west), Some(south), Some(east), Some(north)] = &corners {
        header.bbox = bbox(Place::parse(west, south).ok(), Place::parse(east, north).ok());
    }
    Ok(())
}
