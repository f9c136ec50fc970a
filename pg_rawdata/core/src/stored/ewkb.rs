//! Well-known binary with a reference system: how an area travels to the server as a parameter.

use crate::request::MultiPolygon;

const HAS_SRID: u32 = 0x2000_0000;
const SRID: u32 = 4326;
const POLYGON: u32 = 3;
const MULTIPOLYGON: u32 = 6;

/// Polygons as EWKB: one polygon as such, else a multipolygon.
pub fn multipolygon(polygons: &MultiPolygon) -> Vec<u8> {
    let points: usize = polygons.iter().flatten().map(Vec::len).sum();
    let mut out = Vec::with_capacity(points * 16 + polygons.len() * 32 + 16);
    match polygons.as_slice() {
        [rings] => polygon(rings, HAS_SRID, &mut out),
        polygons => {
            head(MULTIPOLYGON, HAS_SRID, &mut out);
            number(polygons.len(), &mut out);
            polygons.iter().for_each(|rings| polygon(rings, 0, &mut out));
        }
    }
    out
}

fn polygon(rings: &[Vec<[f64; 2]>], flags: u32, out: &mut Vec<u8>) {
    head(POLYGON, flags, out);
    number(rings.len(), out);
    for ring in rings {
        number(ring.len(), out);
        ring.iter().flatten().for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
    }
}

fn head(kind: u32, flags: u32, out: &mut Vec<u8>) {
    const LITTLE_ENDIAN: u8 = 1;
    out.push(LITTLE_ENDIAN);
    out.extend_from_slice(&(kind | flags).to_le_bytes());
    if flags & HAS_SRID != 0 {
        out.extend_from_slice(&SRID.to_le_bytes());
    }
}

fn number(count: usize, out: &mut Vec<u8>) {
    // An area has far fewer points: Limits::vertices.
    out.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02X}")).collect()
    }

    #[test]
    fn a_polygon_is_what_the_server_makes_of_it() {
        // SELECT encode(ST_AsEWKB('SRID=4326;POLYGON((0 0,1 0,1 2,0 0))'::geometry, 'NDR'), 'hex')
        let ring = vec![[0.0, 0.0], [1.0, 0.0], [1.0, 2.0], [0.0, 0.0]];
        let one = "0103000020E61000000100000004000000".to_owned()
            + "00000000000000000000000000000000"
            + "000000000000F03F0000000000000000"
            + "000000000000F03F0000000000000040"
            + "00000000000000000000000000000000";
        assert_eq!(hex(&multipolygon(&vec![vec![ring.clone()]])), one);
        let two = hex(&multipolygon(&vec![vec![ring.clone()], vec![ring]]));
        assert!(two.starts_with("0106000020E6100000020000000103000000010000000400000000000000"), "{two}");
    }
}
