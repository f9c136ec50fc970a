//! Which of many areas hold a point.

use std::cmp::Ordering;

use super::mend::FloatPolygons;
use super::planar::{Point, side};
use crate::osm::Place;

/// Many areas, each with a key, arranged so that asking which of them hold a point takes well under a microsecond.
///
/// A grid over the Earth says for most points at once which areas hold them. Where a border passes through a point's
/// cell, the border is cut into bands of latitude so narrow that a few edges decide. Coordinates are rounded to places;
/// from there on all is exact. A point on a border is held by the area (`ST_Covers`, `ST_Intersects`).
///
/// Memory is about 64 bytes a vertex, and at most 70 MB for the grid.
pub struct AreaIndex {
    /// In order of keys.
    parts: Vec<Part>,
    /// Position in `entries` of each cell's first; one more closes the list.
    cells: Vec<u32>,
    entries: Vec<Entry>,
    /// Parts that the grid has no room for; they are tested for every point.
    unlisted: Vec<u32>,
}

/// That an area has to do with a cell.
#[derive(Clone, Copy)]
struct Entry {
    part: u32,
    /// Whether it holds the whole cell; otherwise its border passes through.
    is_whole: bool,
}

/// Cells in a row; each is half a degree wide and high.
const COLUMNS: usize = 720;
const ROWS: usize = 360;
/// Units in a cell.
const CELL: i32 = 5_000_000;
/// Entries of the grid, at most.
const MOST_ENTRIES: usize = 8_000_000;

impl AreaIndex {
    /// Arranges areas. Several with one key count as one. What is not finite or not on Earth is moved to its edge.
    pub fn new(areas: Vec<(i32, FloatPolygons)>) -> Self {
        let parts = parts(areas);
        let mut listed: Vec<(u32, Entry)> = Vec::new();
        let mut unlisted = Vec::new();
        for (number, part) in (0..).zip(&parts) {
            let before = listed.len();
            part.classify_cells(|cell, is_whole| listed.push((cell, Entry { part: number, is_whole })));
            if listed.len() > MOST_ENTRIES {
                listed.truncate(before);
                unlisted.push(number);
            }
        }
        listed.sort_unstable_by_key(|(cell, entry)| (*cell, entry.part));
        let mut cells = Vec::with_capacity(COLUMNS * ROWS + 1);
        let mut position = 0;
        for cell in (0..).take(COLUMNS * ROWS + 1) {
            position += listed.get(position..).unwrap_or_default().iter().take_while(|(c, _)| *c < cell).count();
            cells.push(u32::try_from(position).unwrap_or(u32::MAX));
        }
        Self { parts, cells, entries: listed.into_iter().map(|(_, entry)| entry).collect(), unlisted }
    }

    /// The same without the grid, which takes longer to lay out than a few areas take to be asked for a few thousand points.
    pub fn without_grid(areas: Vec<(i32, FloatPolygons)>) -> Self {
        let parts = parts(areas);
        let unlisted = (0..).zip(&parts).map(|(number, _)| number).collect();
        Self { parts, cells: Vec::new(), entries: Vec::new(), unlisted }
    }

    /// Whether there is no area.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The keys of the areas that hold a point, in order, each once.
    pub fn holding(&self, lon: f64, lat: f64) -> Vec<i32> {
        let mut keys: Vec<i32> = Vec::new();
        if !(lon.abs() <= 180.0 && lat.abs() <= 90.0) {
            return keys;
        }
        let place = place(lon, lat);
        let cell = row(place.y) * COLUMNS + column(place.x);
        if let Some(&[from, to]) = self.cells.get(cell..cell + 2) {
            for entry in self.entries.get(from as usize..to as usize).unwrap_or_default() {
                if let Some(part) = self.parts.get(entry.part as usize)
                    && keys.last() != Some(&part.key)
                    && (entry.is_whole || part.holds(place))
                {
                    keys.push(part.key);
                }
            }
        }
        if !self.unlisted.is_empty() {
            let parts = self.unlisted.iter().filter_map(|&part| self.parts.get(part as usize));
            keys.extend(parts.filter(|part| part.holds(place)).map(|part| part.key));
            keys.sort_unstable();
            keys.dedup();
        }
        keys
    }
}

