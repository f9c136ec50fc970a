//! A geometry as GeoPackage stores it: a header with its box, and well-known binary.

use crate::stored::geometry::View;
use crate::write::extent::Extent;
use crate::write::wkb;

/// The header's numbers are little-endian.
const LITTLE_ENDIAN: u8 = 1;
/// A box of two dimensions follows the header.
const HAS_BOX: u8 = 1 << 1;
/// The geometry has no places.
const IS_EMPTY: u8 = 1 << 4;
/// The reference system's number in `gpkg_spatial_ref_sys`.
pub(super) const SRS: i32 = 4326;

/// Appends a geometry whose box is known. A point is its own box.
pub(super) fn write(geometry: &View, extent: &Extent, out: &mut Vec<u8>) {
    let has_box = !matches!(geometry, View::Point(_)) && !extent.is_empty();
    let flags = LITTLE_ENDIAN | if has_box { HAS_BOX } else { 0 } | if extent.is_empty() { IS_EMPTY } else { 0 };
    out.extend_from_slice(&[b'G', b'P', 0, flags]);
    out.extend_from_slice(&SRS.to_le_bytes());
    if has_box {
        for corner in [extent.min_x, extent.max_x, extent.min_y, extent.max_y] {
            out.extend_from_slice(&corner.to_le_bytes());
        }
    }
    wkb::write(geometry, out);
}
