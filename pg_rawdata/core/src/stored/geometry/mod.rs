//! Geometry as PostGIS 3 stores it: a head, a box of floats, then counts and doubles, all of it aligned to 8 bytes.
//!
//! ```text
//! 3 bytes  reference system, 1 byte flags           (the length word in front makes it 8)
//! 16 bytes box: xmin, xmax, ymin, ymax as floats, rounded outward   (not of points and of lines of two points)
//! body     type, count, then
//!            point, line   the coordinates
//!            polygon       count of each ring, 4 bytes of padding if the rings are odd, the coordinates of all
//!            multi…        bodies
//! ```

mod centroid;
mod linework;
mod view;
mod write;

pub use centroid::centroid;
pub use linework::read_lines;
pub use view::{Lines, NO_PAIR, Pair, Points, Polygons, Rings, View};
pub use write::{write, write_point};

/// WGS 84, in three bytes.
const SRID_4326: [u8; 3] = [0x00, 0x10, 0xe6];
const FLAG_Z: u8 = 0x01;
const FLAG_M: u8 = 0x02;
const FLAG_BOX: u8 = 0x04;
const FLAG_EXTENDED: u8 = 0x10;
const FLAG_VERSION_2: u8 = 0x40;

const POINT: u32 = 1;
const LINE: u32 = 2;
const POLYGON: u32 = 3;
const MULTILINE: u32 = 5;
const MULTIPOLYGON: u32 = 6;

const HEAD: usize = 4;
const BOX: usize = 16;
const PAIR: usize = 16;

/// The box that is stored with a geometry, rounded outward: smallest x and y, largest x and y.
pub fn stored_box(bytes: &[u8]) -> Option<[f64; 4]> {
    if bytes.get(3)? & (FLAG_BOX | FLAG_EXTENDED) != FLAG_BOX {
        return None;
    }
    let float = |bytes: &[u8; 4]| f64::from(f32::from_ne_bytes(*bytes));
    match bytes.get(HEAD..HEAD + BOX)?.as_chunks().0 {
        [min_x, max_x, min_y, max_y] => Some([float(min_x), float(min_y), float(max_x), float(max_y)]),
        _ => None,
    }
}
