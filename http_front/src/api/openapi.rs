//! The OpenAPI 3.0 document: every address, parameter, answer, and an example of each body.
//!
//! Written by hand and not derived from types, because the answers have the shapes of the old service. A test compares the
//! addresses with those the server has.

use rawdata_core::request::Format;
use serde_json::{Map, Value, json};

/// The document.
pub fn document() -> Value {
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": "rawdata",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Exports of OpenStreetMap data by area, geometry type and tags. \
                            Data © OpenStreetMap contributors, ODbL 1.0.",
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "tags": [
            { "name": "export", "description": "Ask for data" },
            { "name": "task", "description": "See how a job is going, and get its file" },
            { "name": "server", "description": "See how the server is doing" },
        ],
        "paths": paths(),
        "components": { "schemas": schemas() },
    })
}

fn paths() -> Value {
    json!({
        "/v1/status/": { "get": {
            "operationId": "getStatus", "tags": ["server"], "summary": "How current the data are",
            "responses": {
                "200": answer("The time of the data, in UTC, and how the last look at the replication server went", "Status", json!({
                    "lastUpdated": "2024-03-05 11:22:33+00:00",
                    "replication": {
                        "sequence": 6012345, "data_timestamp": "2024-03-05T11:22:33+00:00", "server_sequence": 6012345,
                        "lag_seconds": 71, "looked_at": "2024-03-05T11:23:40+00:00", "next_look": "2024-03-05T11:24:43+00:00",
                        "succeeded_at": "2024-03-05T11:23:40+00:00", "failures": 0, "failing_since": null,
                        "error_kind": null, "error": null, "failed_at": null,
                    },
                })),
                "503": refusal("No data set is loaded, or the database does not answer", json!("no data set with a time is loaded")),
            },
        }},
        "/v1/snapshot/": { "post": {
            "operationId": "postSnapshot", "tags": ["export"], "summary": "Ask for an export to a file",
            "description": "Queues a job and answers at once. Keys may be in camelCase or snake_case; unknown ones are ignored.",
            "requestBody": body("Snapshot", examples()),
            "responses": with_refusals(json!({
                "200": answer("The job waits", "Submitted", json!({
                    "task_id": EXAMPLE_ID, "track_link": format!("/tasks/status/{EXAMPLE_ID}/"), "queue": 1,
                })),
                "403": reasons("The caller may not ask for this", "Insufficient Permission for uuid = False"),
                "406": reasons("The area is too large for a file without a zip", "Area 465.49 km2 is greater than 200 km2"),
                "429": refusal("Too many jobs wait; Retry-After says when to ask again", json!("too many jobs are waiting, please try again later")),
            })),
        }},
        "/v1/snapshot/plain/": { "post": {
            "operationId": "postSnapshotPlain", "tags": ["export"], "summary": "Get a small GeoJSON at once",
            "description": "For areas of less than 7 km². A stream that cannot be finished is broken off without its last chunk.",
            "requestBody": body("PlainSnapshot", json!({ "area": { "value": { "geometry": area() } } })),
            "responses": with_refusals(json!({
                "200": { "description": "The features", "content": { "application/geo+json": {
                    "schema": { "type": "object" },
                    "example": { "type": "FeatureCollection", "features": [] },
                }}},
                "403": reasons("The caller may not ask for this", "Insufficient Permission for extracting exports with user metadata"),
            })),
        }},
        "/v1/tasks/status/{id}/": { "get": {
            "operationId": "getTaskStatus", "tags": ["task"], "summary": "How a job is going",
            "parameters": [
                { "name": "id", "in": "path", "required": true, "description": "task_id of the job",
                  "schema": { "type": "string", "format": "uuid" }, "example": EXAMPLE_ID },
                { "name": "only_args", "in": "query", "description": "Show what was asked for instead",
                  "schema": { "type": "boolean", "default": false } },
            ],
            "responses": {
                "200": { "description": "The state. PENDING also stands for a job that nobody knows", "content": { "application/json": {
                    "schema": { "oneOf": [
                        { "$ref": "#/components/schemas/Task" },
                        { "type": "array", "nullable": true, "items": { "type": "object" } },
                    ]},
                    "examples": {
                        "success": { "value": { "id": EXAMPLE_ID, "status": "SUCCESS", "result": result() } },
                        "waiting": { "value": { "id": EXAMPLE_ID, "status": "PENDING", "result": "N/A" } },
                        "failed": { "value": { "id": EXAMPLE_ID, "status": "FAILURE", "result": "no space is left for results" } },
                    },
                }}},
                "404": refusal("The id is not a UUID", json!("Not Found")),
                "422": reasons("only_args is not a boolean", "Input should be a valid boolean, unable to interpret input"),
                "503": refusal("The database does not answer", json!("the database could not be reached")),
            },
        }},
        "/v1/tasks/queue/": { "get": {
            "operationId": "getQueue", "tags": ["server"], "summary": "How many jobs wait",
            "responses": {
                "200": answer("Lengths of the queues; all exports wait in the first", "Queues",
                    json!({ "raw_daemon": { "length": 0 }, "raw_ondemand": { "length": 0 } })),
                "503": refusal("Redis does not answer", json!("the job queue could not be reached")),
            },
        }},
        "/v1/workers/": { "get": {
            "operationId": "getWorkers", "tags": ["server"], "summary": "Which workers are there, and what they do",
            "responses": {
                "200": answer("The workers that gave a sign of life within 15 seconds", "Workers", json!({ "workers": [{
                    "name": "host-4711-1f0c2a3b", "host": "host", "pid": 4711, "started": "2024-03-05 11:22:33",
                    "beat_age_seconds": 1.2, "state": "busy", "job": EXAMPLE_ID,
                }]})),
                "503": refusal("Redis does not answer", json!("the job queue could not be reached")),
            },
        }},
        "/v1/openapi.json": { "get": {
            "operationId": "getOpenApi", "tags": ["server"], "summary": "This document",
            "responses": { "200": { "description": "The document", "content": { "application/json": { "schema": { "type": "object" } } } } },
        }},
        "/v1/docs/": { "get": page("getDocs") },
        "/docs/": { "get": page("getDocsAtRoot") },
        "/exports/{path}": { "get": {
            "operationId": "getExport", "tags": ["task"], "summary": "A finished file",
            "description": "Answers HEAD, Range (one range), If-Range, If-None-Match and If-Modified-Since.",
            "parameters": [
                { "name": "path", "in": "path", "required": true, "description": "As in download_url",
                  "schema": { "type": "string" }, "example": format!("{EXAMPLE_ID}/RawExport_geojson_uid_{EXAMPLE_ID}.zip") },
                { "name": "Range", "in": "header", "schema": { "type": "string" }, "example": "bytes=0-1023" },
            ],
            "responses": {
                "200": file("The file"),
                "206": file("The part asked for"),
                "304": { "description": "The client has it already" },
                "404": refusal("There is no such file, or it has expired", json!("Not Found")),
                "416": refusal("The file has no such bytes", json!("the file has no such bytes")),
            },
        }},
        "/healthz/": { "get": {
            "operationId": "getLiveness", "tags": ["server"], "summary": "The process is alive",
            "responses": { "200": answer("It is", "Alive", json!({ "status": "alive" })) },
        }},
        "/readyz/": { "get": {
            "operationId": "getReadiness", "tags": ["server"], "summary": "Database and Redis answer",
            "responses": {
                "200": answer("They do", "Ready", json!({ "status": "ready", "database": "ok", "redis": "ok" })),
                "503": answer("They do not, or the server is stopping", "Ready",
                    json!({ "status": "not ready", "database": "unreachable", "redis": "ok" })),
            },
        }},
        "/metrics/": { "get": {
            "operationId": "getMetrics", "tags": ["server"], "summary": "How current the data are, for Prometheus",
            "responses": {
                "200": { "description": "The gauges", "content": { "text/plain": {
                    "schema": { "type": "string" }, "example": "rawdata_replication_lag_seconds 71\n",
                }}},
                "503": refusal("Database or Redis does not answer", json!("the database could not be reached")),
            },
        }},
    })
}