/// The polygons of areas, in order of keys.
fn parts(areas: Vec<(i32, FloatPolygons)>) -> Vec<Part> {
    let mut parts: Vec<Part> = areas
        .into_iter()
        .flat_map(|(key, polygons)| polygons.into_iter().filter_map(move |rings| Part::new(key, &rings)))
        .collect();
    parts.sort_by_key(|part| part.key);
    parts
}

fn place(lon: f64, lat: f64) -> Place {
    #[expect(clippy::cast_possible_truncation, reason = "clamped before; NaN becomes 0")]
    let units = |n: f64, most: f64| (n.clamp(-most, most) * Place::PER_DEGREE).round() as i32;
    Place { x: units(lon, 180.0), y: units(lat, 90.0) }
}

fn column(x: i32) -> usize {
    cell(x, 1_800_000_000).min(COLUMNS - 1)
}

fn row(y: i32) -> usize {
    cell(y, 900_000_000).min(ROWS - 1)
}

fn cell(n: i32, most: i32) -> usize {
    // The sum may exceed an i32: 3.6e9.
    let from_edge = i64::from(n) + i64::from(most);
    usize::try_from(from_edge / i64::from(CELL)).unwrap_or(0)
}

/// An edge of a border, `low.y <= high.y`.
#[derive(Clone, Copy)]
struct Upward {
    low: Place,
    high: Place,
}

/// A polygon.
struct Part {
    key: i32,
    min: Place,
    max: Place,
    /// Height of a band; the first begins at `min.y`.
    height: i64,
    /// Position in `edges` of each band's first; one more closes the list.
    bands: Vec<u32>,
    /// Edges by band; one that reaches into several is in each.
    edges: Vec<Upward>,
}

impl Part {
    fn new(key: i32, rings: &[Vec<(f64, f64)>]) -> Option<Self> {
        let rings: Vec<Vec<Place>> =
            rings.iter().map(|ring| ring.iter().map(|&(lon, lat)| place(lon, lat)).collect()).collect();
        let box_ = super::Bbox::around(rings.iter().flatten())?;
        let edges: Vec<Upward> = rings
            .iter()
            .flat_map(|ring| ring.iter().zip(ring.iter().skip(1)))
            .filter(|(a, b)| a != b)
            .map(|(&a, &b)| if a.y <= b.y { Upward { low: a, high: b } } else { Upward { low: b, high: a } })
            .collect();
        let tall = i64::from(box_.max.y) - i64::from(box_.min.y) + 1;
        let band = |y: i32, height: i64| usize::try_from((i64::from(y) - i64::from(box_.min.y)) / height).unwrap_or(0);
        let reach = |edge: &Upward, height: i64| band(edge.low.y, height)..=band(edge.high.y, height);

        // As many bands as edges allow without many edges being in several.
        let mut count = i64::try_from(edges.len() / 4).unwrap_or(i64::MAX).clamp(1, tall);
        let height = loop {
            let height = (tall + count - 1) / count;
            let listed: usize = edges.iter().map(|edge| reach(edge, height).count()).sum();
            if count == 1 || listed <= 4 * edges.len() {
                break height;
            }
            count /= 2;
        };
        let mut by_band: Vec<(usize, Upward)> =
            edges.iter().flat_map(|edge| reach(edge, height).map(move |band| (band, *edge))).collect();
        by_band.sort_by_key(|(band, _)| *band);
        let mut bands = Vec::new();
        for number in 0..=band(box_.max.y, height) + 1 {
            let before = by_band.partition_point(|(band, _)| *band < number);
            bands.push(u32::try_from(before).unwrap_or(u32::MAX));
        }
        let edges = by_band.into_iter().map(|(_, edge)| edge).collect();
        Some(Self { key, min: box_.min, max: box_.max, height, bands, edges })
    }

