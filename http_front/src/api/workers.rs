//! `GET /v1/workers/`: which workers are there, and what they do.

use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use poem::{Response, http::StatusCode};
use serde_json::{Value, json};

use crate::{
    App,
    error::{ApiError, json_response},
    queue::WorkerEntry,
    words::utc,
};

/// The registered workers, by name.
pub async fn get(app: Arc<App>) -> Result<Response, ApiError> {
    let workers: Vec<Value> = app.queue.workers().await?.into_iter().map(worker).collect();
    Ok(json_response(StatusCode::OK, &json!({ "workers": workers })))
}

fn worker(entry: WorkerEntry) -> Value {
    let WorkerEntry { state, age } = entry;
    json!({
        "name": state.name,
        "host": state.host,
        "pid": state.pid,
        "started": utc(UNIX_EPOCH + Duration::from_secs(state.started)),
        "beat_age_seconds": (age.as_secs_f64() * 10.0).round() / 10.0,
        "state": state.state,
        "job": state.job,
    })
}
