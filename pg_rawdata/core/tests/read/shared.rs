//! The reference data that may lie beside the project, in `../shared` or where `RAWDATA_SHARED` says: hostile files
//! with a manifest of what each must get, and one extract written in many ways.

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use rawdata_core::osm::{Element, Meta};
use rawdata_core::read::Reader;
use rawdata_core::replication::State;
use rawdata_core::{Error, ErrorKind};

use crate::{Counts, count_changes, count_map};

/// The folder, if it is there; else says that the test is skipped.
fn shared(what: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let folder = std::env::var_os("RAWDATA_SHARED").map_or_else(beside, PathBuf::from).join(what);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: there is no {}", folder.display());
    None
}

fn read(path: &Path) -> Result<Counts, Error> {
    let file = File::open(path).unwrap();
    if path.to_string_lossy().contains(".osc") { count_changes(file) } else { count_map(file) }
}

/// The error kind that stands for a SQLSTATE.
fn kind(sqlstate: &str) -> ErrorKind {
    match sqlstate {
        "2200N" => ErrorKind::Xml,
        "22P03" => ErrorKind::Binary,
        "22021" => ErrorKind::Encoding,
        "22003" => ErrorKind::Range,
        "54000" => ErrorKind::Limit,
        "0A000" => ErrorKind::Unsupported,
        other => panic!("no kind for {other}"),
    }
}

/// The counts that a sentence such as "3 nodes, 1 way, 1 relation" begins with.
fn promised(result: &str) -> [Option<u64>; 3] {
    let mut counts = [None; 3];
    for part in result.split(", ") {
        let mut words = part.split([' ', ':']);
        let (Some(Ok(number)), Some(noun)) = (words.next().map(str::parse::<u64>), words.next()) else { break };
        let index = ["node", "way", "relation"].iter().position(|name| noun.trim_end_matches('s') == *name);
        let Some(index) = index else { break };
        counts[index] = Some(number);
    }
    counts
}

