//! Outside judges: the release binary asked by `dig`, `kdig`, `drill` and `curl`, by resolvers that stand before it, and
//! beside NSD, Knot and BIND over the same zone files.
//!
//! `cargo build --release && cargo test --test judges`. A judge that is missing fails; what each said is kept in
//! `target/judges/`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "tests may"
)]

mod absences;
mod bird;
#[path = "../support/cache.rs"]
mod cache;
mod contract;
mod delegation;
#[path = "../support/dice.rs"]
mod dice;
mod differential;
mod drains;
mod full;
mod geoip;
#[path = "../support/held.rs"]
mod held;
#[path = "../support/mmdb.rs"]
mod mmdb;
mod probes;
mod resolvers;
mod scopes;
mod server;
mod siege;
mod slow;
#[path = "../support/subnet.rs"]
mod subnet;
mod synced;
mod terms;
mod tls;
mod tool;
#[path = "../support/hostile.rs"]
mod twisted;
mod zones;

use meridian::geo::mmdb as writer;

use std::path::PathBuf;
use std::process::Command;

use server::Server;
use tool::{Judge, find, top};

/// Addresses of a network that RIPE NCC gave out, hence in Europe, and of one that ARIN did.
const EUROPE: &str = "193.0.6.0/24";
const AMERICA: &str = "63.0.6.0/24";

/// What the steered name answers at each site.
const FRANKFURT: &str = "www.example.com. 60 IN A 192.0.2.10";
const ASHBURN: &str = "www.example.com. 60 IN A 198.51.100.10";

fn estate() -> PathBuf {
    top().join("tests/judges/estate")
}

#[test]
fn dig_is_content() {
    let mut dig = Judge::new("dig", "bind9-dnsutils", "dig");
    let server = Server::start(&estate());
    let at = format!("@127.0.0.1 -p {} +norec +tries=1 +time=5", server.port);
    dig.says(
        &format!("{at} static.example.com A"),
        &[
            "status: NOERROR",
            "flags: qr aa;",
            "static.example.com. 3600 IN A 192.0.2.80",
            "udp: 1232",
        ],
    );
    dig.says(
        &format!("{at} x.y.wild.example.com A"),
        &["x.y.wild.example.com. 3600 IN A 192.0.2.81"],
    );
    dig.says(
        &format!("{at} empty.example.com A"),
        &["status: NOERROR", "ANSWER: 0", "example.com. 300 IN SOA"],
    );
    dig.says(
        &format!("{at} none.example.com A"),
        &["status: NXDOMAIN", "ANSWER: 0", "example.com. 300 IN SOA"],
    );
    dig.says(&format!("{at} www.example.net A"), &["status: REFUSED"]);

    dig.says(
        &format!("{at} +subnet={EUROPE} www.example.com A"),
        &[FRANKFURT, &format!("CLIENT-SUBNET: {EUROPE}/")],
    );
    dig.says(
        &format!("{at} +subnet={AMERICA} www.example.com A"),
        &[ASHBURN, &format!("CLIENT-SUBNET: {AMERICA}/")],
    );
    dig.says(
        &format!("{at} +subnet={AMERICA} www.example.com AAAA"),
        &["2001:db8:1::10"],
    );
    dig.says(
        &format!("{at} +subnet={AMERICA} alias.example.com A"),
        &["alias.example.com. 3600 IN CNAME", ASHBURN],
    );
    dig.says(
        &format!("{at} +tcp +subnet={AMERICA} www.example.com A"),
        &[ASHBURN, "(TCP)"],
    );
    let plain = dig.says(&format!("{at} www.example.com A"), &["status: NOERROR"]);
    assert!(
        !plain.contains("CLIENT-SUBNET"),
        "a client subnet that nobody sent"
    );

    dig.says(
        &format!("{at} +noedns +ignore big.example.com TXT"),
        &["flags: qr aa tc;", "ANSWER: 0"],
    );
    dig.says(
        &format!("{at} +bufsize=4096 +ignore big.example.com TXT"),
        &["flags: qr aa tc;"],
    );
    dig.says(
        &format!("{at} big.example.com TXT"),
        &["Truncated, retrying in TCP mode", "ANSWER: 6", "(TCP)"],
    );
    dig.says(
        &format!("{at} +edns=1 +noednsneg static.example.com A"),
        &["status: BADVERS"],
    );
    dig.says(
        &format!("{at} +ednsopt=65001:00ff static.example.com A"),
        &["status: NOERROR", "192.0.2.80"],
    );
    dig.says(
        &format!("{at} +opcode=NOTIFY example.com SOA"),
        &["status: NOTIMP"],
    );
    dig.says(&format!("{at} version.bind TXT CH"), &["status: REFUSED"]);
    if std::net::UdpSocket::bind("[::1]:0").is_ok() {
        let at = at.replace("127.0.0.1", "::1");
        dig.says(&format!("{at} static.example.com AAAA"), &["2001:db8::80"]);
        dig.says(
            &format!("{at} +tcp static.example.com AAAA"),
            &["2001:db8::80"],
        );
    }
}

