//! What EDNS asks for, judged by the clients that ask and by a server of the same secret.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::process::Command;

use tempfile::TempDir;

use super::estate;
use super::server::{Process, Server, free_port};
use super::tool::{Judge, find};

const SECRET: &str = "e5e973e5a6b2a43f48e7dc849e37bfcf";

/// Our server with that secret and a name.
fn server(folder: &TempDir) -> Server {
    let file = folder.path().join("secrets");
    let mut options = OpenOptions::new();
    let mut out = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&file)
        .unwrap();
    writeln!(out, "{SECRET}").unwrap();
    let file = file.to_string_lossy().into_owned();
    Server::with(&estate(), &["--id", "fra1.test", "--cookies", &file])
}

/// The cookie that a client shows.
fn cookie(said: &str) -> String {
    let (_, rest) = said.split_once("COOKIE: ").unwrap();
    rest.split(' ').next().unwrap().to_string()
}

#[test]
fn dig_and_its_options() {
    let mut dig = Judge::new("dig", "bind9-dnsutils", "dig-terms");
    let folder = TempDir::new().unwrap();
    let server = server(&folder);
    let at = format!("@127.0.0.1 -p {} +norec +tries=1 +time=5", server.port);
    // In two steps: learnt, then shown.
    let said = dig.says(
        &format!("{at} +cookie static.example.com A"),
        &["192.0.2.80", "(good)"],
    );
    let learnt = cookie(&said);
    assert_eq!(learnt.len(), 48);
    for how in ["", "+tcp"] {
        let words = format!("{at} {how} +cookie={learnt} static.example.com A");
        dig.says(&words, &["192.0.2.80", &format!("COOKIE: {learnt} (good)")]);
    }
    let wrong = format!("{}0000000000000000", &learnt[..32]);
    let said = dig.says(
        &format!("{at} +cookie={wrong} static.example.com A"),
        &["192.0.2.80"],
    );
    assert_ne!(cookie(&said), wrong);
    dig.says(
        &format!("{at} +cookie=0011223344 static.example.com A"),
        &["status: FORMERR"],
    );
    dig.says(
        &format!("{at} +header-only +cookie"),
        &["status: NOERROR", "QUERY: 0", "(good)"],
    );
    dig.says(
        &format!("{at} +header-only +nobadcookie +cookie={wrong}"),
        &["status: BADCOOKIE", "QUERY: 0"],
    );
    dig.says(
        &format!("{at} +nsid static.example.com A"),
        &["NSID:", "fra1.test"],
    );
    dig.says(&format!("{at} +expire example.com SOA"), &["EXPIRE: "]);
    dig.says(
        &format!("{at} +tcp +keepalive static.example.com A"),
        &["TCP KEEPALIVE: 10.0 secs"],
    );
    let said = dig.says(
        &format!("{at} +keepalive static.example.com A"),
        &["192.0.2.80"],
    );
    assert!(!said.contains("KEEPALIVE"), "{said}");
    dig.says(&format!("{at} id.server TXT CH"), &["\"fra1.test\""]);
    dig.says(&format!("{at} version.bind TXT CH"), &["status: REFUSED"]);
    dig.says(
        &format!("{at} www.example.net A"),
        &["status: REFUSED", "EDE: 20 (Not Authoritative)"],
    );
    dig.says(&format!("{at} example.com AXFR"), &["Transfer failed"]);
    dig.says(
        &format!(
            "{at} -y hmac-sha256:some.key:c29tZSBsb25nIHNlY3JldCBvZiBtaW5l static.example.com A"
        ),
        &[
            "status: NOTAUTH",
            "some.key. 0 ANY TSIG hmac-sha256.",
            "BADKEY 0",
        ],
    );
    dig.says(
        &format!("{at} +zflag +ednsflags=0x7fff +ednsopt=65001:00 static.example.com A"),
        &["status: NOERROR", "192.0.2.80"],
    );
    for opcode in ["UPDATE", "STATUS", "6", "15"] {
        dig.says(
            &format!("{at} +opcode={opcode} example.com SOA"),
            &["status: NOTIMP"],
        );
    }
}

#[test]
fn kdig_and_its_options() {
    let mut kdig = Judge::new("kdig", "knot-dnsutils", "kdig-terms");
    let folder = TempDir::new().unwrap();
    let server = server(&folder);
    let at = format!("@127.0.0.1 -p {} +norec +retry=0 +time=5", server.port);
    kdig.says(
        &format!("{at} +cookie static.example.com A"),
        &["192.0.2.80", "COOKIE"],
    );
    kdig.says(&format!("{at} +nsid static.example.com A"), &["fra1.test"]);
    kdig.says(
        &format!("{at} +edns www.example.net A"),
        &["status: REFUSED", "EDE: 20 (Not Authoritative)"],
    );
    // It has no words of its own for these two: labels, type and serial; tenths of a second.
    kdig.says(
        &format!("{at} +ednsopt=19 static.example.com A"),
        &["Option (19): 0200"],
    );
    kdig.says(
        &format!("{at} +tcp +ednsopt=11 static.example.com A"),
        &["Option (11): 0064"],
    );
}

#[test]
fn delv_and_a_plain_name() {
    let mut delv = Judge::new("delv", "bind9-dnsutils", "delv");
    let server = Server::start(&estate());
    delv.says(
        &format!("@127.0.0.1 -p {} -i static.example.com A", server.port),
        &["static.example.com.", "192.0.2.80"],
    );
}

/// NSD and we have one secret, as behind one anycast address: each takes the other's cookies (RFC 9018 §1).
#[test]
fn nsd_takes_our_cookies_and_we_its() {
    let nsd = find("nsd", "nsd");
    let mut dig = Judge::new("dig", "bind9-dnsutils", "nsd-cookies");
    let folder = TempDir::new().unwrap();
    let server = server(&folder);
    let port = free_port();
    let here = folder.path().to_string_lossy();
    let config = format!(
        "server:\n  ip-address: 127.0.0.1@{port}\n  username: \"\"\n  chroot: \"\"\n  pidfile: \"\"\n  zonesdir: \"{here}\"\n  \
         xfrdfile: \"{here}/xfrd\"\n  zonelistfile: \"{here}/list\"\n  database: \"\"\n  server-count: 1\n  rrl-ratelimit: 0\n  \
         answer-cookie: yes\n  cookie-secret: \"{SECRET}\"\nremote-control:\n  control-enable: no\n\
         zone:\n  name: example.com\n  zonefile: example.com.zone\n"
    );
    fs::copy(
        estate().join("example.com.zone"),
        folder.path().join("example.com.zone"),
    )
    .unwrap();
    fs::write(folder.path().join("nsd.conf"), config).unwrap();
    let mut command = Command::new(nsd);
    command
        .arg("-d")
        .arg("-c")
        .arg(folder.path().join("nsd.conf"));
    let mut running = Process::start(&mut command);
    let ask = |port: u16, more: &str| {
        format!("@127.0.0.1 -p {port} +norec +tries=1 +time=1 {more} static.example.com A")
    };
    running.wait("nsd", |line| {
        line.is_none() && dig.run(&ask(port, "")).contains("192.0.2.80")
    });
    // Whoever knows a fresh cookie sends it back as it came.
    for (from, to) in [(port, server.port), (server.port, port)] {
        let given = cookie(&dig.says(&ask(from, "+cookie"), &["(good)"]));
        let same = format!("COOKIE: {given} (good)");
        dig.says(&ask(from, &format!("+cookie={given}")), &[&same]);
        dig.says(&ask(to, &format!("+cookie={given}")), &[&same]);
    }
}
