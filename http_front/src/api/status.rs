//! `GET /v1/status/`: how current the data are.

use std::sync::Arc;

use poem::{Response, http::StatusCode};
use serde_json::json;

use crate::{
    App,
    error::{ApiError, json_response},
};

/// The time of the data, in the spelling of the old service, and how the data set is kept current.
pub async fn get(app: Arc<App>) -> Result<Response, ApiError> {
    let replication = app.db.replication().await?;
    match app.db.data_timestamp().await? {
        Some(time) => Ok(json_response(StatusCode::OK, &json!({ "lastUpdated": time, "replication": replication }))),
        None => Err(ApiError::unavailable("no data set with a time is loaded")),
    }
}
