//! The SQL of a request: fixed pieces of text, and every value of the request a parameter.

use super::area::MultiPolygon;
use super::{GeometryType, Request, Service, TagFilter, Term};
use crate::Error;
use crate::osm::{ObjectId, ObjectKind};
use crate::stored::ewkb;

/// A query and its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The text; `$1` is the first parameter.
    pub text: String,
    /// The parameters.
    pub params: Vec<Param>,
}

/// A parameter, by the type it must be given with.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// `text`
    Text(String),
    /// `text[]`
    TextArray(Vec<String>),
    /// `bytea`
    Bytea(Vec<u8>),
    /// `integer`
    Int4(i32),
    /// `bigint`
    Int8(i64),
}

/// Where a row comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// `nodes`
    Nodes,
    /// `ways_line`
    WaysLine,
    /// Relations of lines.
    LineRelations,
    /// `ways_poly`
    WaysPoly,
    /// Relations that are areas.
    AreaRelations,
    /// Relations of any geometry, where lines and areas are asked for in the same way.
    Relations,
    /// Problems of objects, as points whose tags say what is wrong with which.
    Problems,
}

impl Source {
    /// The table, which is the value of `osm_type`.
    pub fn table(self) -> &'static str {
        match self {
            Self::Nodes => "nodes",
            Self::WaysLine => "ways_line",
            Self::WaysPoly => "ways_poly",
            Self::LineRelations | Self::AreaRelations | Self::Relations => "relations",
            Self::Problems => "problems",
        }
    }

    /// Adds to an error which object its row of that id is, if it is one.
    pub fn place(self, id: i64, error: Error) -> Error {
        let kind = match self {
            Self::Nodes => ObjectKind::Node,
            Self::WaysLine | Self::WaysPoly => ObjectKind::Way,
            Self::LineRelations | Self::AreaRelations | Self::Relations => ObjectKind::Relation,
            Self::Problems => return error,
        };
        error.in_object(ObjectId { kind, id })
    }

    /// The type whose filter and columns its rows have.
    pub fn geometry_type(self) -> GeometryType {
        match self {
            Self::Nodes | Self::Problems => GeometryType::Point,
            Self::WaysLine | Self::LineRelations => GeometryType::Line,
            Self::WaysPoly | Self::AreaRelations | Self::Relations => GeometryType::Polygon,
        }
    }
}

/// The columns of a row, in order, with their types.
pub const COLUMNS: [(&str, &str); 8] = [
    ("osm_id", "bigint"),
    ("version", "integer"),
    ("changeset", "bigint"),
    ("timestamp", "timestamptz"),
    ("uid", "integer"),
    ("user", "text"),
    ("tags", "jsonb"),
    ("geom", "geometry"),
];

/// The view that gives problems the columns of features.
const PROBLEMS: &str = "rawdata.problem_features";

/// How to come by the rows of a source.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// The source.
    pub source: Source,
    /// Selects them.
    pub select: Select,
}

/// What is selected of rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Select {
    /// What they hold.
    Contents(Query),
    /// Where they lie: `osm_id`, `tableoid`, `ctid`.
    Addresses {
        /// All of them, in no order.
        all: Query,
        /// The [`PASS`] first of those whose ids are the first parameter or above, in the order of `osm_id`. To be run again
        /// with what comes after the last id until there are fewer.
        pass: Query,
    },
}

/// Most rows of a pass. Twice as many are sorted in the 24 MB of `work_mem` that the functions have, with 104 bytes each: only when it
/// has them does PostgreSQL let go of those beyond the limit, and else it takes to files. A multiple of what is
/// fetched at once.
pub const PASS: usize = 3 << 15;

