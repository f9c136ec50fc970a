//! SQLite database files, written from front to back.
//!
//! Pages are numbered as they come and wait in a spool; only page 1, which tells where everything lies, is made last and
//! comes first. Rows must come in the order of their numbers, so a table is written in one pass: full leaves, overflow
//! pages before the leaf that needs them, and above them one page at a time for each level.
//!
//! Nothing is left free for later changes, which SQLite makes as in any other file. The format is that of
//! <https://www.sqlite.org/fileformat2.html>.

mod catalog;
mod pages;
mod record;
mod table;

pub(super) use catalog::{Catalog, Identity, Small, literal, quoted};
pub(super) use pages::Pages;
pub(super) use record::{Record, Value};
pub(super) use table::Table;
