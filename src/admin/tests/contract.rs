//! The OpenAPI document: every route, method, status and field is in it, and nothing that is not there.

use std::collections::BTreeSet;

use super::*;
use crate::admin::route::{Access, Act, ROUTES, Verb};
use crate::health::report;

fn contract() -> Value {
    serde_json::from_str(crate::admin::CONTRACT).unwrap()
}

fn method(verb: Verb) -> &'static str {
    match verb {
        Verb::Get => "get",
        Verb::Put => "put",
        Verb::Post => "post",
    }
}

fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

#[test]
fn every_route_method_and_status_is_in_the_contract() {
    let contract = contract();
    let said: BTreeSet<(String, String)> = (contract["paths"].as_object().unwrap().iter())
        .flat_map(|(path, of)| keys(of).into_iter().map(move |m| (path.clone(), m)))
        .collect();
    let there = ROUTES
        .iter()
        .map(|r| (r.path.to_owned(), method(r.verb).to_owned()));
    assert_eq!(said, there.collect());
    for route in &ROUTES {
        let operation = &contract["paths"][route.path][method(route.verb)];
        let mut wanted = vec!["200", "400", "401", "421", "429", "503"];
        let changes = matches!(route.act, Act::Do(_));
        if changes {
            wanted.push("403");
        }
        if !operation["requestBody"].is_null() {
            wanted.extend(["408", "413"]);
        }
        let statuses = keys(&operation["responses"]);
        for status in wanted {
            assert!(statuses.contains(status), "{} {status}", route.path);
        }
        let open = operation["security"]
            .as_array()
            .unwrap()
            .contains(&json!({}));
        assert_eq!(open, route.act.access() == Access::Look, "{}", route.path);
        let braces = route.path.matches('{').count();
        let parameters = operation["parameters"].as_array();
        let in_path = parameters.map_or(0, |all| all.iter().filter(|p| p["in"] == "path").count());
        assert_eq!(braces, in_path, "{}", route.path);
    }
    // Each reference leads somewhere.
    let text = crate::admin::CONTRACT;
    for part in text.split("\"$ref\": \"#").skip(1) {
        let pointer = part.split('"').next().unwrap();
        assert!(contract.pointer(pointer).is_some(), "{pointer}");
    }
}