/// Selects the rows of a request, table by table in the order nodes, lines, areas.
///
/// `postgis` is the schema PostGIS is installed in. With `country` the area is that country's, and a row is in it when
/// its `country` says so; the area's shape and `useStWithin` then count for nothing. Without, the rows are those whose box
/// meets the area's box, and the caller has to look at each ([`crate::geometry::AreaTest`]).
///
/// Within a table the order is that of `osm_id`, whatever way the rows came into the table, and the caller sees to it: it is
/// addresses that are sorted, not rows. As few as fit into memory are best asked for in no order. Of more, a pass has a
/// limit, so that its sort keeps the least ids and never needs a file; the next one looks for the area's boxes again,
/// or goes on in the index on ids, whichever is less work. Problems have no address: their columns are selected, those of
/// one id in the order of their contents. Run it without parallel workers, for these would mix the rows.
///
/// All columns of a table are named, so that the caller must have the right to read them.
pub fn rows(request: &Request, postgis: &str, country: Option<i32>) -> Vec<Rows> {
    let of_source = |source: Source| {
        if source == Source::Problems {
            let columns = COLUMNS.map(|(name, _)| quoted(name)).join(", ");
            let mut builder = Builder::new(postgis);
            let conditions = builder.conditions(request, country, source);
            let text = format!("SELECT {columns} FROM {PROBLEMS} WHERE {conditions} ORDER BY osm_id, tags, geom");
            return Rows { source, select: Select::Contents(builder.query(text)) };
        }
        let table = format!("(SELECT tableoid, ctid, * FROM rawdata.{}) AS stored", source.table());
        let mut builder = Builder::new(postgis);
        let conditions = builder.conditions(request, country, source);
        let all = builder.query(format!("SELECT osm_id, tableoid, ctid FROM {table} WHERE {conditions}"));
        let mut builder = Builder::new(postgis);
        let from = builder.param(Param::Int8(i64::MIN));
        let conditions = builder.conditions(request, country, source);
        let pass = builder.query(format!(
            "SELECT osm_id, tableoid, ctid FROM {table} \
             WHERE osm_id OPERATOR(pg_catalog.>=) {from} AND {conditions} ORDER BY osm_id LIMIT {PASS}",
        ));
        Rows { source, select: Select::Addresses { all, pass } }
    };
    sources(request).into_iter().map(of_source).collect()
}

/// Selects of the rows of a request what it takes to count them: `osm_id`, `tags` and `geom`, in no order.
pub fn countable(request: &Request, postgis: &str, country: Option<i32>) -> Vec<Rows> {
    let of_source = |source: Source| {
        let mut builder = Builder::new(postgis);
        let conditions = builder.conditions(request, country, source);
        let text = format!("SELECT osm_id, tags, geom FROM {} WHERE {conditions}", relation(source));
        Rows { source, select: Select::Contents(builder.query(text)) }
    };
    sources(request).into_iter().map(of_source).collect()
}

/// What the rows of a source are selected from.
fn relation(source: Source) -> String {
    if source == Source::Problems { PROBLEMS.to_owned() } else { format!("rawdata.{}", source.table()) }
}

/// Selects the country whose stored outline the area of a request is, if there is one: its `cid`, an `integer`.
///
/// Both are compared on a grid of 1e-5 degree, point by point and not as shapes: that can be told of any outline, valid
/// or not. A plain request always goes by the shape, so `None`.
pub fn country(request: &Request, postgis: &str) -> Option<Query> {
    if request.service == Service::Plain {
        return None;
    }
    let mut builder = Builder::new(postgis);
    let area = builder.area(request);
    let postgis = &builder.postgis;
    let snapped = |shape: &str| format!("{postgis}.st_multi({postgis}.st_snaptogrid({shape}, 0.00001))");
    let (stored, asked) = (snapped("geometry"), snapped(&area));
    let text = format!(
        "SELECT cid FROM rawdata.countries WHERE geometry OPERATOR({postgis}.&&) {area} \
         AND {stored} OPERATOR({postgis}.~=) {asked} \
         AND {postgis}.st_orderingequals({postgis}.st_normalize({stored}), {postgis}.st_normalize({asked})) \
         ORDER BY cid LIMIT 1"
    );
    Some(builder.query(text))
}