const EXAMPLE_ID: &str = "3fded368-456f-4ef4-a1b8-c099a7f77ca4";

fn area() -> Value {
    json!({ "type": "Polygon", "coordinates": [[
        [24.935, 60.165], [24.945, 60.165], [24.945, 60.17], [24.935, 60.17], [24.935, 60.165],
    ]]})
}

fn examples() -> Value {
    json!({
        "everything": { "value": { "geometry": area() } },
        "buildings": { "value": {
            "geometry": area(), "outputType": "csv", "fileName": "buildings", "geometryType": ["polygon"],
            "filters": {
                "tags": { "polygon": { "join_or": { "building": [] } } },
                "attributes": { "polygon": ["name", "building:levels"] },
            },
        }},
    })
}

fn result() -> Value {
    json!({
        "download_url": format!("http://127.0.0.1:8000/exports/{EXAMPLE_ID}/RawExport_geojson_uid_{EXAMPLE_ID}.zip"),
        "file_name": "RawExport", "process_time": "a moment", "query_area": "0.31 Sq Km",
        "binded_file_size": "0.4 MB", "zip_file_size_bytes": 81532,
    })
}

fn schemas() -> Value {
    let written: Vec<&str> = Format::WRITTEN.into_iter().map(Format::name).collect();
    let flag =
        |default: bool, description: &str| json!({ "type": "boolean", "default": default, "description": description });
    let types = json!(["point", "line", "polygon", "all_geometry"]);
    let per_type = |of: Value| {
        json!({ "type": "object", "properties": {
            "point": of, "line": of, "polygon": of, "all_geometry": of,
        }})
    };
    let terms = json!({ "type": "object", "additionalProperties": { "type": "array", "items": { "type": "string" } },
                        "description": "Keys with the values allowed; an empty list allows any" });
    let plain = Map::from_iter([
        (
            "geometry".to_owned(),
            json!({ "type": "object", "description":
            "GeoJSON Polygon, MultiPolygon, Feature, or FeatureCollection of one feature" }),
        ),
        (
            "geometryType".to_owned(),
            json!({ "type": "array", "nullable": true, "items": { "type": "string", "enum": types } }),
        ),
        (
            "filters".to_owned(),
            json!({ "type": "object", "nullable": true, "properties": {
                "tags": per_type(json!({ "type": "object", "properties": { "join_or": terms, "join_and": terms } })),
                "attributes": per_type(json!({ "type": "array", "items": { "type": "string" } })),
            }}),
        ),
        ("centroid".to_owned(), flag(false, "Points instead of geometries")),
        ("useStWithin".to_owned(), flag(true, "Only features that lie within the area; else those that touch it too")),
        ("problems".to_owned(), flag(false, "What is wrong with objects, as points, in place of features")),
        ("includeUserMetadata".to_owned(), flag(false, "Number and name of the last user; for those logged in")),
    ]);
    let mut snapshot = plain.clone();
    snapshot.extend([
        ("outputType".to_owned(), json!({ "type": "string", "enum": written, "default": "geojson" })),
        (
            "fileName".to_owned(),
            json!({ "type": "string", "nullable": true, "description": "RawExport where not given" }),
        ),
        ("uuid".to_owned(), flag(true, "The file's name ends in the task_id; false is for staff")),
        ("bindZip".to_owned(), flag(true, "In a zip; false for GeoJSON only")),
    ]);
    let text = json!({ "type": "string" });
    let count = json!({ "type": "integer" });
    let length = object(&[("length", count.clone())]);
    json!({
        "Snapshot": { "type": "object", "required": ["geometry"], "properties": snapshot },
        "PlainSnapshot": { "type": "object", "required": ["geometry"], "properties": plain },
        "Submitted": object(&[("task_id", json!({ "type": "string", "format": "uuid" })), ("track_link", text.clone()), ("queue", count.clone())]),
        "Status": object(&[
            ("lastUpdated", text.clone()),
            ("replication", json!({ "type": "object", "description": "The row of the view rawdata.replication" })),
        ]),
        "Task": object(&[
            ("id", json!({ "type": "string", "format": "uuid" })),
            ("status", json!({ "type": "string", "enum": ["PENDING", "STARTED", "SUCCESS", "FAILURE", "REVOKED"] })),
            ("result", json!({ "oneOf": [{ "$ref": "#/components/schemas/Result" }, { "type": "string" }],
                               "description": "An object on SUCCESS, the reason on FAILURE, else N/A" })),
        ]),
        "Result": object(&[
            ("download_url", json!({ "type": "string", "format": "uri" })), ("file_name", text.clone()), ("process_time", text.clone()),
            ("query_area", text.clone()), ("binded_file_size", text.clone()), ("zip_file_size_bytes", count.clone()),
        ]),
        "Queues": object(&[("raw_daemon", length.clone()), ("raw_ondemand", length)]),
        "Workers": object(&[("workers", json!({ "type": "array", "items": object(&[
            ("name", text.clone()), ("host", text.clone()), ("pid", count), ("started", text.clone()),
            ("beat_age_seconds", json!({ "type": "number" })),
            ("state", json!({ "type": "string", "enum": ["idle", "busy", "stopping"] })),
            ("job", json!({ "type": "string", "format": "uuid", "nullable": true })),
        ])}))]),
        "Alive": object(&[("status", text.clone())]),
        "Ready": object(&[("status", text.clone()), ("database", text.clone()), ("redis", text.clone())]),
        "Refusal": object(&[("detail", text.clone())]),
        "Reasons": object(&[("detail", json!({ "type": "array", "items": {
            "type": "object", "required": ["msg"], "properties": { "msg": text, "type": { "type": "string" }, "loc": { "type": "array", "items": {} } },
        }}))]),
    })
}

