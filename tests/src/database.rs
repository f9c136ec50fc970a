//! A database of the test's own, with the extension and its tables.

use std::{
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
    thread,
};

use crate::{Program, Servers, Session};

/// Where psql finds a server.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) host: String,
    pub(crate) port: String,
}

/// A database. Dropped with the value, whoever is connected.
#[derive(Debug)]
pub struct Database {
    name: String,
}

impl Database {
    /// A database whose tables are empty.
    #[expect(clippy::new_without_default, reason = "it makes a database; a default value would not")]
    pub fn new() -> Self {
        Self::from_template("rawdata")
    }

    /// A database without the extension.
    pub fn bare() -> Self {
        Self::from_template("template0")
    }

    fn from_template(template: &str) -> Self {
        let name = format!("test_{}", Servers::get().number());
        run(&primary(), "postgres", &[], &format!("CREATE DATABASE {name} TEMPLATE {template}"));
        Self { name }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
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
        run(&primary(), &self.name, options, script)
    }

    /// The `bytea` that a query gives. Of text, psql leaves out what it takes for no character.
    pub fn bytes(&self, query: &str) -> Vec<u8> {
        let hex = self.psql(&format!("SELECT encode(file, 'hex') FROM ({query}) AS answer(file)"));
        let digit = |digit: u8| u8::try_from((digit as char).to_digit(16).unwrap()).unwrap();
        let digits: Vec<u8> = hex.bytes().filter(|byte| *byte != b'\n').map(digit).collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }

    /// What psql says of the error that a script ends in: message, and DETAIL, HINT and the like on lines of their own.
    pub fn error(&self, script: &str) -> String {
        let output = psql(&primary(), &self.name, &[], script);
        assert!(!output.status.success(), "no error: {script}");
        let said = String::from_utf8(output.stderr).unwrap();
        let start = said.find("ERROR: ").unwrap_or_else(|| panic!("{said}"));
        said[start..].trim_end().to_owned()
    }

    /// The names of the file formats that it exports, as it lists them when asked for another.
    pub fn formats(&self) -> Vec<String> {
        let refusal = self.error(
            r#"SELECT rawdata.export('{"outputType": "?", "geometry": {"type": "Polygon", "coordinates": [[[0,0],[1,0],[1,1],[0,0]]]}}')"#,
        );
        let names: Vec<String> = refusal.split('\'').skip(1).step_by(2).map(str::to_owned).collect();
        assert!(names.len() >= 9, "{refusal}");
        names
    }

    /// A script in a session of its own that this test waits for, or ends: `psql -c 'SELECT pg_sleep(9)'`.
    pub fn session(&self, script: &str) -> Program {
        let mut command = command(&primary(), &self.name, &["-v", "ON_ERROR_STOP=1"]);
        command.args(["-c", script]).stdin(Stdio::null());
        Program::spawn("psql", command)
    }

    /// A session that is asked one thing after the other.
    pub fn open(&self) -> Session {
        Session::start(command(&primary(), &self.name, &["-A"]))
    }

    /// A program of PostgreSQL's on this database, as superuser: `pg_dump`. What it writes to standard output.
    pub fn tool(&self, program: &str, arguments: &[&str]) -> Vec<u8> {
        let Server { host, port } = primary();
        let connection = ["-h", &host, "-p", &port, "-U", "postgres", "-d", &self.name];
        let output = Command::new(program).args(connection).args(arguments).output().unwrap();
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
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
        psql(&primary(), "postgres", &[], &format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

pub(crate) fn primary() -> Server {
    let servers = Servers::get();
    Server { host: servers.env("PGHOST").to_owned(), port: servers.env("PGPORT").to_owned() }
}

pub(crate) fn run(server: &Server, database: &str, options: &[&str], script: &str) -> String {
    let output = psql(server, database, options, script);
    assert!(output.status.success(), "{}\n{script}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

fn command(server: &Server, database: &str, options: &[&str]) -> Command {
    let mut command = Command::new("psql");
    command.args(["-Xqt", "-h", &server.host, "-p", &server.port, "-U", "postgres", "-d", database]).args(options);
    command
}

pub(crate) fn psql(server: &Server, database: &str, options: &[&str], script: &str) -> Output {
    let mut command = command(server, database, &["-v", "ON_ERROR_STOP=1"]);
    let mut psql =
        command.args(options).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = psql.stdin.take().unwrap();
    thread::scope(|scope| {
        // Beside, for psql may answer before it has read all. It may also end early: its message says why.
        scope.spawn(move || drop(input.write_all(script.as_bytes())));
        psql.wait_with_output().unwrap()
    })
}
