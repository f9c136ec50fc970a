//! The areas of an OpenStreetMap file of any format as GeoJSON, and what is wrong with others on standard error:
//! `cargo run --release -p rawdata-core --example areas -- [--closed] [--best-effort] FILE > areas.geojson`.
//!
//! Which ways and relations are areas, and what they look like, is what an import makes of them: `--closed` is its area
//! rule `closed`. `--best-effort` makes areas of what there is where members are missing.

use std::collections::HashMap;
use std::error::Error;
use std::fs::File;
use std::io::{Cursor, StdoutLock, Write};

use rawdata_core::geometry::multipolygon::{Assembly, RelationWay};
use rawdata_core::geometry::{AreaRule, Rules, is_area_relation, is_tagged};
use rawdata_core::osm::{Element, ObjectId, ObjectKind, OwnedTags, Place, Tags};
use rawdata_core::read::Reader;
use rawdata_core::request::query::Source;
use rawdata_core::request::{Columns, Format, GeometryType, PerType};
use rawdata_core::stored::geometry::View;
use rawdata_core::stored::{self, jsonb};
use rawdata_core::write::{self, Encoder, Feature, Head, Rest, Schema};

struct Way {
    refs: Vec<i64>,
    tags: OwnedTags,
}

struct Relation {
    id: i64,
    ways: Vec<(i64, String)>,
    tags: OwnedTags,
}

/// All that areas are made of. Files need not be in order.
#[derive(Default)]
struct Data {
    places: HashMap<i64, Place>,
    ways: HashMap<i64, Way>,
    way_ids: Vec<i64>,
    relations: Vec<Relation>,
}

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let mut rules = Rules::default();
    let mut path = None;
    for argument in std::env::args_os().skip(1) {
        match argument.to_str() {
            Some("--closed") => rules.area_rule = AreaRule::Closed,
            Some("--best-effort") => rules.best_effort = true,
            _ => path = Some(argument),
        }
    }
    let data = Data::read(File::open(path.ok_or("usage: areas [--closed] [--best-effort] FILE")?)?)?;
    let mut file = GeoJson::begin(std::io::stdout().lock())?;
    data.ways(rules, &mut file)?;
    data.relations(rules, &mut file)?;
    file.finish()
}

impl Data {
    fn read(file: File) -> Outcome<Self> {
        let mut data = Self::default();
        let mut reader = Reader::new(file)?;
        while let Some(element) = reader.next()? {
            match element {
                Element::Node(node) => data.places.extend(node.place.map(|place| (node.id, place))),
                Element::Way(way) => {
                    let tags = way.tags.iter().collect();
                    data.ways.insert(way.id, Way { refs: way.refs.to_vec(), tags });
                    data.way_ids.push(way.id);
                }
                Element::Relation(relation) => {
                    let ways = relation.members.iter().filter(|member| member.object.kind == ObjectKind::Way);
                    let ways = ways.map(|way| (way.object.id, way.role.to_owned())).collect();
                    data.relations.push(Relation { id: relation.id, ways, tags: relation.tags.iter().collect() });
                }
            }
        }
        Ok(data)
    }

    fn places(&self, way: &Way) -> Vec<Option<Place>> {
        way.refs.iter().map(|node| self.places.get(node).copied()).collect()
    }

    fn ways(&self, rules: Rules, file: &mut GeoJson<'_>) -> Outcome<()> {
        for id in &self.way_ids {
            let Some(way) = self.ways.get(id) else { continue };
            let tags = way.tags.tags();
            if is_tagged(tags) && rules.area_rule.is_area(&way.refs, tags) {
                let area = rules.way(*id, &way.refs, tags, &self.places(way), &mut || Ok(()))?;
                file.area(ObjectId { kind: ObjectKind::Way, id: *id }, tags, &area)?;
            }
        }
        Ok(())
    }

    fn relations(&self, rules: Rules, file: &mut GeoJson<'_>) -> Outcome<()> {
        for relation in &self.relations {
            let tags = relation.tags.tags();
            if !is_area_relation(tags) {
                continue;
            }
            let places: Vec<_> =
                relation.ways.iter().map(|(id, _)| self.ways.get(id).map(|way| self.places(way))).collect();
            let ways: Vec<RelationWay<'_>> = relation
                .ways
                .iter()
                .zip(&places)
                .map(|((id, role), places)| RelationWay { id: *id, role, places: places.as_deref() })
                .collect();
            let area = rules.relation(tags, &ways, &mut || Ok(()))?;
            file.area(ObjectId { kind: ObjectKind::Relation, id: relation.id }, tags, &area)?;
        }
        Ok(())
    }
}

/// A GeoJSON file on its way to standard output.
struct GeoJson<'a> {
    encoder: Box<dyn Encoder>,
    buffer: Vec<u8>,
    out: StdoutLock<'a>,
}

impl<'a> GeoJson<'a> {
    fn begin(out: StdoutLock<'a>) -> Outcome<Self> {
        let columns = PerType { point: Columns::Tags, line: Columns::Tags, polygon: Columns::Tags };
        let schema = Schema {
            format: Format::GeoJson,
            name: "areas".to_owned(),
            geometry_types: vec![GeometryType::Polygon],
            columns,
            centroid: false,
            wrap_geometries: false,
        };
        let mut encoder = write::encoder(&schema, Box::new(|| Ok(Cursor::new(Vec::new()))))?;
        let mut buffer = Vec::new();
        encoder.begin(&schema, &mut buffer)?;
        Ok(Self { encoder, buffer, out })
    }

    fn area(&mut self, object: ObjectId, tags: Tags<'_>, area: &Assembly) -> Outcome<()> {
        for problem in &area.problems {
            let place = problem.place.map(|place| format!(" at {place}")).unwrap_or_default();
            eprintln!("{object}: {}{place}, ways {:?}", problem.kind.name(), problem.ways);
        }
        let Some(geometry) = &area.geometry else { return Ok(()) };
        let (mut packed, mut shape) = (Vec::new(), Vec::new());
        jsonb::write(tags.iter(), &mut packed)?;
        stored::geometry::write(geometry, &mut shape)?;
        let source = match object.kind {
            ObjectKind::Way => Source::WaysPoly,
            _ => Source::AreaRelations,
        };
        let feature = Feature {
            head: Head { source, id: object.id, version: None, changeset: None, timestamp: None, uid: None },
            user: None,
            tags: jsonb::Object::parse(&packed)?,
            geometry: View::parse(&shape)?,
        };
        self.encoder.feature(&feature, &mut self.buffer)?;
        self.out.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    fn finish(self) -> Outcome<()> {
        let Self { mut encoder, mut buffer, mut out } = self;
        loop {
            let rest = encoder.finish(&mut buffer)?;
            out.write_all(&buffer)?;
            if rest == Rest::Done {
                return Ok(());
            }
            buffer.clear();
        }
    }
}
