use serde_json::{Value, json};

use super::archive::Archive;
use super::*;
use crate::geometry::{Geometry, Polygon};
use crate::osm::Place;
use crate::request::query::Source;
use crate::request::{Limits, Request, Service};
use crate::stored::geometry::View;
use crate::stored::jsonb::{self, Object};
use crate::write::Head;
use crate::write::spool::in_memory;

const TIME: Timestamp = Timestamp(1_709_288_430);

fn places(units: &[(i64, i64)]) -> Vec<Place> {
    units.iter().map(|(x, y)| Place::new(*x, *y).unwrap()).collect()
}

fn schema(mut body: Value) -> Schema {
    body["outputType"] = "shp".into();
    body["geometry"] = json!({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]});
    Schema::of(&Request::from_json(&body, Service::Snapshot, &Limits::default()).unwrap())
}

type Row<'a> = (Source, i64, Vec<(&'a str, &'a str)>, Geometry);

fn encode(schema: &Schema, limit: u64, rows: &[Row]) -> Result<Vec<u8>> {
    let mut encoder = Shapefile::new(in_memory(), limit);
    let mut out = Vec::new();
    encoder.begin(schema, &mut out)?;
    let begun = out.len();
    for (source, id, tags, shape) in rows {
        let (mut jsonb, mut geometry) = (Vec::new(), Vec::new());
        jsonb::write(tags.iter().copied(), &mut jsonb).unwrap();
        crate::stored::geometry::write(shape, &mut geometry).unwrap();
        let feature = Feature {
            head: Head {
                source: *source,
                id: *id,
                version: Some(2),
                changeset: None,
                timestamp: Some(TIME),
                uid: Some(-7),
            },
            user: Some("someone"),
            tags: Object::parse(&jsonb).unwrap(),
            geometry: View::parse(&geometry).unwrap(),
        };
        encoder.feature(&feature, &mut out)?;
    }
    assert_eq!(out.len(), begun, "the others wait for the end");
    while encoder.finish(&mut out)? == Rest::More {}
    Ok(out)
}

fn le(bytes: &[u8], at: usize) -> usize {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
}

fn be(bytes: &[u8], at: usize) -> usize {
    u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
}

fn short(bytes: &[u8], at: usize) -> usize {
    usize::from(u16::from_le_bytes(bytes[at..at + 2].try_into().unwrap()))
}

/// The members of a zip by its directory, each held to its own head and its checksum.
fn members(zip: &[u8]) -> Vec<(String, Vec<u8>)> {
    let end = zip.len() - 22;
    assert_eq!(zip[end..end + 4], *b"PK\x05\x06");
    let (mut at, mut found) = (le(zip, end + 16), Vec::new());
    assert_eq!(at + le(zip, end + 12), end);
    for _ in 0..short(zip, end + 10) {
        assert_eq!(zip[at..at + 4], *b"PK\x01\x02");
        let (size, name, start) = (le(zip, at + 24), short(zip, at + 28), le(zip, at + 42));
        assert_eq!(zip[start..start + 4], *b"PK\x03\x04");
        assert_eq!(zip[start + 4..start + 28], zip[at + 6..at + 30], "both heads say the same");
        let content = &zip[start + 30 + name..start + 30 + name + size];
        let mut sum = Crc::new();
        sum.update(content);
        assert_eq!(sum.sum() as usize, le(zip, at + 16));
        found.push((String::from_utf8(zip[at + 46..at + 46 + name].to_vec()).unwrap(), content.to_vec()));
        at += 46 + name;
    }
    assert_eq!(at, end);
    found
}

fn member(zip: &[u8], name: &str) -> Vec<u8> {
    let found = members(zip).into_iter().find(|(found, _)| found == name);
    found.unwrap_or_else(|| panic!("no {name}")).1
}

/// Name, type and width.
type Column = (String, char, usize);

