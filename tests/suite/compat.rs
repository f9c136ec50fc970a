//! Answers of the old wire. Each case of `compat/*.json` is a request and what must come back: members of the answer that
//! a case does not name are free; the string "…" stands for any value, and within a text for any text.

use std::fs;

use rawdata_tests::{Database, Front, Osm, read, root};
use serde_json::Value;

/// Whether `found` is as `wanted` says; else where not.
fn difference(wanted: &Value, found: &Value, place: &str) -> Option<String> {
    match (wanted, found) {
        (Value::String(text), _) if text == "…" => (found.is_null()).then(|| format!("{place} is absent")),
        (Value::String(text), Value::String(other)) if text.contains('…') => {
            let mut rest = other.as_str();
            let all = text.split('…').all(|part| rest.find(part).map(|at| rest = &rest[at + part.len()..]).is_some());
            (!all).then(|| format!("{place}: {other:?} is not like {text:?}"))
        }
        (Value::Object(members), Value::Object(others)) => members.iter().find_map(|(key, value)| {
            difference(value, others.get(key).unwrap_or(&Value::Null), &format!("{place}.{key}"))
        }),
        (Value::Array(items), Value::Array(others)) if items.len() == others.len() => items
            .iter()
            .zip(others)
            .enumerate()
            .find_map(|(n, (item, other))| difference(item, other, &format!("{place}[{n}]"))),
        _ => (wanted != found).then(|| format!("{place}: {found}, not {wanted}")),
    }
}

#[tokio::test]
async fn answers_are_those_of_the_contract() {
    let database = Database::new();
    database.import(Osm::new().node(1, 24.001, 60.001, &[("amenity", "cafe")]).xml());
    let front = Front::new(&database);
    let mut failed = Vec::new();
    let mut files: Vec<_> =
        fs::read_dir(root().join("tests/compat")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    files.sort();
    for file in files {
        let name = file.into_string().unwrap();
        let cases: Vec<Value> = serde_json::from_str(&read(&format!("tests/compat/{name}"))).unwrap();
        for case in cases {
            let path = case["path"].as_str().unwrap();
            let method = case["method"].as_str().unwrap_or("GET").parse().unwrap();
            let body = match &case["body"] {
                Value::Null => None,
                Value::String(text) => Some(text.clone()),
                body => Some(body.to_string()),
            };
            let headers = case["headers"].as_object().into_iter().flatten();
            let headers: Vec<(&str, &str)> =
                headers.map(|(key, value)| (key.as_str(), value.as_str().unwrap())).collect();
            let reply = front.send(method, path, &headers, body).await;
            let label = format!("{name}: {}", case["case"].as_str().unwrap());
            if reply.status.as_u16() != case["status"] {
                failed.push(format!("{label}: status {}, {}", reply.status, String::from_utf8_lossy(&reply.body)));
                continue;
            }
            for (header, wanted) in case["reply_headers"].as_object().into_iter().flatten() {
                failed.extend(difference(wanted, &reply.header(header).into(), &format!("{label}: {header}")));
            }
            if !case["reply"].is_null() {
                failed.extend(difference(&case["reply"], &reply.json(), &label));
            }
        }
    }
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
}

#[test]
fn the_comparison_finds_differences() {
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let differ = |wanted, found| difference(&json(wanted), &json(found), "x").is_some();
    assert!(!differ(r#"{"a":"…"}"#, r#"{"a":1,"b":2}"#));
    assert!(differ(r#"{"a":"…"}"#, r#"{"b":2}"#));
    assert!(differ(r#"[1]"#, r#"[1,2]"#));
    assert!(!differ(r#""a … b""#, r#""a c b""#));
    assert!(differ(r#""a … b""#, r#""a c d""#));
    assert!(differ("1", "2"));
}
