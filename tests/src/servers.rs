//! PostgreSQL and Redis of the test program: one of each, started when first asked for.

use std::{
    collections::HashMap,
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use crate::root;

/// The private servers.
#[derive(Debug)]
pub struct Servers {
    home: PathBuf,
    env: HashMap<String, String>,
    numbers: AtomicU32,
    // Its input is held open until the test program ends, in whichever way: then it reads the end, and stops the servers.
    _script: Child,
}

impl Servers {
    /// The servers, running.
    pub fn get() -> &'static Self {
        static SERVERS: OnceLock<Servers> = OnceLock::new();
        SERVERS.get_or_init(Self::start)
    }

    fn start() -> Self {
        let mut script = Command::new(root().join(".make/test-servers.sh"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect(".make/test-servers.sh");
        let mut line = String::new();
        BufReader::new(script.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let home = line.trim_end().strip_prefix("ready ").expect("the servers did not start; the reason stands above");
        let env = fs::read_to_string(Path::new(home).join("env")).unwrap();
        let env = env.lines().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
        Self {
            home: home.into(),
            env: env.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            numbers: AtomicU32::new(0),
            _script: script,
        }
    }

    /// A folder that is removed with the servers. A `*.pid` file in it names a process to end with them.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// A variable of the file `env`, as `make up` would have written it.
    pub fn env(&self, name: &str) -> &str {
        self.env.get(name).unwrap_or_else(|| panic!("no {name} in the file env"))
    }

    /// A number that no other caller has.
    pub fn number(&self) -> u32 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }
}
