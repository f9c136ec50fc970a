//! What the tests of the suite stand on: private servers, databases of their own, the program, and literal OSM documents.
//!
//! A test says what it needs and gets it; everything ends with the test, or with the test program, however that ends:
//!
//! ```text
//! let database = Database::new();                        PostgreSQL and Redis are started by the first one
//! database.import(&Osm::new().node(1, 1.0, 2.0, &[("amenity", "cafe")]).xml());
//! let front = Front::new(&database);                     `rawdata serve` on a port of its own
//! let worker = front.worker();                           `rawdata worker`; `worker.kill()` is kill -9
//! let id = front.snapshot(json!({ "geometry": … })).await;
//! ```
//!
//! Failures panic: there is nobody else to tell.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken harness has no better answer"
)]

mod database;
mod front;
mod osm;
mod program;
mod repository;
mod servers;
mod session;
mod standby;

pub use database::Database;
pub use front::{Front, Reply, members};
pub use osm::Osm;
pub use program::Program;
pub use repository::{data, read, root, shared, target};
pub use servers::Servers;
pub use session::Session;
pub use standby::Standby;
