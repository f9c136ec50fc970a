//! The tables of the data set and of the jobs: made on demand.

use std::num::NonZeroUsize;

use pgrx::prelude::*;

use crate::error::{OrRaise, Refused, refuse};
use crate::raw::lookup::Lookup;
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

/// Looks up the bytea in the given column (from 1) of a table in use by its key; the caller must be allowed to read it.
pub fn lookup(table: &str, column: NonZeroUsize) -> Lookup {
    let oid = |name: &str| {
        Spi::get_one_with_args::<pg_sys::Oid>("SELECT $1::pg_catalog.regclass::oid", &[name.into()])
            .or_raise()
            .unwrap_or(pg_sys::InvalidOid)
    };
    Lookup::open(oid(&format!("rawdata.{table}")), oid(&format!("rawdata.{table}_pkey")), column)
}

/// The owner of the extension.
pub fn owner() -> pg_sys::Oid {
    Spi::get_one::<pg_sys::Oid>("SELECT extowner FROM pg_catalog.pg_extension WHERE extname = 'pg_rawdata'")
        .or_raise()
        .unwrap_or(pg_sys::InvalidOid)
}