/// The columns, and the rows, as readers trim them.
fn table(dbf: &[u8]) -> (Vec<Column>, Vec<Vec<String>>) {
    let (count, head, size) = (le(dbf, 4), short(dbf, 8), short(dbf, 10));
    assert_eq!(dbf.len(), head + count * size + 1);
    assert_eq!((dbf[head - 1], dbf[dbf.len() - 1]), (b'\r', 0x1a));
    let columns: Vec<Column> = dbf[32..head - 1]
        .chunks(32)
        .map(|column| {
            let name = column[..11].split(|byte| *byte == 0).next().unwrap().to_vec();
            (String::from_utf8(name).unwrap(), char::from(column[11]), usize::from(column[16]))
        })
        .collect();
    let rows = dbf[head..dbf.len() - 1].chunks(size).map(|row| {
        assert_eq!(row[0], b' ');
        let mut at = 1;
        let value = |(_, _, width): &Column| {
            at += width;
            std::str::from_utf8(&row[at - width..at]).unwrap().trim().to_owned()
        };
        columns.iter().map(value).collect()
    });
    let rows = rows.collect();
    (columns, rows)
}

/// The contents of the records, held to the index and the heads of both files.
fn records(zip: &[u8], name: &str) -> Vec<Vec<u8>> {
    let (shp, shx) = (member(zip, &format!("{name}.shp")), member(zip, &format!("{name}.shx")));
    for file in [&shp, &shx] {
        assert_eq!((be(file, 0), be(file, 24) * 2, le(file, 28)), (9994, file.len(), 1000));
        assert_eq!(file[32..100], shp[32..100], "type and box are the same");
    }
    let mut end = 100;
    let records = shx[100..].chunks(8).enumerate().map(|(number, entry)| {
        let (start, size) = (be(entry, 0) * 2, be(entry, 4) * 2);
        assert_eq!(start, end);
        assert_eq!((be(&shp, start), be(&shp, start + 4) * 2), (number + 1, size));
        end = start + 8 + size;
        shp[start + 8..end].to_vec()
    });
    let records = records.collect();
    assert_eq!(end, shp.len());
    records
}

/// The rings or lines of a record, in units.
fn parts(record: &[u8]) -> Vec<Vec<(i64, i64)>> {
    let (parts, points) = (le(record, 36), le(record, 40));
    assert_eq!(record.len(), 44 + parts * 4 + points * 16);
    let unit = |at: usize| {
        let degrees = f64::from_le_bytes(record[at..at + 8].try_into().unwrap());
        format!("{:.0}", degrees * 1e7).parse::<i64>().unwrap()
    };
    let start = |part: usize| if part == parts { points } else { le(record, 44 + part * 4) };
    let place = |number: usize| {
        let at = 44 + parts * 4 + number * 16;
        (unit(at), unit(at + 8))
    };
    (0..parts).map(|part| (start(part)..start(part + 1)).map(place).collect()).collect()
}

fn point(id: i64, tags: Vec<(&'static str, &'static str)>) -> Row<'static> {
    (Source::Nodes, id, tags, Geometry::Point(Place::new(id, -3).unwrap()))
}

#[test]
fn each_type_asked_for_has_its_files_with_or_without_rows() {
    let names = |body| -> Vec<String> {
        members(&encode(&schema(body), LARGEST_FILE, &[]).unwrap()).into_iter().map(|(name, _)| name).collect()
    };
    let of = |layers: &[&str]| -> Vec<String> {
        let files = |ends: &[&str]| -> Vec<String> {
            layers.iter().flat_map(|layer| ends.iter().map(move |end| format!("{layer}.{end}"))).collect()
        };
        [files(&["prj", "cpg"]), files(&["shp", "shx", "dbf"])].concat()
    };
    assert_eq!(names(json!({})), of(&["RawExport_point", "RawExport_line", "RawExport_poly"]));
    assert_eq!(names(json!({"geometryType": ["line"], "fileName": "a b"})), of(&["a_b_line"]));
    assert_eq!(names(json!({"geometryType": ["line"], "problems": true})), of(&["RawExport_point"]));
    let zip = encode(&schema(json!({})), LARGEST_FILE, &[]).unwrap();
    for (layer, code) in [("point", 1), ("line", 3), ("poly", 5)] {
        assert!(records(&zip, &format!("RawExport_{layer}")).is_empty());
        assert_eq!(le(&member(&zip, &format!("RawExport_{layer}.shp")), 32), code);
    }
}

