//! The program as its operator meets it: start, banner, answers, reload, end, exit codes.

mod api;
mod brake;
mod crowds;
mod databases;
mod digests;
mod examples;
mod failback;
mod feeds;
mod geoip;
mod kills;
mod many;
mod octets;
mod orders;
mod pests;
mod probes;
mod rate;
mod reloads;
mod renewals;
mod server;
mod terms;
mod torn;
mod visible;

use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Command, Output};

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use server::{STEERING, Server, ZONE, addresses, estate, meridian, query, scope};

const FRA: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);
const IAD: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 10);
const SIN: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 10);
const EUROPE: &str = "193.0.6.0/24";
const AMERICA: &str = "199.43.0.0/24";

fn run(command: &mut Command) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

#[test]
fn answers_over_udp_and_tcp_and_ends_in_order() {
    let mut server = Server::start();
    for message in [
        server.udp(&query("www.example.com.", RecordType::A, Some(EUROPE))),
        server.tcp(&query("www.example.com.", RecordType::A, Some(EUROPE))),
    ] {
        assert!(message.metadata.authoritative);
        assert_eq!(addresses(&message), [FRA]);
        assert_eq!(scope(&message), Some(("193.0.6.0".parse().unwrap(), 24, 8)));
    }
    assert_eq!(server.addresses("www.example.com.", AMERICA), [IAD]);
    let missing = server.udp(&query("no.example.com.", RecordType::A, None));
    assert_eq!(missing.metadata.response_code, ResponseCode::NXDomain);
    let foreign = server.udp(&query("example.org.", RecordType::A, None));
    assert_eq!(foreign.metadata.response_code, ResponseCode::Refused);
    server.signal("-TERM");
    assert_eq!(server.wait().code(), Some(0));
    server.logs("SIGTERM");
    server.logs("ended");
}

#[test]
fn the_banner_says_what_is_true() {
    let server = Server::start();
    let text = server.banner.join("\n");
    assert!(server.banner.len() <= 20, "{text}");
    for words in [
        "serves zones",
        "example.com. serial 1, 1 steered name",
        "web: nearest",
        "3 at 3 sites: fra, iad, sin",
        "over UDP and TCP, 1 UDP worker",
        "token in state/token",
        "built-in registry map (coarse)",
    ] {
        assert!(text.contains(words), "{words} is not in\n{text}");
    }
    // Three clients with three answers, and each answer is the VIP that is named behind it.
    let names = [
        ("fra-1", FRA),
        ("iad-1", IAD),
        ("sin-1", Ipv4Addr::new(203, 0, 113, 10)),
    ];
    let mut seen = Vec::new();
    for line in server
        .banner
        .iter()
        .filter(|l| l.trim().starts_with("dig "))
    {
        let (command, vip) = line.split_once("# ").unwrap();
        let words: Vec<&str> = command.split_whitespace().collect();
        let [_, at, _, port, name, kind, _, subnet] = words[..] else {
            panic!("{line}")
        };
        assert_eq!(
            format!("{}:{port}", at.trim_start_matches('@')),
            server.dns.to_string()
        );
        assert_eq!((name, kind), ("www.example.com", "A"));
        let subnet = subnet.strip_prefix("+subnet=").unwrap();
        let got = server.addresses(name, subnet);
        let named = names.iter().find(|(name, _)| *name == vip).unwrap();
        assert_eq!(got, [named.1], "{line}");
        seen.push(vip.to_string());
    }
    seen.sort();
    assert_eq!(seen, ["fra-1", "iad-1", "sin-1"]);
}

