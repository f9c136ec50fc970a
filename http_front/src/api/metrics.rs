//! `GET /metrics`: how current the data are, as Prometheus reads it.

use std::{fmt::Write, sync::Arc};

use poem::Response;
use serde_json::Value;

use crate::{App, error::ApiError};

/// Name, member of the database's answer, and meaning.
const GAUGES: [(&str, &str, &str); 4] = [
    ("rawdata_replication_lag_seconds", "lag_seconds", "Seconds between the time of the data and now."),
    ("rawdata_replication_sequence", "sequence", "Number of the last diff applied."),
    ("rawdata_replication_server_sequence", "server_sequence", "Number of the newest diff that the server had."),
    ("rawdata_replication_failures", "failures", "Looks at the server that failed since one went well."),
];

/// The metrics. What is not known is left out.
pub async fn get(app: Arc<App>) -> Result<Response, ApiError> {
    let replication = app.db.replication().await?.unwrap_or_default();
    let waiting = app.queue.waiting().await?;
    let mut text = gauges(&replication);
    push(&mut text, "rawdata_jobs_waiting", "Jobs that wait for a worker.", &waiting.into());
    Ok(Response::builder().content_type("text/plain; version=0.0.4; charset=utf-8").body(text))
}

fn gauges(replication: &Value) -> String {
    let mut text = String::new();
    for (name, member, meaning) in GAUGES {
        if let Some(value @ Value::Number(_)) = replication.get(member) {
            push(&mut text, name, meaning, value);
        }
    }
    text
}

fn push(text: &mut String, name: &str, meaning: &str, value: &Value) {
    let _ = writeln!(text, "# HELP {name} {meaning}\n# TYPE {name} gauge\n{name} {value}");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_known_is_told_and_nothing_else() {
        let text = gauges(&json!({ "lag_seconds": 61, "sequence": null, "error": "x" }));
        let values: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(values, ["rawdata_replication_lag_seconds 61"]);
        assert_eq!(gauges(&Value::Null), "");
    }
}
