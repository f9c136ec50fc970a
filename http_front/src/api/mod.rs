//! The resources of the server, one file each.

mod docs;
mod downloads;
mod health;
mod metrics;
mod openapi;
mod plain;
mod range;
mod snapshot;
mod status;
mod tasks;
mod workers;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use poem::{Endpoint, Request, Response, http::Method};

use crate::{App, error::ApiError};

type Handled = BoxFuture<'static, Result<Response, ApiError>>;
type Handler = fn(Arc<App>, Request) -> Handled;

/// One address and what it answers to.
pub struct Resource {
    /// The address. A slash at the end may be left out.
    pub path: &'static str,
    allow: &'static str,
    get: Option<Handler>,
    post: Option<Handler>,
}

/// All resources: the only list of them.
pub static RESOURCES: &[Resource] = &[
    get("/v1/status/", |app, _| Box::pin(status::get(app))),
    post("/v1/snapshot/", |app, request| Box::pin(snapshot::post(app, request))),
    post("/v1/snapshot/plain/", |app, request| Box::pin(plain::post(app, request))),
    get("/v1/tasks/status/:id/", |app, request| Box::pin(tasks::status(app, request))),
    get("/v1/tasks/queue/", |app, _| Box::pin(tasks::queue(app))),
    get("/v1/workers/", |app, _| Box::pin(workers::get(app))),
    get("/v1/openapi.json", |_, _| Box::pin(docs::document())),
    get("/v1/docs/", |_, _| Box::pin(docs::page())),
    get("/docs/", |_, _| Box::pin(docs::page())),
    get("/exports/*path", |app, request| Box::pin(downloads::get(app, request))),
    get("/healthz/", |_, _| Box::pin(health::live())),
    get("/readyz/", |app, _| Box::pin(health::ready(app))),
    get("/metrics/", |app, _| Box::pin(metrics::get(app))),
];

const fn get(path: &'static str, handler: Handler) -> Resource {
    Resource { path, allow: "GET, HEAD", get: Some(handler), post: None }
}

const fn post(path: &'static str, handler: Handler) -> Resource {
    Resource { path, allow: "POST", get: None, post: Some(handler) }
}

impl Resource {
    /// The resource as an endpoint. HEAD is answered as GET is; the server leaves the body out.
    pub fn endpoint(&'static self, app: &Arc<App>) -> impl Endpoint<Output = Response> + use<> {
        let app = Arc::clone(app);
        poem::endpoint::make(move |request: Request| {
            let app = Arc::clone(&app);
            async move {
                let handler = match *request.method() {
                    Method::GET | Method::HEAD => self.get,
                    Method::POST => self.post,
                    _ => None,
                };
                let handled = match handler {
                    Some(handler) => handler(app, request).await,
                    None => Err(ApiError::method_not_allowed(self.allow)),
                };
                Ok::<_, poem::Error>(handled.unwrap_or_else(ApiError::into_response))
            }
        })
    }

    /// The address and methods as the OpenAPI document has them.
    #[cfg(test)]
    fn documented(&self) -> (String, Vec<&'static str>) {
        let part = |part: &str| match part.strip_prefix([':', '*']) {
            Some(name) => format!("{{{name}}}"),
            None => part.to_owned(),
        };
        let path = self.path.split('/').map(part).collect::<Vec<_>>().join("/");
        (path, self.get.map(|_| "get").into_iter().chain(self.post.map(|_| "post")).collect())
    }
}
