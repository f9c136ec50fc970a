//! GeoJSON to polygons: shape, numbers and limits; whether rings cross is another's question.

use serde_json::{Map, Value, json};

use super::area::{Area, MultiPolygon};
use super::lax::{self, Faults, Path};
use super::limits::Limits;
use super::refusal::Refusal;

const KINDS: [&str; 4] = ["Polygon", "MultiPolygon", "Feature", "FeatureCollection"];

impl Area {
    /// Reads GeoJSON: a polygon, a multipolygon, a feature that has one, or a collection of one feature.
    pub fn from_geojson(value: &Value, limits: &Limits) -> Result<Self, Refusal> {
        let mut faults = Faults::default();
        let area = read(value, &Path::BODY.key("geometry"), limits, &mut faults);
        area.filter(|_| faults.is_empty()).ok_or_else(|| faults.into_refusal())
    }
}

/// Reads the geometry of a request: a polygon, a multipolygon, a feature that has one, or a collection of one feature.
pub(super) fn read(value: &Value, path: &Path, limits: &Limits, faults: &mut Faults) -> Option<Area> {
    let Some(object) = value.as_object() else {
        for kind in KINDS {
            lax::object(value, &path.key(kind), faults);
        }
        return None;
    };
    match object.get("type").and_then(Value::as_str) {
        Some("Polygon" | "MultiPolygon") => read_polygons(object, path, limits, faults),
        Some("Feature") => read_feature(object, value, path, limits, faults),
        Some("FeatureCollection") => {
            let path_of_kind = path.key("FeatureCollection");
            let features = required(object, "features", &path_of_kind, faults)?;
            match lax::list(features, &path_of_kind.key("features"), faults)? {
                [] => faults.value(path, "Feature collection is empty", value),
                [feature] => {
                    let features = path_of_kind.key("features");
                    let object = lax::object(feature, &features.index(0), faults)?;
                    return read_feature(object, value, path, limits, faults);
                }
                _ => faults.value(path, "Feature collection with multiple features is not supported yet", value),
            }
            None
        }
        _ => {
            let found = object.get("type").unwrap_or(&Value::Null);
            for kind in KINDS {
                faults.choice(&path.key(kind).key("type"), "literal_error", format!("'{kind}'"), found);
            }
            None
        }
    }
}

fn required<'v>(object: &'v Map<String, Value>, name: &str, path: &Path, faults: &mut Faults) -> Option<&'v Value> {
    let value = object.get(name);
    if value.is_none() {
        faults.push(&path.key(name), "missing", "Field required", &Value::Object(object.clone()));
    }
    value
}

fn read_feature(
    feature: &Map<String, Value>,
    sent: &Value,
    path: &Path,
    limits: &Limits,
    faults: &mut Faults,
) -> Option<Area> {
    let path_of_kind = path.key("Feature");
    let value = required(feature, "geometry", &path_of_kind, faults)?;
    let geometry = lax::object(value, &path_of_kind.key("geometry"), faults)?;
    match geometry.get("type").and_then(Value::as_str) {
        Some("Polygon" | "MultiPolygon") => read_polygons(geometry, path, limits, faults),
        other => {
            let kind: String = other.unwrap_or("None").chars().take(80).collect();
            faults.value(path, &format!("Feature geometry type {kind} must be of type polygon/multipolygon"), sent);
            None
        }
    }
}

fn read_polygons(object: &Map<String, Value>, path: &Path, limits: &Limits, faults: &mut Faults) -> Option<Area> {
    let multi = object.get("type").and_then(Value::as_str) == Some("MultiPolygon");
    let kind = path.key(if multi { "MultiPolygon" } else { "Polygon" });
    let coordinates = required(object, "coordinates", &kind, faults)?;
    let place = kind.key("coordinates");
    let mut reader = Reader { limits, vertices: 0, faults };
    let polygons = if multi {
        let parts = lax::list(coordinates, &place, reader.faults)?;
        if parts.len() > limits.parts {
            let msg = format!("The area has {} polygons, more than {}", parts.len(), limits.parts);
            reader.faults.value(&place, &msg, &Value::Null);
            return None;
        }
        let read = |(index, part)| reader.polygon(part, &place.index(index), &place);
        parts.iter().enumerate().map(read).collect::<Option<MultiPolygon>>()?
    } else {
        vec![reader.polygon(coordinates, &place, &place)?]
    };
    if polygons.iter().flat_map(|rings| rings.first()).all(|ring| is_flat(ring)) {
        faults.value(&place, "The area has no extent", coordinates);
        return None;
    }
    let sent = json!({ "type": object.get("type"), "coordinates": coordinates });
    Some(Area::new(sent, polygons))
}

