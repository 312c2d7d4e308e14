//! The API of the running program: what it takes is in force at once, and back after a crash.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;

use super::server::{Server, estate};
use super::{AMERICA, EUROPE, FRA, IAD, run};

/// Asks once; the status and the body.
pub(super) fn ask(server: &Server, head: &str, token: Option<&str>, body: &str) -> (u16, String) {
    let host = server.api.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let token = token.map_or_else(String::new, |t| format!("Authorization: Bearer {t}\r\n"));
    let length = body.len();
    write!(
        stream,
        "{head} HTTP/1.1\r\nHost: {host}\r\n{token}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.into())
}

pub(super) fn token(server: &Server) -> String {
    let file = server.folder.path().join("state/token");
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    fs::read_to_string(file).unwrap().trim().into()
}

pub(super) fn report(server: &Server, vip: &str, state: &str, seq: u64) {
    let body = format!(r#"{{"state":"{state}","epoch":1,"seq":{seq}}}"#);
    let head = format!("PUT /v1/health/vips/{vip}");
    let (status, reply) = ask(server, &head, Some(&token(server)), &body);
    assert_eq!(status, 200, "{reply}");
}

#[test]
fn ready_means_that_the_banner_is_out() {
    let mut server = Server::start();
    for path in ["/healthz", "/readyz", "/metrics", "/"] {
        let (status, body) = ask(&server, &format!("GET {path}"), None, "");
        assert_eq!(status, 200, "{path}: {body}");
    }
    let put = "PUT /v1/health/vips/fra-1";
    let (status, _) = ask(&server, put, None, r#"{"state":"down","epoch":1,"seq":1}"#);
    assert_eq!(status, 401);
    assert_eq!(server.addresses("www.example.com.", EUROPE), [FRA]);
    server.signal("-TERM");
    assert_eq!(server.wait().code(), Some(0));
    server.logs("ended");
}

#[test]
fn the_curl_line_does_what_it_says() {
    let server = Server::start();
    let said = server
        .banner
        .iter()
        .find(|l| l.starts_with("and take "))
        .unwrap();
    let curl = server
        .banner
        .iter()
        .find(|l| l.trim().starts_with("curl "))
        .unwrap();
    let (_, rest) = curl.split_once(&server.api).unwrap();
    let (path, _) = rest.split_once(' ').unwrap();
    let (_, body) = curl.split_once("-d '").unwrap();
    assert!(curl.contains("$(head -n1 state/token)"), "{curl}");
    let head = format!("PUT {path}");
    let (status, reply) = ask(
        &server,
        &head,
        Some(&token(&server)),
        body.trim_end_matches('\''),
    );
    assert_eq!(status, 200, "{reply}");
    // "and take VIP down: the first line is then OTHER (…)"
    let words: Vec<&str> = said.split_whitespace().collect();
    let (down, other) = (words[2], words[9]);
    let dig = server
        .banner
        .iter()
        .find(|l| l.ends_with(&format!("# {down}")))
        .unwrap();
    let (_, subnet) = dig.split_once("+subnet=").unwrap();
    let subnet = subnet.split_whitespace().next().unwrap();
    let got = server.addresses("www.example.com.", subnet);
    let other = match other {
        "fra-1" => FRA,
        "iad-1" => IAD,
        _ => "203.0.113.10".parse().unwrap(),
    };
    assert_eq!(got, [other], "{said}");
}

#[test]
fn what_was_acknowledged_is_in_force_and_survives_a_crash() {
    let mut server = Server::start();
    report(&server, "fra-1", "down", 1);
    assert_eq!(server.addresses("www.example.com.", EUROPE), [IAD]);
    server.signal("-KILL");
    assert_eq!(server.wait().code(), None);
    let server = Server::on(server.leave());
    assert_eq!(server.addresses("www.example.com.", EUROPE), [IAD]);
    report(&server, "fra-1", "up", 2);
    assert_eq!(server.addresses("www.example.com.", EUROPE), [FRA]);
}

#[test]
fn explain_asks_a_running_server() {
    let server = Server::start();
    report(&server, "iad-1", "down", 1);
    let args = [
        "explain",
        "www.example.com",
        AMERICA,
        "--server",
        &server.api,
    ];
    let (code, out, err) = run(super::meridian().args(args));
    assert_eq!((code, err.as_str()), (0, ""));
    for words in [
        "generation 2",
        "iad-1",
        "down",
        "TTL       20 s: something has just changed",
    ] {
        assert!(out.contains(words), "{words} is not in\n{out}");
    }
    let (_, json, _) = run(super::meridian().args(args).arg("--json"));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["generation"], 2);
    let args = [
        "explain",
        "www.example.com",
        AMERICA,
        "--server",
        "http://127.0.0.1:1",
    ];
    assert_eq!(run(super::meridian().args(args)).0, 1);
}

#[test]
fn a_reload_is_answered_with_what_came_of_it() {
    let server = Server::start();
    let token = token(&server);
    let (status, reply) = ask(&server, "POST /v1/reload", Some(&token), "");
    assert_eq!(status, 200, "{reply}");
    fs::write(server.zones().join("steering.toml"), "[pools.web\n").unwrap();
    let (status, reply) = ask(&server, "POST /v1/reload", Some(&token), "");
    assert!(
        status >= 400 && reply.contains("steering.toml"),
        "{status} {reply}"
    );
    assert_eq!(server.addresses("www.example.com.", EUROPE), [FRA]);
}

#[test]
fn tokens_of_the_machine_file() {
    let folder = estate();
    let path = |name: &str| folder.path().join(name);
    let machine = "listen = [\"127.0.0.1:0\"]\nadmin = \"127.0.0.1:0\"\n\
                   [tokens.fra]\nfile = \"fra.token\"\nsites = \"fra\"\n[tokens.ops]\nfile = \"my token\"\nrole = \"operator\"\n";
    fs::write(path("m.toml"), machine).unwrap();
    let write = |name: &str, token: &str, mode: u32| {
        fs::write(path(name), token).unwrap();
        fs::set_permissions(path(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    write("fra.token", &"f".repeat(32), 0o600);
    write("my token", &"o".repeat(32), 0o644);
    let start = ["--config", "m.toml"];
    let (code, out, err) = run(super::meridian().current_dir(folder.path()).args(start));
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("my token: others may use it"), "{err}");
    write("my token", &"o".repeat(32), 0o600);
    let server = Server::with(folder, &start);
    assert!(!server.folder.path().join("state/token").exists());
    let banner = server.banner.join("\n");
    assert!(banner.contains("$(head -n1 -- 'my token')"), "{banner}");
    let body = r#"{"state":"down","epoch":1,"seq":1}"#;
    let fra = "f".repeat(32);
    let (status, _) = ask(&server, "PUT /v1/health/vips/iad-1", Some(&fra), body);
    assert_eq!(status, 403);
    let (status, _) = ask(&server, "PUT /v1/health/vips/fra-1", Some(&fra), body);
    assert_eq!(status, 200);
    assert_eq!(server.addresses("www.example.com.", EUROPE), [IAD]);
}
