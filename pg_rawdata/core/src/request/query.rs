//! The SQL of a request: fixed pieces of text, and every value of the request a parameter.

use super::area::MultiPolygon;
use super::{GeometryType, Request, Service, TagFilter, Term};
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

/// Where a row comes from. Its number is the first column of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// `nodes`
    Nodes = 0,
    /// `ways_line`
    WaysLine = 1,
    /// Relations of lines.
    LineRelations = 2,
    /// `ways_poly`
    WaysPoly = 3,
    /// Relations that are areas.
    AreaRelations = 4,
    /// Relations of any geometry, where lines and areas are asked for in the same way.
    Relations = 5,
    /// Problems of objects, as points whose tags say what is wrong with which.
    Problems = 6,
}

impl Source {
    const ALL: [Self; 7] = [
        Self::Nodes,
        Self::WaysLine,
        Self::LineRelations,
        Self::WaysPoly,
        Self::AreaRelations,
        Self::Relations,
        Self::Problems,
    ];

    /// The source of this number.
    pub fn from_code(code: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.code() == code)
    }

    /// Its number.
    pub fn code(self) -> i32 {
        self as i32
    }

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

    /// The type whose filter and columns its rows have.
    pub fn geometry_type(self) -> GeometryType {
        match self {
            Self::Nodes | Self::Problems => GeometryType::Point,
            Self::WaysLine | Self::LineRelations => GeometryType::Line,
            Self::WaysPoly | Self::AreaRelations | Self::Relations => GeometryType::Polygon,
        }
    }
}

/// The columns of a row but for the number of its [`Source`], which is in front of them, in order, with their types.
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

/// The rows of a table, in the order of `osm_id`.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// Selects them.
    pub query: Query,
    /// Whether the query says where rows lie, by the source's number, `tableoid` and `ctid`; otherwise what they hold. Then it
    /// gives [`PASS`] rows at most, of those whose ids are above its first parameter, and is to be run again with the last id
    /// until there are fewer.
    pub by_place: bool,
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
/// Within a table the order is that of `osm_id`, whatever way the rows came into the table; problems of one id are in the
/// order of their contents. Run it without parallel workers, for these would mix the rows.
///
/// What is sorted is where rows lie, 104 bytes a row in memory, in place of the rows. All columns are named, so that the caller
/// must have the right to read them. Problems have no place, and their columns are selected. A pass has a limit, so that its
/// sort keeps the least ids and never needs a file; the next one looks for the area's boxes again, or goes on in the index on
/// ids, whichever is less work.
pub fn rows(request: &Request, postgis: &str, country: Option<i32>) -> Vec<Rows> {
    let of_table = |source: Source| {
        let code = source.code();
        let mut builder = Builder::new(postgis);
        if source == Source::Problems {
            let columns = COLUMNS.map(|(name, _)| quoted(name)).join(", ");
            let conditions = builder.conditions(request, country, source);
            let text =
                format!("SELECT {code}, {columns} FROM {PROBLEMS} WHERE {conditions} ORDER BY osm_id, tags, geom");
            return Rows { query: Query { text, params: builder.params }, by_place: false };
        }
        let after = builder.param(Param::Int8(i64::MIN));
        let conditions = builder.conditions(request, country, source);
        let text = format!(
            "SELECT {code}, tableoid, ctid FROM (SELECT tableoid, ctid, * FROM rawdata.{}) AS stored \
             WHERE osm_id OPERATOR(pg_catalog.>) {after} AND {conditions} ORDER BY osm_id LIMIT {PASS}",
            source.table()
        );
        Rows { query: Query { text, params: builder.params }, by_place: true }
    };
    sources(request).into_iter().map(of_table).collect()
}

/// Selects of the rows of a request what it takes to count them: their geometry, in no order.
pub fn geometries(request: &Request, postgis: &str, country: Option<i32>) -> Query {
    let mut builder = Builder::new(postgis);
    let mut branches = Vec::new();
    for source in sources(request) {
        let table =
            if source == Source::Problems { PROBLEMS.to_owned() } else { format!("rawdata.{}", source.table()) };
        branches.push(format!("SELECT geom FROM {table} WHERE {}", builder.conditions(request, country, source)));
    }
    Query { text: branches.join("\nUNION ALL\n"), params: builder.params }
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
    Some(Query { text, params: builder.params })
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
    let asked = |source: &Source| match source {
        Source::Nodes => is_asked(GeometryType::Point),
        Source::WaysLine => line,
        Source::LineRelations => line && !once,
        Source::WaysPoly => polygon,
        Source::AreaRelations => polygon && !once,
        Source::Relations => once,
        Source::Problems => false,
    };
    Source::ALL.into_iter().filter(asked).collect()
}

struct Builder {
    postgis: String,
    params: Vec<Param>,
}

impl Builder {
    fn new(postgis: &str) -> Self {
        Self { postgis: quoted(postgis), params: Vec::new() }
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
        let query = rows(&request, "gis", Some(1)).remove(0).query;
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
        text.trim_start_matches(" AND ").split(" ORDER BY osm_id").next().unwrap().to_owned()
    }

    #[test]
    fn a_row_has_its_columns_from_a_table_of_fixed_name() {
        let of_tables = rows(&request(json!({"geometryType": ["point"]})), "gis", Some(5));
        let [Rows { query, by_place: true }] = of_tables.as_slice() else { panic!("{of_tables:?}") };
        assert_eq!(
            query.text,
            "SELECT 0, tableoid, ctid FROM (SELECT tableoid, ctid, * FROM rawdata.nodes) AS stored \
             WHERE osm_id OPERATOR(pg_catalog.>) $1::pg_catalog.int8 \
             AND country OPERATOR(pg_catalog.@>) ARRAY[$2::pg_catalog.int4] ORDER BY osm_id LIMIT 98304"
        );
        assert_eq!(query.params, [Param::Int8(i64::MIN), Param::Int4(5)]);
    }

    #[test]
    fn the_box_of_the_area_is_one_parameter_however_often_it_is_used() {
        let query = geometries(&request(json!({})), "my \"gis\"", None);
        let square = vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]];
        assert_eq!(query.params, [Param::Bytea(ewkb::multipolygon(&vec![vec![square]]))]);
        assert!(
            query.text.contains(r#"geom OPERATOR("my ""gis""".&&) "my ""gis""".st_geomfromewkb($1"#),
            "{}",
            query.text
        );
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
        let [Rows { query: Query { text, .. }, by_place: false }] = of_tables.as_slice() else {
            panic!("{of_tables:?}")
        };
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
        let of_tables = rows(&request, "gis", None).into_iter().map(|rows| rows.query);
        for query in of_tables.chain([geometries(&request, "gis", None), country(&request, "gis").unwrap()]) {
            assert!(!query.text.contains("--"), "{}", query.text);
        }
        assert_eq!(geometries(&request, "gis", None).params.len(), 3);
    }

    #[test]
    fn sources_have_numbers() {
        for source in Source::ALL {
            assert_eq!(Source::from_code(source.code()), Some(source));
        }
        assert_eq!(Source::from_code(7), None);
    }
}
