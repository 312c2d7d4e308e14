//! Pools as they stand, and bringing back what is kept out of them.

use super::*;
use crate::keeper::tests::STEERING;

const RETURN: &str = "/v1/pools/db/return";

/// With a failover pool, and what it has for a weight on its way.
fn open() -> Open {
    let open = Open::new();
    let (vips, _) = STEERING.split_once("[pools.web]").unwrap();
    let steering = |fra: u32| {
        format!(
            "{vips}[pools.db]\nmembers = [\"fra\", \"iad\"]\npolicy = \"failover\"\nfailback = \"manual\"\n\
             [pools.web]\nmembers = {{ fra = {fra}, iad = 10 }}\nramp = \"1%\"\n\
             [names]\n\"db.example.com.\" = \"db\"\n\"www.example.com.\" = \"web\"\n"
        )
    };
    for fra in [10, 20] {
        open.house.write("steering.toml", &steering(fra));
        assert!(open.house.reload().taken);
    }
    open
}

fn pool(open: &Open, name: &str) -> Value {
    let page: Value = serde_json::from_str(&open.get("/v1/pools").body).unwrap();
    let pools = page["pools"].as_array().unwrap();
    pools
        .iter()
        .find(|pool| pool["name"] == name)
        .unwrap()
        .clone()
}

#[test]
fn the_page_says_who_is_out_and_what_moves() {
    let open = open();
    let web = pool(&open, "web");
    assert_eq!(
        (&web["ramp"], &web["failback"]),
        (&json!(0.01), &Value::Null)
    );
    assert!(
        web["ramp_end"].as_u64().is_some() && web["short_ttl"] == true,
        "{web}"
    );
    assert_eq!(web["members"][0]["name"], "fra");
    let counts = web["members"][0]["counts"].as_f64().unwrap();
    assert!((0.5..0.6).contains(&counts), "{web}");
    let share: f64 = (web["vips"].as_array().unwrap().iter())
        .map(|vip| vip["share"].as_f64().unwrap())
        .sum();
    assert!((share - 1.0).abs() < 1e-6, "{web}");
    for (state, seq) in [("down", 1), ("up", 2)] {
        let body = format!(r#"{{"state":"{state}","epoch":1,"seq":{seq}}}"#);
        assert_eq!(open.put("fra-2", &body).status, 200);
        let fra = &pool(&open, "db")["members"][0];
        let known = if state == "down" { "failed" } else { "held" };
        assert_eq!(
            (&fra["name"], &fra["state"]),
            (&json!("fra"), &json!(known))
        );
    }
    let db = pool(&open, "db");
    let fra = &db["members"][0];
    assert!(
        fra["held_since"].as_u64().is_some() && fra["held_until"].is_null(),
        "{db}"
    );
    assert!(fra["why"].as_str().unwrap().contains(RETURN), "{db}");
    assert_eq!(db["members"][1]["state"], "well");
    let metrics = open.get("/metrics").body;
    assert!(
        metrics.contains("meridian_pool_members_held{pool=\"db\"} 1"),
        "{metrics}"
    );
    assert!(
        metrics.contains("meridian_pool_ramp_end_timestamp_seconds{pool=\"web\"} 1"),
        "{metrics}"
    );

    let reply = open.ask("POST", RETURN, Some(OPERATOR), r#"{"why":" it is well "}"#);
    assert_eq!(reply.status, 200, "{}", reply.body);
    let value: Value = serde_json::from_str(&reply.body).unwrap();
    assert_eq!(
        (&value["returned"], &value["failed"]),
        (&json!(["fra"]), &json!([]))
    );
    assert_eq!(value["generation"], open.house.cell.full().generation);
    let db = pool(&open, "db");
    assert_eq!(
        (&db["members"][0]["state"], &db["short_ttl"]),
        (&json!("well"), &json!(false))
    );
    let last = &db["last_return"];
    assert_eq!(
        (&last["who"], &last["why"]),
        (&json!("ops"), &json!("it is well"))
    );
}

#[test]
fn a_return_says_why_or_is_none() {
    let open = open();
    let long = format!(r#"{{"why":"{}"}}"#, "x".repeat(1_001));
    for body in [
        "",
        "{}",
        r#"{"why":""}"#,
        r#"{"why":"  "}"#,
        r#"{"why":1}"#,
        r#"{"why":"a","who":"b"}"#,
        &long,
    ] {
        let reply = open.ask("POST", RETURN, Some(OPERATOR), body);
        assert_eq!(reply.status, 400, "{body}");
        assert!(reply.error().contains("say why"), "{body}");
    }
    let why = r#"{"why":"x"}"#;
    for (path, status, words) in [
        ("/v1/pools/none/return", 404, "has no pool"),
        ("/v1/pools/web/return", 422, "no `failback`"),
        ("/v1/pools//return", 404, "nothing at"),
        ("/v1/pools/a/b/return", 404, "nothing at"),
    ] {
        let reply = open.ask("POST", path, Some(OPERATOR), why);
        assert_eq!(reply.status, status, "{path}");
        assert!(reply.error().contains(words), "{path}: {}", reply.error());
    }
}
