//! `/v1/tasks/…`: how a job is going, and how many wait.

use std::{collections::HashMap, sync::Arc};

use poem::{Request, Response, http::StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    App,
    db::{Job, JobStatus},
    error::{ApiError, json_response},
    wire,
};

/// State and result of one job, or what it was asked for.
pub async fn status(app: Arc<App>, request: Request) -> Result<Response, ApiError> {
    let id: String = request.path_params().map_err(|_| ApiError::not_found())?;
    // A number that is none leads nowhere; one that nobody has is pending for ever, as it was.
    let id: Uuid = id.parse().map_err(|_| ApiError::not_found())?;
    let only_arguments = only_arguments(&request)?;
    let job = app.db.job(id).await?;
    let reply = if only_arguments { arguments(job) } else { state(id, job) };
    Ok(json_response(StatusCode::OK, &reply))
}

/// How many jobs wait. Both queues of the old service are there; exports of both kinds wait in the first.
pub async fn queue(app: Arc<App>) -> Result<Response, ApiError> {
    let waiting = app.queue.waiting().await?;
    let reply = json!({ "raw_daemon": { "length": waiting }, "raw_ondemand": { "length": 0 } });
    Ok(json_response(StatusCode::OK, &reply))
}

fn only_arguments(request: &Request) -> Result<bool, ApiError> {
    let query = request.params::<HashMap<String, String>>().unwrap_or_default();
    match query.get("only_args") {
        Some(text) => wire::query_flag("only_args", text),
        None => Ok(false),
    }
}

fn arguments(job: Option<Job>) -> Value {
    job.map_or(Value::Null, |job| json!([job.request]))
}

fn state(id: Uuid, job: Option<Job>) -> Value {
    let none = || Value::from("N/A");
    let (status, result) = match job {
        None => ("PENDING", none()),
        Some(job) => match job.status {
            JobStatus::Queued => ("PENDING", none()),
            JobStatus::Started => ("STARTED", none()),
            JobStatus::Success => ("SUCCESS", job.result.unwrap_or(Value::Null)),
            JobStatus::Failure => ("FAILURE", job.reason.map_or_else(none, Value::from)),
            JobStatus::Revoked => ("REVOKED", none()),
            JobStatus::Expired => {
                ("FAILURE", "the result was removed, because it was too old or room was needed".into())
            }
        },
    };
    json!({ "id": id, "status": status, "result": result })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(status: JobStatus) -> Job {
        Job {
            status,
            request: json!({ "output_type": "csv" }),
            result: (status == JobStatus::Success).then(|| json!({ "download_url": "u" })),
            reason: (status == JobStatus::Failure).then(|| "why".into()),
        }
    }

    #[test]
    fn a_result_is_an_object_only_on_success() {
        let id = Uuid::nil();
        let of = |job| state(id, job);
        assert_eq!(of(None), json!({ "id": id, "status": "PENDING", "result": "N/A" }));
        assert_eq!(of(Some(job(JobStatus::Started)))["status"], "STARTED");
        assert_eq!(of(Some(job(JobStatus::Success)))["result"]["download_url"], "u");
        assert_eq!(of(Some(job(JobStatus::Failure))), json!({ "id": id, "status": "FAILURE", "result": "why" }));
        assert_eq!(of(Some(job(JobStatus::Revoked)))["status"], "REVOKED");
        assert!(of(Some(job(JobStatus::Expired)))["result"].as_str().unwrap().contains("removed"));
    }

    #[test]
    fn arguments_come_as_a_list_of_one() {
        assert_eq!(arguments(Some(job(JobStatus::Queued))), json!([{ "output_type": "csv" }]));
        assert_eq!(arguments(None), Value::Null);
    }
}