#[test]
fn files_without_data_are_there_before_any_row() {
    let mut encoder = Shapefile::new(in_memory(), LARGEST_FILE);
    let mut out = Vec::new();
    encoder.begin(&schema(json!({"geometryType": ["line"]})), &mut out).unwrap();
    assert!(out.starts_with(b"PK\x03\x04"));
    assert_eq!(out[10..14], [0, 0, 0x21, 0], "the first time that a zip can tell");
    let has = |text: &[u8]| out.windows(text.len()).any(|part| part == text);
    assert!(has(b"RawExport_line.prjGEOGCS[") && has(b"RawExport_line.cpgUTF-8"));
    // A layer that was not asked for has all its files behind the others.
    let zip = encode(&schema(json!({"geometryType": ["line"]})), LARGEST_FILE, &[point(1, vec![])]).unwrap();
    let names: Vec<String> = members(&zip).into_iter().map(|(name, _)| name).collect();
    let ends = ["line.prj", "line.cpg", "line.shp", "line.shx", "line.dbf"];
    let of_other = ["point.shp", "point.shx", "point.dbf", "point.prj", "point.cpg"];
    assert_eq!(names, [ends, of_other].concat().iter().map(|end| format!("RawExport_{end}")).collect::<Vec<_>>());
}

#[test]
fn columns_are_those_clients_know_and_values_come_back() {
    let zip = encode(&schema(json!({})), LARGEST_FILE, &[point(1, vec![("name", "नेपाल")]), point(2, vec![])]).unwrap();
    let dbf = member(&zip, "RawExport_point.dbf");
    assert_eq!(dbf[..4], [3, 124, 3, 1], "the day is that of the data");
    let (columns, rows) = table(&dbf);
    let tags = r#"{"name": "नेपाल"}"#;
    let expected = [
        ("osm_id", 'N', 18),
        ("osm_type", 'C', 5),
        ("tags", 'C', tags.len()),
        ("changeset", 'N', 18),
        ("timestamp", 'D', 8),
    ];
    assert_eq!(columns, expected.map(|(name, kind, width)| (name.to_owned(), kind, width)));
    assert_eq!(rows, [["1", "nodes", tags, "", "20240301"], ["2", "nodes", "{}", "", "20240301"]]);
    assert_eq!(member(&zip, "RawExport_point.cpg"), b"UTF-8");
    let schema = schema(json!({"includeUserMetadata": true}));
    let far = (Source::Nodes, i64::MIN, vec![], Geometry::Point(Place::new(0, 0).unwrap()));
    let (columns, rows) = table(&member(&encode(&schema, LARGEST_FILE, &[far]).unwrap(), "RawExport_point.dbf"));
    assert_eq!((columns[0].2, rows[0][0].as_str()), (20, "-9223372036854775808"));
    let names: Vec<&str> = columns.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["osm_id", "osm_type", "tags", "changeset", "timestamp"], "neither uid nor user");
}

#[test]
fn texts_are_cut_between_characters_and_names_stay_unlike() {
    let long: &'static str = Box::leak(("a".to_owned() + &"中".repeat(200)).into_boxed_str());
    let keys = ["building:levels", "building:lit", "version", "ключ:на:русском", "line break"];
    let schema = schema(json!({"filters": {"attributes": {"point": keys}}}));
    let row = point(1, vec![("building:levels", long), ("version", "7"), ("line break", "a\r\nb")]);
    let zip = encode(&schema, LARGEST_FILE, &[row]).unwrap();
    let (columns, rows) = table(&member(&zip, "RawExport_point.dbf"));
    let names: Vec<&str> = columns.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["osm_id", "osm_type", "building_l", "building_2", "version", "ключ_", "line_break"]);
    let cut = "a".to_owned() + &"中".repeat(84);
    assert_eq!((columns[2].2, rows[0][2].as_str()), (253, cut.as_str()));
    assert_eq!(rows[0][3..], ["", "7", "", "a\r\nb"]);
    let (columns, _) = table(&member(&zip, "RawExport_line.dbf"));
    assert_eq!(columns.len(), 5, "a list of one type is no other's");
}