    /// Whether it holds a place, its border included: an odd number of edges lies to the left.
    fn holds(&self, place: Place) -> bool {
        if place.x < self.min.x || place.x > self.max.x || place.y < self.min.y || place.y > self.max.y {
            return false;
        }
        let band = (i64::from(place.y) - i64::from(self.min.y)) / self.height;
        let Some(&[from, to]) = usize::try_from(band).ok().and_then(|band| self.bands.get(band..band + 2)) else {
            return false;
        };
        let mut is_inside = false;
        for edge in self.edges.get(from as usize..to as usize).unwrap_or_default() {
            let Upward { low, high } = edge;
            let (left, right) = (low.x.min(high.x), low.x.max(high.x));
            if place.y < low.y || place.y > high.y || place.x < left {
                continue;
            }
            let side = if place.x > right && low.y < high.y {
                Ordering::Less
            } else {
                side(wide(*low), wide(*high), wide(place))
            };
            if side == Ordering::Equal && place.x <= right {
                return true;
            }
            // An end between two edges counts with the upper one.
            is_inside ^= side == Ordering::Less && place.y < high.y;
        }
        is_inside
    }

    /// Names the cells that it holds wholly or in part.
    fn classify_cells(&self, mut found: impl FnMut(u32, bool)) {
        let (west, east) = (column(self.min.x), column(self.max.x));
        let (south, north) = (row(self.min.y), row(self.max.y));
        let width = east - west + 1;
        let mut touched = vec![false; width * (north - south + 1)];
        for edge in &self.edges {
            for row in row(edge.low.y)..=row(edge.high.y) {
                let (left, right) = stretch(edge, row);
                for column in column(left)..=column(right) {
                    if let Some(cell) = touched.get_mut((row - south) * width + column - west) {
                        *cell = true;
                    }
                }
            }
        }
        for row in south..=north {
            // Cells without border are all inside or all outside between two that have it.
            let mut is_inside = None;
            for column in west..=east {
                let number = u32::try_from(row * COLUMNS + column).unwrap_or(u32::MAX);
                if touched.get((row - south) * width + column - west) != Some(&false) {
                    is_inside = None;
                    found(number, false);
                } else if *is_inside.get_or_insert_with(|| self.holds(middle(column, row))) {
                    found(number, true);
                }
            }
        }
    }
}

fn wide(place: Place) -> Point {
    Point { x: place.x.into(), y: place.y.into() }
}

fn middle(column: usize, row: usize) -> Place {
    let from = |edge: i32, cells: usize| {
        let cells = i64::try_from(cells).unwrap_or(0);
        i32::try_from(i64::from(edge) + cells * i64::from(CELL) + i64::from(CELL) / 2).unwrap_or(i32::MAX)
    };
    Place { x: from(-1_800_000_000, column), y: from(-900_000_000, row) }
}

/// The least and the greatest x of an edge within a row of cells, or a little beyond.
fn stretch(edge: &Upward, row: usize) -> (i32, i32) {
    let Upward { low, high } = edge;
    let (left, right) = (low.x.min(high.x), low.x.max(high.x));
    if low.y == high.y {
        return (left, right);
    }
    let bottom = i64::try_from(row).unwrap_or(0) * i64::from(CELL) - 900_000_000;
    let x_at = |y: i64| {
        let y = y.clamp(low.y.into(), high.y.into());
        let part = i128::from(y - i64::from(low.y)) * i128::from(i64::from(high.x) - i64::from(low.x));
        let x = i128::from(low.x) + part.div_euclid(i128::from(i64::from(high.y) - i64::from(low.y)));
        i64::try_from(x).unwrap_or(0)
    };
    let (one, other) = (x_at(bottom), x_at(bottom + i64::from(CELL)));
    let within = |x: i64| i32::try_from(x.clamp(left.into(), right.into())).unwrap_or(left);
    (within(one.min(other) - 1), within(one.max(other) + 1))
}

#[cfg(test)]
mod tests;
