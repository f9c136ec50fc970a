//! What is asked for: read, checked, and turned into a query.
//!
//! SQL and HTTP both come through here, so they accept and refuse the same things:
//!
//! ```text
//! bytes ── Request::parse ──> Request ── admit ──> Request ── query::rows ──> text and parameters
//!                                │                    └────── write::Schema::of ──> what the file holds
//!                                └ Area: mended by the caller where it crosses itself
//! ```

mod admit;
mod area;
mod columns;
mod file_name;
mod format;
mod lax;
mod limits;
mod per_type;
pub mod query;
mod refusal;
mod shape;
mod sound;
mod tags;

use serde_json::Value;

pub use area::{Area, MultiPolygon};
pub use columns::{Attribute, Columns, LONGEST_IDENTIFIER};
pub use file_name::FileName;
pub use format::Format;
pub use limits::{Caller, Limits, Role};
pub use per_type::PerType;
pub use refusal::{Item, Loc, Refusal, Status};
pub use tags::{TagFilter, Term};

use lax::{Faults, Path};

/// Which service is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// An export to a file.
    Snapshot,
    /// A small GeoJSON at once: the options of files are ignored, and the area is limited for everyone.
    Plain,
}

/// A kind of geometry that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GeometryType {
    /// Nodes.
    Point,
    /// Ways that are lines, and relations of lines.
    Line,
    /// Ways that are areas, and relations that are areas.
    Polygon,
}

impl GeometryType {
    /// All of them, in the order of rows.
    pub const ALL: [Self; 3] = [Self::Point, Self::Line, Self::Polygon];

    /// `point`, `line` or `polygon`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Point => "point",
            Self::Line => "line",
            Self::Polygon => "polygon",
        }
    }
}

/// A request that can be read. Whether the caller may make it, [`Request::admit`] says.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The service it was made to.
    pub service: Service,
    /// The area asked for.
    pub area: Area,
    /// The format of the file.
    pub format: Format,
    /// The kinds of geometry asked for, each once, in the order of rows; at least one.
    pub geometry_types: Vec<GeometryType>,
    /// Which tags a feature must have, for each kind of geometry.
    pub tags: PerType<TagFilter>,
    /// The columns of each kind of geometry.
    pub columns: PerType<Columns>,
    /// Whether the centroid stands for the geometry.
    pub centroid: bool,
    /// Whether a feature must lie within the area (else it is enough that it touches).
    pub within: bool,
    /// Whether the problems of objects are asked for in place of features.
    pub problems: bool,
    /// Whether number and name of the last user are columns.
    pub user_metadata: bool,
    /// The name of the export.
    pub file_name: FileName,
    /// Whether the name ends in the number of the job, so that it is new each time.
    pub unique_name: bool,
    /// Whether the file comes in a zip.
    pub zip: bool,
    /// The first zoom level of tiles.
    pub min_zoom: Option<i64>,
    /// The last zoom level of tiles.
    pub max_zoom: Option<i64>,
    /// Whether every geometry of a FlatGeobuf file is a collection.
    pub wrap_geometries: bool,
}

impl Request {
    /// Reads the body of a request.
    pub fn parse(body: &[u8], service: Service, limits: &Limits) -> Result<Self, Refusal> {
        if body.iter().all(u8::is_ascii_whitespace) {
            let mut faults = Faults::default();
            faults.push(&Path::BODY, "missing", "Field required", &Value::Null);
            return Err(faults.into_refusal());
        }
        match serde_json::from_slice(body) {
            Ok(value) => Self::from_json(&value, service, limits),
            Err(error) => Err(not_json(body, &error)),
        }
    }

    /// Reads a request that is JSON already.
    pub fn from_json(body: &Value, service: Service, limits: &Limits) -> Result<Self, Refusal> {
        let mut faults = Faults::default();
        let request = read(body, service, limits, &mut faults);
        match request {
            Some(request) if faults.is_empty() => Ok(request),
            _ => Err(faults.into_refusal()),
        }
    }

    /// Refuses what this caller may not ask for. To be called when the area has been mended.
    pub fn admit(&self, caller: Caller, limits: &Limits) -> Result<(), Refusal> {
        admit::admit(self, caller, limits)
    }
}