fn object(members: &[(&str, Value)]) -> Value {
    let names: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
    let properties: Map<String, Value> =
        members.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({ "type": "object", "required": names, "properties": properties })
}

fn answer(description: &str, schema: &str, example: Value) -> Value {
    let schema = json!({ "$ref": format!("#/components/schemas/{schema}") });
    json!({ "description": description, "content": { "application/json": { "schema": schema, "example": example } } })
}

fn refusal(description: &str, detail: Value) -> Value {
    answer(description, "Refusal", json!({ "detail": detail }))
}

fn reasons(description: &str, msg: &str) -> Value {
    answer(description, "Reasons", json!({ "detail": [{ "msg": msg }] }))
}

fn body(schema: &str, examples: Value) -> Value {
    let schema = json!({ "$ref": format!("#/components/schemas/{schema}") });
    json!({ "required": true, "content": { "application/json": { "schema": schema, "examples": examples } } })
}

/// The answers that every request with a body may get.
fn with_refusals(mut answers: Value) -> Value {
    let common = [
        ("400", reasons("The area is too large", "Polygon Area 183797 Sq.KM is higher than Threshold : 100000 Sq.KM")),
        ("408", refusal("The body came too slowly", json!("the body came too slowly"))),
        ("413", refusal("The body is too large", json!("the body is larger than 4194304 bytes"))),
        ("415", refusal("The body is compressed", json!("compressed requests are not read"))),
        ("422", reasons("The body cannot be read; detail says where", "Field required")),
        (
            "503",
            refusal(
                "Database or queue do not answer; Retry-After says when to ask again",
                json!("the job queue could not be reached"),
            ),
        ),
    ];
    if let Value::Object(answers) = &mut answers {
        answers.extend(common.map(|(status, answer)| (status.to_owned(), answer)));
    }
    answers
}

