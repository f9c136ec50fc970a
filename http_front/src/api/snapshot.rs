//! `POST /v1/snapshot/`: asks for an export.

use std::sync::Arc;

use poem::{Request, Response, http::StatusCode};
use rawdata_core::request::Service;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    App, body,
    error::{ApiError, json_response},
    queue::Submitted,
    wire,
};

/// Checks the request and queues it.
pub async fn post(app: Arc<App>, request: Request) -> Result<Response, ApiError> {
    let body = body::read(request, app.limits.body_limit).await?;
    let arguments = wire::check(body, Service::Snapshot, app.request_limits.clone()).await?;
    // In a task of its own: a client that leaves now gets its job or none, never half of one.
    let submitted = tokio::spawn(submit(app, arguments)).await.map_err(|error| {
        tracing::error!(cause = %error, "submitting ended unexpectedly");
        ApiError::internal()
    })?;
    let (id, waiting) = submitted?;
    let reply = json!({ "task_id": id, "track_link": format!("/tasks/status/{id}/"), "queue": waiting });
    Ok(json_response(StatusCode::OK, &reply))
}

/// Records the job, then queues it. A job that cannot be queued is withdrawn.
async fn submit(app: Arc<App>, arguments: Value) -> Result<(Uuid, u64), ApiError> {
    let id = Uuid::new_v4();
    app.db.add_job(id, &arguments).await?;
    let refused = match app.queue.add(id, app.limits.queue_limit).await {
        Ok(Submitted::Waiting(waiting)) => {
            tracing::info!(%id, waiting, "job queued");
            return Ok((id, waiting));
        }
        Ok(Submitted::Full) => ApiError::too_many("too many jobs are waiting, please try again later", 30),
        Err(error) => error.into(),
    };
    match app.db.withdraw_job(id).await {
        Ok(true) => Err(refused),
        // The answer of Redis got lost, but a worker has begun.
        Ok(false) => Ok((id, 0)),
        Err(error) => {
            tracing::warn!(%id, cause = %error, "a job could not be withdrawn and will run");
            Err(refused)
        }
    }
}
