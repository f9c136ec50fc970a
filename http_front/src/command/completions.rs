//! `rawdata completions SHELL`.

use clap::CommandFactory;
use clap_complete::Shell;

use super::Failure;
use crate::config::Cli;

/// Writes the script to standard output.
pub fn run(shell: Shell) -> Result<(), Failure> {
    clap_complete::generate(shell, &mut Cli::command(), "rawdata", &mut std::io::stdout());
    Ok(())
}
