//! Reads change files (OsmChange).
//!
//! Changes come in document order, whatever that is. `<create>` and `<modify>` mean the same, "put"; a deletion may leave
//! out everything but the id. An object marked `visible="false"` is a deletion wherever it stands.

use std::io::Read;

use super::xml::{self, Event, Events, Parser, ignore, object_kind};
use super::{Format, Header, Opened, Stream};
use crate::osm::Element;
use crate::{Error, ErrorKind, Result};

/// What a change does to its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The object is new.
    Create,
    /// The object has a new version.
    Modify,
    /// The object is gone.
    Delete,
}

impl Action {
    /// `create`, `modify` or `delete`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Modify => "modify",
            Self::Delete => "delete",
        }
    }

    fn of(name: &str) -> Option<Self> {
        [Self::Create, Self::Modify, Self::Delete].into_iter().find(|action| action.name() == name)
    }
}

/// Reads the changes of an OsmChange document, plain or compressed.
///
/// ```
/// use rawdata_core::read::osc::{Action, Changes};
///
/// let document = r#"<osmChange version="0.6"><delete><way id="7" version="2"/></delete></osmChange>"#;
/// let mut changes = Changes::new(document.as_bytes())?;
/// let (action, element) = changes.next()?.unwrap();
/// assert_eq!((action, element.object().to_string()), (Action::Delete, "way 7".to_owned()));
/// assert!(changes.next()?.is_none());
/// # Ok::<(), rawdata_core::Error>(())
/// ```
pub struct Changes<R: Read> {
    events: Events<Stream<R>>,
    header: Header,
    parser: Parser,
    action: Option<Action>,
    failed: Option<Error>,
}

impl<R: Read> Changes<R> {
    /// Finds out what the input is and reads up to its root element.
    pub fn new(input: R) -> Result<Self> {
        let opened = Opened::new(input)?;
        if opened.format == Format::Pbf {
            return Err(Error::new(ErrorKind::Xml, "expected an <osmChange> document, found a PBF file"));
        }
        let mut header = Header { format: Format::Xml, compression: opened.compression, ..Header::default() };
        let mut events = Events::new(opened.stream);
        xml::begin(&mut events, "osmChange", &mut header).map_err(|e| events.locate(e))?;
        Ok(Self { events, header, parser: Parser::new(), action: None, failed: None })
    }

    /// What the document says of itself.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The next change; `None` only where the document has ended as it should.
    ///
    /// After the first error there is nothing but that error.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot lend what it holds itself")]
    pub fn next(&mut self) -> Result<Option<(Action, Element<'_>)>> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        match self.read() {
            Ok(action) => Ok(action.map(|action| (action, self.parser.element()))),
            Err(error) => Err(self.failed.insert(self.events.locate(error)).clone()),
        }
    }

    fn read(&mut self) -> Result<Option<Action>> {
        loop {
            match (self.events.next()?, self.action) {
                (Event::Start(mut start), _) if start.depth == 2 => {
                    start.check()?;
                    self.action = action(start.name())?;
                }
                (Event::Start(mut start), Some(action)) if start.depth == 3 => {
                    let Some(kind) = object_kind(start.name()) else {
                        ignore(&mut start)?;
                        continue;
                    };
                    self.parser.begin(kind, start, action == Action::Delete)?;
                    self.parser.finish(&mut self.events)?;
                    return Ok(Some(if self.parser.visible() { action } else { Action::Delete }));
                }
                (Event::Start(mut start), _) => ignore(&mut start)?,
                (Event::End(2), _) => self.action = None,
                (Event::End(_) | Event::Text(_) | Event::Other, _) => {}
                (Event::Eof, _) => return Ok(None),
            }
        }
    }
}