#[test]
fn sighup_reloads_wholly_or_not_at_all() {
    let mut server = Server::start();
    let [new, file] = ["new", "steering.toml"].map(|name| server.zones().join(name));
    let put = |text: String| {
        fs::write(&new, text).unwrap();
        fs::rename(&new, &file).unwrap();
    };
    let fewer = STEERING.replace(r#"["fra", "iad", "sin"]"#, r#"["iad", "sin"]"#);
    put(fewer.clone());
    server.signal("-HUP");
    server.logs("read anew");
    assert_eq!(server.addresses("www.example.com.", EUROPE), [IAD]);
    put(fewer.replace("nearest", "nearby"));
    server.signal("-HUP");
    server.logs("refused");
    let why = server.logs("steering.toml:");
    assert!(
        why.contains("ERROR") && why.contains("`policy` is one of"),
        "{why}"
    );
    assert_eq!(server.addresses("www.example.com.", EUROPE), [IAD]);
    server.signal("-INT");
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn a_changed_file_is_taken_by_itself() {
    let server = Server::start();
    let new = server.zones().join("new");
    fs::write(
        &new,
        ZONE.replace("hostmaster 1", "hostmaster 2")
            .replace("one", "two"),
    )
    .unwrap();
    fs::rename(new, server.zones().join("example.com.zone")).unwrap();
    server.logs("read anew");
    let answer = server.udp(&query("txt.example.com.", RecordType::TXT, None));
    assert!(answer.answers[0].to_string().contains("two"), "{answer}");
}

#[test]
fn one_server_for_each_state() {
    let server = Server::start();
    let (code, out, err) = run(&mut Server::command(server.folder.path()));
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("in use by another server"), "{err}");
}

#[test]
fn an_address_in_use_is_named() {
    let server = Server::start();
    let other = estate();
    let taken = server.dns.to_string();
    let args = ["--listen", &taken, "--admin", "127.0.0.1:0"];
    let (code, _, err) = run(meridian().current_dir(other.path()).args(args));
    assert_eq!(code, 1);
    assert!(
        err.contains(&taken) && err.contains("another program"),
        "{err}"
    );
}

#[test]
fn a_broken_estate_is_shown_like_a_compiler_does() {
    let folder = estate();
    let zones = folder.path().join("zones");
    fs::write(
        zones.join("steering.toml"),
        STEERING.replace("\"web\"", "\"wbe\""),
    )
    .unwrap();
    fs::write(zones.join("broken.example.zone"), "@ SOA a b 1 2 3 4\n").unwrap();
    for command in [
        &mut Server::command(folder.path()),
        meridian().current_dir(folder.path()).arg("check"),
    ] {
        let (code, _, err) = run(command);
        assert_eq!(code, 1, "{err}");
        assert!(err.contains("zones/steering.toml:14:22"), "{err}");
        assert!(err.contains("zones/broken.example.zone:1:"), "{err}");
        assert!(err.contains("did you mean `web`"), "{err}");
    }
}

#[test]
fn wrong_arguments_and_machine_files_are_another_code() {
    let folder = estate();
    fs::write(
        folder.path().join("m.toml"),
        "listen = [\"localhost:53\"]\nworker = 3\n",
    )
    .unwrap();
    let table: [(&[&str], &str); 5] = [
        (&["--listen", "nowhere"], "--listen"),
        (&["--admin", "0.0.0.0:80"], "stays on loopback"),
        (&["serve", "--config", "m.toml"], "m.toml:2:1"),
        (&["check", "--config", "no.toml"], "no.toml"),
        (&["explain", "www.example.com", "europe"], "is no client"),
    ];
    for (args, words) in table {
        let (code, out, err) = run(meridian().current_dir(folder.path()).args(args));
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}: {err}");
        assert!(err.contains(words), "{args:?}: {err}");
    }
}

#[test]
fn the_machine_file_rules_where_no_option_does() {
    let folder = estate();
    let machine =
        "zones = \"../zones\"\nlisten = [\"127.0.0.1:0\"]\nadmin = \"127.0.0.1:0\"\nworkers = 3\n";
    fs::create_dir(folder.path().join("etc")).unwrap();
    fs::write(folder.path().join("etc/m.toml"), machine).unwrap();
    let server = Server::with(folder, &["--config", "etc/m.toml", "--workers", "2"]);
    let text = server.banner.join("\n");
    assert!(
        text.contains("2 UDP workers") && text.contains("serves etc/../zones"),
        "{text}"
    );
    assert_eq!(server.addresses("www.example.com.", EUROPE), [FRA]);
}

