//! Who may do what: tokens, hosts, origins.

use std::fs;
use std::net::IpAddr;
use std::time::Instant;

use axum::http::Request;

use super::*;
use crate::admin::guard;
use crate::admin::route::{Access, Act, ROUTES, Verb};
use crate::admin::stream::Line;
use crate::admin::tokens;
use crate::health::board::State;

fn verb(verb: Verb) -> &'static str {
    verb.words().split(',').next().unwrap()
}

#[test]
fn every_change_in_the_table_needs_the_right_token() {
    let mut changes = 0;
    for route in ROUTES.iter().filter(|r| matches!(r.act, Act::Do(_))) {
        changes += 1;
        let open = Open::new();
        let path = route
            .path
            .replace("{vip}", "fra-1")
            .replace("{site}", "fra")
            .replace("{pool}", "web");
        let body = match path.as_str() {
            "/v1/health" => r#"{"reports":[]}"#.to_owned(),
            "/v1/pools/web/return" | "/v1/brake/release" => r#"{"why":"it is well"}"#.to_owned(),
            path if path.ends_with("/state") => r#"{"state":"down","why":"x"}"#.to_owned(),
            _ => down(1),
        };
        let status = |token: Option<&str>| {
            let reply = open.ask(verb(route.verb), &path, token, &body);
            if reply.status == 401 {
                let realm = reply.header("www-authenticate");
                assert_eq!(realm, Some("Bearer realm=\"meridian\""));
            }
            if reply.status >= 400 {
                assert!(!reply.error().is_empty());
            }
            reply.status
        };
        let feed = if route.act.access() == Access::Report {
            200
        } else {
            403
        };
        assert_eq!(status(None), 401, "{path}");
        for wrong in [
            "",
            "x",
            &"x".repeat(64),
            &"x".repeat(5000),
            &format!("{OPERATOR}x"),
            &OPERATOR[..OPERATOR.len() - 1],
            &OPERATOR.to_uppercase(),
        ] {
            assert_eq!(status(Some(wrong)), 401, "{path} {wrong}");
        }
        assert_eq!(status(Some(READER)), 403, "{path}");
        assert_eq!(open.house.state("fra-1"), State::Unknown, "nothing is done");
        assert_eq!(status(Some(ALL)), feed, "{path}");
        assert_eq!(status(Some(FRA)), feed, "{path}");
        // The pool keeps nothing out, so there is nothing to bring back.
        let fine = if path.ends_with("/return") { 422 } else { 200 };
        assert_eq!(status(Some(OPERATOR)), fine, "{path}");
    }
    assert_eq!(changes, 7);
}

#[test]
fn the_token_comes_in_one_header_of_one_form() {
    let open = Open::new();
    let ask = |headers: &str| {
        let body = r#"{"reports":[]}"#;
        let length = body.len();
        let head =
            format!("POST /v1/health HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n");
        open.raw(format!("{head}{headers}\r\n{body}")).status
    };
    assert_eq!(ask(&format!("Authorization: bearer  {ALL}\r\n")), 200);
    assert_eq!(ask(&format!("Authorization: Basic {ALL}\r\n")), 401);
    assert_eq!(ask(&format!("Authorization: {ALL}\r\n")), 401);
    let twice = format!("Authorization: Bearer x\r\nAuthorization: Bearer {ALL}\r\n");
    assert_eq!(ask(&twice), 401);
    assert_eq!(ask("Authorization: Bearer \u{e9}\r\n"), 401);
}

#[test]
fn a_feed_reports_for_its_sites_alone() {
    let open = Open::new();
    let put = |vip: &str| {
        let path = format!("/v1/health/vips/{vip}");
        open.ask("PUT", &path, Some(FRA), &down(1))
    };
    assert_eq!(put("fra-1").status, 200);
    for foreign in ["iad-1", "spare"] {
        let reply = put(foreign);
        assert_eq!(reply.status, 403);
        assert!(reply.error().contains(foreign), "{}", reply.body);
        assert_eq!(open.house.state(foreign), State::Unknown);
    }
    // One foreign VIP refuses the whole batch.
    let batch = json!({ "reports": [
        { "vip": "fra-2", "state": "down", "epoch": 1, "seq": 1 },
        { "vip": "iad-1", "state": "down", "epoch": 1, "seq": 1 },
    ]});
    let reply = open.ask("POST", "/v1/health", Some(FRA), &batch.to_string());
    assert_eq!(reply.status, 403);
    assert!(reply.error().contains("\"iad-1\"") && !reply.error().contains("fra-2"));
    assert_eq!(open.house.state("fra-2"), State::Unknown);
}