#[test]
fn kdig_is_content() {
    let mut kdig = Judge::new("kdig", "knot-dnsutils", "kdig");
    let server = Server::start(&estate());
    let at = format!("@127.0.0.1 -p {} +norec +retry=0 +time=5", server.port);
    kdig.says(
        &format!("{at} static.example.com A"),
        &[
            "status: NOERROR",
            "static.example.com. 3600 IN A 192.0.2.80",
        ],
    );
    kdig.says(
        &format!("{at} none.example.com A"),
        &["status: NXDOMAIN", "example.com. 300 IN SOA"],
    );
    kdig.says(
        &format!("{at} +subnet={EUROPE} www.example.com A"),
        &[FRANKFURT, &format!("CLIENT-SUBNET: {EUROPE}/")],
    );
    kdig.says(
        &format!("{at} +subnet={AMERICA} www.example.com A"),
        &[ASHBURN, &format!("CLIENT-SUBNET: {AMERICA}/")],
    );
    kdig.says(
        &format!("{at} +tcp big.example.com TXT"),
        &["ANSWER: 6", "(TCP)"],
    );
    kdig.says(
        &format!("{at} +ignore big.example.com TXT"),
        &["Flags: qr aa tc;", "ANSWER: 0"],
    );
    kdig.says(
        &format!(
            "{at} +tcp +keepopen static.example.com A static.example.com AAAA www.example.com A"
        ),
        &["192.0.2.80", "2001:db8::80", "www.example.com. 60 IN A"],
    );
}

#[test]
fn drill_is_content() {
    let mut drill = Judge::new("drill", "ldnsutils", "drill");
    let server = Server::start(&estate());
    let at = format!("-p {} -o rd", server.port);
    let here = "@127.0.0.1";
    drill.says(
        &format!("{at} static.example.com {here} A"),
        &["rcode: NOERROR", "flags: qr aa ;", "192.0.2.80"],
    );
    drill.says(
        &format!("{at} none.example.com {here} A"),
        &["rcode: NXDOMAIN", "IN SOA"],
    );
    drill.says(
        &format!("{at} www.example.com {here} A"),
        &["rcode: NOERROR", "www.example.com. 60 IN A"],
    );
    drill.says(
        &format!("{at} -t big.example.com {here} TXT"),
        &["ANSWER: 6"],
    );
    drill.says(
        &format!("{at} -a big.example.com {here} TXT"),
        &["ANSWER: 6"],
    );
}

#[test]
fn curl_takes_a_vip_down() {
    let mut curl = Judge::new("curl", "curl", "curl");
    let mut dig = Judge::new("dig", "bind9-dnsutils", "dig-health");
    let mut server = Server::start(&estate());
    let ask = format!(
        "@127.0.0.1 -p {} +norec +subnet={EUROPE} www.example.com A",
        server.port
    );
    dig.says(&ask, &[FRANKFURT]);

    let mut report = |token: &str, state: &str, seq: u32| {
        let mut command = Command::new(find("curl", "curl"));
        command.args(["-sS", "-w", "\n%{http_code}", "-X", "PUT"]);
        command.args(["-H", &format!("Authorization: Bearer {token}")]);
        command.arg(server.url("/v1/health/vips/fra-1"));
        command.args([
            "-d",
            &format!(r#"{{"state":"{state}","seq":{seq},"epoch":1}}"#),
        ]);
        curl.execute(&mut command)
    };
    let refused = report("not-the-token-that-was-made-for-this-run", "down", 1);
    assert!(refused.ends_with(" 401") || refused == "401", "{refused}");
    dig.says(&ask, &[FRANKFURT]);
    let taken = report(&server.token(), "down", 1);
    assert!(taken.ends_with(" 200") && taken.contains("down"), "{taken}");
    // The reply is out, so no later query sees an older state.
    let moved = "www.example.com. 20 IN A 198.51.100.10";
    dig.says(&ask, &[moved]);
    dig.says(&format!("+tcp {ask}"), &[moved]);

    server.crash();
    dig.says(&ask, &[moved]);
}

/// The lines that `serve` prints for whoever starts it: three that ask, one that takes a VIP down.
#[test]
fn the_printed_lines_work() {
    let mut shell = Judge::new("sh", "dash", "printed");
    find("dig", "bind9-dnsutils");
    find("curl", "curl");
    let mut server = Server::start(&top().join("zones"));
    server.hear("curl -X PUT");
    let printed = |tool: &str| -> Vec<String> {
        let lines = server
            .said
            .iter()
            .map(|line| line.trim().trim_start_matches("$ ").to_string());
        lines.filter(|line| line.starts_with(tool)).collect()
    };
    let (digs, curls) = (printed("dig "), printed("curl "));
    assert_eq!((digs.len(), curls.len()), (3, 1), "{:?}", server.said);
    let mut run = |line: &str| {
        let mut command = Command::new("sh");
        let said = shell.execute(
            command
                .args(["-e", "-c", line])
                .current_dir(server.folder()),
        );
        assert!(!said.is_empty(), "{line}: says nothing");
        said
    };
    let answers = |said: &[String]| -> Vec<Vec<String>> {
        // Ids, times and sizes differ in any two runs; addresses tell.
        let address = |word: &&str| word.parse::<std::net::IpAddr>().is_ok();
        said.iter()
            .map(|text| {
                text.split_whitespace()
                    .filter(address)
                    .map(str::to_string)
                    .collect()
            })
            .collect()
    };
    let before = answers(&digs.iter().map(|line| run(line)).collect::<Vec<_>>());
    assert!(
        before[0] != before[1] && before[1] != before[2] && before[0] != before[2],
        "{before:?}"
    );
    run(&curls[0]);
    let after = answers(&digs.iter().map(|line| run(line)).collect::<Vec<_>>());
    assert!(
        after != before,
        "the VIP is still in the answers: {after:?}"
    );
}
