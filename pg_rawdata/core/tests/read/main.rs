//! The readers through their public face: documents built by hand, and the reference data beside the project.
#![cfg(test)]

mod literal;
mod pbf;
mod shared;

use rawdata_core::osm::{Element, ObjectKind};
use rawdata_core::read::Reader;
use rawdata_core::read::osc::Changes;
use rawdata_core::{ErrorKind, Result};

/// How many nodes, ways and relations a document holds.
pub type Counts = [u64; 3];

fn count(counts: &mut Counts, element: &Element) {
    let kind = match element.object().kind {
        ObjectKind::Node => 0,
        ObjectKind::Way => 1,
        ObjectKind::Relation => 2,
    };
    counts[kind] += 1;
}

pub fn count_map(document: impl std::io::Read) -> Result<Counts> {
    let mut reader = Reader::new(document)?;
    let mut counts = Counts::default();
    while let Some(element) = reader.next()? {
        count(&mut counts, &element);
    }
    Ok(counts)
}

pub fn count_changes(document: impl std::io::Read) -> Result<Counts> {
    let mut changes = Changes::new(document)?;
    let mut counts = Counts::default();
    while let Some((_, element)) = changes.next()? {
        count(&mut counts, &element);
    }
    Ok(counts)
}

#[test]
fn every_cut_of_a_good_document_of_any_kind_is_an_error() {
    for (name, document) in literal::documents() {
        let read = |document: &[u8]| if name.contains("osc") { count_changes(document) } else { count_map(document) };
        assert_eq!(read(&document).unwrap(), [3, 1, 1], "{name}");
        let seams = literal::seams(name);
        for cut in (0..document.len()).filter(|cut| !seams.contains(cut)) {
            assert!(read(&document[..cut]).is_err(), "{name} cut at byte {cut}");
        }
    }
}

#[test]
fn a_document_that_trickles_in_is_read_as_one_that_comes_at_once() {
    struct Trickle<'a>(&'a [u8]);
    impl std::io::Read for Trickle<'_> {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            std::io::Read::read(&mut self.0, out.get_mut(..1).unwrap_or_default())
        }
    }
    for (name, document) in literal::documents() {
        let document = Trickle(&document);
        let counts = if name.contains("osc") { count_changes(document) } else { count_map(document) };
        assert_eq!(counts.unwrap(), [3, 1, 1], "{name}");
    }
}

#[test]
fn the_first_error_is_the_last_word() {
    let mut reader =
        Reader::new(&b"<osm version='0.6'><node id='1' lat='1' lon='1'/><node id='x'/></osm>"[..]).unwrap();
    assert!(reader.next().unwrap().is_some());
    let first = reader.next().unwrap_err();
    assert_eq!(first.kind(), ErrorKind::Range);
    assert_eq!(reader.next().unwrap_err(), first);
}

#[test]
fn readers_can_be_given_to_a_thread() {
    fn sendable<T: Send>() {}
    sendable::<Reader<std::fs::File>>();
    sendable::<Changes<std::fs::File>>();
    sendable::<rawdata_core::read::pbf::Blob>();
    sendable::<rawdata_core::read::pbf::Block>();
}
