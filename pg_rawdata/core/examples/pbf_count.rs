//! Counts what is in an OpenStreetMap file of any format: `cargo run --release --example pbf_count FILE`.
#![expect(clippy::print_stdout, reason = "printing is what it does")]

use std::error::Error;
use std::fs::File;
use std::time::Instant;

use rawdata_core::osm::Element;
use rawdata_core::read::Reader;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: pbf_count FILE")?;
    let began = Instant::now();
    let mut reader = Reader::new(File::open(path)?)?;
    let [mut nodes, mut ways, mut relations, mut tags, mut refs, mut members] = [0_u64; 6];
    let counted = loop {
        match reader.next() {
            Ok(Some(element)) => {
                tags += element.tags().len() as u64;
                match element {
                    Element::Node(_) => nodes += 1,
                    Element::Way(way) => {
                        ways += 1;
                        refs += way.refs.len() as u64;
                    }
                    Element::Relation(relation) => {
                        relations += 1;
                        members += relation.members.len() as u64;
                    }
                }
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(format!("{error}. {}", error.place().unwrap_or_default())),
        }
    };
    let seconds = began.elapsed().as_secs_f64();
    println!("{nodes} nodes, {ways} ways of {refs} nodes, {relations} relations of {members} members, {tags} tags");
    println!("{seconds:.3} s, {:.0} objects/s", (nodes + ways + relations) as f64 / seconds);
    Ok(counted?)
}
