//! Every page, the index of them, and a strict reader of metrics.

use std::collections::BTreeMap;

use super::*;
use crate::admin::route::{Act, ROUTES};
use crate::keeper::tests::STEERING;
use crate::stats::Outcome;

#[test]
fn every_page_of_the_table_is_there() {
    let open = Open::new();
    let index = open.get("/").body;
    for route in &ROUTES {
        assert!(index.contains(route.path), "{}", route.path);
        // What has no end is held elsewhere.
        if !matches!(route.act, Act::Show(_)) || route.path == "/v1/events" {
            continue;
        }
        let query = if route.path == "/v1/explain" {
            "?name=www.example.com&client=192.0.2.1"
        } else {
            ""
        };
        let path = format!("{}{query}", route.path);
        let reply = open.get(&path);
        assert_eq!(reply.status, 200, "{path}");
        assert!(!reply.body.is_empty());
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let mut stream = open.connect();
        let head = request("HEAD", &path, None, "") + &request("GET", "/healthz", None, "");
        stream.write_all(head.as_bytes()).unwrap();
        let mut text = String::new();
        while !text.ends_with("alive\n") {
            let mut chunk = [0; 4096];
            let n = stream.read(&mut chunk).unwrap();
            assert!(n > 0, "{text}");
            text.push_str(std::str::from_utf8(&chunk[..n]).unwrap());
        }
        assert_eq!(text.matches("HTTP/1.1 200").count(), 2);
        assert_eq!(
            text.split("\r\n\r\n").count(),
            3,
            "HEAD has no body: {text}"
        );
    }
}

#[test]
fn other_paths_and_methods() {
    let open = Open::new();
    for path in [
        "/none",
        "/v1",
        "/v1/",
        "/v1/vips/",
        "//v1/vips",
        "/v1/../v1/vips",
        "/v1/%76ips",
        "/V1/vips",
        "/v1/health/vips/",
        "/v1/health/vips/a/b",
        "/metrics/../healthz",
        "/%2e%2e/etc/passwd",
        "/healthz;x",
    ] {
        let reply = open.get(path);
        assert_eq!(reply.status, 404, "{path}");
        assert!(!reply.error().is_empty());
    }
    for (method, path, allow) in [
        ("POST", "/metrics", "GET, HEAD"),
        ("DELETE", "/v1/vips", "GET, HEAD"),
        ("GET", "/v1/health", "POST"),
        ("GET", "/v1/reload", "POST"),
        ("POST", "/v1/health/vips/fra-1", "PUT"),
        ("PATCH", "/", "GET, HEAD"),
        ("TRACE", "/", "GET, HEAD"),
    ] {
        let reply = open.ask(method, path, Some(OPERATOR), "");
        assert_eq!(reply.status, 405, "{method} {path}");
        assert_eq!(reply.header("allow"), Some(allow));
        assert!(reply.error().contains(allow));
    }
}