/// The tables to read, in the order of rows. Relations that lines and areas would both select in the same way are read
/// once, whatever their geometry.
fn sources(request: &Request) -> Vec<Source> {
    if request.problems {
        return vec![Source::Problems];
    }
    let is_asked = |kind| request.geometry_types.contains(&kind);
    let (line, polygon) = (is_asked(GeometryType::Line), is_asked(GeometryType::Polygon));
    let same = request.tags.line == request.tags.polygon && request.columns.line == request.columns.polygon;
    let once = line && polygon && same;
    let sources = [
        (Source::Nodes, is_asked(GeometryType::Point)),
        (Source::WaysLine, line),
        (Source::LineRelations, line && !once),
        (Source::WaysPoly, polygon),
        (Source::AreaRelations, polygon && !once),
        (Source::Relations, once),
    ];
    sources.into_iter().filter_map(|(source, asked)| asked.then_some(source)).collect()
}

struct Builder {
    postgis: String,
    params: Vec<Param>,
}

impl Builder {
    fn new(postgis: &str) -> Self {
        Self { postgis: quoted(postgis), params: Vec::new() }
    }

    fn query(self, text: String) -> Query {
        Query { text, params: self.params }
    }

    /// Which rows of a table are selected.
    fn conditions(&mut self, request: &Request, country: Option<i32>, source: Source) -> String {
        // Nothing says which country a problem lies in.
        let mut conditions = vec![self.place(request, country.filter(|_| !request.problems))];
        conditions.extend(self.shape(source));
        conditions.extend(self.tags(&request.tags[source.geometry_type()]));
        conditions.join(" AND ")
    }

    /// A parameter with its type, so that the text means the same whatever is in the search path.
    fn param(&mut self, param: Param) -> String {
        let kind = match param {
            Param::Text(_) => "text",
            Param::TextArray(_) => "text[]",
            Param::Bytea(_) => "bytea",
            Param::Int4(_) => "int4",
            Param::Int8(_) => "int8",
        };
        let number = match self.params.iter().position(|known| *known == param) {
            Some(at) => at + 1,
            None => {
                self.params.push(param);
                self.params.len()
            }
        };
        format!("${number}::pg_catalog.{kind}")
    }

    fn place(&mut self, request: &Request, country: Option<i32>) -> String {
        if let Some(country) = country {
            let country = self.param(Param::Int4(country));
            return format!("country OPERATOR(pg_catalog.@>) ARRAY[{country}]");
        }
        let area = self.param(Param::Bytea(ewkb::multipolygon(&vec![vec![around(request.area.polygons())]])));
        let postgis = &self.postgis;
        format!("geom OPERATOR({postgis}.&&) {postgis}.st_geomfromewkb({area})")
    }

    fn area(&mut self, request: &Request) -> String {
        let area = self.param(Param::Bytea(ewkb::multipolygon(request.area.polygons())));
        format!("{}.st_geomfromewkb({area})", self.postgis)
    }

    fn shape(&self, source: Source) -> Option<String> {
        let shapes = match source {
            Source::LineRelations => "'MULTILINESTRING'",
            Source::AreaRelations => "'POLYGON', 'MULTIPOLYGON'",
            _ => return None,
        };
        let postgis = &self.postgis;
        Some(format!("{postgis}.geometrytype(geom) OPERATOR(pg_catalog.=) ANY (ARRAY[{shapes}])"))
    }

    fn tags(&mut self, filter: &TagFilter) -> Option<String> {
        let lists = filter.any_of.iter().map(|terms| {
            let terms: Vec<String> = terms.iter().map(|term| self.term(term)).collect();
            terms.join(" AND ")
        });
        let lists: Vec<String> = lists.collect();
        (!lists.is_empty()).then(|| format!("({})", lists.join(" OR ")))
    }

    fn term(&mut self, term: &Term) -> String {
        let key = self.param(Param::Text(term.key.clone()));
        match term.values.as_slice() {
            [] => format!("tags OPERATOR(pg_catalog.?) {key}"),
            [value] => {
                let value = self.param(Param::Text(value.clone()));
                format!("(tags OPERATOR(pg_catalog.->>) {key}) OPERATOR(pg_catalog.=) {value}")
            }
            values => {
                let values = self.param(Param::TextArray(values.to_vec()));
                format!("(tags OPERATOR(pg_catalog.->>) {key}) OPERATOR(pg_catalog.=) ANY ({values})")
            }
        }
    }
}

