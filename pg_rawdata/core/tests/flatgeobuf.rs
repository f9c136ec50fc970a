//! FlatGeobuf files, read as its specification says.

#![cfg(test)]

mod rows;

use rawdata_core::geometry::Geometry;
use rawdata_core::request::query::Source;
use rows::{Row, bytes, cafe, house, places, request};
use serde_json::json;

const MAGIC: &[u8] = b"fgb\x03fgb\x01";

fn u32_at(file: &[u8], at: usize) -> usize {
    u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize
}

fn double_at(file: &[u8], at: usize) -> f64 {
    f64::from_le_bytes(file[at..at + 8].try_into().unwrap())
}

/// A node of the index: its box, and where it leads.
fn node(index: &[u8], number: usize) -> ([f64; 4], usize) {
    let at = number * 40;
    let corner = |place: usize| double_at(index, at + place * 8);
    let target = u64::from_le_bytes(index[at + 32..at + 40].try_into().unwrap());
    ([corner(0), corner(1), corner(2), corner(3)], usize::try_from(target).unwrap())
}

#[test]
fn every_feature_is_found_through_the_index() {
    for count in [1, 2, 16, 17, 300, 5000] {
        let rows: Vec<Row> = (0..count)
            .map(|id| {
                let (x, y) = (f64::from(id * 7919 % 360) - 180.0, f64::from(id * 104_729 % 180) - 90.0);
                Row::new(Source::Nodes, i64::from(id), &[], &Geometry::Point(places(&[(x, y)])[0]))
            })
            .collect();
        let file = bytes(&request(json!({"outputType": "fgb"})), &rows);
        let rest = file.strip_prefix(MAGIC).unwrap();
        let rest = &rest[4 + u32_at(rest, 0)..];
        let mut levels = vec![rows.len()];
        while levels.len() == 1 || *levels.last().unwrap() > 1 {
            levels.push(levels.last().unwrap().div_ceil(16));
        }
        let nodes: usize = levels.iter().sum();
        let (index, features) = rest.split_at(nodes * 40);
        let mut begin = 0;
        for pair in levels.windows(2).rev() {
            let (below, size) = (pair[0], pair[1]);
            for number in begin..begin + size {
                let (outer, first) = node(index, number);
                let children = first..(first + 16).min(nodes);
                let end = begin + size + below;
                for child in children.filter(|child| *child < end) {
                    let (inner, _) = node(index, child);
                    assert!(
                        outer[0] <= inner[0] && outer[1] <= inner[1] && outer[2] >= inner[2] && outer[3] >= inner[3]
                    );
                }
            }
            begin += size;
        }
        let mut expected = 0;
        for number in begin..nodes {
            let (_, at) = node(index, number);
            assert_eq!(at, expected, "features lie in the order of the index, one behind the other");
            expected += 4 + u32_at(features, at);
        }
        assert_eq!(expected, features.len());
    }
}

#[test]
fn a_file_without_features_has_no_index() {
    let file = bytes(&request(json!({"outputType": "fgb"})), []);
    assert_eq!(file.len(), MAGIC.len() + 4 + u32_at(&file, MAGIC.len()));
}

#[test]
fn the_same_rows_give_the_same_bytes_and_wrapping_gives_others() {
    let rows = [&cafe(), &house()];
    let file = |body| bytes(&request(body), rows);
    assert_eq!(file(json!({"outputType": "fgb"})), file(json!({"outputType": "fgb"})));
    assert_ne!(file(json!({"outputType": "fgb"})), file(json!({"outputType": "fgb", "fgbWrapGeoms": true})));
    let tags = r#"{"name": "Tea & \"Co\"", "cuisine": "नेपाली", "addr:city": "Pokhara"}"#;
    let file = file(json!({"outputType": "fgb"}));
    assert!(file.windows(tags.len()).any(|part| part == tags.as_bytes()));
}
