//! `rawdata fetch`.

use std::{io::Write, time::Duration};

use super::Failure;
use crate::{
    config::Fetch,
    db::Db,
    fetch::{MapCall, Overpass, Site},
};

/// Size of the pieces that are sent: each is a row for the database.
const PIECE: usize = 256 << 10;

/// Fetches the whole answer first, so that a broken one never reaches the database.
pub async fn run(config: Fetch) -> Result<(), Failure> {
    let document = match (config.bbox, config.overpass) {
        (Some(bbox), _) => MapCall(Site::new(&config.osm_api_url, config.max_bytes)?).fetch(bbox).await?,
        (None, Some(query)) => {
            let query = match query.strip_prefix('@') {
                Some(file) => std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?,
                None => query,
            };
            Overpass(Site::new(&config.overpass_url, config.max_bytes)?).fetch(&query).await?
        }
        (None, None) => return Err("say what to fetch: --bbox or --overpass".into()),
    };
    let db = Db::new(&config.database_url, "rawdata fetch", 2)?;
    let mut out = std::io::stdout().lock();
    if config.append {
        let report = db.append(&document).await?;
        writeln!(out, "appended: {report}")?;
    } else {
        let mut load = db.session(Duration::ZERO).await?.load(None).await?;
        for piece in document.chunks(PIECE) {
            load.send(piece).await?;
        }
        load.finish().await?;
        writeln!(out, "loaded {}", indicatif::HumanBytes(document.len() as u64))?;
    }
    Ok(())
}