#[test]
fn a_name_that_points_here_is_refused() {
    let open = Open::new();
    let ask = |line: &str, host: &str| {
        let reply = open.raw(format!("{line}\r\n{host}\r\n"));
        if reply.status != 200 {
            assert!(!reply.error().is_empty());
        }
        reply.status
    };
    for good in [
        "127.0.0.1",
        "127.0.0.1:8053",
        "[::1]:8053",
        "192.0.2.1",
        "localhost",
        "LocalHost:1",
    ] {
        let host = format!("Host: {good}\r\n");
        assert_eq!(ask("GET /v1/vips HTTP/1.1", &host), 200, "{good}");
    }
    for bad in [
        "evil.example",
        "evil.example:8053",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "x@127.0.0.1",
        "127.0.0.1@evil.example",
        "",
        "[::1",
        "127.1",
    ] {
        let host = format!("Host: {bad}\r\n");
        for page in ["/", "/healthz", "/metrics", "/v1/vips", "/none"] {
            let line = format!("GET {page} HTTP/1.1");
            assert_eq!(ask(&line, &host), 421, "{bad} {page}");
        }
    }
    // The target of the request has the last word (RFC 9112 §3.2.2).
    let local = "Host: 127.0.0.1\r\n";
    assert_eq!(ask("GET http://evil.example/ HTTP/1.1", local), 421);
    assert_eq!(ask("GET http://127.0.0.1/ HTTP/1.1", local), 200);
    assert_eq!(ask("GET / HTTP/1.1", ""), 400);
    assert_eq!(ask("GET / HTTP/1.1", &local.repeat(2)), 400);
    assert_eq!(ask("GET / HTTP/1.0", ""), 200);
}

#[test]
fn a_page_from_elsewhere_changes_nothing() {
    let open = Open::new();
    let put = |origin: &str| {
        let body = down(1);
        let length = body.len();
        let head = format!(
            "PUT /v1/health/vips/fra-1 HTTP/1.1\r\nHost: 127.0.0.1:8053\r\n\
             Authorization: Bearer {OPERATOR}\r\nContent-Length: {length}\r\n"
        );
        open.raw(format!("{head}{origin}\r\n{body}")).status
    };
    for origin in [
        "http://evil.example",
        "null",
        "https://127.0.0.1:8053",
        "http://127.0.0.1",
        "",
    ] {
        assert_eq!(put(&format!("Origin: {origin}\r\n")), 403, "{origin}");
    }
    assert_eq!(open.house.state("fra-1"), State::Unknown);
    assert_eq!(put("Origin: http://127.0.0.1:8053\r\n"), 200);
    // No answer ever lets a page read it, and none may ask beforehand.
    let preflight = open.raw(
        "OPTIONS /v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://evil.example\r\n\
         Access-Control-Request-Method: POST\r\n\r\n",
    );
    assert_eq!(preflight.status, 405);
    assert_eq!(preflight.header("access-control-allow-origin"), None);
}

#[test]
fn looking_from_elsewhere_needs_a_token() {
    let open = Open::new();
    let file = token_file(open.house.folder.path(), "again", READER);
    let tokens = Tokens::open(vec![Holder {
        name: "watcher".into(),
        role: Role::Reader,
        sites: None,
        rate: None,
        file,
    }])
    .unwrap();
    let admit = |peer: &str, token: Option<&str>| {
        let mut request = Request::builder();
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let peer: IpAddr = peer.parse().unwrap();
        guard::admit(&parts, (peer, Line::Plain), Access::Look, &tokens).is_ok()
    };
    for here in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
        assert!(admit(here, None), "{here}");
    }
    for there in ["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"] {
        assert!(!admit(there, None), "{there}");
        assert!(!admit(there, Some(OPERATOR)), "{there}");
        assert!(admit(there, Some(READER)), "{there}");
    }
}

