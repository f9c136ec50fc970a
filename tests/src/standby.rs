//! A hot standby of the test program's PostgreSQL.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::{PermissionsExt, chown},
    path::PathBuf,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Signal, geteuid};

use crate::{
    Database, Program, Servers,
    database::{self, Server},
};

const PATIENCE: Duration = Duration::from_secs(30);

/// A server that follows the primary and answers queries that only read.
#[derive(Debug)]
pub struct Standby {
    server: Server,
    /// Where the primary remembers what this one has not got yet.
    slot: String,
    program: Program,
}

impl Standby {
    /// Copies the primary as it is, and starts the copy.
    #[expect(clippy::new_without_default, reason = "it starts a server; a default value would not")]
    pub fn new() -> Self {
        let servers = Servers::get();
        let slot = format!("standby_{}", servers.number());
        let home = servers.home().join(&slot);
        let (data, socket) = (home.join("data"), home.join("socket"));
        for folder in [&home, &data, &socket] {
            fs::create_dir(folder).unwrap();
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).unwrap();
            if geteuid().is_root() {
                let (user, group) = (id_of_postgres("-u"), id_of_postgres("-g"));
                chown(folder, Some(user), Some(group)).unwrap();
            }
        }
        let mut copy = postgres("pg_basebackup");
        copy.args(["--checkpoint=fast", "--write-recovery-conf", "--no-sync", "-U", "postgres", "-D"]).arg(&data);
        copy.args(["--create-slot", "--slot", &slot]);
        copy.args(["-h", servers.env("PGHOST"), "-p", servers.env("PGPORT")]);
        let copied = copy.output().unwrap();
        assert!(copied.status.success(), "pg_basebackup: {}", String::from_utf8_lossy(&copied.stderr));

        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
        let mut start = postgres("postgres");
        start.args(["-p", &port, "-k"]).arg(&socket).arg("-D").arg(&data).stdin(Stdio::null());
        let mut program = Program::spawn("rawdata-standby", start);
        let server = Server { host: socket.display().to_string(), port };
        let begun = Instant::now();
        while !database::psql(&server, "postgres", &[], "SELECT 1").status.success() {
            assert!(program.runs() && begun.elapsed() < PATIENCE, "the standby does not answer: {}", program.log());
            thread::sleep(Duration::from_millis(50));
        }
        Self { server, slot, program }
    }

    /// Waits until it has everything that the primary has committed.
    pub fn catch_up(&self, database: &Database) {
        let position = database.psql("SELECT pg_current_wal_flush_lsn()");
        let there = format!("SELECT pg_last_wal_replay_lsn() >= '{position}'");
        let begun = Instant::now();
        while self.psql(database, &there) != "t" {
            assert!(begun.elapsed() < PATIENCE, "the standby does not follow: {}", self.program.log());
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Makes a primary of it.
    pub fn promote(&self, database: &Database) {
        assert_eq!(self.psql(database, "SELECT pg_promote()"), "t", "{}", self.program.log());
    }

    /// What psql, as superuser, answers to a script there.
    pub fn psql(&self, database: &Database, script: &str) -> String {
        database::run(&self.server, database.name(), &["-A"], script)
    }
}

impl Drop for Standby {
    fn drop(&mut self) {
        // A postmaster that is killed leaves its shared memory behind.
        self.program.signal(Signal::INT);
        let begun = Instant::now();
        while self.program.runs() && begun.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(20));
        }
        database::psql(
            &database::primary(),
            "postgres",
            &[],
            &format!("SELECT pg_drop_replication_slot('{}')", self.slot),
        );
    }
}

/// A program of PostgreSQL's, run as the user that may run it.
fn postgres(program: &str) -> Command {
    let program = bin().join(program);
    if !geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", "--", "env", "HOME=/"]).arg(program);
    command.current_dir("/");
    command
}

fn bin() -> PathBuf {
    let config = std::env::var_os("PGRX_PG_CONFIG_PATH").unwrap_or_else(|| "pg_config".into());
    let output = Command::new(config).arg("--bindir").output().expect("pg_config");
    String::from_utf8(output.stdout).unwrap().trim_end().into()
}

fn id_of_postgres(kind: &str) -> u32 {
    let output = Command::new("id").args([kind, "postgres"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim_end().parse().unwrap()
}