/// What of a value is not as its schema says: kinds, fields that are missing, and fields that nobody told of.
fn differs(contract: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    if let Some(pointer) = schema["$ref"].as_str() {
        let schema = contract.pointer(&pointer[1..]).unwrap();
        return differs(contract, schema, value, at, found);
    }
    if let Some(either) = schema["oneOf"].as_array() {
        let null = either.iter().any(|one| one["type"] == "null");
        if value.is_null() && null {
            return;
        }
        let other = either.iter().find(|one| one["type"] != "null").unwrap();
        return differs(contract, other, value, at, found);
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_u64() || n.is_i64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let kinds = match &schema["type"] {
        Value::String(kind) => vec![kind.as_str()],
        Value::Array(kinds) => kinds.iter().map(|k| k.as_str().unwrap()).collect(),
        _ => panic!("{at}: no type"),
    };
    let integer = kind == "integer" && kinds.contains(&"number");
    if !integer && !kinds.contains(&kind) {
        found.push(format!("{at}: {kind}, not {kinds:?}"));
    }
    if let (Some(words), Value::String(word)) = (schema["enum"].as_array(), value)
        && !words.iter().any(|known| known == word)
    {
        found.push(format!("{at}: {word}"));
    }
    if let Value::Array(list) = value {
        for (number, one) in list.iter().enumerate() {
            differs(
                contract,
                &schema["items"],
                one,
                &format!("{at}[{number}]"),
                found,
            );
        }
    }
    let (Value::Object(object), Some(known)) = (value, schema["properties"].as_object()) else {
        return;
    };
    for (name, one) in object {
        match known.get(name) {
            Some(schema) => differs(contract, schema, one, &format!("{at}.{name}"), found),
            None => found.push(format!("{at}.{name}: not in the contract")),
        }
    }
    for name in schema["required"].as_array().unwrap() {
        if !object.contains_key(name.as_str().unwrap()) {
            found.push(format!("{at}.{name}: missing"));
        }
    }
}

#[test]
fn every_field_of_a_reply_is_in_the_contract() {
    let (open, contract) = (Open::new(), contract());
    let check = |path: &str, verb: Verb, status: u16, reply: &Reply| {
        assert_eq!(reply.status, status, "{path}: {}", reply.body);
        let operation = &contract["paths"][path][method(verb)];
        let mut response = &operation["responses"][status.to_string()];
        if let Some(pointer) = response["$ref"].as_str() {
            response = contract.pointer(&pointer[1..]).unwrap();
        }
        for (name, header) in response["headers"].as_object().into_iter().flatten() {
            assert!(
                header["required"] == false || reply.header(name).is_some(),
                "{path} {name}"
            );
        }
        let kind = reply.header("content-type").unwrap();
        let content = &response["content"][kind];
        assert!(content.is_object(), "{path} {status}: {kind}");
        if kind == "application/json" {
            let mut found = Vec::new();
            let schema = &content["schema"];
            differs(&contract, schema, &reply.json(), path, &mut found);
            assert_eq!(found, Vec::<String>::new());
        }
    };
    let full = json!({ "state": "degraded", "quality": 0.5, "epoch": 1, "seq": 1, "valid_for": "30s", "load": 1,
        "target": 1, "capacity": 1, "unit": "rps", "active_conns": 1, "new_conns_per_s": 1,
        "window": [1, 2], "healthy_backends": 1, "total_backends": 1, "route_present": true });
    let put = "/v1/health/vips/{vip}";
    check(put, Verb::Put, 200, &open.put("fra-1", &full.to_string()));
    check(put, Verb::Put, 400, &open.put("fra-1", "{}"));
    check(put, Verb::Put, 404, &open.put("nowhere", &down(1)));
    let post = |path: &str, token, body: &str| open.ask("POST", path, token, body);
    let batch = json!({ "version": 1, "reports": [
        { "site": "iad", "state": "up", "epoch": 1, "seq": 1 },
        { "address": "192.0.2.4", "state": "up", "epoch": 1, "seq": 1 },
    ]});
    let health = "/v1/health";
    check(
        health,
        Verb::Post,
        200,
        &post(health, Some(ALL), &batch.to_string()),
    );
    check(
        health,
        Verb::Post,
        401,
        &post(health, None, &batch.to_string()),
    );
    check(
        health,
        Verb::Post,
        403,
        &post(health, Some(FRA), &batch.to_string()),
    );
    let strange = batch.to_string().replace("iad", "xyz");
    check(health, Verb::Post, 422, &post(health, Some(ALL), &strange));
    check(
        "/v1/reload",
        Verb::Post,
        200,
        &post("/v1/reload", Some(OPERATOR), ""),
    );
    let why = r#"{"why":"it is well"}"#;
    let bring = |pool: &str| post(&format!("/v1/pools/{pool}/return"), Some(OPERATOR), why);
    check("/v1/pools/{pool}/return", Verb::Post, 404, &bring("none"));
    check("/v1/pools/{pool}/return", Verb::Post, 422, &bring("web"));
    for route in ROUTES.iter().filter(|r| matches!(r.act, Act::Show(_))) {
        // Its explanation comes from elsewhere in these tests, its events have no end.
        if !["/v1/explain", "/v1/events"].contains(&route.path) {
            check(route.path, Verb::Get, 200, &open.get(route.path));
        }
    }
    check("/v1/explain", Verb::Get, 400, &open.get("/v1/explain"));
    check(
        "/v1/prefixes",
        Verb::Get,
        400,
        &open.get("/v1/prefixes?state=well"),
    );
}

/// The real explanation, whose fields have a serializer of their own.
#[test]
fn every_field_of_an_explanation_is_in_the_contract() {
    use crate::answer::explain::{Question, explain};
    let (open, contract) = (Open::new(), contract());
    open.put("fra-1", &down(1));
    for (name, kind) in [
        ("www.example.com", None),
        ("example.com", Some("SOA")),
        ("elsewhere.net", None),
    ] {
        let question = Question::parse(name, "198.51.100.0/24", kind, None).unwrap();
        let told = explain(&open.house.cell.full(), &question, super::super::now(), 0);
        let told = serde_json::to_value(told).unwrap();
        let mut found = Vec::new();
        let schema = json!({ "$ref": "#/components/schemas/Explanation" });
        differs(&contract, &schema, &told, name, &mut found);
        assert_eq!(found, Vec::<String>::new());
    }
}

#[test]
fn every_field_of_a_report_is_in_the_contract() {
    let contract = contract();
    let mistakes = report::single(br#"{"colour": 1}"#).unwrap_err();
    let known = mistakes[0].advice.strip_prefix("known here: ").unwrap();
    let known: BTreeSet<String> = known.split(", ").map(str::to_owned).collect();
    let of = |schema: &str| keys(&contract["components"]["schemas"][schema]["properties"]);
    let all: BTreeSet<String> = of("Report").union(&of("Entry")).cloned().collect();
    assert_eq!(known, all);
}
