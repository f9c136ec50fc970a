//! Edges of polygons, found by where they lie.

use geo::Orientation;

use super::{Corners, Point, turn};

/// Where something lies to polygons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Location {
    Inside,
    Border,
    Outside,
}

/// A piece of a ring; the inside is on its left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    pub(super) from: Point,
    pub(super) to: Point,
}

/// Valid polygons under a grid. A cell has those edges that pass through it, and knows of one place whether it is inside.
///
/// The cell of a point is told by products of floats. These may be inexact, but they grow with the point, so that cells
/// are boxes all the same; edges are listed with a margin that is larger than the error.
pub(super) struct Grid {
    corners: Corners,
    columns: usize,
    rows: usize,
    /// Cells in a degree.
    scale: Point,
    edges: Vec<Edge>,
    /// Position in `listed` of each cell's first edge; one more closes the list.
    starts: Vec<u32>,
    /// Edges by cell, as positions in `edges`.
    listed: Vec<u32>,
    /// Where the inner place of each cell lies: of cells without edges, this is where the cell lies.
    inner: Vec<Location>,
    /// How many cells with edges lie in lower rows and columns; a row and a column more than cells.
    busy: Vec<u32>,
}

/// Degrees by which cells are taken to be larger than they are.
const MARGIN: f64 = 1e-10;
/// The least width or height of a cell.
const LEAST_SIDE: f64 = 1e-7;
/// Most rows and columns.
const MOST: f64 = 4096.0;
/// Where the inner place of a cell lies, in parts of its width and height: such that edges of round numbers miss it.
const INNER: Point = Point { x: 0.518_273_645_546_37, y: 0.481_029_364_758_21 };

impl Grid {
    /// Arranges polygons, each of its rings, the outer one first, in about four cells an edge, but in `least_cells` at least.
    pub(super) fn new<R: Iterator<Item = Vec<Point>>>(polygons: impl Iterator<Item = R>, least_cells: usize) -> Self {
        let mut edges = Vec::new();
        for rings in polygons {
            for (number, ring) in rings.enumerate() {
                add_ring(ring, number > 0, &mut edges);
            }
        }
        let none = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
        let corners = edges.iter().fold(none, |[min_x, min_y, max_x, max_y], Edge { from, .. }| {
            [min_x.min(from.x), min_y.min(from.y), max_x.max(from.x), max_y.max(from.y)]
        });
        let [min_x, min_y, max_x, max_y] = corners;
        let (width, height) = ((max_x - min_x).max(LEAST_SIDE), (max_y - min_y).max(LEAST_SIDE));
        let cells = (4 * edges.len()).max(least_cells) as f64;
        let most = |side: f64| (side / LEAST_SIDE).clamp(1.0, MOST);
        // Cells are square, but in long areas: there, few rows would all have border.
        let side = cells.sqrt();
        let columns = (side * (width / height).sqrt().clamp(0.5, 2.0)).floor().clamp(1.0, most(width));
        let rows = (cells / columns).floor().clamp(1.0, most(height));
        let scale = Point { x: columns / width, y: rows / height };
        #[expect(clippy::cast_possible_truncation, reason = "clamped before")]
        let (columns, rows) = (columns as usize, rows as usize);
        let mut grid = Self {
            corners,
            columns,
            rows,
            scale,
            edges,
            starts: Vec::new(),
            listed: Vec::new(),
            inner: Vec::new(),
            busy: Vec::new(),
        };
        grid.list_edges();
        grid.locate_inner();
        grid.count_busy();
        grid
    }

    pub(super) fn corners(&self) -> Corners {
        self.corners
    }

    fn list_edges(&mut self) {
        let mut listed: Vec<(u32, u32)> = Vec::with_capacity(self.edges.len() * 3);
        for (number, edge) in (0..).zip(&self.edges) {
            self.each_cell(edge.from, edge.to, |cell| {
                listed.push((u32::try_from(cell).unwrap_or(u32::MAX), number));
                false
            });
        }
        listed.sort_unstable();
        let mut position = 0;
        self.starts = Vec::with_capacity(self.columns * self.rows + 1);
        for cell in (0..).take(self.columns * self.rows + 1) {
            position += listed.get(position..).unwrap_or_default().iter().take_while(|(c, _)| *c < cell).count();
            self.starts.push(u32::try_from(position).unwrap_or(u32::MAX));
        }
        self.listed = listed.into_iter().map(|(_, edge)| edge).collect();
    }

    fn inner_place(&self, column: usize, row: usize) -> Point {
        let [min_x, min_y, ..] = self.corners;
        Point { x: min_x + (column as f64 + INNER.x) / self.scale.x, y: min_y + (row as f64 + INNER.y) / self.scale.y }
    }

