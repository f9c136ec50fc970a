//! The rows of one source, in the order of ids.

use std::ops::ControlFlow;

use rawdata_core::request::query::{self, Param, Query, Select};

use crate::raw::interrupts;
use crate::raw::portal::{self, Portal};
use crate::raw::row::Row;
use crate::raw::tuples::{self, Address};

/// Rows that are read at once.
const ROWS_AT_ONCE: usize = 256;
/// Fewer addresses than these are sorted in memory, 24 bytes each. The planner may expect half of that.
const SORTED: usize = 1 << 19;
/// Addresses that are fetched at once. A pass is a multiple.
const ADDRESSES_AT_ONCE: usize = 1 << 12;

/// A source that is being read.
pub enum Table {
    /// Its query selects what the rows hold.
    Contents(Portal),
    /// Its query selects where they lie.
    Addresses(Addresses),
}

impl Table {
    /// Begins to read.
    pub fn open(select: Select) -> Self {
        match select {
            Select::Contents(query) => Self::Contents(run(query)),
            Select::Addresses { all, pass } => Self::Addresses(Addresses::open(all, pass)),
        }
    }

    /// Hands some more rows to `each`, which says when it has enough. Whether there may be more.
    pub fn read(&mut self, mut each: impl FnMut(&Row) -> ControlFlow<()>) -> bool {
        match self {
            // All of these are handed over, enough or not: what is read so is either small or not kept.
            Self::Contents(portal) => portal.fetch(ROWS_AT_ONCE, |row| _ = each(row)) == ROWS_AT_ONCE,
            Self::Addresses(addresses) => addresses.read(each),
        }
    }

    /// Ends the query.
    pub fn close(self) {
        match self {
            Self::Contents(portal) => portal.close(),
            Self::Addresses(addresses) => addresses.portal.close(),
        }
    }
}

/// Rows that are read by their addresses.
pub struct Addresses {
    portal: Portal,
    found: std::vec::IntoIter<Address>,
    rest: Rest,
}

/// How the addresses that are not found yet are found.
enum Rest {
    /// The query has all, in no order. If they are too many to be sorted here, then by passes.
    All { pass: Query },
    /// The query goes on in order. After it comes the next pass, from this id on.
    Pass { pass: Query, given: usize, next: Option<i64> },
    /// There are no more.
    None,
}

impl Addresses {
    fn open(all: Query, pass: Query) -> Self {
        let portal = run(all);
        let is_small = portal.expected_rows() <= (SORTED / 2) as f64;
        let mut addresses = Self { portal, found: Vec::new().into_iter(), rest: Rest::None };
        if is_small {
            addresses.rest = Rest::All { pass };
        } else {
            addresses.begin_pass(pass);
        }
        addresses
    }

    fn read(&mut self, each: impl FnMut(&Row) -> ControlFlow<()>) -> bool {
        while self.found.len() == 0 && !matches!(self.rest, Rest::None) {
            self.find();
        }
        let found = self.found.as_slice();
        let now = found.get(..ROWS_AT_ONCE).unwrap_or(found);
        let count = tuples::read(now, &self.portal, &query::COLUMNS, each);
        self.found.by_ref().take(count).for_each(drop);
        self.found.len() > 0 || !matches!(self.rest, Rest::None)
    }

    /// Finds some addresses, if there are more.
    fn find(&mut self) {
        match std::mem::replace(&mut self.rest, Rest::None) {
            Rest::None => {}
            Rest::All { pass } => match sorted(&self.portal) {
                Some(addresses) => self.found = addresses.into_iter(),
                None => self.begin_pass(pass),
            },
            Rest::Pass { mut pass, mut given, mut next } => {
                let mut found = Vec::with_capacity(ADDRESSES_AT_ONCE);
                let fetched = self.portal.fetch(ADDRESSES_AT_ONCE, |row| found.extend(Address::of(row)));
                given += fetched;
                if let Some(last) = found.last() {
                    next = last.id.checked_add(1);
                }
                self.found = found.into_iter();
                if fetched == ADDRESSES_AT_ONCE {
                    self.rest = Rest::Pass { pass, given, next };
                } else if given == query::PASS
                    && let (Some(from), Some(next)) = (pass.params.first_mut(), next)
                {
                    *from = Param::Int8(next);
                    self.begin_pass(pass);
                }
            }
        }
    }

    fn begin_pass(&mut self, pass: Query) {
        self.portal.close();
        self.portal = run(pass.clone());
        self.rest = Rest::Pass { pass, given: 0, next: None };
    }
}

/// All addresses of a query, in the order of ids, unless they are too many.
fn sorted(portal: &Portal) -> Option<Vec<Address>> {
    let mut addresses = Vec::new();
    while portal.fetch(ADDRESSES_AT_ONCE, |row| addresses.extend(Address::of(row))) == ADDRESSES_AT_ONCE {
        interrupts::check();
        if addresses.len() >= SORTED {
            return None;
        }
    }
    addresses.sort_unstable_by_key(|address| address.id);
    Some(addresses)
}

/// Opens a query.
pub fn run(query: Query) -> Portal {
    let params: Vec<portal::Param> = query.params.into_iter().map(param).collect();
    Portal::open(&query.text, &params)
}

fn param(param: Param) -> portal::Param {
    match param {
        Param::Text(value) => portal::Param::Text(value),
        Param::TextArray(values) => portal::Param::TextArray(values),
        Param::Bytea(value) => portal::Param::Bytea(value),
        Param::Int4(value) => portal::Param::Int4(value),
        Param::Int8(value) => portal::Param::Int8(value),
    }
}