fn read(body: &Value, service: Service, limits: &Limits, faults: &mut Faults) -> Option<Request> {
    let path = Path::BODY;
    let body = lax::object(body, &path, faults)?;
    let files = service == Service::Snapshot;
    let member = |name| lax::member(body, name);
    let file_option = |name| lax::member(body, name).filter(|_| files);
    let flag = |name: &'static str, value: Option<&Value>, default: bool, faults: &mut Faults| {
        value.map_or(Some(default), |value| lax::boolean(value, &path.key(name), faults)).unwrap_or(default)
    };

    let format = file_option("outputType").map_or(Some(Format::GeoJson), |value| read_format(value, &path, faults));
    let geometry_types = read_geometry_types(member("geometryType"), &path, faults);
    let centroid = flag("centroid", member("centroid"), false, faults);
    let within = flag("useStWithin", member("useStWithin"), true, faults);
    let problems = flag("problems", body.get("problems"), false, faults);
    let user_metadata = flag("includeUserMetadata", member("includeUserMetadata"), false, faults);

    let filters_path = path.key("filters");
    let filters = member("filters").and_then(|value| lax::object(value, &filters_path, faults));
    let of_filters = |name| filters.and_then(|filters| lax::member(filters, name));
    let tags = tags::read(of_filters("tags"), &filters_path.key("tags"), limits, faults);
    let lists = columns::read(of_filters("attributes"), &filters_path.key("attributes"), limits, faults);

    // Here null is not as good as absent: it is told that it is no geometry.
    let area_path = path.key("geometry");
    let area = match body.get("geometry") {
        Some(value) => shape::read(value, &area_path, limits, faults),
        None => {
            faults.push(&area_path, "missing", "Field required", &Value::Object(body.clone()));
            None
        }
    };

    let zoom = |name: &'static str, faults: &mut Faults| {
        file_option(name).and_then(|value| lax::integer(value, &path.key(name), faults))
    };
    let min_zoom = zoom("minZoom", faults);
    let max_zoom = zoom("maxZoom", faults);
    let file_name = file_option("fileName").and_then(|value| lax::string(value, &path.key("fileName"), faults));
    let unique_name = flag("uuid", file_option("uuid"), true, faults);
    let wrap_geometries = flag("fgbWrapGeoms", file_option("fgbWrapGeoms"), false, faults);
    let zip = flag("bindZip", file_option("bindZip"), true, faults);
    let format = format?;
    if !zip && !format.may_be_unzipped() {
        let msg = "Only Cloud Optimized format and GeoJSON is supported for streaming";
        faults.value(&path.key("bindZip"), msg, &Value::Bool(false));
    }

    Some(Request {
        service,
        area: area?,
        format,
        geometry_types,
        tags,
        columns: lists.into_columns(format, user_metadata),
        centroid,
        within,
        problems,
        user_metadata,
        file_name: FileName::new(file_name.unwrap_or_default()),
        unique_name,
        zip,
        min_zoom,
        max_zoom,
        wrap_geometries,
    })
}

fn read_format(value: &Value, path: &Path, faults: &mut Faults) -> Option<Format> {
    let path = path.key("outputType");
    let written = || lax::one_of(Format::WRITTEN.into_iter().map(Format::name));
    match value.as_str().and_then(Format::from_name) {
        Some(format) if format.is_written() => return Some(format),
        Some(format) => {
            let msg = format!("'{}' is not written by this version; it writes {}", format.name(), written());
            faults.push(&path, "enum", msg, value);
        }
        None => faults.choice(&path, "enum", written(), value),
    }
    None
}

fn read_geometry_types(value: Option<&Value>, path: &Path, faults: &mut Faults) -> Vec<GeometryType> {
    let path = path.key("geometryType");
    let list = value.and_then(|value| lax::list(value, &path, faults)).unwrap_or_default();
    let mut types = Vec::new();
    for (index, value) in list.iter().enumerate() {
        match value.as_str() {
            Some("all_geometry") => types.extend(GeometryType::ALL),
            Some(name) if GeometryType::ALL.iter().any(|kind| kind.name() == name) => {
                types.extend(GeometryType::ALL.into_iter().filter(|kind| kind.name() == name));
            }
            _ => {
                let names = GeometryType::ALL.into_iter().map(GeometryType::name).chain(["all_geometry"]);
                faults.choice(&path.index(index), "enum", lax::one_of(names), value);
            }
        }
    }
    types.sort_unstable();
    types.dedup();
    if types.is_empty() { GeometryType::ALL.to_vec() } else { types }
}

fn not_json(body: &[u8], error: &serde_json::Error) -> Refusal {
    let before: usize =
        body.split_inclusive(|byte| *byte == b'\n').take(error.line().saturating_sub(1)).map(<[u8]>::len).sum();
    let at = before.saturating_add(error.column().saturating_sub(1)).min(body.len());
    let mut reason = error.to_string();
    if let Some(end) = reason.rfind(" at line ") {
        reason.truncate(end);
    }
    Refusal {
        status: Status::Unprocessable,
        items: vec![Item {
            kind: Some("json_invalid"),
            loc: vec![Loc::Key("body".into()), Loc::Index(at)],
            msg: "JSON decode error".into(),
            input: Some(Value::Object(serde_json::Map::new())),
            ctx: Some(serde_json::json!({ "error": reason })),
        }],
    }
}
