//! Reads OpenStreetMap data, assembles geometry, checks export requests and encodes exports.
//!
//! ```text
//! bytes ── read ──> osm::Element ── geometry ──> Geometry ── stored ──> bytes of a row
//!                                                                          │
//! request (JSON) ── request ──> query, columns                             v
//!                                        └──────── write <── Feature <── a row read back
//! ```
//!
//! Nothing here knows PostgreSQL's server, a network or a clock: bytes in, values or bytes out.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod boundary;
pub mod error;
pub mod geometry;
pub mod osm;
pub mod packed;
pub mod read;
pub mod replication;
pub mod request;
pub mod stored;
pub mod update;
pub mod write;

pub use error::{Error, ErrorKind, Result};