#[test]
fn outer_rings_go_with_the_clock_and_holes_against_it() {
    let round = places(&[(0, 0), (40, 0), (40, 40), (0, 40), (0, 0)]);
    let hole = places(&[(10, 10), (20, 10), (20, 20), (10, 20), (10, 10)]);
    let far = places(&[(1_799_999_990, 0), (1_799_999_990, 1), (1_799_999_991, 0), (1_799_999_990, 0)]);
    let reversed = |ring: &[Place]| ring.iter().rev().copied().collect::<Vec<_>>();
    let shapes = [
        Geometry::Polygon(Polygon { outer: round.clone(), inners: vec![hole.clone()] }),
        Geometry::Polygon(Polygon { outer: reversed(&round), inners: vec![reversed(&hole)] }),
        Geometry::Polygons(vec![
            Polygon { outer: round.clone(), inners: vec![hole.clone()] },
            Polygon { outer: reversed(&far), inners: vec![] },
        ]),
    ];
    let rows: Vec<Row> = (1..).zip(shapes).map(|(id, shape)| (Source::Relations, id, vec![], shape)).collect();
    let zip = encode(&schema(json!({})), LARGEST_FILE, &rows).unwrap();
    let found: Vec<_> = records(&zip, "RawExport_poly").iter().map(|record| parts(record)).collect();
    let outer = vec![(0, 0), (0, 40), (40, 40), (40, 0), (0, 0)];
    let inner = vec![(10, 10), (20, 10), (20, 20), (10, 20), (10, 10)];
    let smallest = vec![(1_799_999_990, 0), (1_799_999_990, 1), (1_799_999_991, 0), (1_799_999_990, 0)];
    assert_eq!(found[0], [outer.clone(), inner.clone()]);
    assert_eq!(found[1], found[0]);
    assert_eq!(found[2], [outer, inner, smallest]);
}

#[test]
fn layers_are_told_by_the_geometry_even_where_centroids_are_shown() {
    let line = Geometry::Lines(vec![places(&[(0, 0), (20, 0)]), places(&[(0, 10), (0, 30)])]);
    let rows = [(Source::Relations, 31, vec![], line), point(4, vec![])];
    let zip = encode(&schema(json!({})), LARGEST_FILE, &rows).unwrap();
    assert_eq!(parts(&records(&zip, "RawExport_line")[0]), [vec![(0, 0), (20, 0)], vec![(0, 10), (0, 30)]]);
    assert_eq!(records(&zip, "RawExport_point").len(), 1);
    let zip = encode(&schema(json!({"centroid": true})), LARGEST_FILE, &rows).unwrap();
    let records = records(&zip, "RawExport_line");
    assert_eq!((records.len(), records[0].len(), le(&records[0], 0)), (1, 20, 1));
    assert_eq!(le(&member(&zip, "RawExport_line.shp"), 32), 1);
}

