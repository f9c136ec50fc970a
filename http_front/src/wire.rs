//! Bodies as clients of the old service know them.

use bytes::Bytes;
use rawdata_core::request::{Caller, Item, Loc, Refusal, Request, Service, Status};
use serde_json::{Map, Value, json};

use crate::error::ApiError;
pub use rawdata_core::request::Limits;

/// Checks the body of a request, and returns what it asks for with all defaults filled in: what `rawdata.export` is called with,
/// and what `only_args` shows.
pub async fn check(body: Bytes, service: Service, limits: Limits) -> Result<Value, ApiError> {
    // An area of 100,000 vertices is work, and other connections are served by the same threads.
    let checked = tokio::task::spawn_blocking(move || {
        let request = Request::parse(&body, service, &limits)?.with_sound_area(&limits)?;
        request.admit(Caller::ANYONE, &limits)?;
        Ok::<_, Refusal>(arguments(&request, &serde_json::from_slice(&body).unwrap_or_default()))
    });
    match checked.await {
        Ok(checked) => Ok(checked?),
        Err(error) => {
            tracing::error!(cause = %error, "checking a request ended unexpectedly");
            Err(ApiError::internal())
        }
    }
}

fn arguments(request: &Request, body: &Value) -> Value {
    let types: Vec<&str> = request.geometry_types.iter().map(|kind| kind.name()).collect();
    let mut geometry = Map::from_iter([("bbox".to_owned(), Value::Null)]);
    if let Value::Object(sent) = request.area.sent() {
        geometry.extend(
            ["type", "coordinates"].iter().filter_map(|key| Some(((*key).to_owned(), sent.get(*key)?.clone()))),
        );
    }
    let mut arguments = json!({
        "geometry": geometry,
        "output_type": request.format.name(),
        "geometry_type": types,
        "filters": filters(body),
        "centroid": request.centroid,
        "use_st_within": request.within,
        "include_user_metadata": request.user_metadata,
    });
    if let (true, Value::Object(arguments)) = (request.problems, &mut arguments) {
        arguments.insert("problems".to_owned(), true.into());
    }
    if let (Service::Snapshot, Value::Object(arguments)) = (request.service, &mut arguments) {
        arguments.extend([
            ("file_name".to_owned(), file_name(request).into()),
            ("uuid".to_owned(), request.unique_name.into()),
            ("bind_zip".to_owned(), request.zip.into()),
            ("min_zoom".to_owned(), request.min_zoom.into()),
            ("max_zoom".to_owned(), request.max_zoom.into()),
            ("fgb_wrap_geoms".to_owned(), request.wrap_geometries.into()),
        ]);
    }
    arguments
}

/// The name, harmless already: making it so again changes nothing.
fn file_name(request: &Request) -> String {
    let folders = request.file_name.folders().iter().map(String::as_str);
    folders.chain([request.file_name.stem()]).collect::<Vec<_>>().join("/")
}

/// The filters as sent, without what the parser ignores: only there can something be that `jsonb` does not take.
fn filters(body: &Value) -> Value {
    let Some(Value::Object(filters)) = body.get("filters") else { return Value::Null };
    let known =
        ["tags", "attributes"].into_iter().filter_map(|key| Some((key.to_owned(), storable(filters.get(key)?))));
    known.collect::<Map<_, _>>().into()
}

/// A value without members and items that hold a NUL, which text in PostgreSQL cannot.
fn storable(value: &Value) -> Value {
    let is_storable = |value: &Value| !value.as_str().is_some_and(|text| text.contains('\0'));
    match value {
        Value::Object(object) => {
            let kept = object.iter().filter(|(key, value)| !key.contains('\0') && is_storable(value));
            kept.map(|(key, value)| (key.clone(), storable(value))).collect::<Map<_, _>>().into()
        }
        Value::Array(list) => list.iter().filter(|item| is_storable(item)).map(storable).collect(),
        other => other.clone(),
    }
}

/// A flag in an address: `true`, `1`, `yes`, `on` and the like, in any case.
pub fn query_flag(name: &str, text: &str) -> Result<bool, ApiError> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "y" | "on" | "t" => Ok(true),
        "false" | "0" | "no" | "n" | "off" | "f" => Ok(false),
        _ => {
            let item = Item {
                kind: Some("bool_parsing"),
                loc: vec![Loc::Key("query".into()), Loc::Key(name.into())],
                msg: "Input should be a valid boolean, unable to interpret input".into(),
                input: Some(text.chars().take(100).collect::<String>().into()),
                ctx: None,
            };
            Err(Refusal { status: Status::Unprocessable, items: vec![item] }.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AREA: &str = r#"{"type":"Polygon","coordinates":[[[83.97,28.195],[83.975,28.195],[83.975,28.2],[83.97,28.2],[83.97,28.195]]]}"#;

    async fn checked(rest: &str, service: Service) -> Value {
        let body = format!(r#"{{"geometry":{AREA}{rest}}}"#);
        check(body.into(), service, Limits::default()).await.unwrap()
    }

    #[tokio::test]
    async fn defaults_are_filled_in_and_keys_are_in_one_style() {
        let arguments = checked(r#","outputType":"csv","bind_zip":"yes","fileName":"a-b c""#, Service::Snapshot).await;
        assert_eq!(arguments["geometry"]["bbox"], Value::Null);
        assert_eq!(arguments["geometry"]["coordinates"][0][0][1], 28.195);
        assert_eq!(arguments["output_type"], "csv");
        assert_eq!(arguments["geometry_type"], json!(["point", "line", "polygon"]));
        assert_eq!(arguments["file_name"], "a_b_c");
        assert_eq!(arguments["use_st_within"], true);
    }

    #[tokio::test]
    async fn arguments_are_a_request_that_asks_for_the_same() {
        let rest = r#","useStWithin":"false","filters":{"tags":{"point":{"join_or":{"a":["b"]}}},"attributes":{"line":["c"]}}"#;
        let body = format!(r#"{{"geometry":{AREA}{rest}}}"#);
        let first = Request::parse(body.as_bytes(), Service::Snapshot, &Limits::default()).unwrap();
        let arguments = checked(rest, Service::Snapshot).await;
        let again = Request::from_json(&arguments, Service::Snapshot, &Limits::default()).unwrap();
        assert_eq!((first.tags, first.columns, first.within), (again.tags, again.columns, again.within));
        assert_eq!(first.file_name, again.file_name);
    }

    #[tokio::test]
    async fn what_is_ignored_is_not_stored() {
        let arguments =
            checked(r#","x":"\u0000","filters":{"y":"\u0000","tags":{"z":"\u0000"}}"#, Service::Snapshot).await;
        assert!(!arguments.to_string().contains("\\u0000"));
        assert_eq!(arguments["filters"], json!({ "tags": {} }));
    }

    #[tokio::test]
    async fn a_plain_request_is_for_geojson_whatever_it_says() {
        let arguments = checked(r#","outputType":"csv","fileName":"x""#, Service::Plain).await;
        assert_eq!(arguments["output_type"], "geojson");
        assert_eq!(arguments.get("file_name"), None);
    }

    #[test]
    fn flags_are_read_laxly_but_not_guessed() {
        assert!(query_flag("f", "Yes").unwrap());
        assert!(!query_flag("f", "0").unwrap());
        assert_eq!(query_flag("f", "maybe").unwrap_err().status(), 422);
    }
}
