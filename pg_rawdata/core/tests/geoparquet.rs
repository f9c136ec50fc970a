//! GeoParquet files, read by the reader of the `parquet` crate.

#![cfg(test)]

mod rows;

use ::bytes::Bytes;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::statistics::Statistics;
use parquet::record::{Field, Row as Record};
use rawdata_core::geometry::Geometry;
use rawdata_core::request::query::Source;
use rows::{Row, bytes, cafe, house, places, request, track};
use serde_json::{Value, json};

type File = SerializedFileReader<Bytes>;

fn read<'a>(body: Value, rows: impl IntoIterator<Item = &'a Row>) -> File {
    SerializedFileReader::new(bytes(&request(body), rows).into()).unwrap()
}

fn geo(file: &File) -> Value {
    let entries = file.metadata().file_metadata().key_value_metadata().unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].key, "geo");
    serde_json::from_str(entries[0].value.as_ref().unwrap()).unwrap()
}

fn records(file: &File) -> Vec<Record> {
    file.get_row_iter(None).unwrap().map(Result::unwrap).collect()
}

fn value<'a>(record: &'a Record, column: &str) -> &'a Field {
    record.get_column_iter().find(|(name, _)| *name == column).map(|(_, field)| field).unwrap()
}

fn text(field: &Field) -> &str {
    let Field::Str(text) = field else { panic!("{field:?}") };
    text
}

/// The corners of a box.
fn corners(record: &Record) -> Vec<f64> {
    let Field::Group(corners) = value(record, "bbox") else { panic!("{record:?}") };
    let number =
        |(_, field): (&String, &Field)| if let Field::Float(number) = field { f64::from(*number) } else { panic!() };
    corners.get_column_iter().map(number).collect()
}

#[test]
fn rows_come_back_with_the_types_of_their_columns() {
    let file = read(json!({"outputType": "parquet", "includeUserMetadata": true}), [&cafe(), &house(), &track()]);
    let names: Vec<String> =
        file.metadata().file_metadata().schema().get_fields().iter().map(|field| field.name().to_owned()).collect();
    let expected =
        ["osm_id", "osm_type", "version", "tags", "changeset", "uid", "user", "timestamp", "geometry", "bbox"];
    assert_eq!(names, expected);
    let records = records(&file);
    assert_eq!(records.len(), 3);
    let cafe = &records[0];
    assert_eq!(*value(cafe, "osm_id"), Field::Long(1));
    assert_eq!(text(value(cafe, "osm_type")), "nodes");
    assert_eq!(*value(cafe, "version"), Field::Int(2));
    assert_eq!(*value(cafe, "changeset"), Field::Long(900));
    assert_eq!(*value(cafe, "uid"), Field::Int(7));
    assert_eq!(text(value(cafe, "user")), "a \"user\"");
    assert_eq!(*value(cafe, "timestamp"), Field::TimestampMillis(1_709_288_430_000));
    let tags = |record: &Record| {
        let Field::MapInternal(tags) = value(record, "tags") else { panic!("{record:?}") };
        tags.entries().iter().map(|(key, value)| (text(key).to_owned(), text(value).to_owned())).collect::<Vec<_>>()
    };
    let pairs = [("name", "Tea & \"Co\""), ("cuisine", "नेपाली"), ("addr:city", "Pokhara")];
    assert_eq!(tags(cafe), pairs.map(|(key, value)| (key.to_owned(), value.to_owned())));
    assert_eq!(tags(&records[1]), [("building".to_owned(), "yes".to_owned())]);
    assert_eq!(tags(&records[2]), []);
    let Field::Bytes(point) = value(cafe, "geometry") else { panic!("{cafe:?}") };
    let mut expected = vec![1, 1, 0, 0, 0];
    expected.extend_from_slice(&83.971_f64.to_le_bytes());
    expected.extend_from_slice(&(-0.000_000_1_f64).to_le_bytes());
    assert_eq!(point.data(), expected);
    assert_eq!(corners(&records[1]), [0.0, 0.0, 4.0, 4.0]);
}