#[test]
fn a_changed_token_file_counts_at_once() {
    let open = Open::new();
    let file = open.house.folder.path().join("forwarders.tokens");
    let status = |token: &str| {
        let body = r#"{"reports":[]}"#;
        open.ask("POST", "/v1/health", Some(token), body).status
    };
    let fresh = "fresh-0123456789abcdef0123456789abcdef";
    assert_eq!((status(ALL), status(fresh)), (200, 401));
    fs::write(&file, format!("{ALL}\r\n\n  {fresh}\n")).unwrap();
    assert_eq!((status(ALL), status(fresh)), (200, 200));
    fs::write(&file, format!("{fresh}\n")).unwrap();
    assert_eq!((status(ALL), status(fresh)), (401, 200));
    // A wrong file changes nothing; one that is gone takes its tokens along.
    fs::write(&file, "short\n").unwrap();
    assert_eq!((status(ALL), status(fresh)), (401, 200));
    fs::remove_file(&file).unwrap();
    assert_eq!((status(ALL), status(fresh)), (401, 401));
    token_file(open.house.folder.path(), "forwarders", ALL);
    assert_eq!((status(ALL), status(fresh)), (200, 401));
}

#[test]
fn wrong_token_files_are_all_told_without_a_secret() {
    let folder = tempfile::TempDir::new().unwrap();
    let holder = |name: &str, text: &str, mode: u32| {
        let file = token_file(folder.path(), name, text);
        fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
        Holder {
            name: name.into(),
            role: Role::Feed,
            sites: None,
            rate: None,
            file,
        }
    };
    let secret = "secret-0123456789abcdef0123456789abcdef";
    let mut holders = vec![
        holder("open", secret, 0o640),
        holder("short", &format!("{secret}1\nsecret-short"), 0o600),
        holder("blank", "secret with spaces in it, yet long enough", 0o600),
        holder("long", &"secret".repeat(50), 0o600),
        holder("empty", "", 0o400),
        holder("hash", "sha256:secret0123456789", 0o400),
        holder("one", secret, 0o600),
        holder("two", &format!("{secret}2\n{secret}"), 0o400),
    ];
    holders.push(Holder {
        file: folder.path().join("none"),
        ..holders[0].clone()
    });
    let lines: Vec<String> = Tokens::open(holders)
        .unwrap_err()
        .iter()
        .map(|d| d.line())
        .collect();
    let all = lines.join("\n");
    assert!(!all.contains("secret"), "{all}");
    for (line, words) in lines.iter().zip([
        "open.tokens: others may use it (mode 0640)",
        "short.tokens:2: a token has 32 characters or more",
        "blank.tokens:1: a token has only visible ASCII",
        "long.tokens:1: a token has at most 256",
        "empty.tokens: holds no token",
        "hash.tokens:1: `sha256:` is followed by 64 hexadecimal digits",
        "`one` and `two` have a token in common",
        "none: No such file",
    ]) {
        assert!(line.contains(words), "{line}\n{words}");
    }
    assert_eq!(lines.len(), 8, "{all}");
}