#[test]
fn check_counts_and_heeds_warnings() {
    let folder = estate();
    let check = |args: &[&str]| {
        run(meridian()
            .current_dir(folder.path())
            .arg("check")
            .args(args))
    };
    let (code, out, err) = check(&["--strict"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let start =
        "ok: 1 zone with 6 records, 1 steered name in 1 pool, 3 VIPs at 3 sites, 1 map with ";
    assert!(out.starts_with(start) && out.lines().count() == 2, "{out}");
    // An unused VIP is a warning.
    let more = STEERING.replace("[pools", "spare = { address = \"192.0.2.99\" }\n[pools");
    fs::write(folder.path().join("zones/steering.toml"), more).unwrap();
    let (code, out, err) = check(&[]);
    assert_eq!(code, 0);
    assert!(
        out.starts_with("ok, 1 warning: ") && err.contains("warning: "),
        "{out}{err}"
    );
    let (code, out, err) = check(&["--strict"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("refused (--strict), 1 warning"), "{err}");
    let (_, out, _) = check(&["--format", "github"]);
    assert!(
        out.starts_with(
            "::warning file=zones/steering.toml,line=10,col=1,endLine=10,endColumn=6::"
        ),
        "{out}"
    );
}

#[test]
fn explain_from_the_files() {
    let folder = estate();
    let explain = |args: &[&str]| {
        let mut command = meridian();
        command.current_dir(folder.path()).arg("explain").args(args);
        run(&mut command)
    };
    let (code, out, err) = explain(&["www.example.com", "193.0.6.9"]);
    assert_eq!((code, err.as_str()), (0, ""));
    for words in [
        "www.example.com. A for clients in 193.0.6.9/32\n",
        "  pool      web: nearest, draw query\n",
        "  place     europe, by the built-in map (coarse), as all of 193.0.0.0/8\n",
        "  > fra-1  fra   no report: as up  -      100.00 %",
        "            www.example.com. 60 IN A 192.0.2.10\n",
    ] {
        assert!(out.contains(words), "{words} is not in\n{out}");
    }
    assert!(out.lines().count() <= 30);
    let (_, out, _) = explain(&["www.example.com", "193.0.6.9", "--down", "fra-1", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json["answer"][0], "www.example.com. 60 IN A 198.51.100.10");
    assert_eq!(json["steering"]["tried"][0]["failed"], true);
    let (code, _, err) = explain(&["www.example.com", "193.0.6.9", "--down", "fra-9"]);
    assert_eq!(code, 2);
    assert!(err.contains("there are fra-1, iad-1, sin-1"), "{err}");
    let (code, _, err) = explain(&["a.", "193.0.6.9", "--server", "http://127.0.0.1:1"]);
    assert_eq!(code, 1);
    assert!(err.contains("is the server running?"), "{err}");
}

#[test]
fn a_second_signal_ends_at_once() {
    let mut server = Server::start();
    // A request that does not end keeps the API's last moments long.
    let mut held = TcpStream::connect(server.api.trim_start_matches("http://")).unwrap();
    held.write_all(b"PUT /v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        .unwrap();
    server.signal("-TERM");
    server.logs("SIGTERM");
    server.signal("-TERM");
    assert_eq!(server.wait().code(), Some(1));
    server.logs("ended at once by a second signal");
}

#[test]
fn help_and_version() {
    let (code, out, _) = run(meridian().arg("--version"));
    assert_eq!(code, 0);
    assert_eq!(out, format!("meridian {}\n", env!("CARGO_PKG_VERSION")));
    for (args, words) in [
        (&["--help"][..], "meridian check --strict"),
        (
            &["serve", "--help"],
            "No machine file is read but the one that --config names",
        ),
        (&["check", "--help"], ".git/hooks/pre-commit"),
        (
            &["explain", "--help"],
            "--server http://127.0.0.1:8053 --json",
        ),
    ] {
        let (code, out, _) = run(meridian().args(args));
        let flat = out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(code == 0 && flat.contains(words), "{args:?}\n{out}");
        assert!(out.lines().all(|line| line.chars().count() <= 100), "{out}");
    }
}
