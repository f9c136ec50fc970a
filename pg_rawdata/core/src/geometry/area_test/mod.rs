//! Which geometries a request's area selects.

mod grid;
mod pieces;

use geo::{Coord, Kernel, Orientation};

use crate::stored::geometry::{Points, Rings, View};
use grid::{Edge, Grid, Location};

type Point = Coord<f64>;

/// How `c` lies to the way from `a` to `b`, exactly.
fn turn(a: Point, b: Point, c: Point) -> Orientation {
    <f64 as geo::GeoNum>::Ker::orient2d(a, b, c)
}

/// Smallest x and y, largest x and y.
pub type Corners = [f64; 4];

/// Cells of the grid over an area: as many as make it likely that a feature's box lies in cells without border.
const LEAST_CELLS: usize = 1 << 14;

/// Tells whether a geometry intersects an area, or lies within it, as `ST_Intersects` and `ST_Within` do.
///
/// A grid over the area says for most geometries by their box alone. Of the others, each segment is compared with the
/// few edges of the area in the same cells. Comparisons are exact.
///
/// The area has to be valid ([`super::check_area`]).
pub struct AreaTest {
    grid: Grid,
    /// A point of each part.
    parts: Vec<Point>,
    within: bool,
}

impl AreaTest {
    /// Arranges an area: polygons of rings, the outer one first. With `within`, geometries must lie in it as a whole.
    pub fn new(polygons: &[Vec<Vec<[f64; 2]>>], within: bool) -> Self {
        let point = |&[x, y]: &[f64; 2]| Point { x, y };
        let grid = Grid::new(
            polygons.iter().map(|rings| rings.iter().map(|ring| ring.iter().map(point).collect())),
            LEAST_CELLS,
        );
        let parts = polygons.iter().filter_map(|rings| rings.first()?.first().map(point)).collect();
        Self { grid, parts, within }
    }

    /// The box of the area.
    pub fn corners(&self) -> Corners {
        self.grid.corners()
    }

    /// Whether the area selects a geometry. `around` is a box around it, where one is known.
    pub fn selects(&self, geometry: &View, around: Option<Corners>) -> bool {
        let Some(around) = around.or_else(|| corners(geometry)) else { return false };
        match self.grid.locate_box(around) {
            Location::Inside => true,
            Location::Outside => false,
            Location::Border if self.within => self.holds(geometry, around),
            Location::Border => self.meets(geometry, around),
        }
    }

    /// Whether they have a point in common.
    fn meets(&self, geometry: &View, around: Corners) -> bool {
        let meets_rings = |rings: &Rings| {
            rings.iter().any(|ring| self.meets_line(&ring))
                || self.parts.iter().any(|&part| covers(around, part) && surrounds(rings, part))
        };
        match geometry {
            View::Point(points) => points_of(points).any(|point| self.grid.locate(point) != Location::Outside),
            View::Line(points) => self.meets_line(points),
            View::Lines(lines) => lines.iter().any(|points| self.meets_line(&points)),
            View::Polygon(rings) => meets_rings(rings),
            View::Polygons(polygons) => polygons.iter().any(|rings| meets_rings(&rings)),
        }
    }

    fn meets_line(&self, points: &Points) -> bool {
        points_of(points).next().is_some_and(|first| self.grid.locate(first) != Location::Outside)
            || segments(points).any(|(from, to)| self.grid.touches(from, to))
    }

    /// Whether no point of the geometry is outside, and its inner part not all on the border.
    fn holds(&self, geometry: &View, around: Corners) -> bool {
        match geometry {
            View::Point(points) => points_of(points).any(|point| self.grid.locate(point) == Location::Inside),
            View::Line(points) => self.holds_lines(std::iter::once(*points)) == Some(Location::Inside),
            View::Lines(lines) => self.holds_lines(lines.iter()) == Some(Location::Inside),
            View::Polygon(rings) => self.holds_polygons(|| std::iter::once(*rings), around),
            View::Polygons(polygons) => self.holds_polygons(|| polygons.iter(), around),
        }
    }

