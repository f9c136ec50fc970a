//! Areas that cross themselves.

use super::area::{Area, MultiPolygon};
use super::{Limits, Refusal, Request};
use crate::geometry::{AreaCheck, MendLimits, check_area};

impl Request {
    /// The request with an area that is valid. `interrupt` is called now and then, and may end it.
    pub fn with_sound_area(
        self,
        limits: &Limits,
        interrupt: &mut dyn FnMut() -> crate::Result<()>,
    ) -> Result<Self, Refusal> {
        Ok(Self { area: self.area.sound(limits, interrupt)?, ..self })
    }
}

impl Area {
    /// A valid area: as it was sent, or mended by the even-odd rule. What can't be mended within bounds is refused, with
    /// the place.
    pub fn sound(self, limits: &Limits, interrupt: &mut dyn FnMut() -> crate::Result<()>) -> Result<Self, Refusal> {
        let polygons: Vec<Vec<Vec<(f64, f64)>>> = self
            .polygons()
            .iter()
            .map(|rings| rings.iter().map(|ring| ring.iter().map(|[lon, lat]| (*lon, *lat)).collect()).collect())
            .collect();
        let bounds = MendLimits { max_vertices: limits.vertices, max_parts: limits.parts, ..MendLimits::default() };
        let check = check_area(&polygons, &bounds, interrupt);
        match check.map_err(|error| Refusal::of_geometry(error.to_string()))? {
            AreaCheck::Valid => Ok(self),
            AreaCheck::Mended(polygons) => {
                let polygons: MultiPolygon = polygons
                    .into_iter()
                    .map(|rings| {
                        let points = |ring: Vec<(f64, f64)>| ring.into_iter().map(|(lon, lat)| [lon, lat]).collect();
                        rings.into_iter().map(points).collect()
                    })
                    .collect();
                Ok(self.with_polygons(polygons))
            }
            AreaCheck::Refused { place: Some((lon, lat)), why } => {
                Err(Refusal::of_geometry(format!("Value error, {why}, near {lon} {lat}")))
            }
            AreaCheck::Refused { place: None, why } => Err(Refusal::of_geometry(format!("Value error, {why}"))),
        }
    }
}
