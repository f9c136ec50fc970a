//! `rawdata fetch`.

use std::io::Write;

use super::{Failure, load};
use crate::{
    config::Fetch,
    db::{About, Db},
    fetch::{Extracts, MapCall, Overpass, Terms, open},
    source::Source,
    web,
};

/// Gets what is asked for, and loads or appends it.
pub async fn run(config: Fetch) -> Result<(), Failure> {
    let terms = config.web.terms();
    let (source, about) = fetch(&config, &terms).await?;
    let db = Db::new(&config.database_url, "rawdata fetch", 2)?;
    if !config.append {
        return load::replace(&db, source, None, &about).await;
    }
    let report = db.append(&source.whole().await?).await?;
    writeln!(std::io::stdout().lock(), "appended: {report}")?;
    Ok(())
}

/// What a query brings is whole before anything of it reaches the database; a file is passed on as it comes.
async fn fetch(config: &Fetch, terms: &Terms) -> Result<(Source, About), Failure> {
    let mut about = About::default();
    let file_limit = if config.append { terms.in_memory() } else { terms.passed_on() };
    let source = if let Some(address) = &config.address {
        open(address, terms, file_limit).await?
    } else if let Some(region) = &config.extract {
        let extract = Extracts::of(&config.extract_url, terms).await?.find(region)?;
        if config.boundary {
            about.boundary = Some(extract.boundary()?);
        }
        let source = open(&extract.address, terms, file_limit).await?;
        if let Some(updates) = &extract.updates {
            terms.hosts.check(&web::address(updates)?)?;
        }
        about.replication_url = extract.updates;
        source
    } else if let Some(bbox) = config.bbox {
        MapCall::new(&config.osm_api_url, terms)?.fetch(bbox).await?.into()
    } else if let Some(query) = &config.overpass {
        let query = match query.strip_prefix('@') {
            Some(file) => std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?,
            None => query.clone(),
        };
        Overpass::new(&config.overpass_url, terms)?.fetch(&query).await?.into()
    } else {
        return Err("say what to fetch: a URL, --extract, --bbox or --overpass".into());
    };
    Ok((source, about))
}