#[test]
fn every_hostile_file_gets_what_the_manifest_says() {
    let Some(folder) = shared("hostile") else { return };
    let manifest: serde_json::Value =
        serde_json::from_reader(File::open(folder.join("manifest.json")).unwrap()).unwrap();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for entry in manifest["files"].as_array().unwrap() {
        let name = entry["path"].as_str().or(entry["file"].as_str()).unwrap();
        let parsed = ["xml/", "value/", "tags/", "topology/", "compressed/", "pbf/", "diff/"];
        if !parsed.iter().any(|folder| name.starts_with(folder)) {
            continue;
        }
        seen += 1;
        let outcome = read(&folder.join(name));
        let expected = entry["expect"].as_str().unwrap();
        let complaint = match (&outcome, expected) {
            (Ok(_), "error") => Some("was read".to_owned()),
            (Err(error), "ok") => Some(format!("was refused: {error}")),
            // Nothing tells one empty document from another.
            (Err(_), "error") if entry["bytes"] == 0 => None,
            // Damaged, it unpacks to something that is no XML before its checksum is reached.
            (Err(_), "error") if name.ends_with("gz_flipped_byte.osm.gz") => None,
            (Err(error), "error") => {
                let fits = entry["sqlstate"].as_str().is_none_or(|sqlstate| kind(sqlstate) == error.kind());
                (!fits).then(|| format!("{} expected, but {:?}: {error}", entry["sqlstate"], error.kind()))
            }
            (Ok(counts), _) => {
                let promise = entry["result"].as_str().map(promised).unwrap_or_default();
                let kept = promise.iter().zip(counts).all(|(promise, count)| promise.is_none_or(|p| p == *count));
                (!kept).then(|| format!("{counts:?} instead of {promise:?}"))
            }
            (Err(_), _) => None,
        };
        wrong.extend(complaint.map(|complaint| format!("{name}: {complaint}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 200, "only {seen} files");
}

#[test]
fn every_hostile_state_gets_what_the_manifest_says() {
    let Some(folder) = shared("hostile") else { return };
    let manifest: serde_json::Value =
        serde_json::from_reader(File::open(folder.join("manifest.json")).unwrap()).unwrap();
    let files = manifest["files"].as_array().unwrap().iter();
    let states = files.filter(|entry| entry["file"].as_str().unwrap().starts_with("state/"));
    let mut seen = 0;
    for entry in states {
        let name = entry["file"].as_str().unwrap();
        // Its time is what is wrong, and that takes a clock.
        if name.ends_with("future.txt") {
            continue;
        }
        seen += 1;
        let state = State::parse(&std::fs::read_to_string(folder.join(name)).unwrap());
        assert_eq!(state.is_ok(), entry["expect"] == "ok", "{name}: {state:?}");
        if let Ok(state) = state {
            assert_eq!((state.sequence, state.timestamp.0), (1234, 1_577_836_800), "{name}");
        }
    }
    assert!(seen > 10, "only {seen} files");
}

/// A number that stands for all that a file holds, with or without its metadata.
fn digest(path: &Path, metadata: bool) -> u64 {
    let mut hasher = DefaultHasher::new();
    let mut reader = Reader::new(File::open(path).unwrap()).unwrap();
    while let Some(mut element) = reader.next().unwrap() {
        if !metadata {
            match &mut element {
                Element::Node(node) => node.meta = Meta::default(),
                Element::Way(way) => way.meta = Meta::default(),
                Element::Relation(relation) => relation.meta = Meta::default(),
            }
        }
        format!("{element:?}").hash(&mut hasher);
    }
    hasher.finish()
}

#[test]
fn one_extract_written_in_many_ways_is_the_same() {
    let Some(folder) = shared("data/pbf-variants") else { return };
    let original = folder.join("../pbf/monaco-2021-08-01.osm.pbf");
    let whole = [26254, 4191, 244];
    assert_eq!(read(&original).unwrap(), whole);
    let expected = digest(&original, true);
    for variant in ["-lz4.osm.pbf", "-nodense.osm.pbf", "-uncompressed.osm.pbf", ".osm.bz2", ".osm.gz"] {
        assert_eq!(digest(&folder.join(format!("monaco{variant}")), true), expected, "{variant}");
    }
    assert_eq!(digest(&folder.join("monaco-nometa.osm.pbf"), false), digest(&original, false));
    assert_eq!(read(&folder.join("monaco-unsorted.osm.pbf")).unwrap(), whole);
    assert_eq!(read(&folder.join("monaco-locations-on-ways.osm.pbf")).unwrap(), [2540, 4191, 244]);
    assert_eq!(read(&folder.join("monaco-truncated.osm.pbf")).unwrap_err().kind(), ErrorKind::Binary);
    assert_eq!(read(&folder.join("monaco.opl.gz")).unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn every_real_extract_and_change_file_is_read() {
    let Some(folder) = shared("data") else { return };
    for (name, expected) in [
        ("osc/planet-minute-2020-10-09.osc.gz", [6803, 1120, 6]),
        ("osc/switzerland-2013-04-10.osc.gz", [17949, 165, 12]),
        ("pbf/cusco-nometa.osm.pbf", [211_712, 12768, 221]),
        ("pbf/queens-village-ny-2016-07-13.osm.pbf", [279_371, 53381, 200]),
        ("xml/berlin-dgz-ring-2015.osm", [8697, 1295, 35]),
        ("multipolygon/relation-381076.osm.gz", [109_539, 866, 1]),
    ] {
        assert_eq!(read(&folder.join(name)).unwrap(), expected, "{name}");
    }
    for part in ["osc", "pbf", "xml", "multipolygon"] {
        for entry in folder.join(part).read_dir().unwrap() {
            let path = entry.unwrap().path();
            assert!(read(&path).is_ok_and(|counts| counts[0] > 0), "{}", path.display());
        }
    }
    let history = folder.join("history/niue-2023-01-09.osh.pbf");
    assert_eq!(read(&history).unwrap_err().kind(), ErrorKind::Unsupported);
}
