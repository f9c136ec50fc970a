//! The tables of the data set and of the jobs: made on demand.

use pgrx::prelude::*;

use crate::error::{OrRaise, Refused, refuse};
use crate::raw::role;

/// Makes the tables, if they are not there. They belong to the extension's owner but are no members of the extension.
#[pg_extern]
fn create_tables() -> bool {
    if exist() {
        return false;
    }
    let postgis = Spi::get_one::<String>("SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'postgis'");
    // Geometry is written as PostGIS 3 stores it.
    let postgis = postgis.or_raise().unwrap_or_default();
    if !postgis.starts_with("3.") {
        refuse(Refused::PostgisVersion, &postgis);
    }
    role::acting_as(owner(), || {
        for script in [include_str!("../../sql/tables/data.sql"), include_str!("../../sql/tables/jobs.sql")] {
            Spi::run(script).or_raise();
        }
        Spi::run("SELECT rawdata._grant()").or_raise();
    });
    true
}

/// Whether the tables were made.
pub fn exist() -> bool {
    Spi::get_one::<bool>("SELECT pg_catalog.to_regclass('rawdata.data_set') IS NOT NULL").or_raise() == Some(true)
}

/// The owner of the extension.
pub fn owner() -> pg_sys::Oid {
    // Asked with the caller's search path: no look-alike of `=` may choose whose rights are taken.
    Spi::get_one::<pg_sys::Oid>(
        "SELECT extowner FROM pg_catalog.pg_extension WHERE extname OPERATOR(pg_catalog.=) 'pg_rawdata'::pg_catalog.name",
    )
    .or_raise()
    .unwrap_or(pg_sys::InvalidOid)
}