#[test]
fn vips_and_sites_show_who_said_what() {
    let open = Open::new();
    let body = r#"{"state":"degraded","quality":0.5,"epoch":3,"seq":9,"valid_for":"1m"}"#;
    assert_eq!(
        open.ask("PUT", "/v1/health/vips/fra-2", Some(FRA), body)
            .status,
        200
    );
    let value = open.get("/v1/vips").json();
    assert_eq!(value["generation"], 2);
    let vips = value["vips"].as_array().unwrap();
    let names: Vec<_> = vips.iter().map(|v| v["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["fra-1", "fra-2", "iad-1", "spare"]);
    let (first, second) = (&vips[0], &vips[1]);
    assert_eq!(first["state"], "unknown");
    assert_eq!(first["addresses"], json!(["192.0.2.1", "2001:db8::1"]));
    for field in [
        "since",
        "reported",
        "who",
        "at",
        "age",
        "lease_end",
        "held_back",
    ] {
        assert_eq!(first[field], Value::Null, "{field}");
    }
    assert_eq!(vips[3]["site"], Value::Null);
    let at = second["at"].as_u64().unwrap();
    assert!(at > 1_700_000_000 && second["age"].as_u64().unwrap() < 20);
    assert_eq!(second["lease_end"], at + 60);
    let words = ["state", "reported", "who", "site"].map(|field| second[field].as_str().unwrap());
    assert_eq!(words, ["degraded", "degraded", "fra-forwarders", "fra"]);
    assert_eq!(
        (&second["quality"], &second["weight"]),
        (&json!(0.5), &json!(3))
    );
    let sites = open.get("/v1/sites").json();
    assert_eq!(
        sites["sites"][0],
        json!({
            "name": "fra", "vips": 2, "weight": 4, "weight_up": 2.5,
            "up": 0, "degraded": 1, "drain": 0, "down": 0, "unknown": 1, "order": null,
        })
    );
    assert_eq!(sites["sites"][2]["name"], Value::Null);
    assert_eq!(sites["sites"].as_array().unwrap().len(), 3);
}

#[test]
fn the_status_tells_what_is_served() {
    let open = Open::new();
    let value = open.get("/v1/status").json();
    let zone = &value["zones"][0];
    assert_eq!(
        (&zone["apex"], &zone["serial"]),
        (&json!("example.com."), &json!(1))
    );
    assert_eq!((&zone["steered"], &value["names"]), (&json!(1), &json!(1)));
    assert_eq!(value["databases"][0]["coarse"], true);
    let pool = &value["pools"][0];
    assert_eq!(
        (&pool["name"], &pool["policy"]),
        (&json!("web"), &json!("weighted"))
    );
    let map = &value["maps"][0];
    assert_eq!(
        (&map["pools"], &map["classes"]),
        (&json!(["web"]), &json!(1))
    );
    assert_eq!(value["workers"], 2);
    assert_eq!(value["last_reload"]["cause"], "start");
    assert!(value["uptime"].as_u64().unwrap() > 1_000_000);
}

#[test]
fn an_explanation_is_asked_with_its_three_words() {
    let open = Open::new();
    let ask = |query: &str| open.get(&format!("/v1/explain{query}"));
    let told = ask("?name=www.example.com&client=2001%3Adb8%3A%3A1&type=AAAA").json();
    assert_eq!(
        told,
        json!({ "name": "www.example.com", "client": "2001:db8::1", "type": "AAAA" })
    );
    for wrong in [
        "",
        "?name=www.example.com",
        "?client=192.0.2.1",
        "?name=a&client=192.0.2.1&typ=A",
        "?name=a&name=b&client=192.0.2.1",
        "?name=a&client=nowhere",
    ] {
        let reply = ask(wrong);
        assert_eq!(reply.status, 400, "{wrong}");
        assert!(!reply.error().is_empty(), "{wrong}");
    }
}

/// Samples by name and labels. Panics at the smallest departure from the format.
fn parse(text: &str) -> BTreeMap<String, f64> {
    let mut samples = BTreeMap::new();
    let mut families: BTreeMap<&str, &str> = BTreeMap::new();
    let (body, end) = text.split_at(text.len() - "# EOF\n".len());
    assert_eq!(end, "# EOF\n");
    for line in body.lines() {
        assert!(!line.contains('\r') && !line.is_empty());
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert!(["counter", "gauge"].contains(&kind));
            assert_eq!(families.insert(name, kind), None, "{name} stands twice");
            continue;
        }
        if line.starts_with("# HELP ") {
            continue;
        }
        assert!(!line.starts_with('#'), "{line}");
        let (series, value) = line.rsplit_once(' ').unwrap();
        let name = series.split('{').next().unwrap();
        assert!(
            name.bytes().all(|b| b == b'_' || b.is_ascii_lowercase()),
            "{name}"
        );
        let family = name.strip_suffix("_total").unwrap_or(name);
        let kind = families
            .get(family)
            .unwrap_or_else(|| panic!("no type: {line}"));
        assert_eq!(*kind == "counter", name.ends_with("_total"), "{line}");
        labels(&series[name.len()..]);
        let value: f64 = value.parse().unwrap();
        assert_eq!(
            samples.insert(series.to_owned(), value),
            None,
            "{series} stands twice"
        );
    }
    samples
}

/// Labels with their escapes undone.
fn labels(text: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    if text.is_empty() {
        return all;
    }
    let mut rest = text
        .strip_prefix('{')
        .and_then(|t| t.strip_suffix('}'))
        .unwrap();
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"").unwrap();
        assert!(name.bytes().all(|b| b.is_ascii_lowercase()), "{name}");
        let mut value = String::new();
        let mut letters = after.char_indices();
        let end = loop {
            match letters.next().unwrap() {
                (at, '"') => break at,
                (_, '\\') => value.push(match letters.next().unwrap().1 {
                    'n' => '\n',
                    letter @ ('\\' | '"') => letter,
                    other => panic!("no such escape: {other}"),
                }),
                (_, letter) => value.push(letter),
            }
        };
        all.push((name.to_owned(), value));
        rest = &after[end + 1..];
        rest = rest.strip_prefix(',').unwrap_or(rest);
    }
    all
}

