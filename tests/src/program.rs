//! A running process: ended with the value, at the latest with the servers.

use std::{
    fs::{self, File},
    path::PathBuf,
    process::{Child, Command, ExitStatus},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::Servers;

/// A process of the test's own.
#[derive(Debug)]
pub struct Program {
    child: Child,
    pid_file: PathBuf,
}

impl Program {
    /// The program `rawdata` with a subcommand, without settings from this process's environment.
    pub fn rawdata(subcommand: &str) -> Command {
        let mut command = Command::new(Servers::get().home().join("bin/rawdata"));
        command.arg(subcommand);
        for name in
            ["DATABASE_URL", "DATABASE_READ_URL", "REDIS_URL", "LISTEN", "PUBLIC_URL", "RESULT_DIR", "BUCKET_NAME"]
        {
            command.env_remove(name);
        }
        command
    }

    /// Starts it. What it says goes into a file: see [`log`](Self::log).
    pub fn spawn(name: &str, mut command: Command) -> Self {
        let pid_file = Servers::get().home().join(format!("{name}-{}.pid", Servers::get().number()));
        let log = File::create(pid_file.with_extension("log")).unwrap();
        command.stdout(log.try_clone().unwrap()).stderr(log);
        let child = command.spawn().unwrap_or_else(|error| panic!("{name}: {error}"));
        fs::write(&pid_file, child.id().to_string()).unwrap();
        Self { child, pid_file }
    }

    /// What it has said so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.pid_file.with_extension("log")).unwrap()
    }

    /// Its process number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Most bytes of memory that it has had at one time.
    pub fn peak_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    }

    /// Whether it runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.end();
    }

    /// Waits until it has ended by itself.
    pub fn wait(mut self, limit: Duration) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < limit, "it still runs after {limit:?}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn end(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        drop(fs::remove_file(&self.pid_file));
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.end();
    }
}
