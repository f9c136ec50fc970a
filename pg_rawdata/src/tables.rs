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
    // Geometry is written as PostGIS 3 stores it.
    let postgis = look_up::<String>(&of_extension("extversion", "postgis")).unwrap_or_default();
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
    look_up("SELECT pg_catalog.to_regclass('rawdata.data_set') IS NOT NULL") == Some(true)
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
    look_up(&of_extension("extowner", "pg_rawdata")).unwrap_or(pg_sys::InvalidOid)
}

/// The schema that PostGIS is installed in.
pub fn postgis_schema() -> String {
    let name = "(SELECT nspname::pg_catalog.text FROM pg_catalog.pg_namespace n WHERE n.oid OPERATOR(pg_catalog.=) extnamespace)";
    look_up(&of_extension(name, "postgis")).unwrap_or_default()
}

/// Asked with the caller's search path, in which a look-alike of `=` may lie.
fn of_extension(column: &str, extension: &str) -> String {
    format!(
        "SELECT {column} FROM pg_catalog.pg_extension WHERE extname OPERATOR(pg_catalog.=) '{extension}'::pg_catalog.name"
    )
}

/// A value of the catalogs. Not by `Spi::get_one`, which takes a transaction number, and a standby has none to give.
fn look_up<T: FromDatum + IntoDatum>(query: &str) -> Option<T> {
    Spi::connect(|client| match client.select(query, Some(1), &[])?.first().get_one() {
        Err(spi::Error::InvalidPosition) => Ok(None),
        found => found,
    })
    .or_raise()
}
