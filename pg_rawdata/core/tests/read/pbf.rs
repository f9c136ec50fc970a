//! What PBF files get, built by hand a field at a time.

use rawdata_core::osm::{Element, Timestamp};
use rawdata_core::read::pbf::{Blob, BlobKind, Blobs, Block};
use rawdata_core::read::{Format, Header, Reader};
use rawdata_core::{Error, ErrorKind, Result};

use crate::literal::*;

/// Lists the objects as lines of text.
fn list(file: &[u8]) -> Result<Vec<String>> {
    let mut reader = Reader::new(file)?;
    let mut lines = Vec::new();
    while let Some(element) = reader.next()? {
        lines.push(line(&element));
    }
    Ok(lines)
}

fn line(element: &Element) -> String {
    let what = match element {
        Element::Node(node) => node.place.unwrap().to_string(),
        Element::Way(way) => match way.places {
            Some(places) => {
                format!("{:?} {:?}", way.refs, places.iter().map(|p| p.map(|p| (p.x, p.y))).collect::<Vec<_>>())
            }
            None => format!("{:?}", way.refs),
        },
        Element::Relation(relation) => {
            relation.members.iter().map(|m| format!("{}:{}", m.object, m.role)).collect::<Vec<_>>().join(" ")
        }
    };
    let tags: String = element.tags().iter().map(|(key, value)| format!(" {key}={value}")).collect();
    format!("{} {what}{tags}", element.object())
}

fn error(file: &[u8]) -> Error {
    list(file).expect_err("an error")
}

fn kind(block: &[Vec<u8>]) -> ErrorKind {
    error(&file(block)).kind()
}

fn header_of(fields: &[Vec<u8>]) -> Result<Header> {
    Ok(Reader::new(&raw_blob("OSMHeader", &fields.concat())[..])?.header().clone())
}

const SMALL: [&str; 5] = [
    "node 1 9 1 name=x",
    "node 2 9.5 2",
    "node 3 0.0000007 -0.0000005 name=ä",
    "way 9 [1, 2, 3, 1] name=x",
    "relation 5 way 9:outer node 1:",
];

#[test]
fn objects_come_as_they_are_written_whatever_they_are_packed_with() {
    let block = small_block();
    let size = int(2, block.len() as i64);
    let lz4 = [size.clone(), bytes(6, lz4_flex::block::compress(&block))].concat();
    let zstd = [size.clone(), bytes(7, zstd::bulk::compress(&block, 3).unwrap())].concat();
    for (name, blob) in [
        ("zlib", zlib_blob("OSMData", &block)),
        ("raw", raw_blob("OSMData", &block)),
        ("lz4", blob_of("OSMData", &lz4)),
        ("zstd", blob_of("OSMData", &zstd)),
        ("zlib without size", blob_of("OSMData", &bytes(3, zlib(&block)))),
    ] {
        assert_eq!(list(&[usual_header(), blob].concat()).unwrap(), SMALL, "{name}");
    }
}

#[test]
fn metadata_comes_along_and_what_is_not_known_is_none() {
    let file = file(&[small_block()]);
    let mut reader = Reader::new(&file[..]).unwrap();
    let mut stamps = Vec::new();
    while let Some(element) = reader.next().unwrap() {
        let meta = element.meta();
        stamps.push((
            meta.version,
            meta.timestamp.map(|t| t.0),
            meta.changeset,
            meta.uid,
            meta.user.map(str::to_owned),
        ));
    }
    let user = Some("user".to_owned());
    assert_eq!(stamps[0], (Some(1), Some(1_700_000_000), None, None, user.clone()));
    assert_eq!(stamps[1], (Some(2), Some(1_700_000_001), None, None, user));
    assert_eq!(stamps[2], (Some(3), Some(5), None, None, None));
    assert_eq!(stamps[3], (None, None, None, None, None));
}