#[test]
fn what_is_too_large_for_a_file_goes_on_in_the_next() {
    let rows: Vec<Row> = (1..=300).map(|id| point(id, vec![("name", "somewhere")])).collect();
    let limit = 3000;
    let zip = encode(&schema(json!({"geometryType": ["point"]})), limit, &rows).unwrap();
    let mut ids = Vec::new();
    let mut part = 1;
    while ids.len() < rows.len() {
        let name = if part == 1 { "RawExport_point".to_owned() } else { format!("RawExport_point_{part}") };
        let (_, rows) = table(&member(&zip, &format!("{name}.dbf")));
        assert!(!rows.is_empty());
        assert_eq!(records(&zip, &name).len(), rows.len());
        ids.extend(rows.iter().map(|row| row[0].parse::<i64>().unwrap()));
        part += 1;
    }
    assert_eq!(ids, (1..=300).collect::<Vec<i64>>());
    assert_eq!(members(&zip).len(), (part - 1) * 5);
    assert!(part > 3 && members(&zip).iter().all(|(_, content)| content.len() as u64 <= limit));
    // Geometry that is too large in itself is refused by name.
    let line = Geometry::Line((0..300).map(|x| Place::new(x, 0).unwrap()).collect());
    let error = encode(&schema(json!({})), limit, &[(Source::WaysLine, 9, vec![], line)]).unwrap_err();
    assert_eq!((error.kind(), error.message()), (crate::ErrorKind::Limit, "ways_line 9 is too large for a shapefile"));
}

#[test]
fn more_columns_than_readers_know_are_refused() {
    let schema = |count: usize| {
        let mut schema = schema(json!({"geometryType": ["point"], "filters": {"attributes": {"point": ["a"]}}}));
        let attribute = |number| crate::request::Attribute { key: "a".into(), name: format!("a{number}") };
        schema.columns.point = Columns::Attributes((0..count).map(attribute).collect());
        schema
    };
    let zip = encode(&schema(253), LARGEST_FILE, &[point(1, vec![("a", "1")])]).unwrap();
    assert_eq!(table(&member(&zip, "RawExport_point.dbf")).0.len(), 255);
    assert_eq!(encode(&schema(254), LARGEST_FILE, &[]).unwrap_err().kind(), crate::ErrorKind::Limit);
}

#[test]
fn files_larger_than_pieces_are_whole_and_the_same_each_time() {
    let rows: Vec<Row> = (1..=40_000).map(|id| point(id, vec![("name", "somewhere in the world")])).collect();
    let zip = encode(&schema(json!({})), LARGEST_FILE, &rows).unwrap();
    let (_, found) = table(&member(&zip, "RawExport_point.dbf"));
    assert!((1..=40_000).zip(&found).all(|(id, row)| row[0] == id.to_string()) && found.len() == 40_000);
    assert_eq!(records(&zip, "RawExport_point").len(), 40_000);
    assert!(zip == encode(&schema(json!({})), LARGEST_FILE, &rows).unwrap());
}

#[test]
fn members_beyond_four_gigabytes_have_their_places_in_zip64() {
    let mut archive = Archive::default();
    archive.set_time(TIME);
    let mut heads = Vec::new();
    for name in ["a", "b", "c", "d"] {
        archive.begin(name.to_owned(), 1, 0x7fff_ffff, &mut heads);
    }
    let mut directory = Vec::new();
    archive.finish(&mut directory);
    let size: u64 = 4 * (0x7fff_ffff + 31);
    let last = 3 * (0x7fff_ffff + 31);
    let long = |at: usize| u64::from_le_bytes(directory[at..at + 8].try_into().unwrap());
    let entry = 2 * 47 + 47 + 12; // the last; the third has the first place beyond
    assert_eq!((le(&directory, entry + 42), short(&directory, entry + 30)), (0xffff_ffff, 12));
    assert_eq!((directory[entry + 47..entry + 51].to_vec(), long(entry + 51)), (vec![1, 0, 8, 0], last));
    let end = entry + 47 + 12;
    assert_eq!(directory[end..end + 4], *b"PK\x06\x06");
    assert_eq!((long(end + 24), long(end + 32), long(end + 40), long(end + 48)), (4, 4, end as u64, size));
    assert_eq!((directory[end + 56..end + 60].to_vec(), long(end + 64)), (b"PK\x06\x07".to_vec(), size + end as u64));
    assert_eq!(directory[end + 76..end + 80], *b"PK\x05\x06");
}
