//! Good documents with a few bytes changed: whatever comes of it, no panic, and an answer within a second.
#![cfg(test)]

#[expect(dead_code, reason = "the tests of the readers use the rest")]
#[path = "read/literal.rs"]
mod literal;

use std::time::{Duration, Instant};

use rawdata_core::osm::Element;
use rawdata_core::read::Reader;
use rawdata_core::read::osc::Changes;

/// A small generator of numbers (xorshift), the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap()
    }

    /// Changes a document in one to four places.
    fn mutate(&mut self, document: &mut Vec<u8>) {
        const TELLING: [u8; 16] =
            [0, 1, 0x7f, 0x80, 0xff, b'<', b'>', b'"', b'\'', b'&', b';', b'/', b'-', b'e', b' ', 0x0a];
        for _ in 0..1 + self.below(4) {
            let (at, length) = (self.below(document.len()), 1 + self.below(12));
            let end = document.len().min(at + length);
            match self.below(7) {
                0 if at < end => document[at] ^= 1 << self.below(8),
                1 if at < end => document[at] = TELLING[self.below(TELLING.len())],
                2 => drop(document.drain(at..end)),
                3 => document.extend_from_within(at..end),
                4 => {
                    let copy = document[at..end].to_vec();
                    let to = self.below(document.len() + 1);
                    document.splice(to..to, copy);
                }
                5 => document.truncate(at),
                _ => document.insert(at, self.next().to_le_bytes()[7]),
            }
        }
    }
}

/// Reads all there is, each text too. Gives whether it was good to its end.
fn read(changes: bool, document: &[u8]) -> bool {
    let mut length = 0;
    let mut use_up = |element: &Element| {
        length += element.tags().iter().map(|(key, value)| key.len() + value.len()).sum::<usize>();
        length += element.meta().user.map_or(0, str::len);
        match element {
            Element::Node(node) => length += node.place.map_or(0, |place| place.to_string().len()),
            Element::Way(way) => assert!(way.places.is_none_or(|places| places.len() == way.refs.len())),
            Element::Relation(relation) => length += relation.members.iter().map(|m| m.role.len()).sum::<usize>(),
        }
    };
    if changes {
        let Ok(mut reader) = Changes::new(document) else { return false };
        loop {
            match reader.next() {
                Ok(Some((_, element))) => use_up(&element),
                end => return end.is_ok(),
            }
        }
    }
    let Ok(mut reader) = Reader::new(document) else { return false };
    loop {
        match reader.next() {
            Ok(Some(element)) => use_up(&element),
            end => return end.is_ok(),
        }
    }
}

#[test]
fn no_mutant_of_a_good_document_is_a_panic_or_takes_a_second() {
    const MUTANTS: usize = 2_000;
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let mut outcomes = [0, 0];
    let mut slowest = Duration::ZERO;
    let mut run = |changes: bool, document: &[u8]| {
        let began = Instant::now();
        outcomes[usize::from(read(changes, document))] += 1;
        slowest = slowest.max(began.elapsed());
    };
    // Whole documents, packed ones as they lie on disk.
    for (name, document) in literal::documents() {
        assert!(read(name.contains("osc"), &document), "{name}");
        for _ in 0..MUTANTS {
            let mut mutant = document.clone();
            numbers.mutate(&mut mutant);
            run(name.contains("osc"), &mutant);
        }
    }
    // What is inside, packed again so that sizes and checksums are right.
    for _ in 0..MUTANTS {
        let mut block = literal::small_block();
        numbers.mutate(&mut block);
        run(false, &literal::file(&[block]));
        let mut text = literal::XML.as_bytes().to_vec();
        numbers.mutate(&mut text);
        run(false, &literal::gzip(&text));
    }
    let [refused, taken] = outcomes;
    println!("{refused} refused, {taken} taken, slowest {slowest:?}");
    assert_eq!(refused + taken, 10 * MUTANTS);
    assert!(refused > 5 * MUTANTS && taken > 0, "{refused} refused, {taken} taken");
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
}
