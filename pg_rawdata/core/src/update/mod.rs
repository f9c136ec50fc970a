//! What an update does to a data set, as far as it can be said without one: which change of an object counts, and
//! whether a diff is the next.
//!
//! ```
//! use std::io::Cursor;
//!
//! use rawdata_core::osm::ObjectKind;
//! use rawdata_core::update::Diff;
//!
//! let document = br#"<osmChange version="0.6"><create><node id="7" version="1" lat="47.14" lon="9.52"/></create>
//!     <delete><node id="7" version="2"/></delete></osmChange>"#;
//! let diff = Diff::read(Cursor::new(document), 1 << 20, &mut || Ok(()))?;
//! let changes: Vec<_> = diff.changes(ObjectKind::Node).map(|change| (change.id, change.record)).collect();
//! assert_eq!(changes, [(7, None)]);
//! # Ok::<(), rawdata_core::Error>(())
//! ```

mod diff;
mod sequence;

pub use diff::{Change, Diff};
pub use sequence::{Turn, turn_of};

/// Whether a version takes the place of another that is there. The same version does: authors' names are redacted, and
/// diffs are applied again, without a new number. Where one of the two is not known, what comes later counts.
pub fn supersedes(version: Option<i32>, present: Option<i32>) -> bool {
    match (version, present) {
        (Some(version), Some(present)) => version >= present,
        _ => true,
    }
}