#[test]
fn the_first_token_is_made_once_and_kept_close() {
    let folder = tempfile::TempDir::new().unwrap();
    let state = folder.path().join("deep/state");
    let (holder, token) = tokens::create(&state).unwrap();
    assert_eq!(holder.role, Role::Operator);
    assert_eq!((holder.name.as_str(), token.len()), ("operator", 64));
    let mode = fs::metadata(&holder.file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let (again, same) = tokens::create(&state).unwrap();
    assert_eq!((&again, &same), (&holder, &token));
    assert_eq!(
        Tokens::open(vec![again])
            .unwrap()
            .holder(&token)
            .unwrap()
            .name,
        "operator"
    );
    // What others could read is a secret no more.
    fs::set_permissions(&holder.file, PermissionsExt::from_mode(0o644)).unwrap();
    let (_, other) = tokens::create(&state).unwrap();
    assert_ne!(other, token);
    let mode = fs::metadata(&holder.file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// The hash of the FIPS 180 example, and of a token.
#[test]
fn a_token_is_known_by_its_hash() {
    assert_eq!(
        tokens::at_rest("abc"),
        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    let folder = tempfile::TempDir::new().unwrap();
    let token = tokens::fresh().unwrap();
    assert_eq!(token.len(), 64);
    let line = tokens::at_rest(&token);
    let file = token_file(
        folder.path(),
        "ops",
        &line.to_uppercase().replace("SHA", "sha"),
    );
    assert!(!tokens::sendable(&file) && tokens::sendable(&token_file(folder.path(), "x", &token)));
    let holder = |name: &str, file| Holder {
        name: name.into(),
        role: Role::Operator,
        sites: None,
        rate: None,
        file,
    };
    let tokens = Tokens::open(vec![holder("ops", file.clone())]).unwrap();
    assert_eq!(tokens.holder(&token).unwrap().name, "ops");
    // The hash opens nothing, whoever reads the file.
    assert!(tokens.holder(&line).is_none());
    assert!(tokens.holder(&line["sha256:".len()..]).is_none());
    // A token and its hash in two files are one token.
    let plain = token_file(folder.path(), "plain", &token);
    assert!(Tokens::open(vec![holder("ops", file), holder("other", plain)]).is_err());
}

#[test]
fn who_asks_too_often_is_told_when_to_come_again() {
    let folder = tempfile::TempDir::new().unwrap();
    let holder = |name: &str, rate, token: &str| Holder {
        name: name.into(),
        role: Role::Feed,
        sites: None,
        rate,
        file: token_file(folder.path(), name, token),
    };
    let tokens = Tokens::open(vec![
        holder("slow", Some(3), READER),
        holder("other", Some(3), FRA),
        holder("free", None, ALL),
    ])
    .unwrap();
    let now = Instant::now();
    let spent = |token: &str, times: usize, after: Duration| {
        let holder = tokens.holder(token).unwrap();
        (0..times)
            .filter(|_| tokens.spend(&holder, now + after))
            .count()
    };
    let second = Duration::from_secs(1);
    // Twice its rate at once, then its rate, and after any silence no more than at first.
    assert_eq!(spent(READER, 100, Duration::ZERO), 6);
    assert_eq!(spent(READER, 100, second), 3);
    assert_eq!(spent(READER, 100, second), 0);
    assert_eq!(spent(READER, 100, 3600 * second), 6);
    assert_eq!(spent(FRA, 100, Duration::ZERO), 6, "each has its own");
    assert_eq!(spent(ALL, 1000, Duration::ZERO), 1000);

    let ask = || {
        let head = format!("Bearer {FRA}");
        let request = Request::builder().header("authorization", head);
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let peer: IpAddr = "127.0.0.1".parse().unwrap();
        guard::admit(&parts, (peer, Line::Plain), Access::Report, &tokens)
    };
    let refused = (0..100).find_map(|_| ask().err()).unwrap().response();
    assert_eq!(refused.status().as_u16(), 429);
    assert_eq!(refused.headers()["retry-after"], "1");
}

/// Over TLS a name is one of our certificate, and a page of ours comes by `https`.
#[test]
fn over_tls_names_are_fine_and_origins_are_ours() {
    let folder = tempfile::TempDir::new().unwrap();
    let tokens = Tokens::open(vec![Holder {
        name: "ops".into(),
        role: Role::Operator,
        sites: None,
        rate: None,
        file: token_file(folder.path(), "ops", OPERATOR),
    }])
    .unwrap();
    let parts = |origin: &str| {
        let request = Request::builder()
            .header("host", "dns.example.net")
            .header("authorization", format!("Bearer {OPERATOR}"));
        let request = if origin.is_empty() {
            request
        } else {
            request.header("origin", origin)
        };
        request.body(()).unwrap().into_parts().0
    };
    assert!(guard::host(&parts(""), Line::Secure).is_ok());
    assert!(guard::host(&parts(""), Line::Plain).is_err());
    let peer: IpAddr = "192.0.2.1".parse().unwrap();
    let admit = |origin: &str, line: Line| {
        guard::admit(&parts(origin), (peer, line), Access::Operate, &tokens).is_ok()
    };
    assert!(admit("https://dns.example.net", Line::Secure));
    assert!(!admit("http://dns.example.net", Line::Secure));
    assert!(!admit("https://dns.example.net", Line::Plain));
    assert!(!admit("https://evil.example", Line::Secure));
}
