//! OSM documents written out in the test that reads them.

use std::fmt::{Display, Write};

/// An OSM document. Objects get version 1 and one fixed time; order is the order of the calls.
#[derive(Debug, Clone, Default)]
pub struct Osm {
    objects: String,
}

type Tags<'a> = &'a [(&'a str, &'a str)];

impl Osm {
    /// A document without objects.
    pub fn new() -> Self {
        Self::default()
    }

    /// A node: id, longitude, latitude, tags.
    pub fn node(self, id: i64, longitude: f64, latitude: f64, tags: Tags<'_>) -> Self {
        self.object("node", id, &format!(r#"lon="{longitude}" lat="{latitude}""#), "", tags)
    }

    /// A way over nodes.
    pub fn way(self, id: i64, nodes: &[i64], tags: Tags<'_>) -> Self {
        let nodes = nodes.iter().map(|node| format!(r#"<nd ref="{node}"/>"#)).collect::<String>();
        self.object("way", id, "", &nodes, tags)
    }

    /// A relation over members: kind, id, role.
    pub fn relation(self, id: i64, members: &[(&str, i64, &str)], tags: Tags<'_>) -> Self {
        let member = |(kind, id, role): &(&str, i64, &str)| {
            format!(r#"<member type="{kind}" ref="{id}" role="{}"/>"#, escape(role))
        };
        let members = members.iter().map(member).collect::<String>();
        self.object("relation", id, "", &members, tags)
    }

    /// A closed way that is a square, and its four corners: ids from `id` on.
    pub fn square(self, id: i64, [west, south]: [f64; 2], size: f64, tags: Tags<'_>) -> Self {
        self.node(id, west, south, &[])
            .node(id + 1, west + size, south, &[])
            .node(id + 2, west + size, south + size, &[])
            .node(id + 3, west, south + size, &[])
            .way(id, &[id, id + 1, id + 2, id + 3, id], tags)
    }

    /// The document as XML.
    pub fn xml(&self) -> String {
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<osm version=\"0.6\">\n{}</osm>\n", self.objects)
    }

    fn object(mut self, kind: &str, id: i64, place: &str, inside: &str, tags: Tags<'_>) -> Self {
        let tags = tags
            .iter()
            .map(|(key, value)| format!(r#"<tag k="{}" v="{}"/>"#, escape(key), escape(value)))
            .collect::<String>();
        let about = r#"version="1" timestamp="2024-03-01T10:20:30Z" changeset="9" uid="7" user="tester""#;
        writeln!(self.objects, r#"<{kind} id="{id}" {about} {place}>{inside}{tags}</{kind}>"#).unwrap();
        self
    }
}

fn escape(text: impl Display) -> String {
    let text = text.to_string().replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    // White space that a reader would take for blanks.
    text.replace('\t', "&#9;").replace('\n', "&#10;").replace('\r', "&#13;")
}
