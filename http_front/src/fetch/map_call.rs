//! The `map` call of the OSM API. What is too much for one call is asked for in quarters.

use std::{str::FromStr, time::Duration};

use bytes::Bytes;

use super::{
    between, inside,
    site::{Answer, Site, Terms},
};

/// Longest time that the API collects what it answers.
const WORK: Duration = Duration::from_secs(300);
/// Most calls for one box.
const CALLS: usize = 256;

/// A box in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bbox {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
}

impl FromStr for Bbox {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers: Vec<f64> = text.split(',').map_while(|part| part.trim().parse().ok()).collect();
        let &[west, south, east, north] = numbers.as_slice() else {
            return Err("four numbers are expected: west,south,east,north".to_owned());
        };
        let is_box = -180.0 <= west && west < east && east <= 180.0 && -90.0 <= south && south < north && north <= 90.0;
        if is_box && text.split(',').count() == 4 {
            return Ok(Self { west, south, east, north });
        }
        Err("no box: west,south,east,north in degrees, west below east, south below north".to_owned())
    }
}

impl Bbox {
    fn quarters(self) -> [Self; 4] {
        let Self { west, south, east, north } = self;
        let (x, y) = (f64::midpoint(west, east), f64::midpoint(south, north));
        [
            Self { east: x, north: y, ..self },
            Self { west: x, north: y, ..self },
            Self { east: x, south: y, ..self },
            Self { west: x, south: y, ..self },
        ]
    }
}

/// The API.
pub struct MapCall(Site);

impl MapCall {
    /// `base` is its address, without `/api/0.6`.
    pub fn new(base: &str, terms: &Terms) -> Result<Self, String> {
        Ok(Self(Site::new(base, terms, WORK)?))
    }

    /// One document with all that lies in the box. An object in several quarters comes several times: its readers take
    /// the newest version.
    pub async fn fetch(&self, bbox: Bbox) -> Result<Bytes, String> {
        let mut waiting = vec![bbox];
        let mut inner = Vec::new();
        let mut calls = 0;
        while let Some(part) = waiting.pop() {
            calls += 1;
            if calls > CALLS {
                return Err(format!("the box holds too much for {CALLS} calls of the API: import an extract instead"));
            }
            let Bbox { west, south, east, north } = part;
            let address = format!("{}/api/0.6/map?bbox={west:.7},{south:.7},{east:.7},{north:.7}", self.0.base);
            match self.0.ask(|| self.0.client.get(&address)).await? {
                Answer::Document(document) => {
                    let part = inside(&document).map_err(|error| self.0.said(error))?;
                    if let Some(error) = between(part, b"<error>", b"</error>") {
                        return Err(self.0.said(format!("the answer ends with an error: {error}")));
                    }
                    inner.extend_from_slice(without_bounds(part));
                    if inner.len() as u64 > self.0.limit {
                        return Err(format!("the box holds more than {} bytes: raise FETCH_MAX_BYTES", self.0.limit));
                    }
                }
                Answer::Refused(status, text) if status == 400 && is_too_much(&text) => waiting.extend(part.quarters()),
                Answer::Refused(status, text) => return Err(self.0.refusal(status, &text)),
            }
        }
        let Bbox { west, south, east, north } = bbox;
        let mut document = format!(
            "<osm version=\"0.6\" generator=\"rawdata\"><bounds minlat=\"{south}\" minlon=\"{west}\" maxlat=\"{north}\" maxlon=\"{east}\"/>"
        )
        .into_bytes();
        document.append(&mut inner);
        document.extend_from_slice(b"</osm>");
        Ok(document.into())
    }
}

/// Too many nodes, or too large a box.
fn is_too_much(text: &str) -> bool {
    text.contains("too many nodes") || text.contains("maximum bbox size")
}

fn without_bounds(inner: &[u8]) -> &[u8] {
    let inner = inner.trim_ascii_start();
    if !inner.starts_with(b"<bounds") {
        return inner;
    }
    let end = inner.windows(2).position(|window| window == b"/>");
    end.and_then(|end| inner.get(end + 2..)).unwrap_or(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_four_numbers_in_order() {
        assert_eq!("9,47,10,48".parse(), Ok(Bbox { west: 9.0, south: 47.0, east: 10.0, north: 48.0 }));
        for text in
            ["", "9,47,10", "9,47,10,48,1", "9,47,10,x", "10,47,9,48", "9,48,10,47", "NaN,47,10,48", "9,47,181,48"]
        {
            assert!(text.parse::<Bbox>().is_err(), "{text}");
        }
    }

    #[test]
    fn quarters_cover_the_box() {
        let quarters = Bbox { west: 0.0, south: 0.0, east: 2.0, north: 4.0 }.quarters();
        let all = quarters.map(|part| (part.west, part.south, part.east, part.north));
        assert_eq!(all, [(0.0, 0.0, 1.0, 2.0), (1.0, 0.0, 2.0, 2.0), (0.0, 2.0, 1.0, 4.0), (1.0, 2.0, 2.0, 4.0)]);
    }

    #[test]
    fn bounds_of_a_part_are_left_out() {
        assert_eq!(without_bounds(b"\n <bounds minlat=\"1\"/><node/>"), b"<node/>");
        assert_eq!(without_bounds(b"<node/>"), b"<node/>");
    }
}