fn page(id: &str) -> Value {
    json!({
        "operationId": id, "tags": ["server"], "summary": "A page to read this document and try things out",
        "responses": { "200": { "description": "The page", "content": { "text/html": { "schema": { "type": "string" } } } } },
    })
}

fn file(description: &str) -> Value {
    let bytes = json!({ "schema": { "type": "string", "format": "binary" } });
    json!({ "description": description, "content": { "application/zip": bytes, "application/geo+json": bytes, "text/csv": bytes } })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rawdata_core::request::{Caller, Limits, Request, Service};

    use super::*;
    use crate::api::RESOURCES;

    #[test]
    fn the_document_has_every_resource_and_no_other() {
        let document = document();
        let paths = document["paths"].as_object().unwrap();
        let documented: BTreeSet<(String, String)> = paths
            .iter()
            .flat_map(|(path, item)| item.as_object().unwrap().keys().map(move |method| (path.clone(), method.clone())))
            .collect();
        let served = RESOURCES.iter().map(|resource| resource.documented());
        let served: BTreeSet<(String, String)> = served
            .flat_map(|(path, methods)| methods.into_iter().map(move |method| (path.clone(), method.to_owned())))
            .collect();
        assert_eq!(documented, served);
    }

    #[test]
    fn every_operation_has_an_id_of_its_own_and_every_reference_leads_somewhere() {
        let document = document();
        let mut ids = BTreeSet::new();
        for operation in
            document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values())
        {
            assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()));
            assert!(operation["summary"].is_string() && operation["responses"].is_object());
        }
        for reference in document.to_string().split("#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
        }
    }

    #[test]
    fn the_examples_of_requests_are_accepted() {
        for example in examples().as_object().unwrap().values() {
            let request = Request::from_json(&example["value"], Service::Snapshot, &Limits::default()).unwrap();
            request.admit(Caller::ANYONE, &Limits::default()).unwrap();
        }
    }
}
