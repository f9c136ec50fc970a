//! A database of the test's own, with the extension and its tables.

use std::{
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
    thread,
};

use crate::{Program, Servers};

/// A database. Dropped with the value, whoever is connected.
#[derive(Debug)]
pub struct Database {
    name: String,
}

impl Database {
    /// A database whose tables are empty.
    #[expect(clippy::new_without_default, reason = "it makes a database; a default value would not")]
    pub fn new() -> Self {
        let name = format!("test_{}", Servers::get().number());
        run("postgres", &[], &format!("CREATE DATABASE {name} TEMPLATE rawdata"));
        Self { name }
    }

    /// A database with the extract that ships, and the country outlines.
    pub fn helsinki() -> Self {
        let database = Self::new();
        let countries = format!("file={}", crate::root().join("sql/countries.geojson").display());
        database.psql_with(&["-v", &countries], &crate::read("sql/countries.sql"));
        database.import_file(&crate::data("helsinki-centre.osm.pbf"));
        database
    }

    /// The database's URL for the role of server and worker.
    pub fn url(&self) -> String {
        let url = Servers::get().env("DATABASE_URL");
        let (server, _) = url.rsplit_once('/').unwrap();
        format!("{server}/{}", self.name)
    }

    /// What psql, as superuser, answers to a script: columns divided by `|`. The script must succeed.
    pub fn psql(&self, script: &str) -> String {
        self.psql_with(&["-A"], script)
    }

    /// The same with options for psql.
    pub fn psql_with(&self, options: &[&str], script: &str) -> String {
        run(&self.name, options, script)
    }

    /// What psql says of the error that a script ends in: message, and DETAIL, HINT and the like on lines of their own.
    pub fn error(&self, script: &str) -> String {
        let output = psql(&self.name, &[], script);
        assert!(!output.status.success(), "no error: {script}");
        let said = String::from_utf8(output.stderr).unwrap();
        let start = said.find("ERROR: ").unwrap_or_else(|| panic!("{said}"));
        said[start..].trim_end().to_owned()
    }

    /// A script in a session of its own that this test waits for, or ends: `psql -c 'SELECT pg_sleep(9)'`.
    pub fn session(&self, script: &str) -> Program {
        let mut command = command(&self.name, &[]);
        command.args(["-c", script]).stdin(Stdio::null());
        Program::spawn("psql", command)
    }

    /// Loads a document, in place of what is loaded.
    pub fn import(&self, document: impl AsRef<[u8]>) {
        let file = Servers::get().home().join(format!("{}.osm", Servers::get().number()));
        std::fs::write(&file, document).unwrap();
        self.import_file(&file);
    }

    /// Loads a file by `rawdata import`.
    pub fn import_file(&self, file: &Path) {
        self.import_with(&[], file);
    }

    /// Loads a file by `rawdata import` with options.
    pub fn import_with(&self, options: &[&str], file: &Path) {
        let mut command = Program::rawdata("import");
        command.args(options).arg(file).env("DATABASE_URL", self.url()).stdin(Stdio::null());
        let output = command.output().unwrap();
        assert!(output.status.success(), "import of {}: {}", file.display(), String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        psql("postgres", &[], &format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

fn run(database: &str, options: &[&str], script: &str) -> String {
    let output = psql(database, options, script);
    assert!(output.status.success(), "{}\n{script}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

fn command(database: &str, options: &[&str]) -> Command {
    let servers = Servers::get();
    let mut command = Command::new("psql");
    command.args([
        "-Xqt",
        "-v",
        "ON_ERROR_STOP=1",
        "-h",
        servers.env("PGHOST"),
        "-p",
        servers.env("PGPORT"),
        "-U",
        "postgres",
    ]);
    command.args(["-d", database]).args(options);
    command
}

fn psql(database: &str, options: &[&str], script: &str) -> Output {
    let mut psql =
        command(database, options).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = psql.stdin.take().unwrap();
    thread::scope(|scope| {
        // Beside, for psql may answer before it has read all. It may also end early: its message says why.
        scope.spawn(move || drop(input.write_all(script.as_bytes())));
        psql.wait_with_output().unwrap()
    })
}
