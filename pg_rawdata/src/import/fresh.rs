//! The tables that an import fills, beside those that readers use, until they take their place.

use std::num::NonZeroUsize;
use std::time::Duration;

use pgrx::prelude::*;

use super::progress::{self, Phase};
use crate::error::OrRaise;
use crate::raw::bulk::BulkInsert;
use crate::raw::interrupts;
use crate::raw::lookup::Lookup;
use crate::raw::stop_requests::StopRequests;

/// Every table that a data set consists of.
const TABLES: [&str; 9] = [
    "nodes",
    "ways_line",
    "ways_poly",
    "relations",
    "node_places",
    "way_nodes",
    "relation_members",
    "unplaced",
    "problems",
];

/// Between two tries for the last lock.
const SHORTEST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Fresh twins of the tables, empty at first.
#[derive(Clone, Copy)]
pub struct Fresh(());

impl Fresh {
    pub fn create() -> Self {
        for table in TABLES {
            Spi::run(&format!("SELECT rawdata._fresh_table('rawdata.{table}')")).or_raise();
        }
        Self(())
    }

    /// Others in their place, where nobody has one open.
    pub fn again(self) -> Self {
        for table in TABLES {
            Spi::run(&format!("DROP TABLE rawdata._fresh_{table}")).or_raise();
        }
        Self::create()
    }

    /// Opens the twin of a table for writing.
    pub fn open(self, table: &str) -> BulkInsert {
        BulkInsert::open(self.oid(&format!("_fresh_{table}")))
    }

    /// Builds the indexes of one twin now, because what is built next looks things up in it.
    pub fn index_early(self, table: &str) {
        Spi::run(&format!("SELECT rawdata._index_fresh('rawdata.{table}')")).or_raise();
    }

    /// Looks up the bytea in the given column (from 1) by the key of a twin that is indexed.
    pub fn lookup(self, table: &str, column: NonZeroUsize) -> Lookup {
        let key = Spi::get_one::<pg_sys::Oid>(&format!("SELECT 'rawdata.{table}_pkey'::pg_catalog.regclass::oid"));
        let index = self.oid(&format!("_fresh_{}", key.or_raise().unwrap_or(pg_sys::InvalidOid).to_u32()));
        Lookup::open(self.oid(&format!("_fresh_{table}")), index, column)
    }

    /// Builds the indexes of these twins where they have none yet, and gathers statistics.
    pub fn index(self, tables: &[&str]) {
        for table in tables {
            let bare = Spi::get_one::<bool>(&format!(
                "SELECT NOT relhasindex FROM pg_catalog.pg_class WHERE oid = 'rawdata._fresh_{table}'::pg_catalog.regclass"
            ));
            if bare.or_raise() == Some(true) {
                self.index_early(table);
            }
        }
    }

    /// The same for all twins.
    pub fn index_all(self) {
        for (done, table) in TABLES.iter().enumerate() {
            progress::show(Phase::Index, done as u64, Some(TABLES.len() as u64));
            self.index(&[table]);
        }
        progress::show(Phase::Index, TABLES.len() as u64, Some(TABLES.len() as u64));
    }

    /// Puts the twins in the place of the tables that readers use.
    pub fn swap(self) {
        let names: Vec<String> = TABLES.iter().map(|table| format!("'rawdata.{table}'::pg_catalog.regclass")).collect();
        lock(&format!("SELECT rawdata._lock_for_swap(ARRAY[{}])", names.join(",")));
        for name in names {
            Spi::run(&format!("SELECT rawdata._swap_in({name})")).or_raise();
        }
    }

    fn oid(self, relation: &str) -> pg_sys::Oid {
        Spi::get_one::<pg_sys::Oid>(&format!("SELECT 'rawdata.{relation}'::pg_catalog.regclass::oid"))
            .or_raise()
            .unwrap_or(pg_sys::InvalidOid)
    }
}

/// Tries again and again to lock the tables; between tries waiting readers go ahead.
fn lock(attempt: &str) {
    let mut pause = SHORTEST_PAUSE;
    let requests = StopRequests::watch();
    while Spi::get_one::<bool>(attempt).or_raise() != Some(true) {
        requests.obey();
        interrupts::pause(pause);
        pause = (pause * 3 / 2).min(LONGEST_PAUSE);
    }
}
