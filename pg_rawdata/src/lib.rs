//! The extension: SQL faces over `rawdata-core`.
//!
//! Each file takes arguments, calls the core and gives rows. Parsing, geometry and encoding are the core's; `unsafe` is
//! below `raw` only; SQLSTATEs are picked in `error` only.

mod assemble;
mod behind;
mod chunks;
mod countries;
mod crew;
mod error;
mod export;
mod import;
mod index_keys;
mod parse;
mod raw;
mod request;
mod scratch;
mod select;
mod server_file;
mod server_time;
mod settings;
mod status;
mod tables;
mod update;

pgrx::pg_module_magic!(name, version);

pgrx::extension_sql_file!("../../sql/install/00_schema.sql", name = "schema", bootstrap);
pgrx::extension_sql_file!(
    "../../sql/install/30_load_views.sql",
    name = "load_views",
    requires = [import::load::_load_begin, import::load::_load_chunk, import::load::_load_end]
);
pgrx::extension_sql_file!("../../sql/install/35_changes.sql", name = "changes", requires = ["load_views"]);
pgrx::extension_sql_file!("../../sql/install/36_looks.sql", name = "looks", requires = ["changes"]);
pgrx::extension_sql_file!("../../sql/install/40_swap.sql", name = "swap", requires = ["looks"]);
pgrx::extension_sql_file!("../../sql/install/50_roles.sql", name = "roles", requires = ["swap"]);
pgrx::extension_sql_file!("../../sql/install/90_finish.sql", name = "finish", finalize);

#[cfg(not(panic = "unwind"))]
compile_error!("pg_rawdata must be built with panic = \"unwind\"");

#[pgrx::pg_guard]
extern "C-unwind" fn _PG_init() {
    settings::init();
}