#[test]
fn metadata_of_plain_objects_is_read_too() {
    let info = [int(1, 4), int(2, 1_700_000_000), int(3, 1 << 40), int(4, 77), int(5, 1), int(6, 1)].concat();
    let unknown = [int(1, -1), int(2, 0), int(3, -1), int(4, -1), int(5, 0)].concat();
    let way = |info: &[u8]| group(bytes(3, [int(1, 1), bytes(4, info)].concat()));
    let file = file(&[strings(&[b"me"]), way(&info), way(&unknown)]);
    let mut reader = Reader::new(&file[..]).unwrap();
    let meta = *reader.next().unwrap().unwrap().meta();
    assert_eq!(
        (meta.version, meta.timestamp, meta.changeset),
        (Some(4), Some(Timestamp(1_700_000_000)), Some(1 << 40))
    );
    assert_eq!((meta.uid, meta.user), (Some(77), Some("me")));
    assert_eq!(*reader.next().unwrap().unwrap().meta(), Default::default());
}

#[test]
fn plain_nodes_are_read() {
    let node =
        group(bytes(1, [sint(1, 7), packed(2, &[1]), packed(3, &[2]), sint(8, 10_000_000), sint(9, -5)].concat()));
    assert_eq!(list(&file(&[strings(&[b"k", b"v"]), node])).unwrap(), ["node 7 -0.0000005 1 k=v"]);
    assert_eq!(kind(&[group(bytes(1, sint(1, 7)))]), ErrorKind::Binary, "no coordinates");
    assert_eq!(kind(&[group(bytes(1, [sint(8, 1), sint(9, 1)].concat()))]), ErrorKind::Range, "no id");
}

#[test]
fn units_of_coordinates_and_times_are_obeyed() {
    let node = dense(&[1], &[1_234_567_850], &[-1_234_567_850], &[]);
    assert_eq!(list(&file(&[node, int(17, 1)])).unwrap(), ["node 1 -1.2345679 1.2345679"]);
    let node = dense(&[1], &[1], &[2], &[]);
    let offsets = [int(17, 1_000_000_000), int(19, 500_000_000), int(20, -1_000_000_000)].concat();
    assert_eq!(list(&file(&[node, offsets])).unwrap(), ["node 1 1 1.5"]);
    let info = [packed(1, &[1]), deltas(2, &[1_700_000_000_999])].concat();
    let block = file(&[dense(&[1], &[1], &[2], &bytes(5, info)), int(18, 1)]);
    let mut reader = Reader::new(&block[..]).unwrap();
    assert_eq!(reader.next().unwrap().unwrap().meta().timestamp, Some(Timestamp(1_700_000_000)));
}

#[test]
fn numbers_that_overflow_or_lie_nowhere_are_refused() {
    let node = || dense(&[1], &[1], &[1], &[]);
    for unit in [0, -100] {
        assert_eq!(kind(&[node(), int(17, unit)]), ErrorKind::Binary);
        assert_eq!(kind(&[node(), int(18, unit)]), ErrorKind::Binary);
    }
    assert_eq!(kind(&[node(), int(19, i64::MAX)]), ErrorKind::Range);
    assert_eq!(kind(&[node(), int(20, i64::MIN)]), ErrorKind::Range);
    assert_eq!(kind(&[dense(&[1], &[950_000_000], &[1], &[])]), ErrorKind::Range);
    assert_eq!(kind(&[dense(&[1], &[1], &[i64::MAX], &[])]), ErrorKind::Range);
    assert_eq!(kind(&[dense(&[0], &[1], &[1], &[])]), ErrorKind::Range);
    let times = |time: i64| dense(&[1], &[1], &[1], &bytes(5, deltas(2, &[time])));
    assert_eq!(kind(&[times(1 << 62), int(18, i64::from(i32::MAX))]), ErrorKind::Range);
    assert_eq!(kind(&[times(253_402_300_800)]), ErrorKind::Range);
    let info = |info: Vec<u8>| group(bytes(3, [int(1, 1), bytes(4, info)].concat()));
    assert_eq!(kind(&[info(int(1, 1 << 31))]), ErrorKind::Range);
    assert_eq!(kind(&[info(int(4, 1 << 31))]), ErrorKind::Range);
    let ids = bytes(1, [zigzag(i64::MAX), zigzag(1)].concat());
    assert_eq!(kind(&[group(bytes(2, [ids, deltas(8, &[1, 1]), deltas(9, &[1, 1])].concat()))]), ErrorKind::Binary);
    assert_eq!(kind(&[group(bytes(3, [int(1, 1), deltas(8, &[5, -5])].concat()))]), ErrorKind::Range, "ref");
    let negative = error(&file(&[dense(&[-3], &[1], &[1], &[])]));
    assert!(negative.hint().unwrap().contains("editor"));
}

