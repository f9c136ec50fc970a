//! The block that a PBF file begins with.

use super::wire::Cursor;
use crate::osm::{Place, Timestamp, quoted};
use crate::read::Header;
use crate::read::header::bbox;
use crate::{Error, ErrorKind, Result};

/// The most features that a header may name.
const FEATURES: usize = 1000;

/// Reads a header block into `header` and refuses what is required but not known.
pub(super) fn read(block: &[u8], header: &mut Header) -> Result<()> {
    let mut fields = Cursor::all(block);
    while let Some(field) = fields.field(block)? {
        let string = || text(field.message()?.bytes(block));
        match field.number {
            1 => header.bbox = read_bbox(block, field.message()?)?,
            4 => push(&mut header.required_features, string()?)?,
            5 => push(&mut header.optional_features, string()?)?,
            16 => header.generator = Some(string()?).filter(|text| !text.is_empty()),
            32 => header.timestamp = Some(field.int(block)?).filter(|s| *s != 0).and_then(Timestamp::new),
            33 => header.replication_sequence = Some(field.int(block)?),
            34 => header.replication_url = Some(string()?).filter(|text| !text.is_empty()),
            _ => {}
        }
    }
    header.sorted = header.optional_features.iter().any(|feature| feature == "Sort.Type_then_ID");
    header.required_features.iter().try_for_each(|feature| check(feature))
}

fn push(features: &mut Vec<String>, feature: String) -> Result<()> {
    if features.len() == FEATURES {
        return Err(Error::new(ErrorKind::Limit, format!("the header names more than {FEATURES} features")));
    }
    features.push(feature);
    Ok(())
}

fn check(feature: &str) -> Result<()> {
    match feature {
        "OsmSchema-V0.6" | "DenseNodes" | "LocationsOnWays" => Ok(()),
        "HistoricalInformation" => {
            Err(Error::new(ErrorKind::Unsupported, "the file holds the history of its objects (HistoricalInformation)")
                .with_hint("Cut one point in time out of it, for example by \"osmium time-filter\"."))
        }
        other => {
            let message = format!("the file requires a feature that is not known: {}", quoted(other));
            Err(Error::new(ErrorKind::Unsupported, message))
        }
    }
}

fn read_bbox(block: &[u8], mut fields: Cursor) -> Result<Option<(Place, Place)>> {
    let (mut left, mut right, mut top, mut bottom) = (None, None, None, None);
    while let Some(field) = fields.field(block)? {
        match field.number {
            1 => left = Some(field.sint(block)?),
            2 => right = Some(field.sint(block)?),
            3 => top = Some(field.sint(block)?),
            4 => bottom = Some(field.sint(block)?),
            _ => {}
        }
    }
    let corner = |lon: Option<i64>, lat: Option<i64>| Place::from_nanodegrees(lon?, lat?);
    Ok(bbox(corner(left, bottom), corner(right, top)))
}

fn text(bytes: &[u8]) -> Result<String> {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => Ok(text.to_owned()),
        Ok(_) => Err(Error::new(ErrorKind::Encoding, "a text in the file's header holds U+0000")),
        Err(_) => Err(Error::new(ErrorKind::Encoding, "a text in the file's header is not UTF-8")),
    }
}
