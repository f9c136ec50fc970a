//! Which countries hold a place: the table `countries`, indexed in memory.

use rawdata_core::Result;
use rawdata_core::geometry::{AreaIndex, Bbox};
use rawdata_core::stored::geometry::{View, centroid};

use crate::error::OrRaise;
use crate::raw::portal::{self, Param};

/// The outlines of all countries.
pub struct Countries(AreaIndex);

impl Countries {
    /// Reads the table.
    pub fn load() -> Self {
        Self(AreaIndex::new(read("SELECT cid, geometry FROM rawdata.countries ORDER BY cid", &[])))
    }

    /// Reads the outlines that reach into a box: all that hold a place within it.
    pub fn load_within(bbox: Bbox) -> Self {
        let corners = [bbox.min.x, bbox.min.y, bbox.max.x, bbox.max.y].map(Param::Int4);
        let query = "SELECT cid, geometry FROM rawdata.countries WHERE geometry OPERATOR(public.&&) \
             public.ST_MakeEnvelope($1 / 1e7::float8, $2 / 1e7::float8, $3 / 1e7::float8, $4 / 1e7::float8, 4326) ORDER BY cid";
        Self(AreaIndex::without_grid(read(query, &corners)))
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

/// The rings of an area.
pub type Polygons = Vec<Vec<Vec<(f64, f64)>>>;

fn read(query: &str, params: &[Param]) -> Vec<(i32, Polygons)> {
    let mut areas = Vec::new();
    portal::each_row(query, params, |row| {
        if let (Some(cid), Some(geometry)) = (row.int4(0), row.bytes(1)) {
            areas.push((cid, polygons(geometry)));
        }
    });
    areas
}

/// The rings of a stored area.
pub fn polygons(stored: &[u8]) -> Polygons {
    let polygons = match View::parse(stored).or_raise() {
        View::Polygon(rings) => vec![rings],
        View::Polygons(polygons) => polygons.iter().collect(),
        View::Point(_) | View::Line(_) | View::Lines(_) => Vec::new(),
    };
    polygons.iter().map(|rings| rings.iter().map(|ring| ring.iter().collect()).collect()).collect()
}