    /// Finds where the inner places lie: each edge turns over those to its right in the rows that it spans.
    fn locate_inner(&mut self) {
        let cells = self.columns * self.rows;
        let (mut turned, mut is_on_edge) = (vec![false; cells], vec![false; cells]);
        for edge in &self.edges {
            let (low, high) = edge.by_y();
            for row in self.row(low.y)..=self.row(high.y) {
                let y = self.inner_place(0, row).y;
                if !(low.y <= y && y < high.y) {
                    continue;
                }
                let x = low.x + (y - low.y) / (high.y - low.y) * (high.x - low.x);
                // The estimate may be a column too far; exact is what follows.
                let first = self.column(x).saturating_sub(1);
                for column in first..self.columns {
                    match turn(low, high, self.inner_place(column, row)) {
                        Orientation::CounterClockwise => continue,
                        Orientation::Collinear => set(&mut is_on_edge, row * self.columns + column),
                        Orientation::Clockwise => {}
                    }
                    if let Some(turned) = turned.get_mut(row * self.columns + column) {
                        *turned = !*turned;
                    }
                    break;
                }
            }
        }
        self.inner = Vec::with_capacity(cells);
        for (turned, is_on_edge) in turned.chunks(self.columns).zip(is_on_edge.chunks(self.columns)) {
            let mut is_inside = false;
            for (turned, is_on_edge) in turned.iter().zip(is_on_edge) {
                is_inside ^= turned;
                self.inner.push(match (is_on_edge, is_inside) {
                    (true, _) => Location::Border,
                    (false, true) => Location::Inside,
                    (false, false) => Location::Outside,
                });
            }
        }
    }

    fn count_busy(&mut self) {
        let width = self.columns + 1;
        let mut busy = vec![0; width * (self.rows + 1)];
        for row in 0..self.rows {
            let mut in_row = 0;
            for column in 0..self.columns {
                in_row += u32::from(!self.edges_of(row * self.columns + column).is_empty());
                let below = busy.get(row * width + column + 1).copied().unwrap_or(0);
                if let Some(count) = busy.get_mut((row + 1) * width + column + 1) {
                    *count = below + in_row;
                }
            }
        }
        self.busy = busy;
    }

    fn column(&self, x: f64) -> usize {
        cell((x - self.corners[0]) * self.scale.x, self.columns)
    }

    fn row(&self, y: f64) -> usize {
        cell((y - self.corners[1]) * self.scale.y, self.rows)
    }

    fn edges_of(&self, cell: usize) -> &[u32] {
        match self.starts.get(cell..cell + 2) {
            Some(&[from, to]) => self.listed.get(from as usize..to as usize).unwrap_or_default(),
            _ => &[],
        }
    }

    /// The edges of a cell that are near a box.
    fn near(&self, cell: usize, around: Corners) -> impl Iterator<Item = Edge> {
        let edges = self.edges_of(cell).iter().filter_map(|&edge| self.edges.get(edge as usize).copied());
        edges.filter(move |edge| overlap(edge.corners(), around))
    }

    /// The edges near a box, some more than once.
    pub(super) fn edges_in(&self, around: Corners) -> impl Iterator<Item = Edge> {
        let [min_x, min_y, max_x, max_y] = around;
        let (columns, rows) = (self.column(min_x)..=self.column(max_x), self.row(min_y)..=self.row(max_y));
        let cells = rows.flat_map(move |row| columns.clone().map(move |column| row * self.columns + column));
        cells.flat_map(move |cell| self.near(cell, around))
    }

    /// Calls `each` with the edges near a segment, some more than once, until it says that this is enough.
    pub(super) fn edges_near(&self, from: Point, to: Point, mut each: impl FnMut(Edge) -> bool) {
        let around = Edge { from, to }.corners();
        if overlap(self.corners, around) {
            self.each_cell(from, to, |cell| self.near(cell, around).any(&mut each));
        }
    }

    /// The edges that a point of the grid lies on, an end or not.
    pub(super) fn edges_at(&self, point: Point) -> impl Iterator<Item = Edge> {
        let cell = self.row(point.y) * self.columns + self.column(point.x);
        self.near(cell, [point.x, point.y, point.x, point.y]).filter(move |edge| edge.holds(point))
    }

    /// Calls `each` with the cells that a segment passes through, or nearly so, until it says that this is enough.
    fn each_cell(&self, from: Point, to: Point, mut each: impl FnMut(usize) -> bool) {
        let (low, high) = Edge { from, to }.by_y();
        let (left, right) = (from.x.min(to.x), from.x.max(to.x));
        let (bottom, top) = (self.row(low.y), self.row(high.y));
        let x_at = |y: f64| low.x + (y - low.y) / (high.y - low.y) * (high.x - low.x);
        let border = |row: usize| self.corners[1] + row as f64 / self.scale.y;
        for row in bottom..=top {
            // Where it enters and leaves the row; ends are known exactly.
            let one = if row == bottom { low.x } else { x_at((border(row) - MARGIN).max(low.y)) };
            let other = if row == top { high.x } else { x_at((border(row + 1) + MARGIN).min(high.y)) };
            let (west, east) = (one.min(other) - MARGIN, one.max(other) + MARGIN);
            for column in self.column(west.max(left))..=self.column(east.min(right)) {
                if each(row * self.columns + column) {
                    return;
                }
            }
        }
    }

