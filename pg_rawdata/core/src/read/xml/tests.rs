//! What map files in XML get.

use crate::osm::{Element, ObjectKind, Timestamp};
use crate::read::{Compression, Format, Header, Reader};
use crate::{Error, ErrorKind, Result};

/// Lists the objects as lines of text.
fn list(document: impl AsRef<[u8]>) -> Result<Vec<String>> {
    let mut reader = Reader::new(document.as_ref())?;
    let mut lines = Vec::new();
    while let Some(element) = reader.next()? {
        lines.push(line(&element));
    }
    Ok(lines)
}

fn line(element: &Element) -> String {
    let what = match element {
        Element::Node(node) => node.place.map_or("nowhere".to_owned(), |place| place.to_string()),
        Element::Way(way) => format!("{:?}", way.refs),
        Element::Relation(relation) => {
            relation.members.iter().map(|m| format!("{}:{}", m.object, m.role)).collect::<Vec<_>>().join(" ")
        }
    };
    let tags: String = element.tags().iter().map(|(key, value)| format!(" {key}={value}")).collect();
    format!("{} {what}{tags}", element.object())
}

fn osm(body: &str) -> String {
    format!("<osm version=\"0.6\">{body}</osm>")
}

fn node(attributes: &str) -> String {
    osm(&format!("<node id=\"1\" lat=\"1\" lon=\"2\" {attributes}/>"))
}

fn error(document: impl AsRef<[u8]>) -> Error {
    let document = document.as_ref();
    list(document).expect_err(&String::from_utf8_lossy(document))
}

fn kind(document: impl AsRef<[u8]>) -> ErrorKind {
    error(document).kind()
}

fn header(document: &str) -> Header {
    Reader::new(document.as_bytes()).unwrap().header().clone()
}

