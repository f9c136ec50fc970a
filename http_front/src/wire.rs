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
        let request = Request::parse(&body, service, &limits)?.with_sound_area(&limits, &mut || Ok(()))?;
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
    let mut known: Map<_, _> = known.collect();
    let types = known.get_mut("tags").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut);
    types.filter_map(Value::as_object_mut).for_each(say_without_order);
    known.into()
}

/// Says the same without the order of keys, which `jsonb` does not keep: one term of `join_and` holds together with the
/// last of `join_or`, so that goes there, too, for two of `join_and` hold together anyway.
fn say_without_order(joins: &mut Map<String, Value>) {
    let take = |camel: &str, snake: &str| {
        let name = if joins.get(camel).is_some_and(|terms| !terms.is_null()) { camel } else { snake };
        Some((name.to_owned(), joins.get(name)?.as_object()?.clone()))
    };
    let (Some((or, mut any)), Some((and, mut all))) = (take("joinOr", "join_or"), take("joinAnd", "join_and")) else {
        return;
    };
    if any.len() < 2 || all.len() != 1 {
        return;
    }
    let (Some((last, values)), Some((key, own))) = (any.iter().next_back(), all.iter().next()) else { return };
    let (last, values, key, own) = (last.clone(), values.clone(), key.clone(), own.clone());
    any.shift_remove(&last);
    if last.trim() == key.trim() {
        // Both conditions are on one key, and a key stands in a list once.
        all.clear();
        if let Some(values) = both(&values, &own) {
            any.insert(key, values);
        }
    } else {
        all.insert(last, values);
    }
    joins.insert(or, any.into());
    joins.insert(and, all.into());
}

/// The values that are in both lists, of which an empty one has all; nothing where there are none.
fn both(one: &Value, other: &Value) -> Option<Value> {
    let texts = |list: &Value| -> Vec<String> {
        list.as_array().into_iter().flatten().filter_map(|text| Some(text.as_str()?.trim().to_owned())).collect()
    };
    let (one, other) = (texts(one), texts(other));
    if one.is_empty() || other.is_empty() {
        return Some(if one.is_empty() { other } else { one }.into());
    }
    let both: Vec<String> = one.into_iter().filter(|text| other.contains(text)).collect();
    (!both.is_empty()).then(|| both.into())
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
    use rawdata_core::request::{TagFilter, Term};

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

    /// What a filter on points selects by, as it is sent and as it comes out of the table of jobs.
    async fn sent_and_stored(filter: &str) -> (TagFilter, TagFilter) {
        let rest = format!(r#","filters":{{"tags":{{"point":{filter}}}}}"#);
        let body = format!(r#"{{"geometry":{AREA}{rest}}}"#);
        let sent = Request::parse(body.as_bytes(), Service::Snapshot, &Limits::default()).unwrap();
        let mut arguments = checked(&rest, Service::Snapshot).await;
        arguments.sort_all_objects();
        let stored = Request::from_json(&arguments, Service::Snapshot, &Limits::default()).unwrap();
        (sent.tags.point, stored.tags.point)
    }

    #[tokio::test]
    async fn one_term_of_join_and_holds_together_with_the_last_of_join_or_as_sent() {
        for (filter, is_same) in [
            (r#"{"join_or":{"z":[],"b":["x"]},"join_and":{"c":[]}}"#, true),
            (r#"{"joinOr":{"z":[],"m":[],"b":["x"]},"joinAnd":{"a":["y"]}}"#, true),
            (r#"{"join_or":{"b":["x"]},"join_and":{"b":[]}}"#, true),
            (r#"{"join_or":{"z":["x"],"b":["x","y"]},"join_and":{"b":["y","w"]}}"#, false),
            (r#"{"join_or":{"z":[],"b":["x"]},"join_and":{"b":["y"]}}"#, false),
        ] {
            let (sent, stored) = sent_and_stored(filter).await;
            let mut sent = sent.any_of;
            for terms in &mut sent {
                terms.sort_by(|one, other| one.key.cmp(&other.key));
            }
            sent.sort_by_key(|terms| (terms.len(), terms[0].key.clone()));
            assert_eq!(sent == stored.any_of, is_same, "{filter}: {sent:?} {:?}", stored.any_of);
        }
        let (_, stored) = sent_and_stored(r#"{"join_or":{"z":["x"],"b":["x","y"]},"join_and":{"b":["y","w"]}}"#).await;
        let term = |key: &str, value: &str| vec![Term { key: key.into(), values: vec![value.into()] }];
        assert_eq!(stored.any_of, [term("b", "y"), term("z", "x")]);
        let (_, stored) = sent_and_stored(r#"{"join_or":{"z":["x"],"b":["x"]},"join_and":{"b":["y"]}}"#).await;
        assert_eq!(stored.any_of, [term("z", "x")]);
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
