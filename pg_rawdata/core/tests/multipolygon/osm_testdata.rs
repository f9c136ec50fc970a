//! The public-domain test data of osmcode/osm-testdata, where it lies beside the project: all areas of its grid.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use rawdata_core::geometry::AreaRule;
use rawdata_core::geometry::multipolygon::{Limits, RelationWay, relation_area, way_area};
use rawdata_core::osm::{Place, Tags};
use serde_json::Value;

use super::{check_form, polygons};

#[derive(Default)]
struct Data {
    nodes: BTreeMap<i64, Place>,
    ways: BTreeMap<i64, Vec<i64>>,
    relations: BTreeMap<i64, Vec<(i64, String)>>,
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = element.attributes().map(Result::unwrap).find(|a| a.key.as_ref() == name)?;
    Some(found.value.into_owned())
}

/// A decimal number of degrees as units of 1e-7.
fn units(decimal: &str) -> i32 {
    let (whole, part) = decimal.split_once('.').unwrap_or((decimal, ""));
    let units: i32 = format!("{whole}{part:0<7}").parse().unwrap();
    units
}

fn read(path: PathBuf) -> Data {
    let text = std::fs::read_to_string(path).unwrap();
    let mut reader = Reader::from_str(&text);
    let (mut data, mut last) = (Data::default(), 0);
    loop {
        let element = match reader.read_event().unwrap() {
            Event::Start(element) | Event::Empty(element) => element,
            Event::Eof => return data,
            _ => continue,
        };
        let number = |name| attribute(&element, name).map(|text| text.parse::<i64>().unwrap());
        match element.name().as_ref() {
            "node" => {
                if let (Some(lon), Some(lat)) = (attribute(&element, "lon"), attribute(&element, "lat")) {
                    data.nodes.insert(number("id").unwrap(), Place { x: units(&lon), y: units(&lat) });
                }
            }
            "way" => {
                last = number("id").unwrap();
                data.ways.insert(last, Vec::new());
            }
            "relation" => {
                last = number("id").unwrap();
                data.relations.insert(last, Vec::new());
            }
            "nd" => data.ways.get_mut(&last).unwrap().push(number("ref").unwrap()),
            "member" if attribute(&element, "type").as_deref() == Some("way") => {
                let member = (number("ref").unwrap(), attribute(&element, "role").unwrap());
                data.relations.get_mut(&last).unwrap().push(member);
            }
            _ => {}
        }
    }
}

/// A set of polygons, each an outer ring and a set of inner ones; of a ring only its cycle of corners matters: the test
/// data leave out places on a straight side, which we keep.
type Area = BTreeSet<(Vec<Place>, BTreeSet<Vec<Place>>)>;

fn cycle(ring: &[Place]) -> Vec<Place> {
    let mut ring = ring.to_vec();
    ring.dedup();
    ring.pop();
    let corners: Vec<Place> = (0..ring.len())
        .filter(|&i| {
            let (before, here, after) = (ring[(i + ring.len() - 1) % ring.len()], ring[i], ring[(i + 1) % ring.len()]);
            let step = |a: Place, b: Place| (i64::from(b.x) - i64::from(a.x), i64::from(b.y) - i64::from(a.y));
            let ((ax, ay), (bx, by)) = (step(before, here), step(here, after));
            ax * by != ay * bx
        })
        .map(|i| ring[i])
        .collect();
    let mut ring = corners;
    let least = (0..ring.len()).min_by_key(|&i| ring[i]).unwrap();
    ring.rotate_left(least);
    if ring[1] > ring[ring.len() - 1] {
        ring[1..].reverse();
    }
    ring
}

fn from_wkt(wkt: &str) -> Area {
    let body = wkt.strip_prefix("MULTIPOLYGON(((").unwrap().strip_suffix(")))").unwrap();
    let ring = |text: &str| {
        let place = |pair: &str| {
            let (x, y) = pair.split_once(' ').unwrap();
            Place { x: units(x), y: units(y) }
        };
        cycle(&text.split(',').map(place).collect::<Vec<_>>())
    };
    let polygon = |text: &str| {
        let mut rings = text.split("),(").map(ring);
        (rings.next().unwrap(), rings.collect())
    };
    body.split(")),((").map(polygon).collect()
}

impl Data {
    fn places(&self, way: i64) -> Option<Vec<Option<Place>>> {
        Some(self.ways.get(&way)?.iter().map(|node| self.nodes.get(node).copied()).collect())
    }

    fn area(&self, from: &str, id: i64) -> Option<Area> {
        let limits = Limits::default();
        let made = if from == "way" {
            if !AreaRule::Closed.is_area(&self.ways[&id], Tags::default()) {
                return None;
            }
            way_area(id, &self.places(id).unwrap(), false, &limits, &mut || Ok(())).unwrap()
        } else {
            let members: Vec<_> =
                self.relations[&id].iter().map(|(way, role)| (*way, role.as_str(), self.places(*way))).collect();
            let ways: Vec<_> = members
                .iter()
                .map(|(id, role, places)| RelationWay { id: *id, role, places: places.as_deref() })
                .collect();
            relation_area(&ways, false, &limits, &mut || Ok(())).unwrap()
        };
        let polygons = polygons(made.geometry.as_ref());
        check_form(&polygons);
        assert!(!polygons.is_empty() || !made.problems.is_empty(), "no area and no reason: {from} {id}");
        let area: Area =
            polygons.iter().map(|p| (cycle(&p.outer), p.inners.iter().map(|r| cycle(r)).collect())).collect();
        (!area.is_empty()).then_some(area)
    }
}

#[test]
fn every_area_of_the_grid_is_one_of_those_allowed() {
    let shared = std::env::var_os("RAWDATA_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let grid = shared.join("conformance/osm-testdata/grid");
    let Ok(tests) = std::fs::read_to_string(grid.join("tests.json")) else {
        println!("skipped: no osm-testdata at {}", grid.display());
        return;
    };
    let tests: Vec<Value> = serde_json::from_str(&tests).unwrap();
    let data = read(grid.join("all.osm"));
    let (mut passed, mut failed) = (0, Vec::new());
    for test in &tests {
        let Some(variants) = test["areas"].as_object() else { continue };
        let is_met = |areas: &Value| {
            areas.as_array().unwrap().iter().all(|area| {
                let wkt = area["wkt"].as_str().unwrap();
                let wanted = (wkt != "INVALID").then(|| from_wkt(wkt));
                data.area(area["from_type"].as_str().unwrap(), area["from_id"].as_i64().unwrap()) == wanted
            })
        };
        if variants.values().any(is_met) {
            passed += 1;
        } else {
            failed.push(test["test_id"].to_string());
        }
    }
    assert!(failed.is_empty(), "{passed} passed, failed: {failed:?}");
    assert_eq!(passed, 102);
}
