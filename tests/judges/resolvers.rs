//! Resolvers that stand before us, as those of the world do.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::server::{Process, Server, free_port};
use super::tool::{Judge, find};
use super::{AMERICA, EUROPE, estate};

/// Starts `program` with this configuration, and waits until it resolves a static name of ours.
fn resolve(program: &Path, words: &[&str], config: &str, port: u16) -> (Process, TempDir) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("config");
    fs::write(
        &file,
        config.replace("FOLDER", &folder.path().to_string_lossy()),
    )
    .unwrap();
    let mut command = Command::new(program);
    command.current_dir(folder.path()).args(words).arg(&file);
    let mut process = Process::start(&mut command);
    let ask = format!("@127.0.0.1 -p {port} +tries=1 +time=1 +short static.example.com A");
    process.wait("the resolver", |line| {
        // While it still talks, it is not done starting.
        line.is_none() && {
            let output = Command::new("dig").args(ask.split(' ')).output().unwrap();
            String::from_utf8_lossy(&output.stdout).contains("192.0.2.80")
        }
    });
    (process, folder)
}

/// What every resolver must bring to its clients.
fn ask_everything(dig: &mut Judge, at: &str) {
    dig.says(
        &format!("{at} static.example.com A"),
        &["status: NOERROR", "192.0.2.80"],
    );
    dig.says(
        &format!("{at} www.example.com A"),
        &["status: NOERROR", "ANSWER: 1"],
    );
    dig.says(
        &format!("{at} www.example.com AAAA"),
        &["status: NOERROR", "ANSWER: 1", "2001:db8:"],
    );
    dig.says(
        &format!("{at} alias.example.com A"),
        &["alias.example.com.", "CNAME www.example.com.", "ANSWER: 2"],
    );
    dig.says(&format!("{at} deep.empty.example.com A"), &["192.0.2.82"]);
    dig.says(
        &format!("{at} empty.example.com A"),
        &["status: NOERROR", "ANSWER: 0"],
    );
    dig.says(&format!("{at} none.example.com A"), &["status: NXDOMAIN"]);
    dig.says(
        &format!("{at} big.example.com TXT"),
        &["status: NOERROR", "ANSWER: 6"],
    );
}

#[test]
fn unbound_resolves_through_us() {
    let unbound = find("unbound", "unbound");
    let mut dig = Judge::new("dig", "bind9-dnsutils", "unbound");
    let server = Server::start(&estate());
    let port = free_port();
    let config = format!(
        r#"server:
  interface: 127.0.0.1
  port: {own}
  username: ""
  chroot: ""
  directory: "FOLDER"
  pidfile: ""
  use-syslog: no
  logfile: ""
  num-threads: 1
  do-daemonize: no
  do-not-query-localhost: no
  qname-minimisation: yes
  use-caps-for-id: yes
  module-config: "subnetcache iterator"
  send-client-subnet: 127.0.0.1
  client-subnet-always-forward: yes
remote-control:
  control-enable: no
stub-zone:
  name: "example.com."
  stub-addr: 127.0.0.1@{port}
stub-zone:
  name: "cdn.example."
  stub-addr: 127.0.0.1@{port}
"#,
        own = port,
        port = server.port
    );
    let _running = resolve(&unbound, &["-d", "-c"], &config, port);
    let at = format!("@127.0.0.1 -p {port} +tries=1 +time=5");
    ask_everything(&mut dig, &at);
    // A CNAME that steering chose is followed: into another zone, and to a name that is steered itself.
    for (kind, address) in [("A", "192.0.2.90"), ("AAAA", "2001:db8::90")] {
        dig.says(
            &format!("{at} img.example.com {kind}"),
            &[
                "status: NOERROR",
                "ANSWER: 2",
                "CNAME edge.cdn.example.",
                address,
            ],
        );
    }
    dig.says(
        &format!("{at} +subnet={AMERICA} led.example.com A"),
        &["ANSWER: 2", "CNAME www.example.com.", "198.51.100.10"],
    );
    // Its cache keeps the answers of two regions apart by the scopes that we sent.
    for _ in 0..2 {
        dig.says(
            &format!("{at} +subnet={EUROPE} www.example.com A"),
            &["192.0.2.10"],
        );
        dig.says(
            &format!("{at} +subnet={AMERICA} www.example.com A"),
            &["198.51.100.10"],
        );
    }
}

#[test]
fn knot_resolver_resolves_through_us() {
    let kresd = find("kresd", "knot-resolver");
    let mut dig = Judge::new("dig", "bind9-dnsutils", "kresd");
    let server = Server::start(&estate());
    let port = free_port();
    let config = format!(
        "net.listen('127.0.0.1', {port}, {{ kind = 'dns' }})\n\
         cache.open(10 * MB, 'lmdb://FOLDER/cache')\n\
         trust_anchors.remove('.')\n\
         policy.add(policy.suffix(policy.STUB('127.0.0.1@{}'), {{ todname('example.com.') }}))\n",
        server.port
    );
    let _running = resolve(&kresd, &["-n", "-c"], &config, port);
    ask_everything(&mut dig, &format!("@127.0.0.1 -p {port} +tries=1 +time=5"));
}
