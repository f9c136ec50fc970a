//! The commands of the program, one file each.

mod completions;
mod fetch;
mod import;
mod load;
mod serve;
mod status;
mod update;
mod worker;

use std::{io::IsTerminal, time::Duration};

use tracing_subscriber::EnvFilter;

use crate::config::{Cli, Command};

/// Why a command failed, in a sentence.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How long a command that needs database and Redis waits for them when it starts.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs the command.
pub fn run(cli: Cli) -> Result<(), Failure> {
    log(matches!(cli.command, Command::Serve(_) | Command::Worker(_)));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(async {
        match cli.command {
            Command::Serve(config) => serve::run(config).await,
            Command::Worker(config) => worker::run(config).await,
            Command::Import(config) => import::run(config).await,
            Command::Fetch(config) => fetch::run(config).await,
            Command::Update(config) => update::run(config).await,
            Command::Status(config) => status::run(config).await,
            Command::Completions { shell } => completions::run(shell),
        }
    });
    // A read of standard input in progress would hold up the end.
    runtime.shutdown_timeout(Duration::from_millis(500));
    result
}

/// A service says when and how bad, to a terminal for people, else one JSON object a line. What somebody has called and
/// waits for speaks in plain lines. `RUST_LOG` says how much.
fn log(is_service: bool) {
    // What the database's NOTICEs say comes from the driver.
    let usual = if is_service { "info,tokio_postgres=warn" } else { "info" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    match (is_service, std::io::stderr().is_terminal()) {
        (true, true) => log.init(),
        (true, false) => log.json().init(),
        (false, is_terminal) => log.without_time().with_level(false).with_ansi(is_terminal).init(),
    }
}