#[test]
fn objects_come_as_they_are_written() {
    let document = osm(r#"<node id="1" lat="47.14" lon="9.52"/>
        <way id="2"><tag k="a" v="b"/><nd ref="1"/><nd ref="9223372036854775807"/><tag k="c" v=""/></way>
        <relation id="3"><member type="way" ref="2" role="outer"/><member ref="1" type="node"/></relation>"#);
    assert_eq!(
        list(document).unwrap(),
        ["node 1 9.52 47.14", "way 2 [1, 9223372036854775807] a=b c=", "relation 3 way 2:outer node 1:"]
    );
}

#[test]
fn metadata_comes_along_and_what_is_not_known_is_none() {
    let document =
        node(r#"version="3" timestamp="2024-03-01T10:20:30Z" changeset="1099511627776" uid="7" user="a&amp;b""#);
    let mut reader = Reader::new(document.as_bytes()).unwrap();
    let meta = *reader.next().unwrap().unwrap().meta();
    assert_eq!(meta.version, Some(3));
    assert_eq!(meta.timestamp, Some(Timestamp(1_709_288_430)));
    assert_eq!((meta.changeset, meta.uid, meta.user), (Some(1 << 40), Some(7), Some("a&b")));
    for attributes in ["", r#"version="0" changeset="0" uid="0" user="""#, r#"uid="-1""#, r#"uid="-99999999999""#] {
        let document = node(attributes);
        let mut reader = Reader::new(document.as_bytes()).unwrap();
        assert_eq!(*reader.next().unwrap().unwrap().meta(), Default::default(), "{attributes}");
    }
}

#[test]
fn numbers_and_times_out_of_range_are_refused() {
    for attributes in [
        r#"version="-1""#,
        r#"version="2147483648""#,
        r#"version="x""#,
        r#"version="""#,
        r#"changeset="-1""#,
        r#"changeset="9223372036854775808""#,
        r#"uid="2147483648""#,
        r#"uid="1.0""#,
        r#"timestamp="now""#,
        r#"timestamp="2024-02-30T00:00:00Z""#,
    ] {
        assert_eq!(kind(node(attributes)), ErrorKind::Range, "{attributes}");
    }
    for id in ["0", "-1", "9223372036854775808", "99999999999999999999", "0x1", "1.0", "1e3", " 1", "1a", "", "+1", "-"]
    {
        let document = osm(&format!("<node id=\"{id}\" lat=\"1\" lon=\"1\"/>"));
        assert_eq!(kind(document), ErrorKind::Range, "{id}");
    }
    assert_eq!(kind(osm(r#"<node id="1" lat="90.0000001" lon="1"/>"#)), ErrorKind::Range);
    assert_eq!(kind(osm(r#"<way id="1"><nd ref="-1"/></way>"#)), ErrorKind::Range);
    assert_eq!(kind(osm(r#"<relation id="1"><member type="way" ref="0"/></relation>"#)), ErrorKind::Range);
}

#[test]
fn an_editors_file_is_told_by_its_numbers() {
    let error = error(osm(r#"<node id="-3" lat="1" lon="1"/>"#));
    assert!(error.hint().unwrap().contains("editor"));
    assert!(error.place().unwrap().ends_with("node -3."), "{:?}", error.place());
}

#[test]
fn what_an_object_must_have_is_asked_for_by_name() {
    for (body, message) in [
        (r#"<node lat="1" lon="1"/>"#, r#"<node> has no "id" attribute"#),
        (r#"<node id="1" lon="1"/>"#, r#"<node> has no "lat" attribute"#),
        (r#"<node id="1" lat="1"/>"#, r#"<node> has no "lon" attribute"#),
        (r#"<way id="1"><nd/></way>"#, r#"<nd> has no "ref" attribute"#),
        (r#"<way id="1"><tag k="a"/></way>"#, r#"<tag> has no "v" attribute"#),
        (r#"<way id="1"><tag v="a"/></way>"#, r#"<tag> has no "k" attribute"#),
        (r#"<relation id="1"><member ref="1"/></relation>"#, r#"<member> has no "type" attribute"#),
        (r#"<relation id="1"><member type="way"/></relation>"#, r#"<member> has no "ref" attribute"#),
        (
            r#"<relation id="1"><member type="area" ref="1"/></relation>"#,
            r#"attribute "type" has an unknown value: "area""#,
        ),
        (r#"<node id="1" lat="1" lon="1"><nd ref="1"/></node>"#, "malformed XML: <nd> in a <node>"),
        (r#"<way id="1"><member type="way" ref="1"/></way>"#, "malformed XML: <member> in a <way>"),
        (r#"<node id="1" lat="1" lon="1" visible="no"/>"#, r#"attribute "visible" has an unknown value: "no""#),
    ] {
        let error = error(osm(body));
        assert_eq!((error.kind(), error.message()), (ErrorKind::Xml, message));
    }
}

#[test]
fn errors_name_byte_line_and_object() {
    let error = error("<osm version='0.6'>\n<way id='7'>\n<nd ref='x'/>\n</way></osm>");
    assert_eq!(error.message(), r#"attribute "ref" is not a number: "x""#);
    assert_eq!(error.place().unwrap(), "The reader had come to line 3, byte 46, way 7.");
}

#[test]
fn deleted_objects_are_passed_over() {
    let document = osm(
        r#"<node id="1" visible="false"/><node id="2" lat="1" lon="1" visible="true"/><way id="3" visible="false"/>"#,
    );
    assert_eq!(list(document).unwrap(), ["node 2 1 1"]);
}

#[test]
fn of_equal_keys_the_last_counts() {
    let document = osm(r#"<way id="1"><tag k="a" v="1"/><tag k="b" v="2"/><tag k="a" v="3"/></way>"#);
    assert_eq!(list(document).unwrap(), ["way 1 [] b=2 a=3"]);
}

#[test]
fn nodes_of_a_way_may_bring_their_places() {
    let document =
        osm(r#"<way id="1"><nd ref="1" lat="1" lon="2"/><nd ref="2"/></way><way id="2"><nd ref="1"/></way>"#);
    let mut reader = Reader::new(document.as_bytes()).unwrap();
    let mut places = Vec::new();
    while let Some(element) = reader.next().unwrap() {
        if let Element::Way(way) = element {
            places.push(way.places.map(|places| places.iter().map(|p| p.map(|p| p.x)).collect::<Vec<_>>()));
        }
    }
    assert_eq!(places, [Some(vec![Some(20_000_000), None]), None]);
}

#[test]
fn the_header_is_there_before_the_first_object() {
    let header = header(
        "<osm version='0.6' generator='g&amp;h'><note>n</note><meta osm_base='2024-03-01T10:20:30Z'/>\
         <bounds minlat='1' minlon='2' maxlat='3' maxlon='4'/><node id='1' lat='1' lon='1'/></osm>",
    );
    assert_eq!((header.format, header.compression), (Format::Xml, Compression::None));
    assert_eq!(header.generator.as_deref(), Some("g&h"));
    assert_eq!(header.timestamp, Some(Timestamp(1_709_288_430)));
    let (south_west, north_east) = header.bbox.unwrap();
    assert_eq!(
        [south_west.x, south_west.y, north_east.x, north_east.y],
        [20_000_000, 10_000_000, 40_000_000, 30_000_000]
    );
}

#[test]
fn an_empty_map_has_a_header_and_no_objects() {
    assert_eq!(list("<osm version='0.6'/>").unwrap(), [""; 0]);
    assert_eq!(header("<osm version='0.6' generator='g'></osm>").generator.as_deref(), Some("g"));
}

#[test]
fn other_roots_and_versions_are_refused() {
    for (document, expected, message) in [
        ("<html></html>", ErrorKind::Xml, "expected an <osm> document, found <html>"),
        ("<osmChange version='0.6'/>", ErrorKind::Xml, "expected an <osm> document, found <osmChange>"),
        ("<osm version='0.5'/>", ErrorKind::Unsupported, "version \"0.5\" of the OSM format is not read, only 0.6"),
        ("<osm/>", ErrorKind::Xml, "<osm> has no \"version\" attribute"),
        ("<?xml version='1.0'?>", ErrorKind::Xml, "malformed XML: the document has no root element"),
        ("  ", ErrorKind::Xml, "malformed XML: the document has no root element"),
    ] {
        let error = error(document);
        assert_eq!((error.kind(), error.message()), (expected, message));
    }
}

#[test]
fn unknown_elements_are_passed_over_but_objects_in_them_are_not() {
    let document = osm(
        "<x y='1'><z/>text</x><node id='1' lat='1' lon='1'><x><tag k='not' v='mine'/></x></node><!-- c --><?p?><![CDATA[d]]>\
         <relation id='2'><member type='way' ref='1'><nd lat='1' lon='1'/></member></relation>",
    );
    assert_eq!(list(document).unwrap(), ["node 1 1 1", "relation 2 way 1:"]);
    for body in [
        "<create><node id='1' lat='1' lon='1'/></create>",
        "<a><b><way id='1'/></b></a>",
        "<way id='1'><way id='2'/></way>",
        "<way id='1'><x><node id='1'/></x></way>",
        "<way id='1'><nd ref='1'><relation id='1'/></nd></way>",
    ] {
        assert_eq!(kind(osm(body)), ErrorKind::Xml, "{body}");
    }
}

#[test]
fn what_is_not_well_formed_is_refused() {
    for document in [
        "<osm version='0.6'>",
        "<osm version='0.6'><node id='1' lat='1' lon='1'/>",
        "<osm version='0.6'></osm><osm/>",
        "<osm version='0.6'></osm>junk",
        "<osm version='0.6'></osm>&amp;",
        "<osm version='0.6'></osm><![CDATA[x]]>",
        "<osm version='0.6'></way>",
        "<osm version='0.6'><a></b></osm>",
        "</osm>",
        "<osm version='0.6'>&nbsp;</osm>",
        "<!DOCTYPE osm><osm version='0.6'/>",
        "<!DOCTYPE osm [<!ENTITY a 'b'>]><osm version='0.6'>&a;</osm>",
        "<osm version='0.6'/><?xml version='1.0'?>",
        "<a/><?xml version='1.0'?>",
        "<osm version='0.6' version='0.6'/>",
        "<osm version='0.6' a='1' a='2'/>",
        "<osm version='0.6'><x a='1' a='2'/></osm>",
        "<osm version='0.6'><x a/></osm>",
        "<osm version='0.6'><x a='&b;'/></osm>",
        "<osm version='0.6'>\u{1}</osm>",
        "<osm version='0.6'><!-- -- --></osm>",
        "<osm version='0.6'><x a='\u{1}'/></osm>",
        "<osm version='0.6'><x a='&#0;'/></osm>",
        "<osm version='0.6'><x></osm>",
    ] {
        assert_eq!(kind(document), ErrorKind::Xml, "{document}");
    }
    assert_eq!(list("<?xml version='1.0'?><!-- a -->\n<osm version='0.6'/>\n<!-- b --><?c?>\n").unwrap(), [""; 0]);
}

#[test]
fn only_utf_8_is_read() {
    assert_eq!(kind(b"<osm version='0.6'><x a='\xff'/></osm>"), ErrorKind::Encoding);
    assert_eq!(kind(b"<osm version='0.6'><x a='\xc0\xaf'/></osm>"), ErrorKind::Encoding);
    assert_eq!(kind("<?xml version='1.0' encoding='ISO-8859-1'?><osm version='0.6'/>"), ErrorKind::Encoding);
    assert!(list("<?xml version='1.0' encoding='utf-8'?><osm version='0.6'/>").is_ok());
    assert!(list("\u{feff}<?xml version='1.0' encoding='UTF-8'?><osm version='0.6'/>").is_ok());
}

#[test]
fn the_limits_hold() {
    let deep = |depth: usize| osm(&("<a>".repeat(depth) + &"</a>".repeat(depth)));
    assert!(list(deep(15)).is_ok());
    assert_eq!(kind(deep(16)), ErrorKind::Xml);
    let long = |length: usize| osm(&format!("<way id='1'><tag k='a' v='{}'/></way>", "x".repeat(length)));
    assert!(list(long(1_000_000)).is_ok());
    assert_eq!(kind(long(1_200_000)), ErrorKind::Limit);
    assert_eq!(kind(osm(&"x".repeat(1_200_000))), ErrorKind::Limit);
    assert_eq!(kind(osm(&format!("<!--{}-->", "x".repeat(1_200_000)))), ErrorKind::Limit);
    assert!(list(osm(&" \n".repeat(2_000_000))).is_ok(), "blanks are passed over");
    let many = |count: usize| osm(&format!("<way id='1'>{}</way>", "<tag k='a' v='a'/>".repeat(count)));
    assert!(list(many(100_000)).is_ok());
    assert_eq!(kind(many(2_000_000)), ErrorKind::Limit);
}

#[test]
fn the_reader_tells_the_object_kinds_apart() {
    let names = ["node", "way", "relation", "Node", "area"].map(super::object_kind);
    assert_eq!(names, [Some(ObjectKind::Node), Some(ObjectKind::Way), Some(ObjectKind::Relation), None, None]);
}

#[test]
fn an_answer_whose_server_failed_half_way_is_not_whole() {
    let node = r#"<node id="1" lat="1" lon="2"/>"#;
    let overpass = r#"<remark> runtime error: Query timed out in "query" at line 1 after 2 seconds. </remark>"#;
    for (rest, expected) in
        [(overpass, "Query timed out in \"query\""), ("<error>out of memory</error>", "out of memory")]
    {
        let error = error(osm(&format!("{node}{rest}")));
        assert!(error.kind() == ErrorKind::Xml && error.message().contains(expected), "{error}");
    }
    for rest in ["<remark>no trouble</remark>", "<note>errors and all</note>", "<remark/>"] {
        assert_eq!(list(osm(&format!("{node}{rest}"))).unwrap().len(), 1, "{rest}");
    }
}
