//! The servers that are measured, each with the least configuration for one zone.

use std::fs;
use std::path::{Path, PathBuf};

/// How a server is told that a file changed.
pub enum Reload {
    /// It sees it.
    Watch,
    /// `kill -SIGNAL`.
    Signal(&'static str),
    /// A command of its own, `{}` for the folder.
    Command(Vec<String>),
}

/// One server.
pub struct Peer {
    /// As the table calls it.
    pub name: &'static str,
    /// How it is started, `{}` for its folder.
    pub command: Vec<String>,
    /// How it is told.
    pub reload: Reload,
}

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_string).collect()
}

fn here(program: &str) -> bool {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin";
    path.split(':')
        .any(|dir| Path::new(dir).join(program).is_file())
}

impl Peer {
    /// Our own server.
    pub fn ours() -> Peer {
        let binary = env!("CARGO_BIN_EXE_meridian");
        let binary = std::env::var("MERIDIAN_BIN").unwrap_or_else(|_| binary.to_string());
        let mut command = vec![binary];
        command.extend(words("serve --config {}/meridian.toml"));
        Peer {
            name: "meridian",
            command,
            reload: Reload::Watch,
        }
    }

    /// All that are here.
    pub fn all() -> Vec<Peer> {
        let peer = |name, command: &str, reload| Peer {
            name,
            command: words(command),
            reload,
        };
        let mut all = vec![
            Peer::ours(),
            peer("nsd", "nsd -d -c {}/nsd.conf", Reload::Signal("HUP")),
            peer(
                "knotd",
                "knotd -c {}/knot.conf",
                Reload::Command(words("knotc -s {}/run/knot.sock zone-reload big.test")),
            ),
            peer(
                "gdnsd",
                "gdnsd -c {} start",
                Reload::Command(words("gdnsdctl -c {} -t 300 reload-zones")),
            ),
        ];
        all.retain(|peer| {
            let found = peer.name == "meridian" || here(peer.name);
            if !found {
                eprintln!("{} is not installed and left out", peer.name);
            }
            found
        });
        all
    }

    /// Writes its configuration; where its zone file belongs.
    pub fn prepare(&self, folder: &Path, port: u16) -> PathBuf {
        let at = folder.display().to_string();
        for name in ["run", "state", "zones", "db"] {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        let (name, text) = match self.name {
            "nsd" => ("nsd.conf", NSD),
            "knotd" => ("knot.conf", KNOT),
            "gdnsd" => ("config", GDNSD),
            _ => ("meridian.toml", OURS),
        };
        let text = text
            .replace("FOLDER", &at)
            .replace("PORT", &port.to_string());
        fs::write(folder.join(name), text).unwrap();
        match self.name {
            "gdnsd" => folder.join("zones/big.test"),
            _ => folder.join("zones/big.test.zone"),
        }
    }
}

const OURS: &str = r#"zones = "FOLDER/zones"
listen = ["127.0.0.1:PORT"]
admin = "127.0.0.1:0"
state = "FOLDER/state"
workers = 1
"#;

const NSD: &str = r#"server:
  ip-address: 127.0.0.1@PORT
  server-count: 1
  username: ""
  database: ""
  zonesdir: "FOLDER"
  zonelistfile: "FOLDER/zone.list"
  xfrdfile: "FOLDER/xfrd.state"
  xfrdir: "FOLDER"
  pidfile: "FOLDER/nsd.pid"
  logfile: "FOLDER/nsd.log"
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: big.test
  zonefile: FOLDER/zones/big.test.zone
"#;

const KNOT: &str = r#"server:
    rundir: FOLDER/run
    listen: 127.0.0.1@PORT
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: error
database:
    storage: FOLDER/db
zone:
  - domain: big.test
    file: FOLDER/zones/big.test.zone
    zonefile-sync: -1
    journal-content: none
    semantic-checks: off
"#;

const GDNSD: &str = r#"options => {
  listen => { 127.0.0.1:PORT => { udp_threads = 1, tcp_threads = 1 } }
  run_dir = "FOLDER/run", state_dir = "FOLDER/state"
}
"#;
