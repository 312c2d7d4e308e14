//! What the running program does not lose at once: sites by the feed, names and records by a bad commit.

use std::fs;

use super::api::{ask, token};
use super::reloads::{put, says, until};
use super::server::{STEERING, Server, ZONE, estate};
use super::{AMERICA, EUROPE, FRA, IAD, SIN};

/// A zone of more records than any part of which may go.
fn large() -> String {
    let hosts: String = (1..40).map(|n| format!("h{n} A 203.0.113.{n}\n")).collect();
    says("large") + &hosts
}

fn reload(server: &Server, force: &str) -> (u16, String) {
    let head = format!("POST /v1/reload{force}");
    ask(server, &head, Some(&token(server)), "")
}

/// A file that was cut to its first lines is one that can be read, and is refused all the same.
#[test]
fn a_zone_cut_to_its_soa_is_refused_until_forced() {
    let folder = estate();
    fs::write(folder.path().join("zones/example.com.zone"), large()).unwrap();
    let server = Server::on(folder);
    until(&server, "example.com.", "large");
    let cut: String = ZONE
        .lines()
        .take(6)
        .map(|line| format!("{line}\n"))
        .collect();
    put(&server.zones().join("example.com.zone"), &cut);
    server.logs("refused; the old one serves on");
    let why = server.logs("drops 40 of the 45 records");
    assert!(
        why.contains("ERROR") && why.contains("?force=estate"),
        "{why}"
    );
    until(&server, "example.com.", "large");
    let (status, page) = ask(&server, "GET /readyz", None, "");
    assert_eq!(status, 200);
    for words in [
        "the last reload was refused",
        "88.88%, and at most 50% may go",
        "POST /v1/reload?force=estate",
    ] {
        assert!(page.contains(words), "{words}\n{page}");
    }
    assert_eq!(server.addresses("www.example.com.", EUROPE), [FRA]);
    // Neither asking again nor forcing something else takes it.
    assert_eq!(reload(&server, "").0, 422);
    assert_eq!(reload(&server, "?force=geoip").0, 422);
    assert_eq!(
        ask(&server, "POST /v1/reload?force=estate", None, "").0,
        401
    );
    let (status, reply) = reload(&server, "?force=estate");
    assert_eq!(status, 200, "{reply}");
    let who = server.logs("(force=estate)");
    assert!(who.contains("read anew"), "{who}");
    // In force it is what others are compared with.
    assert_eq!(reload(&server, "").0, 200);
}

#[test]
fn a_larger_part_may_go_where_the_machine_says_so() {
    let folder = estate();
    fs::write(folder.path().join("zones/example.com.zone"), large()).unwrap();
    let machine = "zones = \"zones\"\nlisten = [\"127.0.0.1:0\"]\nadmin = \"127.0.0.1:0\"\nworkers = 1\nmax_dropped = \"90%\"\n";
    fs::write(folder.path().join("m.toml"), machine).unwrap();
    let server = Server::with(folder, &["--config", "m.toml"]);
    put(&server.zones().join("example.com.zone"), &says("small"));
    until(&server, "example.com.", "small");
}

/// A name that loses a family is refused, whatever else is right; one that is taken out by hand is not.
#[test]
fn a_name_is_not_emptied() {
    let folder = estate();
    let file = |steering: &str| {
        let both = steering.replace("10\" }", "10\", address6 = \"2001:db8::X\" }");
        let mut octet = 0;
        let mut next = |_: &str| {
            octet += 1;
            octet.to_string()
        };
        let parts: Vec<&str> = both.split('X').collect();
        let mut text = String::new();
        for part in &parts[..parts.len() - 1] {
            text = text + part + &next(part);
        }
        text + parts[parts.len() - 1]
    };
    let more = "\"api.example.com.\" = \"web\"\n";
    let both = file(STEERING) + more;
    fs::write(folder.path().join("zones/steering.toml"), &both).unwrap();
    let server = Server::on(folder);
    let steering = server.zones().join("steering.toml");
    put(&steering, &(STEERING.to_owned() + more));
    let why = server.logs("had IPv6 addresses, and would have none");
    assert!(why.contains("`api.example.com.` and 1 more name"), "{why}");
    assert!(
        why.contains("steering.toml:10:") && why.contains("?force=estate"),
        "{why}"
    );
    put(&steering, &file(STEERING));
    server.logs("read anew");
    put(&steering, STEERING);
    server.logs("`www.example.com.` had IPv6");
    let (status, reply) = reload(&server, "?force=estate");
    assert_eq!(status, 200, "{reply}");
}