    /// Where a point lies.
    pub(super) fn locate(&self, point: Point) -> Location {
        if !super::covers(self.corners, point) {
            return Location::Outside;
        }
        let (column, row) = (self.column(point.x), self.row(point.y));
        let cell = row * self.columns + column;
        let inner = self.inner.get(cell).copied().unwrap_or(Location::Outside);
        if self.edges_of(cell).is_empty() {
            return inner;
        }
        if self.edges_at(point).next().is_some() {
            return Location::Border;
        }
        let mut is_inside = match inner {
            Location::Inside => true,
            Location::Outside => false,
            Location::Border => return self.locate_among_all(point),
        };
        let place = self.inner_place(column, row);
        for edge in self.near(cell, Edge { from: point, to: place }.corners()) {
            let sides = (turn(point, place, edge.from), turn(point, place, edge.to));
            match sides {
                (Orientation::Collinear, _) | (_, Orientation::Collinear) => return self.locate_among_all(point),
                (one, other) if one == other => {}
                _ => is_inside ^= turn(edge.from, edge.to, point) != turn(edge.from, edge.to, place),
            }
        }
        if is_inside { Location::Inside } else { Location::Outside }
    }

    /// Where a point on no edge lies, by all edges.
    fn locate_among_all(&self, point: Point) -> Location {
        let is_left = |edge: &&Edge| {
            let (low, high) = edge.by_y();
            low.y <= point.y && point.y < high.y && turn(low, high, point) == Orientation::Clockwise
        };
        if self.edges.iter().filter(is_left).count() % 2 == 1 { Location::Inside } else { Location::Outside }
    }

    /// Where all of a box lies: `Border` where that can't be told by cells.
    pub(super) fn locate_box(&self, around: Corners) -> Location {
        if !overlap(self.corners, around) {
            return Location::Outside;
        }
        let [min_x, min_y, max_x, max_y] = around;
        let (left, bottom) = (self.column(min_x), self.row(min_y));
        let (right, top) = (self.column(max_x) + 1, self.row(max_y) + 1);
        let busy = |column: usize, row: usize| self.busy.get(row * (self.columns + 1) + column).copied().unwrap_or(0);
        if busy(right, top) + busy(left, bottom) != busy(left, top) + busy(right, bottom) {
            return Location::Border;
        }
        self.inner.get(bottom * self.columns + left).copied().unwrap_or(Location::Border)
    }
}

impl Edge {
    /// The lower end, then the higher one.
    fn by_y(&self) -> (Point, Point) {
        if self.from.y <= self.to.y { (self.from, self.to) } else { (self.to, self.from) }
    }

    pub(super) fn corners(&self) -> Corners {
        let Self { from, to } = self;
        [from.x.min(to.x), from.y.min(to.y), from.x.max(to.x), from.y.max(to.y)]
    }

    /// Whether a point lies on it, an end or not.
    pub(super) fn holds(&self, point: Point) -> bool {
        super::covers(self.corners(), point) && turn(self.from, self.to, point) == Orientation::Collinear
    }
}

fn set(flags: &mut [bool], at: usize) {
    if let Some(flag) = flags.get_mut(at) {
        *flag = true;
    }
}

#[expect(clippy::cast_possible_truncation, reason = "what is out of range becomes the nearest")]
fn cell(number: f64, count: usize) -> usize {
    (number as usize).min(count - 1)
}

fn overlap([a, b, c, d]: Corners, [e, f, g, h]: Corners) -> bool {
    a <= g && e <= c && b <= h && f <= d
}

/// Appends the edges of a ring, turned so that the inside of the polygon is on their left.
pub(super) fn add_ring(mut ring: Vec<Point>, is_hole: bool, edges: &mut Vec<Edge>) {
    ring.dedup();
    if ring.len() > 1 && ring.first() == ring.last() {
        ring.pop();
    }
    let by_x = |(_, a): &(usize, &Point), (_, b): &(usize, &Point)| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y));
    let Some((leftmost, &corner)) = ring.iter().enumerate().min_by(by_x) else { return };
    let count = ring.len();
    let at = |index: usize| ring.get(index % count).copied().unwrap_or(corner);
    let is_clockwise = turn(at(leftmost + count - 1), corner, at(leftmost + 1)) == Orientation::Clockwise;
    let pairs = (0..count).map(|index| (at(index), at(index + 1))).filter(|(from, to)| from != to);
    if is_clockwise == is_hole {
        edges.extend(pairs.map(|(from, to)| Edge { from, to }));
    } else {
        edges.extend(pairs.map(|(from, to)| Edge { from: to, to: from }));
    }
}
