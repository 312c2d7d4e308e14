//! Orders over HTTP: who may give them, what is wrong with them, and what they tell.

use super::*;

const VIP: &str = "/v1/vips/fra-1/state";
const SITE: &str = "/v1/sites/fra/state";
const DRAIN: &str = r#"{"state":"drain","why":"disks","for":"1h"}"#;

fn order(open: &Open, path: &str, body: &str) -> Value {
    let reply = open.ask("PUT", path, Some(OPERATOR), body);
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.json()
}

fn find<'a>(list: &'a Value, name: &str) -> &'a Value {
    let all = list.as_array().unwrap();
    all.iter().find(|one| one["name"] == name).unwrap()
}

#[test]
fn only_an_operator_orders() {
    let open = Open::new();
    for path in [VIP, SITE] {
        assert_eq!(open.ask("PUT", path, None, DRAIN).status, 401);
        for token in [READER, FRA, ALL] {
            assert_eq!(open.ask("PUT", path, Some(token), DRAIN).status, 403);
        }
        assert_eq!(open.ask("POST", path, Some(OPERATOR), DRAIN).status, 405);
    }
    assert_eq!(open.get("/v1/drains").json()["orders"], json!([]));
}

#[test]
fn an_order_is_told_wherever_its_vip_is() {
    let open = Open::new();
    let placed = order(&open, VIP, DRAIN);
    let said = &placed["order"];
    assert_eq!(
        (&said["who"], &said["why"]),
        (&json!("ops"), &json!("disks"))
    );
    assert_eq!(
        (&said["state"], &said["forced"]),
        (&json!("drain"), &json!(false))
    );
    let (at, until) = (
        said["at"].as_u64().unwrap(),
        said["until"].as_u64().unwrap(),
    );
    assert_eq!(until - at, 3_600);
    assert_eq!(placed["generation"], open.house.cell.full().generation);
    let vip = find(&placed["vips"], "fra-1");
    let states = (&vip["in_force"], &vip["observed"], &vip["used"]);
    assert_eq!(states, (&json!("drain"), &json!("unknown"), &json!(false)));
    assert!(placed["clear_at"].as_u64().unwrap() > at);
    assert_eq!(placed["clear_at"], vip["clear_at"]);

    let report = open
        .put("fra-1", r#"{"state":"up","epoch":1,"seq":1}"#)
        .json();
    let said = (&report["reported"], &report["in_force"]);
    assert_eq!(said, (&json!("up"), &json!("drain")));
    assert_eq!(
        report["held_back"],
        "ops ordered `drain` for vip fra-1: disks"
    );

    let vips = open.get("/v1/vips").json();
    let vip = find(&vips["vips"], "fra-1");
    assert_eq!(
        (&vip["state"], &vip["observed"]),
        (&json!("drain"), &json!("up"))
    );
    assert_eq!(vip["order"]["why"], "disks");
    assert_eq!(find(&vips["vips"], "fra-2")["order"], Value::Null);

    order(
        &open,
        SITE,
        r#"{"state":"down","why":"power","force":true}"#,
    );
    let sites = open.get("/v1/sites").json();
    assert_eq!(find(&sites["sites"], "fra")["order"]["why"], "power");
    assert_eq!(find(&sites["sites"], "iad")["order"], Value::Null);
    let vips = open.get("/v1/vips").json();
    assert_eq!(find(&vips["vips"], "fra-2")["state"], "down");
    assert_eq!(find(&vips["vips"], "fra-2")["order"]["of"], "site");

    let drains = open.get("/v1/drains").json();
    let fra = find(&drains["orders"], "fra");
    assert_eq!(
        (&fra["forced"], &fra["until"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(find(&fra["vips"], "fra-1")["by"], "vip fra-1");
    assert_eq!(find(&fra["vips"], "fra-2")["by"], "site fra");

    let metrics = open.get("/metrics").body;
    for line in [
        "meridian_orders{of=\"vip\",state=\"drain\"} 1",
        "meridian_orders{of=\"site\",state=\"down\"} 1",
        "meridian_orders{of=\"site\",state=\"up\"} 0",
        "meridian_order_next_end_seconds 3",
        "meridian_drain_clear_timestamp_seconds{vip=\"fra-1\"} 1",
        "meridian_drain_clear_timestamp_seconds{vip=\"fra-2\"} 1",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    for path in [VIP, SITE] {
        let gone = order(&open, path, r#"{"state":"auto","why":"done"}"#);
        assert_eq!(gone["order"], Value::Null);
        assert!(gone["before"].is_object());
    }
    assert_eq!(open.get("/v1/drains").json()["orders"], json!([]));
    assert!(open.get("/metrics").body.contains("next_end_seconds 0"));
}

#[test]
fn until_when_caches_may_hold_it_is_the_latest_of_all_workers() {
    let open = Open::new();
    let slot = open.house.cell.full().estate.slots[0];
    let far = 4_000_000_000;
    open.counters.vip(slot, far);
    // A shorter TTL that was given later changes nothing, and neither does a hint.
    open.counters.vip(slot, far - 10);
    open.counters.told(slot, far - 20);
    let placed = order(&open, VIP, DRAIN);
    assert_eq!(placed["clear_at"], far + 2);
    open.counters.told(slot, far + 5);
    let drains = open.get("/v1/drains").json();
    assert_eq!(find(&drains["orders"], "fra-1")["clear_at"], far + 7);
    let counted = "meridian_answers_total{vip=\"fra-1\"} 2";
    assert!(open.get("/metrics").body.contains(counted));
}

#[test]
fn what_answers_still_hold_is_not_clear() {
    let open = Open::new();
    let placed = order(&open, VIP, r#"{"state":"drain","why":"x","over":"1h"}"#);
    assert_eq!(placed["clear_at"], Value::Null);
    let vip = find(&placed["vips"], "fra-1");
    assert_eq!(
        (&vip["in_force"], &vip["used"]),
        (&json!("degraded"), &json!(true))
    );
    let order_said = &placed["order"];
    assert_eq!(
        (&order_said["over"], &order_said["steps_done"]),
        (&json!(3_600), &json!(1))
    );
    assert!(
        open.get("/metrics")
            .body
            .contains("clear_timestamp_seconds{vip=\"fra-1\"} 0")
    );
    // All of them drained: a drained VIP before none.
    for vip in ["fra-1", "fra-2", "iad-1", "spare"] {
        order(
            &open,
            &format!("/v1/vips/{vip}/state"),
            r#"{"state":"drain","why":"x"}"#,
        );
    }
    let drains = open.get("/v1/drains").json();
    assert_eq!(find(&drains["orders"], "iad-1")["clear_at"], Value::Null);
    order(
        &open,
        "/v1/vips/iad-1/state",
        r#"{"state":"auto","why":"x"}"#,
    );
    let drains = open.get("/v1/drains").json();
    assert!(find(&drains["orders"], "fra-2")["clear_at"].is_u64());
}

#[test]
fn every_mistake_is_told_and_nothing_is_ordered() {
    let open = Open::new();
    let body = r#"{"state":"hold","why":"","over":"1h","fource":true}"#;
    let reply = open.ask("PUT", VIP, Some(OPERATOR), body);
    assert_eq!(reply.status, 400);
    let value = reply.json();
    assert_eq!(value["mistakes"].as_array().unwrap().len(), 4, "{value}");
    assert_eq!(reply.error(), "the body has mistakes; nothing is ordered");
    for (path, words) in [
        ("/v1/vips/nobody/state", "no VIP \"nobody\""),
        ("/v1/sites/nowhere/state", "no site \"nowhere\""),
    ] {
        let reply = open.ask("PUT", path, Some(OPERATOR), DRAIN);
        assert_eq!(reply.status, 404);
        assert!(reply.error().contains(words));
    }
    assert_eq!(open.get("/v1/drains").json()["orders"], json!([]));
}
