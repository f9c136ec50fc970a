//! What is installed is what the repository says.

use std::{collections::BTreeSet, fs, process::Command};

use rawdata_tests::{Database, read, root, target};

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn version() -> String {
    let control = read("pg_rawdata/pg_rawdata.control");
    let line = control.lines().find(|line| line.starts_with("default_version")).unwrap();
    line.split('\'').nth(1).unwrap().to_owned()
}

fn release_sql() -> String {
    read(&format!("sql/release/pg_rawdata--{}.sql", version()))
}

/// The words of a text that end so, without the descriptions that PostgreSQL wants beside each function.
fn words_ending(text: &str, end: &str) -> BTreeSet<String> {
    let words = text.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_');
    words.filter(|word| word.ends_with(end) && !word.starts_with("pg_finfo_")).map(str::to_owned).collect()
}

#[test]
fn the_release_sql_names_the_functions_that_the_library_has() {
    let library = target().join("release/libpg_rawdata.so");
    let symbols = output("nm", &["--dynamic", "--defined-only", library.to_str().unwrap()]);
    let (library, sql) = (words_ending(&symbols, "_wrapper"), words_ending(&release_sql(), "_wrapper"));
    assert!(!sql.is_empty());
    assert_eq!(library, sql, "run `make schema`");
}

#[test]
fn the_release_sql_holds_every_file_of_sql_install() {
    let release = release_sql();
    for entry in fs::read_dir(root().join("sql/install")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        assert!(release.contains(text.trim_end()), "{} has changed since `make schema`", path.display());
    }
}

#[test]
fn the_release_sql_is_what_the_library_says_byte_for_byte() {
    let Ok(pgrx) = Command::new("cargo-pgrx").arg("--version").output() else {
        eprintln!("skipped: there is no cargo-pgrx");
        return;
    };
    assert!(pgrx.status.success());
    let script = root().join(".make/schema.sh");
    assert!(output(script.to_str().unwrap(), &["--print"]) == release_sql(), "run `make schema`");
}

#[test]
fn the_release_sql_never_adopts_what_is_there() {
    let release = release_sql().to_uppercase();
    for forbidden in ["CREATE OR REPLACE", "IF NOT EXISTS"] {
        let lines = release.lines().filter(|line| !line.trim_start().starts_with("--") && line.contains(forbidden));
        // A function's body may ask before it makes something; the script itself may not.
        let at_top = lines.filter(|line| !line.starts_with(' ')).collect::<Vec<_>>();
        assert!(at_top.is_empty(), "{at_top:?}");
    }
}

#[test]
fn versions_agree() {
    let manifest = read("Cargo.toml");
    let line = manifest.lines().find(|line| line.starts_with("version = ")).unwrap();
    assert_eq!(line, format!("version = \"{}\"", version()));
    let database = Database::new();
    assert_eq!(database.psql("SELECT extversion FROM pg_extension WHERE extname = 'pg_rawdata'"), version());
}

#[test]
fn the_extension_leaves_nothing_behind() {
    let database = Database::new();
    database.psql("DROP EXTENSION pg_rawdata CASCADE; DROP SCHEMA rawdata CASCADE");
    database.psql("CREATE EXTENSION pg_rawdata; SELECT rawdata.create_roles(), rawdata.create_tables()");
    assert_eq!(database.psql("SELECT count(*) FROM rawdata.features"), "0");
}
