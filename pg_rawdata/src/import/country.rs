//! Which countries hold a place: the table `countries`, indexed in memory.

use rawdata_core::Result;
use rawdata_core::geometry::AreaIndex;
use rawdata_core::stored::geometry::{View, centroid};

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

    /// Puts the cid of the countries that hold a stored geometry's centroid into `keys`, ascending; 0 where none does.
    pub fn of(&self, geometry: &[u8], keys: &mut Vec<i32>) -> Result<()> {
        keys.clear();
        if let Some((lon, lat)) = centroid(&View::parse(geometry)?) {
            keys.extend(self.0.holding(lon, lat));
        }
        if keys.is_empty() {
            keys.push(0);
        }
        Ok(())
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