#[test]
fn columns_of_unequal_length_are_refused() {
    let table = strings(&[b"k", b"v"]);
    let refused = |thing: Vec<u8>| kind(&[table.clone(), thing]) == ErrorKind::Binary;
    assert!(refused(dense(&[1, 2], &[1], &[1, 2], &[])));
    assert!(refused(dense(&[1, 2], &[1, 2], &[1], &[])));
    assert!(refused(dense(&[1], &[1, 2], &[1, 2], &[])));
    for info in
        [packed(1, &[1]), packed(1, &[1, 1, 1]), deltas(2, &[9]), deltas(3, &[9]), deltas(4, &[9]), deltas(5, &[1])]
    {
        assert!(refused(dense(&[1, 2], &[1, 2], &[1, 2], &bytes(5, info))));
    }
    for tags in [&[1, 2, 0, 1][..], &[1, 2, 0], &[1], &[0, 0, 0], &[1, 2, 0, 0, 1]] {
        assert!(refused(dense(&[1, 2], &[1, 2], &[1, 2], &packed(10, tags))), "{tags:?}");
    }
    let way = |fields: &[Vec<u8>]| group(bytes(3, [int(1, 1), fields.concat()].concat()));
    assert!(refused(way(&[packed(2, &[1, 1]), packed(3, &[2])])));
    assert!(refused(way(&[packed(2, &[1]), packed(3, &[2, 2])])));
    assert!(refused(way(&[deltas(8, &[1, 1]), deltas(9, &[1]), deltas(10, &[1, 1])])));
    assert!(refused(way(&[deltas(8, &[1]), deltas(9, &[1, 1]), deltas(10, &[1, 1])])));
    assert!(refused(way(&[deltas(8, &[1]), deltas(9, &[1])])));
    let relation = |roles: &[i64], ids: &[i64], kinds: &[i64]| {
        group(bytes(4, [int(1, 1), packed(8, roles), deltas(9, ids), packed(10, kinds)].concat()))
    };
    assert!(refused(relation(&[0], &[1, 2], &[0, 0])));
    assert!(refused(relation(&[0, 0], &[1], &[0, 0])));
    assert!(refused(relation(&[0, 0], &[1, 2], &[0])));
    assert!(refused(relation(&[0], &[1], &[3])), "member type 3");
}

#[test]
fn strings_that_are_no_text_are_errors_only_where_they_are_used() {
    let way = |key: i64| group(bytes(3, [int(1, 8), packed(2, &[key]), packed(3, &[2])].concat()));
    let table = || strings(&[b"a\xff", b"good", b"n\0l"]);
    assert_eq!(list(&file(&[table(), way(2)])).unwrap(), ["way 8 [] good=good"]);
    for key in [1, 3] {
        let error = error(&file(&[table(), way(key)]));
        assert_eq!(error.kind(), ErrorKind::Encoding);
        assert!(error.place().unwrap().starts_with("The reader had come to blob 1, byte "), "{:?}", error.place());
        assert!(error.place().unwrap().ends_with("way 8."));
    }
    assert_eq!(kind(&[table(), way(4)]), ErrorKind::Binary, "no such string");
    assert_eq!(kind(&[table(), way(-1)]), ErrorKind::Binary);
    assert_eq!(kind(&[table(), table(), way(2)]), ErrorKind::Binary, "two tables");
}

#[test]
fn fields_may_be_unpacked_scattered_or_unknown() {
    let way = [
        int(2, 1),
        int(1, 1),
        int(3, 2),
        bytes(77, "?"),
        sint(8, 5),
        deltas(8, &[1]),
        sint(8, -2),
        int(2, 2),
        int(3, 1),
    ];
    let block = [bytes(99, ""), group(bytes(3, way.concat())), strings(&[b"k", b"v"]), int(98, 7)];
    assert_eq!(list(&file(&block)).unwrap(), ["way 1 [5, 6, 4] k=v v=k"]);
    let nodes = [sint(1, 3), sint(1, 1), sint(8, 1), sint(9, 1), sint(8, 0), sint(9, 0), int(10, 0), int(10, 0)];
    assert_eq!(
        list(&file(&[group(bytes(2, nodes.concat()))])).unwrap(),
        ["node 3 0.0000001 0.0000001", "node 4 0.0000001 0.0000001"]
    );
}

