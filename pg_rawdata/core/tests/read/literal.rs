//! Documents built by hand: a PBF writer of a few lines, and one small document of every kind.

use std::io::Write;

/// A number as a varint.
pub fn varint(mut number: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
    out
}

/// A signed number, zigzag.
pub fn zigzag(number: i64) -> Vec<u8> {
    varint(((number << 1) ^ (number >> 63)).cast_unsigned())
}

/// A field that holds bytes.
pub fn bytes(number: u64, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    [varint(number << 3 | 2), varint(body.len() as u64), body.to_vec()].concat()
}

/// A field that holds a number.
pub fn int(number: u64, value: i64) -> Vec<u8> {
    [varint(number << 3), varint(value.cast_unsigned())].concat()
}

/// A field that holds a zigzag number.
pub fn sint(number: u64, value: i64) -> Vec<u8> {
    [varint(number << 3), zigzag(value)].concat()
}

/// A packed field of numbers.
pub fn packed(number: u64, values: &[i64]) -> Vec<u8> {
    bytes(number, values.iter().flat_map(|value| varint(value.cast_unsigned())).collect::<Vec<_>>())
}

/// A packed field of differences.
pub fn deltas(number: u64, values: &[i64]) -> Vec<u8> {
    let before = [0].into_iter().chain(values.iter().copied());
    bytes(number, values.iter().zip(before).flat_map(|(value, before)| zigzag(value - before)).collect::<Vec<_>>())
}

/// A blob with a given body: what is usually behind `raw_size` and the packed data.
pub fn blob_of(kind: &str, body: &[u8]) -> Vec<u8> {
    [framed([bytes(1, kind), int(3, body.len() as i64)].concat()), body.to_vec()].concat()
}

/// A blob's header with its length before it.
pub fn framed(header: Vec<u8>) -> Vec<u8> {
    [u32::try_from(header.len()).unwrap().to_be_bytes().to_vec(), header].concat()
}

/// A blob that is not packed.
pub fn raw_blob(kind: &str, block: &[u8]) -> Vec<u8> {
    blob_of(kind, &bytes(1, block))
}

pub fn zlib(block: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(block).unwrap();
    encoder.finish().unwrap()
}

/// A blob packed with zlib.
pub fn zlib_blob(kind: &str, block: &[u8]) -> Vec<u8> {
    blob_of(kind, &[int(2, block.len() as i64), bytes(3, zlib(block))].concat())
}

/// A header that requires these features.
pub fn header(required: &[&str]) -> Vec<u8> {
    raw_blob("OSMHeader", &required.iter().flat_map(|feature| bytes(4, feature)).collect::<Vec<_>>())
}

/// The header that nearly all files have.
pub fn usual_header() -> Vec<u8> {
    header(&["OsmSchema-V0.6", "DenseNodes"])
}

/// A string table; string 0 is empty.
pub fn strings(strings: &[&[u8]]) -> Vec<u8> {
    bytes(1, [&b""[..]].iter().chain(strings).flat_map(|string| bytes(1, string)).collect::<Vec<_>>())
}

/// A group of one thing.
pub fn group(thing: Vec<u8>) -> Vec<u8> {
    bytes(2, thing)
}

/// Dense nodes without tags and metadata, and further fields.
pub fn dense(ids: &[i64], lats: &[i64], lons: &[i64], more: &[u8]) -> Vec<u8> {
    group(bytes(2, [&deltas(1, ids)[..], &deltas(8, lats), &deltas(9, lons), more].concat()))
}

/// A file of the usual header and one block.
pub fn file(block: &[Vec<u8>]) -> Vec<u8> {
    [usual_header(), zlib_blob("OSMData", &block.concat())].concat()
}

/// One block of three nodes, a way and a relation.
pub fn small_block() -> Vec<u8> {
    let info = [packed(1, &[1, 2, 3]), deltas(2, &[1_700_000_000, 1_700_000_001, 5]), deltas(5, &[4, 4, 0])].concat();
    let nodes = dense(
        &[1, 2, 3],
        &[10_000_000, 20_000_000, -5],
        &[90_000_000, 95_000_000, 7],
        &[bytes(5, info), packed(10, &[1, 2, 0, 0, 1, 3, 0])].concat(),
    );
    let way = group(bytes(3, [int(1, 9), packed(2, &[1]), packed(3, &[2]), deltas(8, &[1, 2, 3, 1])].concat()));
    let relation = group(bytes(4, [int(1, 5), packed(8, &[5, 0]), deltas(9, &[9, 1]), packed(10, &[1, 0])].concat()));
    [strings(&[b"name", b"x", "ä".as_bytes(), b"user", b"outer"]), nodes, way, relation].concat()
}

pub const XML: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6" generator="by hand">
 <bounds minlat="1" minlon="9" maxlat="2" maxlon="9.5"/>
 <node id="1" lat="1" lon="9" version="1" timestamp="2023-11-14T22:13:20Z" user="user"><tag k="name" v="x"/></node>
 <node id="2" lat="2" lon="9.5"/>
 <!-- a comment -->
 <node id="3" lat="-0.0000005" lon="7e-7"><tag k="name" v="&#228;&amp;"/></node>
 <way id="9"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="1"/><tag k="name" v="x"/></way>
 <relation id="5"><member type="way" ref="9" role="outer"/><member type="node" ref="1" role=""/></relation>
</osm>"#;

pub const OSC: &str = r#"<osmChange version="0.6">
 <create><node id="1" lat="1" lon="9" version="1"/><node id="2" lat="1" lon="9" version="1"/></create>
 <modify><way id="9" version="2"><nd ref="1"/><nd ref="2"/><tag k="name" v="x"/></way></modify>
 <delete><node id="3" version="2"/><relation id="5" version="3"/></delete>
</osmChange>"#;

pub fn gzip(document: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(document).unwrap();
    encoder.finish().unwrap()
}

pub fn bzip2(document: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
    encoder.write_all(document).unwrap();
    encoder.finish().unwrap()
}

/// A small document of every kind: three nodes, a way, a relation.
pub fn documents() -> Vec<(&'static str, Vec<u8>)> {
    let block = small_block();
    vec![
        ("xml", XML.into()),
        ("osc", OSC.into()),
        ("xml.gz", gzip(XML.as_bytes())),
        ("osc.gz", gzip(OSC.as_bytes())),
        ("xml.bz2", bzip2(XML.as_bytes())),
        ("pbf", file(std::slice::from_ref(&block))),
        ("raw pbf", [usual_header(), raw_blob("OSMData", &block)].concat()),
        ("pbf.gz", gzip(&file(&[block]))),
    ]
}

/// Where a document may be cut and still be whole: a PBF between two of its blobs, where nothing tells.
pub fn seams(name: &str) -> Vec<usize> {
    if name.ends_with("pbf") { vec![usual_header().len()] } else { Vec::new() }
}