    /// `Inside` or `Border` where lines are within the area or on its border; `None` where a part is outside.
    fn holds_lines<'a>(&self, lines: impl Iterator<Item = Points<'a>>) -> Option<Location> {
        let mut location = Location::Border;
        for points in lines {
            let mut start = None;
            for (from, to) in segments(&points) {
                let pieces = self.grid.pieces(from, to, &mut start);
                if pieces.outside {
                    return None;
                }
                if pieces.inside {
                    location = Location::Inside;
                }
            }
        }
        Some(location)
    }

    fn holds_polygons<'a, I: Iterator<Item = Rings<'a>>>(&self, polygons: impl Fn() -> I, around: Corners) -> bool {
        for rings in polygons() {
            let is_beside = match self.holds_lines(rings.iter()) {
                Some(Location::Border) => outer_edge(&rings).is_some_and(|edge| self.grid.is_inside_beside(&edge)),
                held => held.is_some(),
            };
            if !is_beside {
                return false;
            }
        }
        // What is beside the borders is held. What else may be outside is a hole of the area, or a gap between its parts.
        let mut edges = self.grid.edges_in(around).peekable();
        if edges.peek().is_none() {
            return true;
        }
        let geometry = Grid::new(polygons().map(|rings| rings.iter().map(|ring| points_of(&ring).collect())), 0);
        !edges.any(|edge| geometry.pieces(edge.from, edge.to, &mut None).inside)
    }
}

fn points_of<'a>(points: &Points<'a>) -> impl Iterator<Item = Point> + Clone + use<'a> {
    points.iter().map(|(x, y)| Point { x, y })
}

/// An edge of the outer ring.
fn outer_edge(rings: &Rings) -> Option<Edge> {
    let mut edges = Vec::new();
    grid::add_ring(points_of(&rings.iter().next()?).collect(), false, &mut edges);
    edges.first().copied()
}

/// The segments of a line; those without length are left out.
fn segments<'a>(points: &Points<'a>) -> impl Iterator<Item = (Point, Point)> + use<'a> {
    points_of(points).zip(points_of(points).skip(1)).filter(|(from, to)| from != to)
}

fn covers([min_x, min_y, max_x, max_y]: Corners, point: Point) -> bool {
    (min_x..=max_x).contains(&point.x) && (min_y..=max_y).contains(&point.y)
}

/// Whether a point that is on no ring is within a polygon.
fn surrounds(rings: &Rings, point: Point) -> bool {
    let crossings = rings.iter().flat_map(|ring| segments(&ring)).filter(|&(from, to)| {
        let (low, high) = if from.y <= to.y { (from, to) } else { (to, from) };
        low.y <= point.y && point.y < high.y && turn(low, high, point) == Orientation::CounterClockwise
    });
    crossings.count() % 2 == 1
}

/// The box around a geometry; `None` around an empty one.
fn corners(geometry: &View) -> Option<Corners> {
    let mut corners: Option<Corners> = None;
    let mut add = |points: &Points| {
        for (x, y) in points.iter() {
            let [min_x, min_y, max_x, max_y] = corners.unwrap_or([x, y, x, y]);
            corners = Some([min_x.min(x), min_y.min(y), max_x.max(x), max_y.max(y)]);
        }
    };
    match geometry {
        View::Point(points) | View::Line(points) => add(points),
        View::Lines(lines) => lines.iter().for_each(|points| add(&points)),
        View::Polygon(rings) => rings.iter().take(1).for_each(|ring| add(&ring)),
        View::Polygons(polygons) => {
            polygons.iter().for_each(|rings| rings.iter().take(1).for_each(|ring| add(&ring)));
        }
    }
    corners
}

#[cfg(test)]
mod tests;