#[test]
fn metrics_are_read_by_a_strict_reader() {
    let open = Open::new();
    let slots = open.house.cell.full().estate.slots.clone();
    for _ in 0..3 {
        open.counters.outcome(Outcome::Steered);
        open.counters.vip(slots[1], 0);
    }
    open.counters.outcome(Outcome::Refused);
    open.counters.truncated.add(2);
    open.put("fra-1", &down(1));
    let reply = open.get("/metrics");
    let kind = reply.header("content-type").unwrap();
    assert!(kind.starts_with("application/openmetrics-text; version=1.0.0"));
    let samples = parse(&reply.body);
    let queries = samples
        .iter()
        .filter(|(name, _)| name.starts_with("meridian_queries_total{"));
    assert_eq!(queries.clone().count(), Outcome::COUNT);
    assert_eq!(queries.map(|(_, value)| value).sum::<f64>(), 4.0);
    for (series, value) in [
        ("meridian_queries_total{outcome=\"steered\"}", 3.0),
        ("meridian_answers_total{vip=\"fra-2\"}", 3.0),
        ("meridian_answers_total{vip=\"fra-1\"}", 0.0),
        ("meridian_truncated_total", 2.0),
        ("meridian_client_subnet_queries_total", 0.0),
        ("meridian_generation", 2.0),
        ("meridian_reloads_total{result=\"taken\"}", 1.0),
        ("meridian_last_reload_success", 1.0),
        (
            "meridian_vip_state{vip=\"fra-1\",site=\"fra\",state=\"down\"}",
            1.0,
        ),
        (
            "meridian_vip_state{vip=\"spare\",site=\"\",state=\"unknown\"}",
            1.0,
        ),
        ("meridian_vips_held", 0.0),
        ("meridian_zone_serial{zone=\"example.com.\"}", 1.0),
        ("meridian_tcp_connections_ended_total{end=\"idle\"}", 0.0),
        ("meridian_panics_total", 0.0),
        ("process_start_time_seconds", 1_700_000_000.0),
    ] {
        assert_eq!(
            samples.get(series),
            Some(&value),
            "{series}\n{}",
            reply.body
        );
    }
}

#[test]
fn a_vip_that_left_keeps_its_count_and_no_other_gets_it() {
    let open = Open::new();
    let slots = open.house.cell.full().estate.slots.clone();
    open.counters.vip(slots[1], 0);
    open.counters.vip(0, 0);
    let without = STEERING
        .replace("fra-2 =", "new-1 =")
        .replace("\"fra-2\"", "\"new-1\"");
    open.house.write("steering.toml", &without);
    assert!(open.house.reload().taken);
    let samples = parse(&open.get("/metrics").body);
    let answers = |vip: &str| {
        samples
            .get(&format!("meridian_answers_total{{vip=\"{vip}\"}}"))
            .copied()
    };
    assert_eq!(answers("fra-2"), Some(1.0));
    assert_eq!(answers("new-1"), Some(0.0));
    assert_eq!(answers("(others)"), Some(1.0));
}

#[test]
fn names_of_odd_octets_break_nothing() {
    let open = Open::new();
    let zone = crate::keeper::tests::other();
    let apex = r#"a\"b\\c\010\000\255\{x\}"#;
    let zone = format!("$ORIGIN {apex}.example.\n{zone}");
    open.house.write("odd.zone", &zone);
    let reloaded = open.house.reload();
    let lines: Vec<String> = reloaded.diagnostics.iter().map(|d| d.line()).collect();
    assert!(reloaded.taken, "{lines:?}");
    let body = open.get("/metrics").body;
    let samples = parse(&body);
    let apexes: Vec<String> = samples
        .keys()
        .filter_map(|series| series.strip_prefix("meridian_zone_serial"))
        .map(|series| labels(series)[0].1.clone())
        .collect();
    let world = open.house.cell.full();
    let mut expected: Vec<String> = world
        .estate
        .zones
        .iter()
        .map(|z| z.zone.apex().to_string())
        .collect();
    expected.sort();
    let mut found = apexes;
    found.sort();
    assert_eq!(found, expected);
    let status = open.get("/v1/status").json();
    assert_eq!(status["zones"].as_array().unwrap().len(), 2);
}

#[test]
fn loads_are_shown_as_long_as_they_are_fresh() {
    let open = Open::new();
    let body =
        r#"{"state":"up","epoch":3,"seq":1,"load":1200,"target":0.5,"capacity":4e3,"unit":"rps"}"#;
    let put = |vip: &str, body: &str| open.ask("PUT", vip, Some(FRA), body).status;
    assert_eq!(put("/v1/health/vips/fra-2", body), 200);
    let vips = open.get("/v1/vips").json();
    let load = &vips["vips"][1]["load"];
    let expected = [
        ("load", json!(1200.0)),
        ("target", json!(0.5)),
        ("capacity", json!(4000.0)),
        ("unit", json!("rps")),
        ("fresh", json!(true)),
    ];
    for (field, value) in expected {
        assert_eq!(load[field], value, "{field}");
    }
    assert_eq!(vips["vips"][0]["load"], Value::Null);
    assert_eq!(vips["vips"][0]["capacity"], Value::Null);
    let metrics = open.get("/metrics").body;
    for line in [
        "meridian_vip_load{vip=\"fra-2\",site=\"fra\",unit=\"rps\"} 1200.0",
        "meridian_vip_target{vip=\"fra-2\",site=\"fra\",unit=\"rps\"} 0.5",
        "meridian_vip_capacity{vip=\"fra-2\",site=\"fra\",unit=\"rps\"} 4000.0",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    assert!(!metrics.contains("meridian_vip_load{vip=\"fra-1\""));
    // A report with a mistake in its load is no report at all.
    let wrong = r#"{"state":"down","epoch":3,"seq":2,"load":-1}"#;
    assert_eq!(put("/v1/health/vips/fra-2", wrong), 400);
    assert_eq!(open.get("/v1/vips").json()["vips"][1]["state"], "up");
}