#[test]
fn ways_may_bring_the_places_of_their_nodes() {
    let unknown = i64::from(i32::MAX);
    let way =
        [int(1, 1), deltas(8, &[5, 6, 7]), deltas(9, &[10, 20, unknown]), deltas(10, &[30, 40, unknown])].concat();
    assert_eq!(
        list(&file(&[group(bytes(3, way))])).unwrap(),
        ["way 1 [5, 6, 7] [Some((30, 10)), Some((40, 20)), None]"]
    );
    let half = [int(1, 1), deltas(8, &[5]), deltas(9, &[unknown]), deltas(10, &[30])].concat();
    assert_eq!(kind(&[group(bytes(3, half))]), ErrorKind::Range);
}

#[test]
fn deleted_objects_and_changesets_are_passed_over_and_of_equal_keys_the_last_counts() {
    let hidden = group(bytes(3, [int(1, 1), bytes(4, int(6, 0))].concat()));
    let gone = group(bytes(1, [sint(1, 4), bytes(4, int(6, 0))].concat()));
    let nodes = dense(&[1, 2], &[1, 1], &[1, 1], &bytes(5, packed(6, &[0, 1])));
    let way = group(bytes(3, [int(1, 2), packed(2, &[1, 2, 1]), packed(3, &[1, 1, 2])].concat()));
    let changeset = group(bytes(5, int(1, 9)));
    let block = [strings(&[b"a", b"b"]), hidden, gone, nodes, changeset, way];
    assert_eq!(list(&file(&block)).unwrap(), ["node 2 0.0000001 0.0000001", "way 2 [] b=a a=b"]);
}

#[test]
fn the_header_tells_what_it_holds() {
    let bbox =
        [sint(1, 9_000_000_000), sint(2, 9_600_000_000), sint(3, 47_300_000_000), sint(4, 47_000_000_000)].concat();
    let header = header_of(&[
        bytes(1, bbox),
        bytes(4, "OsmSchema-V0.6"),
        bytes(4, "LocationsOnWays"),
        bytes(5, "Sort.Type_then_ID"),
        bytes(5, "Shiny"),
        bytes(16, "by hand"),
        int(32, 1_709_288_430),
        int(33, 3047),
        bytes(34, "https://example.org/updates"),
        bytes(99, "?"),
    ])
    .unwrap();
    assert_eq!((header.format, header.sorted), (Format::Pbf, true));
    assert_eq!(header.required_features, ["OsmSchema-V0.6", "LocationsOnWays"]);
    assert_eq!(header.optional_features, ["Sort.Type_then_ID", "Shiny"]);
    assert_eq!(header.generator.as_deref(), Some("by hand"));
    assert_eq!(header.timestamp, Some(Timestamp(1_709_288_430)));
    assert_eq!(header.replication_sequence, Some(3047));
    assert_eq!(header.replication_url.as_deref(), Some("https://example.org/updates"));
    assert_eq!(
        header.bbox.map(|(sw, ne)| [sw.x, sw.y, ne.x, ne.y]),
        Some([90_000_000, 470_000_000, 96_000_000, 473_000_000])
    );
}

#[test]
fn features_that_are_required_but_not_known_are_refused_by_name() {
    let unknown = header_of(&[bytes(4, "FutureThing")]).unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::Unsupported);
    assert!(unknown.message().contains("FutureThing"));
    let history = header_of(&[bytes(4, "HistoricalInformation")]).unwrap_err();
    assert_eq!(history.kind(), ErrorKind::Unsupported);
    assert!(history.hint().unwrap().contains("time-filter"));
    assert_eq!(header_of(&[bytes(16, b"\xff")]).unwrap_err().kind(), ErrorKind::Encoding);
    assert_eq!(header_of(&[bytes(34, b"a\0b")]).unwrap_err().kind(), ErrorKind::Encoding);
    assert_eq!(header_of(&vec![bytes(5, "x"); 1001]).unwrap_err().kind(), ErrorKind::Limit);
}

