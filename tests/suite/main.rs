//! Tests that go through a public face: SQL, HTTP, the program, the files that are installed.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

mod areas;
mod arguments;
mod bucket;
mod changed_tables;
mod chunks;
mod compat;
mod countries;
mod diffs;
mod endings;
mod fetch;
mod formats;
mod gdal;
mod golden;
mod gpkg;
mod hostile;
mod http;
mod life_cycle;
mod literal;
mod memory;
mod oracle;
mod order;
mod package;
mod passes;
mod problems;
mod replacing;
mod replication;
mod rights;
mod sessions;
mod shapefile;
mod sql_reference;
mod stored;
mod worker;
