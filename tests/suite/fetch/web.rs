//! A server that gives the answers it was told to, sound and broken ones.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// An answer to requests whose first line holds a text.
#[derive(Clone)]
pub struct Answer {
    line: String,
    bytes: Vec<u8>,
    once: bool,
}

/// A whole answer.
pub fn answer(line: &str, status: &str, body: impl AsRef<[u8]>) -> Answer {
    with_headers(line, status, &format!("content-length: {}\r\n", body.as_ref().len()), body)
}

/// An answer with the headers given, each ending its line.
pub fn with_headers(line: &str, status: &str, headers: &str, body: impl AsRef<[u8]>) -> Answer {
    let mut bytes = format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}\r\n").into_bytes();
    bytes.extend_from_slice(body.as_ref());
    Answer { line: line.to_owned(), bytes, once: false }
}

impl Answer {
    /// The same for the first such request only.
    pub fn once(self) -> Self {
        Self { once: true, ..self }
    }
}

/// The server. It gives the first answer that fits, else 404; ends with the test program.
pub struct Web {
    /// Its address, without a slash at the end.
    pub address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Web {
    pub fn new(answers: impl Into<Vec<Answer>>) -> Self {
        let answers = answers.into();
        Self::with(|_| answers)
    }

    /// A server whose answers hold its own address.
    pub fn with(answers: impl FnOnce(&str) -> Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, mut answers) = (Arc::clone(&asked), answers(&address));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let line = first_line(&mut stream);
                let found = answers.iter().position(|answer| line.contains(&answer.line));
                log.lock().unwrap().push(line);
                let none = answer("", "404 Not Found", "");
                let given = match found {
                    Some(at) if answers[at].once => answers.remove(at),
                    Some(at) => answers[at].clone(),
                    None => none,
                };
                // A client may have had enough.
                let _ = stream.write_all(&given.bytes);
            }
        });
        Self { address, asked }
    }

    /// The first lines of the requests that came.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// Reads a request, so that closing the connection does not tear the answer away.
fn first_line(stream: &mut TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    let is_whole = |request: &[u8]| {
        let text = String::from_utf8_lossy(request).to_ascii_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        body.len() >= length.map_or(0, |length| length.parse().unwrap())
    };
    while !is_whole(&request) {
        match stream.read(&mut piece) {
            Ok(length) if length > 0 => request.extend_from_slice(&piece[..length]),
            _ => break,
        }
    }
    String::from_utf8_lossy(&request).lines().next().unwrap_or("").to_owned()
}
