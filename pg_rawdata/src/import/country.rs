//! Which countries hold a place: the table `countries`, indexed in memory.

use rawdata_core::geometry::{self, AreaIndex, Geometry};
use rawdata_core::stored::geometry::View;

use crate::error::OrRaise;
use crate::raw::portal::Portal;

/// The outlines of all countries.
pub struct Countries(AreaIndex);

impl Countries {
    /// Reads the table.
    pub fn load() -> Self {
        let portal = Portal::open_now("SELECT cid, geometry FROM rawdata.countries ORDER BY cid");
        let mut areas = Vec::new();
        while portal.fetch(100, |row| {
            if let (Some(cid), Some(geometry)) = (row.int4(0), row.bytes(1)) {
                areas.push((cid, polygons(geometry)));
            }
        }) == 100
        {}
        portal.close();
        Self(AreaIndex::new(areas))
    }

    /// Puts the cid of the countries that hold a geometry's centroid into `keys`.
    pub fn of(&self, geometry: &Geometry, keys: &mut Vec<i32>) {
        let (lon, lat) = geometry::centroid(geometry).unwrap_or((f64::NAN, f64::NAN));
        self.holding(lon, lat, keys);
    }

    /// Puts the cid of the countries that hold a place into `keys`, ascending; 0 where none does.
    pub fn holding(&self, lon: f64, lat: f64, keys: &mut Vec<i32>) {
        keys.clear();
        keys.extend(self.0.holding(lon, lat));
        keys.sort_unstable();
        if keys.is_empty() {
            keys.push(0);
        }
    }
}

/// The rings of a stored area.
fn polygons(stored: &[u8]) -> Vec<Vec<Vec<(f64, f64)>>> {
    let polygons = match View::parse(stored).or_raise() {
        View::Polygon(rings) => vec![rings],
        View::Polygons(polygons) => polygons.iter().collect(),
        View::Point(_) | View::Line(_) | View::Lines(_) => Vec::new(),
    };
    polygons.iter().map(|rings| rings.iter().map(|ring| ring.iter().collect()).collect()).collect()
}
