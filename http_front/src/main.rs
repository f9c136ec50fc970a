//! The program `rawdata`.

use std::{io::Write, process::ExitCode};

use clap::Parser;

fn main() -> ExitCode {
    match http_front::command::run(http_front::config::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where this cannot be said, the exit status still is.
            let _ = writeln!(std::io::stderr(), "rawdata: {error}");
            ExitCode::FAILURE
        }
    }
}
