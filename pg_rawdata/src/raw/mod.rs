//! The only unsafe code of the extension: thin, safe-to-call wraps of what the server offers.
//!
//! Two rules hold for all of it. Nothing here is called from another thread than the backend's own.
//! And nothing calls the server from `Drop`: an error may be on its way, and an abort cleans up by itself.
#![expect(unsafe_code, reason = "the wraps of the server's C interface; each use says why it is sound")]

pub mod area_rule;
pub mod arrays;
pub mod bulk;
pub mod datum;
pub mod early_end;
pub mod interrupts;
pub mod lookup;
pub mod memory;
pub mod portal;
mod receiver;
pub mod role;
pub mod row;
pub mod stop_requests;
pub mod temp_file;
pub mod thread;
pub mod tuples;
