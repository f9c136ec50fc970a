//! `POST /v1/snapshot/plain/`: a small GeoJSON at once.

use std::{io, sync::Arc, time::Duration};

use futures_util::StreamExt;
use poem::{Body, Request, Response};
use rawdata_core::request::{Format, Service};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    App, body,
    db::{Chunks, DbError},
    error::ApiError,
    wire,
};

/// How long a request waits for a slot.
const PATIENCE: Duration = Duration::from_secs(2);

/// Streams the features. What goes wrong before the first chunk is an answer; what goes wrong later breaks the connection off,
/// so that nobody takes a part for the whole.
pub async fn post(app: Arc<App>, request: Request) -> Result<Response, ApiError> {
    let body = body::read(request, app.limits.body_limit).await?;
    let arguments = wire::check(body, Service::Plain, app.request_limits.clone()).await?;
    let slot = slot(&app.plain_slots).await?;
    let mut chunks = app.readers.get().await?.export(&arguments).await?;
    let first = chunks.next().await?;
    let body = Body::from_bytes_stream(stream(chunks, first, slot));
    Ok(Response::builder().content_type(Format::GeoJson.media_type()).body(body))
}

async fn slot(slots: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, ApiError> {
    match tokio::time::timeout(PATIENCE, Arc::clone(slots).acquire_owned()).await {
        Ok(Ok(slot)) => Ok(slot),
        _ => Err(ApiError::unavailable("too many plain exports are running, please try again soon")),
    }
}

fn stream(
    chunks: Chunks,
    first: Option<bytes::Bytes>,
    slot: OwnedSemaphorePermit,
) -> impl futures_util::Stream<Item = io::Result<bytes::Bytes>> {
    chunks.stream(first).map(move |chunk| {
        // The slot is given back when the stream is dropped.
        let _held = &slot;
        chunk.map_err(|error: DbError| {
            tracing::warn!(cause = %error, "a plain export broke off");
            io::Error::other("broken off")
        })
    })
}