fn report(server: &Server, vip: &str, state: &str, seq: u64) -> serde_json::Value {
    let body = format!(r#"{{"state":"{state}","epoch":1,"seq":{seq}}}"#);
    let head = format!("PUT /v1/health/vips/{vip}");
    let (status, reply) = ask(server, &head, Some(&token(server)), &body);
    assert_eq!(status, 200, "{reply}");
    serde_json::from_str(&reply).unwrap()
}

fn page(server: &Server, path: &str) -> String {
    let (status, page) = ask(server, &format!("GET {path}"), None, "");
    assert_eq!(status, 200, "{page}");
    page
}

/// The first site goes, the second is held and everyone is told; it is so after a crash, until an operator lets go.
#[test]
fn the_second_site_is_held() {
    let folder = estate();
    let bounds = format!("{STEERING}[brake]\nwindow = \"1h\"\n");
    fs::write(folder.path().join("zones/steering.toml"), bounds).unwrap();
    let mut server = Server::on(folder);
    report(&server, "iad-1", "up", 1);
    let first = report(&server, "fra-1", "down", 1);
    assert_eq!(
        (&first["in_force"], &first["held_back"]),
        (&"down".into(), &serde_json::Value::Null)
    );
    let second = report(&server, "iad-1", "down", 2);
    assert_eq!(
        (&second["reported"], &second["in_force"]),
        (&"down".into(), &"up".into())
    );
    let why = "the brake holds it: 1 site may be lost within 3600 s, and so many are";
    assert_eq!(second["held_back"], why);
    let told = server.logs("more is reported lost than may be");
    assert!(
        told.contains("ERROR") && told.contains("iad-1") && told.contains(why),
        "{told}"
    );
    assert_eq!(server.addresses("www.example.com.", AMERICA), [IAD]);
    let vips: serde_json::Value = serde_json::from_str(&page(&server, "/v1/vips")).unwrap();
    assert_eq!(
        (&vips["vips"][1]["state"], &vips["vips"][1]["reported"]),
        (&"up".into(), &"down".into())
    );
    assert_eq!(vips["vips"][1]["held_back"], why);
    for line in [
        "meridian_brake_held_vips 1",
        "meridian_brake_lost_sites 1",
        "meridian_brake_lost_ratio 0.333",
        "meridian_clock_off_seconds 0",
    ] {
        let metrics = page(&server, "/metrics");
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    server.signal("-KILL");
    server.wait();
    let server = Server::on(server.leave());
    server.logs("more is reported lost than may be");
    assert_eq!(server.addresses("www.example.com.", AMERICA), [IAD]);
    let status: serde_json::Value = serde_json::from_str(&page(&server, "/v1/status")).unwrap();
    assert_eq!(status["brake"]["held"][0]["vip"], "iad-1", "{status}");
    assert_eq!(status["brake"]["lost_sites"], 1);

    let release =
        |token: Option<&str>, body: &str| ask(&server, "POST /v1/brake/release", token, body);
    let token = token(&server);
    assert_eq!(release(None, "{}").0, 401);
    assert_eq!(release(Some(&token), "{}").0, 400);
    let (status, reply) = release(Some(&token), r#"{"why": "it is dead"}"#);
    assert_eq!(status, 200, "{reply}");
    assert!(reply.contains(r#""released":["iad-1"]"#), "{reply}");
    let who = server.logs("the brake is released");
    assert!(who.contains("it is dead"), "{who}");
    assert_eq!(server.addresses("www.example.com.", AMERICA), [SIN]);
    assert!(page(&server, "/metrics").contains("meridian_brake_held_vips 0"));
}
