//! The examples of `sql/README.md` do what is written there.
//!
//! Each ```` ```sql ```` block is run by psql, in order, in one database that holds the extract that ships. An ```` ```output ````
//! block after it is what psql prints (`psql --no-align --tuples-only`); where it begins with `ERROR:`, the block must fail so.

use std::process::Command;

use rawdata_tests::{Database, read};

struct Example<'a> {
    line: usize,
    sql: &'a str,
    output: Option<&'a str>,
}

/// The fenced blocks of a text: line, language, content.
fn blocks(text: &str) -> Vec<(usize, &str, &str)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, &str, usize)> = None;
    let mut at = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        if let Some(rest) = line.trim_end().strip_prefix("```") {
            open = match open {
                None => Some((number + 1, rest, at + line.len())),
                Some((first, language, start)) => {
                    found.push((first, language, &text[start..at]));
                    None
                }
            };
        }
        at += line.len();
    }
    assert!(open.is_none(), "a block is not closed");
    found
}

fn examples(text: &str) -> Vec<Example<'_>> {
    let mut examples: Vec<Example<'_>> = Vec::new();
    for (line, language, content) in blocks(text) {
        match language {
            "sql" => examples.push(Example { line, sql: content, output: None }),
            "output" => examples.last_mut().expect("output before any example").output = Some(content),
            _ => {}
        }
    }
    examples
}

fn trimmed(text: &str) -> String {
    text.trim_end().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_example_gives_what_is_written() {
    let text = read("sql/README.md");
    let database = Database::helsinki();
    let mut failed = Vec::new();
    let examples = examples(&text);
    assert!(!examples.is_empty());
    for Example { line, sql, output } in examples {
        let wanted = output.map(trimmed);
        let fails = wanted.as_ref().is_some_and(|wanted| wanted.starts_with("ERROR: "));
        let found = trimmed(&if fails { database.error(sql) } else { database.psql(sql) });
        if wanted.is_some_and(|wanted| wanted != found) {
            failed.push(format!("sql/README.md:{line}:\n{sql}gives\n{found}\n"));
        }
    }
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
}

#[test]
fn every_function_has_a_heading() {
    let text = read("sql/README.md");
    let database = Database::new();
    let query = "SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'rawdata'::regnamespace AND proname !~ '^_'";
    let functions = database.psql(query);
    let headings: Vec<&str> = text.lines().filter(|line| line.starts_with('#')).collect();
    let missing: Vec<&str> =
        functions.lines().filter(|name| !headings.iter().any(|heading| heading.contains(*name))).collect();
    assert!(missing.is_empty(), "no heading in sql/README.md: {missing:?}");
}

#[test]
fn blocks_are_found_with_their_language() {
    let text = "a\n```sql\nSELECT 1;\n```\n```output\n 1\n```\n```text\nx\n```\n";
    let found = examples(text);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].line, found[0].sql, found[0].output), (2, "SELECT 1;\n", Some(" 1\n")));
    assert!(Command::new("psql").arg("--version").output().unwrap().status.success());
}
