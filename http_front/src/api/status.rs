//! `GET /v1/status/`: how current the data are.

use std::sync::Arc;

use poem::{Response, http::StatusCode};
use serde_json::json;

use crate::{
    App,
    error::{ApiError, json_response},
};

/// The time of the data, in the spelling of the old service.
pub async fn get(app: Arc<App>) -> Result<Response, ApiError> {
    match app.db.data_timestamp().await? {
        Some(time) => Ok(json_response(StatusCode::OK, &json!({ "lastUpdated": time }))),
        None => Err(ApiError::unavailable("no data set with a time is loaded")),
    }
}
