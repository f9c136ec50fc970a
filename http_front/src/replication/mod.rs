//! Following a server of change files: what it has is applied diff by diff, each in a transaction of its own.

mod follow;
mod server;

pub use follow::{Follower, Outcome, pause};
pub use server::{FetchError, Server, client, retry_after};
