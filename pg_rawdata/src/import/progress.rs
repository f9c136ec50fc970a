//! How far an import is, as other sessions see it: see the view rawdata.import_progress.

use std::ffi::CString;

use crate::raw::role;

/// A stage of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Read,
    Nodes,
    Ways,
    Relations,
    Index,
    Swap,
}

impl Phase {
    fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Nodes => "nodes",
            Self::Ways => "ways",
            Self::Relations => "relations",
            Self::Index => "index",
            Self::Swap => "swap",
        }
    }
}

/// Objects between two signs of life.
pub const STEP: u64 = 10_000;

/// Shows a phase, with objects (or indexes) done and in all.
pub fn show(phase: Phase, done: u64, total: Option<u64>) {
    let total = total.map_or_else(String::new, |total| total.to_string());
    if let Ok(text) = CString::new(format!("rawdata import/{}/{done}/{total}", phase.name())) {
        role::show_as_application_name(&text);
    }
}

/// Shows the session's own name again.
pub fn end() {
    role::show_own_application_name();
}
