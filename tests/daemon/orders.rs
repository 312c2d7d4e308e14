//! `meridian ctl` against running servers: orders, drains that are waited for, and servers that are not there.

use std::fs;
use std::time::{Instant, SystemTime};

use super::api::{ask, report, token};
use super::server::{PATIENCE, STEERING, Server, estate, meridian};
use super::{EUROPE, FRA, IAD, run};

/// The usual estate, whose answers may be kept for so long.
fn server(ttl: &str) -> Server {
    let folder = estate();
    let pool = format!("policy = \"nearest\"\nttl = \"{ttl}\"");
    let steering = STEERING.replace("policy = \"nearest\"", &pool);
    fs::write(folder.path().join("zones/steering.toml"), steering).unwrap();
    Server::on(folder)
}

/// Runs `meridian ctl` with the operator's token of the first server.
fn ctl(servers: &[&Server], words: &[&str]) -> (i32, String, String) {
    let mut command = meridian();
    command.arg("ctl").args(words);
    let file = servers[0].folder.path().join("state/token");
    command.arg("--token-file").arg(file);
    for server in servers {
        command.args(["--server", &server.api]);
    }
    run(&mut command)
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap().as_secs()
}

#[test]
fn a_drain_is_waited_for_until_no_cache_holds_it() {
    let server = server("2s");
    let begin = now();
    assert_eq!(server.addresses("www.example.com.", EUROPE), [FRA]);
    let words = [
        "drain",
        "vip",
        "fra-1",
        "--why",
        "new disks",
        "--for",
        "1h",
        "--wait",
    ];
    let (code, out, err) = ctl(&[&server], &words);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(
        out.contains("drain vip fra-1: new disks (operator, "),
        "{out}"
    );
    assert!(
        out.contains("fra-1: drain, observed unknown; no cache holds it from "),
        "{out}"
    );
    assert!(out.contains("no cache holds fra-1 since "), "{out}");
    // The TTL, and a second each for the clocks and the way.
    assert!(now() >= begin + 4, "{out}");
    assert_eq!(server.addresses("www.example.com.", EUROPE), [IAD]);

    let (code, out, _) = ctl(&[&server], &["status"]);
    assert!(code == 0 && out.contains("2 of 3 VIPs are up"), "{out}");
    assert!(out.contains("fra-1: drain; operator ordered `drain` for vip fra-1: new disks"));
    let (code, out, _) = ctl(&[&server], &["drains"]);
    assert!(
        code == 0 && out.contains("1 orders\ndrain vip fra-1: new disks"),
        "{out}"
    );
    let (code, out, _) = ctl(&[&server], &["auto", "vip", "fra-1", "--why", "done"]);
    assert!(code == 0 && out.contains("no order for vip fra-1"), "{out}");
    assert_eq!(server.addresses("www.example.com.", EUROPE), [FRA]);
    assert!(server.logs("subject=vip fra-1").contains("new disks"));
}

#[test]
fn every_server_is_asked_and_one_that_fails_is_told() {
    let (one, other) = (server("2s"), server("2s"));
    // Both know the same token.
    fs::copy(
        one.folder.path().join("state/token"),
        other.folder.path().join("state/token"),
    )
    .unwrap();
    let words = ["down", "site", "fra", "--why", "power"];
    let (code, out, err) = ctl(&[&one, &other], &words);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    for server in [&one, &other] {
        assert!(
            out.contains(&format!("{}: in force since generation 2", server.api)),
            "{out}"
        );
        assert_eq!(server.addresses("www.example.com.", EUROPE), [IAD]);
    }
    let gone = server("2s");
    let mut gone_api = meridian();
    gone_api
        .arg("ctl")
        .args(["up", "vip", "fra-1", "--why", "x", "--for", "1h"]);
    gone_api
        .arg("--token-file")
        .arg(one.folder.path().join("state/token"));
    let address = gone.api.clone();
    drop(gone);
    gone_api.args(["--server", &address, "--server", &one.api]);
    let (code, out, err) = run(&mut gone_api);
    assert_eq!(code, 1, "{out}{err}");
    assert!(
        err.contains(&address) && err.contains("is the server running?"),
        "{err}"
    );
    // The other one did it all the same.
    assert!(out.contains(&one.api), "{out}");
    assert_eq!(one.addresses("www.example.com.", EUROPE), [FRA]);
    assert_eq!(other.addresses("www.example.com.", EUROPE), [IAD]);
}

#[test]
fn mistakes_are_told_as_the_server_does() {
    let server = Server::start();
    let words = ["hold", "vip", "fra-1", "--why", " ", "--for", "8d"];
    let (code, _, err) = ctl(&[&server], &words);
    assert_eq!(code, 1);
    assert!(
        err.contains("$.why: it says nothing") && err.contains("$.for: \"8d\""),
        "{err}"
    );
    let (code, _, err) = ctl(&[&server], &["down", "vip", "fra-9", "--why", "x"]);
    assert!(code == 1 && err.contains("no VIP \"fra-9\""), "{err}");
    let (code, _, _) = ctl(&[&server], &["up", "vip", "fra-1", "--why", "x"]);
    assert_eq!(code, 2, "an end is needed");
    let (code, out, _) = ctl(&[&server], &["reload"]);
    assert!(code == 0 && out.contains("taken, generation "), "{out}");
    let (code, _, err) = ctl(&[&server], &["return", "web", "--why", "x"]);
    assert!(code == 1 && err.contains("keeps nothing out"), "{err}");
    assert_eq!(server.addresses("www.example.com.", EUROPE), [FRA]);
}

#[test]
fn an_order_outlives_a_kill_and_ends_by_itself() {
    let mut server = server("2s");
    report(&server, "fra-1", "up", 1);
    let body = r#"{"state":"down","why":"x","for":"6s"}"#;
    let token = token(&server);
    let begin = Instant::now();
    let (status, reply) = ask(&server, "PUT /v1/vips/fra-1/state", Some(&token), body);
    assert_eq!(status, 200, "{reply}");
    server.signal("-KILL");
    server.wait();
    let server = Server::on(server.leave());
    let asked = || server.addresses("www.example.com.", EUROPE);
    // On a machine so busy that the end came first, there is nothing to see.
    if begin.elapsed().as_secs() < 5 {
        assert_eq!(asked(), [IAD]);
    }
    while asked() != [FRA] {
        assert!(begin.elapsed() < PATIENCE);
        std::thread::yield_now();
    }
    assert!(begin.elapsed().as_millis() > 5_000);
}
