//! `rawdata import FILE-or-URL-or--`.

use super::{Failure, load};
use crate::{
    config::Import,
    db::{About, Db},
    fetch,
    source::Source,
};

/// Opens the document and loads it.
pub async fn run(config: Import) -> Result<(), Failure> {
    let mut about = About::default();
    if let Some(file) = &config.boundary {
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
        let document = std::fs::read(file).map_err(|error| failed(&error))?;
        about.boundary = Some(rawdata_core::boundary::parse(&document).map_err(|error| failed(&error))?);
    }
    let name = &config.source;
    let source = if name.starts_with("http://") || name.starts_with("https://") {
        fetch::open(name, &config.web.terms(), config.web.max_bytes.unwrap_or(u64::MAX)).await?
    } else {
        Source::open(name).await.map_err(|error| format!("{name}: {error}"))?
    };
    let db = Db::new(&config.database_url, "rawdata import", 2)?;
    load::replace(&db, source, config.area_rule, &about).await
}