/// The rectangle around an area, as a ring.
fn around(polygons: &MultiPolygon) -> Vec<[f64; 2]> {
    let none = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    let points = polygons.iter().flatten().flatten();
    let [west, south, east, north] = points.fold(none, |[west, south, east, north], &[lon, lat]| {
        [west.min(lon), south.min(lat), east.max(lon), north.max(lat)]
    });
    vec![[west, south], [east, south], [east, north], [west, north], [west, south]]
}

/// A name as an identifier.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::request::Limits;

    fn request(mut body: Value) -> Request {
        body["geometry"] = json!({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]});
        Request::from_json(&body, Service::Snapshot, &Limits::default()).unwrap()
    }

    fn sources_of(body: Value) -> Vec<Source> {
        sources(&request(body))
    }

    /// The condition on tags of the first table, with its parameters put in.
    fn condition(filter: Value) -> String {
        let request = request(json!({"geometryType": ["point"], "filters": {"tags": {"point": filter}}}));
        let query = addresses(&rows(&request, "gis", Some(1))[0]).0;
        let mut text = query.text.split_once("::pg_catalog.int4]").unwrap().1.to_owned();
        for (at, param) in query.params.iter().enumerate().rev() {
            let value = match param {
                Param::Text(text) => text.clone(),
                Param::TextArray(list) => format!("{list:?}"),
                other => format!("{other:?}"),
            };
            text = text.replace(&format!("${}::", at + 1), &format!("{value}::"));
        }
        for (long, short) in [("OPERATOR(pg_catalog.", "("), ("::pg_catalog.text[]", ""), ("::pg_catalog.text", "")] {
            text = text.replace(long, short);
        }
        text.trim_start_matches(" AND ").to_owned()
    }

    fn addresses(rows: &Rows) -> (Query, Query) {
        let Select::Addresses { all, pass } = rows.select.clone() else { panic!("{rows:?}") };
        (all, pass)
    }

    fn contents(rows: &Rows) -> Query {
        let Select::Contents(query) = rows.select.clone() else { panic!("{rows:?}") };
        query
    }

    #[test]
    fn a_row_has_its_columns_from_a_table_of_fixed_name() {
        let of_tables = rows(&request(json!({"geometryType": ["point"]})), "gis", Some(5));
        let [of_nodes] = of_tables.as_slice() else { panic!("{of_tables:?}") };
        let (all, pass) = addresses(of_nodes);
        let from = "SELECT osm_id, tableoid, ctid FROM (SELECT tableoid, ctid, * FROM rawdata.nodes) AS stored WHERE";
        let country = "country OPERATOR(pg_catalog.@>) ARRAY";
        assert_eq!(all.text, format!("{from} {country}[$1::pg_catalog.int4]"));
        assert_eq!(all.params, [Param::Int4(5)]);
        assert_eq!(
            pass.text,
            format!(
                "{from} osm_id OPERATOR(pg_catalog.>=) $1::pg_catalog.int8 AND {country}[$2::pg_catalog.int4] ORDER BY osm_id LIMIT 98304"
            )
        );
        assert_eq!(pass.params, [Param::Int8(i64::MIN), Param::Int4(5)]);
    }

    #[test]
    fn the_box_of_the_area_is_a_parameter() {
        let of_tables = countable(&request(json!({})), "my \"gis\"", None);
        let square = vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]];
        for query in of_tables.iter().map(contents) {
            assert_eq!(query.params, [Param::Bytea(ewkb::multipolygon(&vec![vec![square.clone()]]))]);
            assert!(
                query.text.ends_with(
                    r#"WHERE geom OPERATOR("my ""gis""".&&) "my ""gis""".st_geomfromewkb($1::pg_catalog.bytea)"#
                ),
                "{}",
                query.text
            );
        }
        assert_eq!(of_tables.len(), 4);
    }

    #[test]
    fn tables_come_in_the_order_of_rows() {
        use Source::*;
        assert_eq!(sources_of(json!({})), [Nodes, WaysLine, WaysPoly, Relations]);
        assert_eq!(sources_of(json!({"geometryType": ["polygon", "point"]})), [Nodes, WaysPoly, AreaRelations]);
        assert_eq!(sources_of(json!({"geometryType": ["line"]})), [WaysLine, LineRelations]);
    }

    #[test]
    fn relations_are_read_once_where_lines_and_areas_ask_for_the_same() {
        use Source::*;
        let twice = [Nodes, WaysLine, LineRelations, WaysPoly, AreaRelations];
        assert_eq!(sources_of(json!({"filters": {"tags": {"line": {"join_or": {"a": []}}}}})), twice);
        assert_eq!(sources_of(json!({"filters": {"attributes": {"line": ["a"]}}})), twice);
        let same = json!({"line": {"join_or": {"a": []}}, "polygon": {"join_and": {"a": []}}});
        assert_eq!(sources_of(json!({"filters": {"tags": same}})), [Nodes, WaysLine, WaysPoly, Relations]);
    }

    #[test]
    fn problems_are_selected_by_the_area_even_where_it_is_a_country() {
        let request = request(json!({"problems": true, "filters": {"tags": {"point": {"join_or": {"problem": []}}}}}));
        assert_eq!(sources(&request), [Source::Problems]);
        let of_tables = rows(&request, "gis", Some(1));
        let [of_problems] = of_tables.as_slice() else { panic!("{of_tables:?}") };
        let text = contents(of_problems).text;
        assert!(text.contains("FROM rawdata.problem_features WHERE geom") && !text.contains("country"), "{text}");
    }

    #[test]
    fn conditions_test_for_the_key_one_value_or_several() {
        assert_eq!(condition(json!({"join_or": {"a": []}})), "(tags (?) a)");
        assert_eq!(condition(json!({"join_or": {" a ": [" v "]}})), "((tags (->>) a) (=) v)");
        assert_eq!(condition(json!({"join_and": {"a": ["v", "w"]}})), r#"((tags (->>) a) (=) ANY (["v", "w"]))"#);
    }

    #[test]
    fn or_and_and_are_joined_as_the_old_service_joins_them() {
        let (a, b, c) = ("tags (?) a", "tags (?) b", "tags (?) c");
        let or = json!({"a": [], "b": []});
        assert_eq!(condition(json!({ "join_or": or })), format!("({a} OR {b})"));
        assert_eq!(condition(json!({ "join_and": or })), format!("({a} AND {b})"));
        let one = json!({"join_or": or, "join_and": {"c": []}});
        assert_eq!(condition(one), format!("({a} OR {b} AND {c})"));
        let two = json!({"join_or": {"c": []}, "join_and": or});
        assert_eq!(condition(two), format!("({c} OR {a} AND {b})"));
        let both = json!({"join_or": or, "join_and": or});
        assert_eq!(condition(both), format!("({a} OR {b} OR {a} AND {b})"));
    }

    #[test]
    fn what_is_neither_or_nor_and_is_no_condition() {
        for filter in [json!({"a": []}), json!({}), json!({"join_or": {}, "join_and": null})] {
            assert_eq!(condition(filter), "");
        }
    }

    #[test]
    fn no_value_gets_into_the_text() {
        let evil = "'\");--$1\\";
        let body = json!({
            "fileName": evil,
            "filters": {"tags": {"all_geometry": {"join_or": {evil: [evil]}, "join_and": {evil: [evil, "x"]}}},
                        "attributes": {"all_geometry": [evil]}},
        });
        let request = request(body);
        let addresses = rows(&request, "gis", None).iter().map(addresses).flat_map(|(all, pass)| [all, pass]).collect();
        let countable: Vec<Query> = countable(&request, "gis", None).iter().map(contents).collect();
        assert!(countable.iter().all(|query| query.params.len() == 3));
        for query in [addresses, countable, vec![country(&request, "gis").unwrap()]].concat() {
            assert!(!query.text.contains("--"), "{}", query.text);
        }
    }
}