/// The action that an element directly in `<osmChange>` stands for; `None` where it only describes the document.
fn action(name: &str) -> Result<Option<Action>> {
    if let Some(action) = Action::of(name) {
        return Ok(Some(action));
    }
    match name {
        "bounds" | "bound" | "meta" | "note" | "remark" => Ok(None),
        _ if object_kind(name).is_some() => {
            Err(Error::new(ErrorKind::Xml, format!("<{name}> outside <create>, <modify> and <delete>")))
        }
        _ => {
            let name: String = name.chars().take(40).collect();
            Err(Error::new(ErrorKind::Xml, format!("unknown action <{name}>")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(document: &str) -> Result<Vec<String>> {
        let mut changes = Changes::new(document.as_bytes())?;
        let mut lines = Vec::new();
        while let Some((action, element)) = changes.next()? {
            lines.push(format!("{} {}", action.name(), element.object()));
        }
        Ok(lines)
    }

    fn osc(body: &str) -> String {
        format!("<osmChange version=\"0.6\" generator=\"by hand\">{body}</osmChange>")
    }

    #[test]
    fn changes_come_in_document_order() {
        let document = osc("<delete><way id='2'/></delete><note>n</note><create/>\
            <modify><node id='1' lat='1' lon='1'/><x/><relation id='3'/></modify><create><node id='1' lat='2' lon='1'/></create>");
        assert_eq!(list(&document).unwrap(), ["delete way 2", "modify node 1", "modify relation 3", "create node 1"]);
        assert_eq!(list(&osc("")).unwrap(), [""; 0]);
        assert_eq!(list("<osmChange><delete><node id='1'/></delete></osmChange>").unwrap(), ["delete node 1"]);
    }

    #[test]
    fn only_a_deletion_may_do_without_a_place() {
        let document = osc("<delete><node id='1'/><node id='2' lat='1'/><node id='3' lat='1' lon='1'/></delete>");
        let mut changes = Changes::new(document.as_bytes()).unwrap();
        let mut places = Vec::new();
        while let Some((_, Element::Node(node))) = changes.next().unwrap() {
            places.push(node.place.is_some());
        }
        assert_eq!(places, [false, false, true]);
        for body in ["<modify><node id='1'/></modify>", "<create><node id='1' lat='1'/></create>"] {
            assert_eq!(list(&osc(body)).unwrap_err().kind(), ErrorKind::Xml, "{body}");
        }
        assert_eq!(list(&osc("<delete><node id='1' lat='x'/></delete>")).unwrap_err().kind(), ErrorKind::Range);
    }

    #[test]
    fn an_object_that_is_not_visible_is_a_deletion() {
        assert_eq!(list(&osc("<modify><node id='1' visible='false'/></modify>")).unwrap(), ["delete node 1"]);
    }

    #[test]
    fn what_is_no_change_file_is_refused() {
        for (document, message) in [
            ("<osm version='0.6'/>", "expected an <osmChange> document, found <osm>"),
            ("<osmChange><upsert/></osmChange>", "unknown action <upsert>"),
            ("<osmChange><node id='1' lat='1' lon='1'/></osmChange>", "<node> outside <create>, <modify> and <delete>"),
            (
                "<osmChange><create><a><node id='1'/></a></create></osmChange>",
                "<node> in a place where no object may be",
            ),
            ("<osmChange><note><node id='1'/></note></osmChange>", "<node> in a place where no object may be"),
            ("<osmChange><create>", "malformed XML: the document ends before </osmChange>"),
            ("\0\0\0\x0e", "expected an <osmChange> document, found a PBF file"),
        ] {
            let error = list(document).unwrap_err();
            assert_eq!((error.kind(), error.message()), (ErrorKind::Xml, message));
        }
        let error = list("<osmChange version='0.3'/>").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }

    #[test]
    fn the_header_and_the_place_of_an_error_are_told() {
        let document = osc("\n<create><node id='1' lat='1' lon='1'/>\n<node id='0' lat='1' lon='1'/></create>");
        let mut changes = Changes::new(document.as_bytes()).unwrap();
        assert_eq!(changes.header().generator.as_deref(), Some("by hand"));
        assert!(changes.next().is_ok());
        let error = changes.next().unwrap_err();
        assert!(error.place().unwrap().starts_with("The reader had come to line 3, byte "), "{:?}", error.place());
        assert_eq!(changes.next().unwrap_err(), error);
    }
}
