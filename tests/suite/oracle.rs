//! What an import writes, byte by byte built by ourselves, against the rows that the server's own input functions make.

use std::{fmt::Write, fs, path::Path};

use rawdata_tests::{Database, data, read, shared};

/// Fails where a row of the file, imported with so much memory, is not what SQL makes of it. How many rows of each sort
/// were compared.
fn compare(file: &Path, import_memory: &str) -> Vec<(String, u64)> {
    let database = Database::new();
    database.psql(&format!("ALTER DATABASE :\"DBNAME\" SET rawdata.import_memory = '{import_memory}'"));
    database.import_file(file);
    let mut script = String::from(r"CREATE TEMP TABLE document AS SELECT '\x");
    for byte in fs::read(file).unwrap() {
        write!(script, "{byte:02x}").unwrap();
    }
    script += "'::bytea AS bytes;\n";
    script += &read("tests/suite/oracle.sql");
    let answer = database.psql(&script);
    let rows: Vec<Vec<&str>> = answer.lines().map(|line| line.split('|').collect()).collect();
    assert!(rows.iter().all(|row| row[2] == "0"), "{}:\n{answer}", file.display());
    rows.iter().map(|row| (row[0].to_owned(), row[1].parse().unwrap())).collect()
}

#[test]
fn rows_are_those_of_the_slow_route() {
    let compared = compare(&data("helsinki-centre.osm.pbf"), "128MB");
    let sorts: Vec<&str> = compared.iter().map(|(sort, _)| sort.as_str()).collect();
    assert_eq!(sorts, ["objects", "columns", "points", "lines", "areas", "relation areas", "relation lines"]);
    assert!(compared.iter().all(|(_, rows)| *rows > 10), "{compared:?}");
}

#[test]
fn rows_of_all_extracts_are_those_of_the_slow_route() {
    let Some(extracts) = shared("data/pbf") else { return };
    for extract in fs::read_dir(extracts).unwrap() {
        let extract = extract.unwrap().path();
        compare(&extract, "128MB");
        compare(&extract, "256kB");
    }
}

#[test]
fn rows_are_the_same_where_memory_holds_few_places() {
    compare(&data("helsinki-centre.osm.pbf"), "64kB");
}