#[test]
fn the_footer_tells_what_the_file_holds() {
    let file = read(json!({"outputType": "parquet"}), [&house(), &cafe(), &track()]);
    let geo = geo(&file);
    assert_eq!((&geo["version"], &geo["primary_column"]), (&json!("1.1.0"), &json!("geometry")));
    let column = &geo["columns"]["geometry"];
    assert_eq!(column["encoding"], "WKB");
    assert_eq!(column["geometry_types"], json!(["Point", "Polygon", "MultiLineString"]));
    assert_eq!(column["bbox"], json!([0.0, -0.000_000_1, 83.971, 4.0]));
    let covering =
        json!({"xmin": ["bbox", "xmin"], "ymin": ["bbox", "ymin"], "xmax": ["bbox", "xmax"], "ymax": ["bbox", "ymax"]});
    assert_eq!(column["covering"]["bbox"], covering);
    assert!(column.get("crs").is_none(), "without it, it is OGC:CRS84");
    assert_eq!(file.metadata().file_metadata().created_by(), Some("pg_rawdata version 0.1.0"));
}

#[test]
fn a_file_without_features_has_columns_but_no_box() {
    let file = read(json!({"outputType": "parquet"}), []);
    assert_eq!((file.num_row_groups(), records(&file).len()), (0, 0));
    let column = &geo(&file)["columns"]["geometry"];
    assert_eq!((&column["geometry_types"], column.get("bbox")), (&json!([]), None));
}

#[test]
fn attributes_are_columns_of_text_that_collide_with_no_other() {
    let body = json!({"outputType": "parquet", "filters": {"attributes":
        {"point": ["name", "bbox", "addr:city"], "polygon": ["geometry", "building"]}}});
    let row = Row::new(
        Source::Nodes,
        5,
        &[("bbox", "a.b"), ("geometry", ""), ("name", "x")],
        &Geometry::Point(places(&[(1.0, 2.0)])[0]),
    );
    let file = read(body, [&row, &house()]);
    let records = records(&file);
    assert_eq!(text(value(&records[0], "bbox_2")), "a.b");
    assert_eq!(text(value(&records[0], "geometry_2")), "");
    assert_eq!(text(value(&records[0], "name")), "x");
    assert_eq!(*value(&records[0], "building"), Field::Null);
    assert_eq!(*value(&records[0], "addr_city"), Field::Null);
    assert_eq!(text(value(&records[1], "building")), "yes");
}

#[test]
fn row_groups_keep_the_order_of_rows_and_know_their_boxes() {
    let rows: Vec<Row> = (0..150_000)
        .map(|id| {
            let place = places(&[(f64::from(id) / 1000.0, 1.0)])[0];
            Row::new(Source::Nodes, i64::from(id), &[("a", "b")], &Geometry::Point(place))
        })
        .collect();
    let body = || json!({"outputType": "parquet"});
    assert!(bytes(&request(body()), &rows) == bytes(&request(body()), &rows), "same rows, same bytes");
    let file = read(body(), &rows);
    let metadata = file.metadata();
    assert!(metadata.num_row_groups() >= 3);
    let mut first = 0.0;
    for group in metadata.row_groups() {
        assert!(group.num_rows() <= 65_536);
        let last = first + f64::from(i32::try_from(group.num_rows() - 1).unwrap()) / 1000.0;
        let column = |path: &str| {
            let column = group.columns().iter().find(|column| column.column_path().string() == path).unwrap();
            let Some(Statistics::Float(bounds)) = column.statistics() else { panic!("{path}") };
            (f64::from(*bounds.min_opt().unwrap()), f64::from(*bounds.max_opt().unwrap()))
        };
        let (low, high) = (column("bbox.xmin").0, column("bbox.xmax").1);
        assert!((first - 2e-5..=first).contains(&low) && (last..=last + 2e-5).contains(&high), "{low} {high}");
        first = last + 0.001;
    }
    let ids = records(&file).iter().map(|record| value(record, "osm_id").clone()).collect::<Vec<_>>();
    assert!(ids == (0..150_000).map(Field::Long).collect::<Vec<_>>());
}

#[test]
fn the_centroid_stands_for_the_geometry() {
    let file = read(json!({"outputType": "parquet", "centroid": true}), [&house(), &track()]);
    assert_eq!(geo(&file)["columns"]["geometry"]["geometry_types"], json!(["Point"]));
    // The house: 16 parts at (2, 2), less the hole, 1 part at (1.5, 1.5).
    let centroid = 2.0 + 0.5 / 15.0;
    for (number, corner) in corners(&records(&file)[0]).into_iter().enumerate() {
        assert!((corner - centroid).abs() < 1e-6 && (corner < centroid) == (number < 2), "{corner}");
    }
}
