//! A session that is asked one thing after the other, so that a test can hold it in the middle of a transaction.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

const END: &str = "-- answered --";

/// psql, waiting for its next statement. It goes on after an error.
#[derive(Debug)]
pub struct Session {
    psql: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Session {
    pub(crate) fn start(psql: Command) -> Self {
        // Errors come in the place where the answer would stand.
        let mut both = Command::new("bash");
        both.args(["-c", "exec \"$@\" 2>&1", "psql"]).arg(psql.get_program()).args(psql.get_args());
        let mut psql = both.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (psql.stdin.take().unwrap(), BufReader::new(psql.stdout.take().unwrap()));
        Self { psql, input, output }
    }

    /// Begins a statement and does not wait for what comes of it.
    pub fn begin(&mut self, statement: &str) {
        writeln!(self.input, "{statement}\n;\n\\echo {END}").unwrap();
    }

    /// What has come of the statement that was begun.
    pub fn answer(&mut self) -> String {
        let mut answer = String::new();
        loop {
            let before = answer.len();
            assert_ne!(self.output.read_line(&mut answer).unwrap(), 0, "psql has ended: {answer}");
            if answer[before..].trim_end() == END {
                answer.truncate(before);
                return answer.trim_end().to_owned();
            }
        }
    }

    /// What comes of a statement: columns divided by `|`, or the error.
    pub fn ask(&mut self, statement: &str) -> String {
        self.begin(statement);
        self.answer()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        drop(self.psql.kill());
        drop(self.psql.wait());
    }
}