#[test]
fn blobs_that_lie_are_refused() {
    let block = small_block();
    let size = block.len() as i64;
    let packed = || bytes(3, zlib(&block));
    for (name, body) in [
        ("more than it says", [int(2, size - 1), packed()].concat()),
        ("less than it says", [int(2, size + 1), packed()].concat()),
        ("negative size", [int(2, -5), packed()].concat()),
        ("size above the limit", [int(2, (32 << 20) + 1), packed()].concat()),
        ("raw of another size", [int(2, size + 1), bytes(1, &block)].concat()),
        ("no data", int(2, 10)),
        ("data twice", [int(2, size), packed(), bytes(1, &block)].concat()),
        ("cut zlib", [int(2, size), bytes(3, &zlib(&block)[..40])].concat()),
        ("lz4 without size", bytes(6, lz4_flex::block::compress(&block))),
        ("broken lz4", [int(2, size), bytes(6, "\x1fa\x01\x00")].concat()),
        ("broken zstd", [int(2, size), bytes(7, "junk")].concat()),
        ("size of another type", [bytes(2, "x"), packed()].concat()),
    ] {
        assert_eq!(error(&[usual_header(), blob_of("OSMData", &body)].concat()).kind(), ErrorKind::Binary, "{name}");
    }
    for number in [4, 5] {
        let file = [usual_header(), blob_of("OSMData", &[int(2, size), bytes(number, "x")].concat())].concat();
        assert_eq!(error(&file).kind(), ErrorKind::Unsupported, "lzma, bzip2");
    }
}

#[test]
fn frames_that_lie_are_refused() {
    let framed = |header: Vec<u8>| [usual_header(), framed(header)].concat();
    for (name, file) in [
        ("empty type", framed([bytes(1, ""), int(3, 1)].concat())),
        ("no type", framed(int(3, 1))),
        ("no size", framed(bytes(1, "OSMData"))),
        ("size 0", framed([bytes(1, "OSMData"), int(3, 0)].concat())),
        ("size below 0", framed([bytes(1, "OSMData"), int(3, -1)].concat())),
        ("size above the limit", framed([bytes(1, "OSMData"), int(3, (32 << 20) + 1)].concat())),
        ("nothing behind", framed([bytes(1, "OSMData"), int(3, 5)].concat())),
        ("header of 64 KiB and 1", [&usual_header()[..], &65_537_u32.to_be_bytes(), &[0; 70_000]].concat()),
        ("header of 0", [&usual_header()[..], &[0; 4]].concat()),
        ("three bytes", [&usual_header()[..], &[0; 3]].concat()),
        ("data first", file(&[])[usual_header().len()..].to_vec()),
        ("other first", raw_blob("Other", b"")),
    ] {
        assert_eq!(error(&file).kind(), ErrorKind::Binary, "{name}");
    }
    let twice = [file(&[small_block()]), file(&[small_block()])].concat();
    assert_eq!(error(&twice).kind(), ErrorKind::Unsupported, "two files joined");
}

#[test]
fn blobs_of_other_types_and_empty_ones_are_passed_over() {
    let empty = zlib_blob("OSMData", &strings(&[]));
    let file = [
        usual_header(),
        blob_of("Index", b"anything"),
        empty.clone(),
        file(&[small_block()])[usual_header().len()..].to_vec(),
        empty,
    ];
    assert_eq!(list(&file.concat()).unwrap(), SMALL);
}

#[test]
fn blobs_can_be_taken_apart_in_one_place_and_decoded_in_another() {
    let file = file(&[small_block()]);
    let mut blobs = Blobs::new(&file[..]);
    let (mut blob, mut kept) = (Blob::default(), Vec::new());
    while blobs.next_into(&mut blob).unwrap() {
        kept.push(blob.clone());
    }
    assert_eq!(
        kept.iter().map(|blob| (blob.number(), blob.kind())).collect::<Vec<_>>(),
        [(0, BlobKind::Header), (1, BlobKind::Data)]
    );
    assert_eq!(rawdata_core::read::pbf::header(&kept[0]).unwrap().required_features.len(), 2);
    let lines = std::thread::spawn(move || {
        let mut block = Block::new();
        block.decode(&mut kept[1]).unwrap();
        let mut lines = Vec::new();
        while let Some(element) = block.next().unwrap() {
            lines.push(line(&element));
        }
        lines
    });
    assert_eq!(lines.join().unwrap(), SMALL);
}
