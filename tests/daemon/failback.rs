//! Failback of the running program: after a time, and by hand over HTTP, also over a crash.

use std::fs;
use std::time::Instant;

use serde_json::Value;

use super::api::{ask, report, token};
use super::server::{PATIENCE, STEERING, Server, estate};
use super::{EUROPE, FRA, IAD};

/// The usual estate with a failover pool.
fn server(failback: &str) -> Server {
    let folder = estate();
    let (places, _) = STEERING.split_once("[pools.web]").unwrap();
    let pool =
        format!("members = [\"fra\", \"iad\"]\npolicy = \"failover\"\nfailback = \"{failback}\"");
    let steering =
        format!("{places}[pools.web]\n{pool}\n[names]\n\"www.example.com.\" = \"web\"\n");
    fs::write(folder.path().join("zones/steering.toml"), steering).unwrap();
    Server::on(folder)
}

fn first(server: &Server) -> Value {
    let (status, page) = ask(server, "GET /v1/pools", None, "");
    assert_eq!(status, 200, "{page}");
    let page: Value = serde_json::from_str(&page).unwrap();
    page["pools"][0]["members"][0].clone()
}

#[test]
fn two_seconds_after_it_is_well_a_member_is_used_again() {
    let server = server("2s");
    let asked = || server.addresses("www.example.com.", EUROPE);
    assert_eq!(asked(), [FRA]);
    report(&server, "fra-1", "down", 1);
    assert_eq!(asked(), [IAD]);
    report(&server, "fra-1", "up", 2);
    let begin = Instant::now();
    assert_eq!(
        (asked(), &first(&server)["state"]),
        (vec![IAD], &"held".into())
    );
    while asked() != [FRA] {
        assert!(begin.elapsed() < PATIENCE, "{:?}", first(&server));
        std::thread::yield_now();
    }
    // Times of the clock are whole seconds: two of them are one at the least.
    assert!(begin.elapsed().as_millis() >= 900);
    assert_eq!(first(&server)["state"], "well");
}

#[test]
fn a_crash_does_not_bring_back_what_a_person_must() {
    let mut server = server("manual");
    report(&server, "fra-1", "down", 1);
    report(&server, "fra-1", "up", 2);
    assert_eq!(server.addresses("www.example.com.", EUROPE), [IAD]);
    server.signal("-KILL");
    server.wait();
    let server = Server::on(server.leave());
    assert_eq!(server.addresses("www.example.com.", EUROPE), [IAD]);
    assert_eq!(first(&server)["state"], "held");
    let (path, why) = (
        "POST /v1/pools/web/return",
        r#"{"why":"replication has caught up"}"#,
    );
    assert_eq!(ask(&server, path, None, why).0, 401);
    let (status, reply) = ask(&server, path, Some(&token(&server)), why);
    assert_eq!(status, 200, "{reply}");
    let reply: Value = serde_json::from_str(&reply).unwrap();
    assert_eq!(reply["returned"][0], "fra");
    // In force when it was acknowledged.
    assert_eq!(server.addresses("www.example.com.", EUROPE), [FRA]);
    let log = server.logs("brought back");
    assert!(log.contains("replication has caught up"), "{log}");
}
