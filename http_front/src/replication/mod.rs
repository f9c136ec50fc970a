//! Following a server of change files: what it has is applied diff by diff, each in a transaction of its own.

mod follow;
mod retry;
mod server;
mod start;

pub use follow::{Follower, Look, Outcome, Trouble};
pub use retry::{Pace, pause, pause_from, retry_after};
pub use server::{FetchError, Kind, Patience, Server};
