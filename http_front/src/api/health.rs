//! `/healthz`: the process is alive. `/readyz`: it can do its work.

use std::sync::Arc;

use poem::{Response, http::StatusCode};
use serde_json::json;

use crate::{
    App,
    error::{ApiError, json_response},
};

/// Alive.
pub async fn live() -> Result<Response, ApiError> {
    Ok(json_response(StatusCode::OK, &json!({ "status": "alive" })))
}

/// Ready, or what is missing. Told from the last look of the background check, so that asking costs nothing.
pub async fn ready(app: Arc<App>) -> Result<Response, ApiError> {
    let (database, redis) = (app.health.database(), app.health.redis());
    let stopping = app.stop.is_asked();
    let ready = database.is_ok() && redis.is_ok() && !stopping;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let reply = json!({
        "status": if stopping { "stopping" } else if ready { "ready" } else { "not ready" },
        "database": database.words(),
        "redis": redis.words(),
    });
    Ok(json_response(status, &reply))
}