struct Reader<'f> {
    limits: &'f Limits,
    vertices: usize,
    faults: &'f mut Faults,
}

impl Reader<'_> {
    fn polygon(&mut self, value: &Value, path: &Path, whole: &Path) -> Option<Vec<Vec<[f64; 2]>>> {
        let rings = lax::list(value, path, self.faults)?;
        if rings.is_empty() {
            self.faults.value(path, "A polygon has at least one ring", value);
            return None;
        }
        let read = |(index, ring)| self.ring(ring, &path.index(index), whole);
        rings.iter().enumerate().map(read).collect()
    }

    fn ring(&mut self, value: &Value, path: &Path, whole: &Path) -> Option<Vec<[f64; 2]>> {
        let positions = lax::list(value, path, self.faults)?;
        self.vertices = self.vertices.saturating_add(positions.len());
        if self.vertices > self.limits.vertices {
            let msg = format!("The area has more than {} vertices", self.limits.vertices);
            self.faults.value(whole, &msg, &Value::Null);
            return None;
        }
        if positions.len() < 4 {
            let msg = format!("List should have at least 4 items after validation, not {}", positions.len());
            self.faults.push(path, "too_short", msg, value);
            return None;
        }
        let read = |(index, position)| self.position(position, &path.index(index));
        let ring: Vec<[f64; 2]> = positions.iter().enumerate().map(read).collect::<Option<_>>()?;
        if ring.first() != ring.last() {
            self.faults.value(whole, "All linear rings have the same start and end coordinates", value);
            return None;
        }
        if ring.iter().zip(ring.iter().skip(1)).any(|(from, to)| goes_round(*from, *to)) {
            let msg = "An edge spans more than 180 degrees of longitude: split the area at the 180th meridian";
            self.faults.value(path, msg, value);
            return None;
        }
        Some(ring)
    }

    fn position(&mut self, value: &Value, path: &Path) -> Option<[f64; 2]> {
        let (lon, lat) = match value.as_array().map(Vec::as_slice) {
            Some([lon, lat]) => (lon, lat),
            Some([lon, lat, height]) => {
                self.number(height, &path.index(2), f64::MAX)?;
                (lon, lat)
            }
            _ => {
                self.faults.push(path, "tuple_type", "Input should be a list of 2 or 3 numbers", value);
                return None;
            }
        };
        Some([self.number(lon, &path.index(0), 180.0)?, self.number(lat, &path.index(1), 90.0)?])
    }

    fn number(&mut self, value: &Value, path: &Path, most: f64) -> Option<f64> {
        match value.as_f64().filter(|number| number.is_finite()) {
            Some(number) if number.abs() <= most => Some(number),
            Some(number) => {
                self.faults.value(path, &format!("{number:?} is not between -{most} and {most}"), value);
                None
            }
            None => {
                self.faults.push(path, "float_type", "Input should be a valid number", value);
                None
            }
        }
    }
}

/// Whether an edge may as well be meant the other way round the Earth. Edges from border to border of the map are not.
fn goes_round(from: [f64; 2], to: [f64; 2]) -> bool {
    let ([from, _], [to, _]) = (from, to);
    (from - to).abs() > 180.0 && !(from.abs() == 180.0 && to.abs() == 180.0)
}

/// Whether all points of a ring lie on one line.
fn is_flat(ring: &[[f64; 2]]) -> bool {
    let Some([x, y]) = ring.first() else { return true };
    let mut away = ring.iter().map(|[px, py]| (px - x, py - y)).filter(|step| *step != (0.0, 0.0));
    let Some((dx, dy)) = away.next() else { return true };
    away.all(|(px, py)| dx * py - dy * px == 0.0)
}
