//! Places: two integers of 1e-7 degree.

use std::fmt;

/// A place on Earth in units of 1e-7 degree. Ordered by x (longitude), then y (latitude).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Longitude, −1 800 000 000 … 1 800 000 000.
    pub x: i32,
    /// Latitude, −900 000 000 … 900 000 000.
    pub y: i32,
}

impl Place {
    /// Units in a degree.
    pub const PER_DEGREE: f64 = 1e7;

    /// The place, if it lies on Earth.
    pub fn new(x: i64, y: i64) -> Option<Self> {
        let x = i32::try_from(x).ok().filter(|x| x.unsigned_abs() <= 1_800_000_000)?;
        let y = i32::try_from(y).ok().filter(|y| y.unsigned_abs() <= 900_000_000)?;
        Some(Self { x, y })
    }

    /// Longitude in degrees: the double nearest to the decimal.
    pub fn lon(self) -> f64 {
        f64::from(self.x) / Self::PER_DEGREE
    }

    /// Latitude in degrees: the double nearest to the decimal.
    pub fn lat(self) -> f64 {
        f64::from(self.y) / Self::PER_DEGREE
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.lon(), self.lat())
    }
}
