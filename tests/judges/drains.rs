//! The promised end of a drain, seen by a real resolver that stands before us.

use std::fs;
use std::process::Command;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::server::{PATIENCE, Process, Server, binary, free_port};
use super::tool::{Judge, find};

const ZONE: &str = "\
$TTL 1h
@ SOA ns1 hostmaster 1 2h 15m 2w 5m
@ NS ns1
ns1 A 192.0.2.53
static A 192.0.2.80
";

const STEERING: &str = r#"
[vips]
old = { address = "192.0.2.1" }
new = { address = "192.0.2.2" }
[pools.web]
members = ["old", "new"]
policy = "failover"
ttl = "5s"
[names]
"www.example.com." = "web"
"#;

fn now() -> f64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap().as_secs_f64()
}

/// The address that the resolver gives, and between which times it did.
fn address(port: u16) -> (String, f64, f64) {
    let ask = format!("@127.0.0.1 -p {port} +tries=1 +time=5 +short www.example.com A");
    let before = now();
    let output = Command::new("dig").args(ask.split(' ')).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).trim().to_string();
    (said, before, now())
}

fn resolver(server: &Server) -> (Process, TempDir, u16) {
    let (folder, port) = (TempDir::new().unwrap(), free_port());
    let config = format!(
        r#"server:
  interface: 127.0.0.1
  port: {port}
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  logfile: ""
  num-threads: 1
  do-daemonize: no
  do-not-query-localhost: no
  module-config: "iterator"
remote-control:
  control-enable: no
stub-zone:
  name: "example.com."
  stub-addr: 127.0.0.1@{ours}
"#,
        folder = folder.path().display(),
        ours = server.port
    );
    let file = folder.path().join("config");
    fs::write(&file, config).unwrap();
    let mut command = Command::new(find("unbound", "unbound"));
    let mut process = Process::start(command.args(["-d", "-c"]).arg(&file));
    let ask = format!("@127.0.0.1 -p {port} +tries=1 +time=1 +short static.example.com A");
    process.wait("unbound", |line| {
        line.is_none() && {
            let output = Command::new("dig").args(ask.split(' ')).output().unwrap();
            String::from_utf8_lossy(&output.stdout).contains("192.0.2.80")
        }
    });
    (process, folder, port)
}

#[test]
fn a_resolver_forgets_a_drained_vip_by_the_promised_second() {
    let mut record = Judge::new("dig", "bind9-dnsutils", "drain");
    let zones = TempDir::new().unwrap();
    fs::write(zones.path().join("example.com.zone"), ZONE).unwrap();
    fs::write(zones.path().join("steering.toml"), STEERING).unwrap();
    let server = Server::start(zones.path());
    let (_running, _folder, port) = resolver(&server);
    let (said, asked, _) = address(port);
    assert_eq!(said, "192.0.2.1");

    let mut ctl = Command::new(binary());
    ctl.args(["ctl", "drain", "vip", "old", "--why", "judged", "--server"]);
    ctl.arg(server.url(""))
        .arg("--token-file")
        .arg(server.folder().join("state/token"));
    let output = ctl.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).to_string();
    assert!(output.status.success(), "{said}");
    let ordered = now();
    // In the first seconds it may promise later than it must; then what it says is exact.
    let mut promised = Vec::new();
    let (mut held, mut seen) = (0, Vec::new());
    let begin = ordered;
    loop {
        let page: serde_json::Value = serde_json::from_str(&server.get("/v1/drains")).unwrap();
        let clear = page["orders"][0]["clear_at"].as_u64().unwrap();
        if promised.last() != Some(&clear) {
            promised.push(clear);
        }
        let (said, before, after) = address(port);
        held += usize::from(said == "192.0.2.1");
        seen.push((before, after, said));
        if now() > *promised.iter().max().unwrap() as f64 + 2.0 {
            break;
        }
        assert!(now() - begin < PATIENCE.as_secs_f64());
        std::thread::sleep(Duration::from_millis(100));
    }
    let last = seen.iter().rfind(|(_, _, said)| said == "192.0.2.1");
    let last = last.map(|(_, after, _)| *after);
    record.note(&format!(
        "first asked {asked:.2}, ordered {ordered:.2}, promised {promised:?}, \
         the drained address {held} times, last at {last:?}, {} times asked",
        seen.len()
    ));
    println!("promised {promised:?}, last seen {last:?}, ordered {ordered:.2}, asked {asked:.2}");
    assert!(
        held > 0,
        "it was in the cache after it was drained: {seen:?}"
    );
    assert!(
        promised.is_sorted_by(|a, b| a >= b),
        "a promise only comes sooner: {promised:?}"
    );
    let clear = *promised.last().unwrap() as f64;
    for (before, _, said) in &seen {
        let want = if *before >= clear { "192.0.2.2" } else { said };
        assert_eq!(said, want, "asked at {before:.2}, promised {clear}");
    }
    // It is no promise of for ever either: what was given last is not kept for longer than its TTL.
    assert!(
        clear <= asked + 5.0 + 3.0 + 1.0,
        "promised {clear}, given at {asked}"
    );
}
