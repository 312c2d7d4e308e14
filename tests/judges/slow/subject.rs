//! The servers that crowds are sent to, each with the least configuration for one small zone and its own defaults for TCP.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::clients::QUERY;
use crate::held;
use crate::server::{Process, binary, free_port};
use crate::tool::find;

/// A server.
pub struct Subject {
    pub name: &'static str,
    process: Process,
    port: u16,
    /// Where ours counts.
    admin: Option<u16>,
    _folder: TempDir,
}

const ZONE: &str = "$TTL 300\n@ SOA ns1 hostmaster 1 7200 900 1209600 300\n@ NS ns1\nns1 A 192.0.2.53\nwww A 192.0.2.80\n";

const NSD: &str = "server:\n  ip-address: 127.0.0.1@PORT\n  server-count: 1\n  username: \"\"\n  database: \"\"\n  zonesdir: \"FOLDER\"\n  zonelistfile: \"FOLDER/zone.list\"\n  xfrdfile: \"FOLDER/xfrd.state\"\n  xfrdir: \"FOLDER\"\n  pidfile: \"FOLDER/nsd.pid\"\n  rrl-ratelimit: 0\n  rrl-whitelist-ratelimit: 0\nremote-control:\n  control-enable: no\nzone:\n  name: slow.test\n  zonefile: FOLDER/zones/slow.test.zone\n";

const GDNSD: &str = "options => {\n  listen => { 127.0.0.1:PORT => { udp_threads = 1, tcp_threads = 1 } }\n  run_dir = \"FOLDER/run\", state_dir = \"FOLDER/state\"\n}\n";

impl Subject {
    pub fn ours() -> Subject {
        let mut command = Command::new(binary());
        command.args([
            "serve",
            "--zones",
            "zones",
            "--state",
            "state",
            "--workers",
            "1",
        ]);
        command.args(["--listen", "127.0.0.1:PORT", "--admin", "127.0.0.1:ADMIN"]);
        Subject::start("meridian", &command, None)
    }

    pub fn nsd() -> Subject {
        let mut command = Command::new(find("nsd", "nsd"));
        command.args(["-d", "-c", "FOLDER/nsd.conf"]);
        Subject::start("NSD", &command, Some(("nsd.conf", NSD)))
    }

    pub fn gdnsd() -> Subject {
        let mut command = Command::new(find("gdnsd", "gdnsd"));
        command.args(["-c", "FOLDER", "start"]);
        Subject::start("gdnsd", &command, Some(("config", GDNSD)))
    }

    fn start(name: &'static str, command: &Command, config: Option<(&str, &str)>) -> Subject {
        let folder = TempDir::new().unwrap();
        let (port, admin) = (free_port(), free_port());
        let at = folder.path().display().to_string();
        let filled = |text: &str| {
            text.replace("FOLDER", &at)
                .replace("PORT", &port.to_string())
                .replace("ADMIN", &admin.to_string())
        };
        for name in ["run", "state", "zones"] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        let text = " \"".to_string() + &"x".repeat(250) + "\"";
        let zone = format!("{ZONE}big TXT{}\n", text.repeat(60));
        // gdnsd takes the file's name for the zone's.
        for file in ["zones/slow.test.zone", "zones/slow.test"] {
            if file.ends_with(".zone") != (name == "gdnsd") {
                fs::write(folder.path().join(file), &zone).unwrap();
            }
        }
        if let Some((file, text)) = config {
            fs::write(folder.path().join(file), filled(text)).unwrap();
        }
        let mut filled_in = Command::new(command.get_program());
        filled_in.args(
            command
                .get_args()
                .map(|word| filled(word.to_str().unwrap())),
        );
        let mut process = Process::start(filled_in.current_dir(folder.path()));
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(("127.0.0.1", port)).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_millis(50)))
            .unwrap();
        process.wait(name, |line| {
            // A refusal tells only that nobody is there yet.
            let _ = socket.send(&QUERY[2..]);
            line.is_none()
                && matches!(socket.recv(&mut [0; 512]), Ok(length) if length > QUERY.len())
        });
        Subject {
            name,
            process,
            port,
            admin: (name == "meridian").then_some(admin),
            _folder: folder,
        }
    }

    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Resident KiB of it and all that it started.
    pub fn memory(&self) -> i64 {
        let all = held::family(self.process.id()).into_iter();
        all.filter_map(|pid| held::kib(pid, "status", "VmRSS:"))
            .sum()
    }

    /// A number that ours counts.
    fn counted(&self, name: &str) -> Option<u64> {
        let to = SocketAddr::from(([127, 0, 0, 1], self.admin?));
        let mut stream = TcpStream::connect(to).unwrap();
        write!(
            stream,
            "GET /metrics HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut page = String::new();
        stream.read_to_string(&mut page).unwrap();
        let line = page.lines().find_map(|l| l.strip_prefix(name)).expect(name);
        line.trim().parse().ok()
    }

    /// Connections that are open, if it says so.
    pub fn open(&self) -> Option<u64> {
        self.counted("meridian_tcp_connections_open ")
    }

    /// Connections that ended so.
    pub fn ended(&self, end: &str) -> u64 {
        let name = format!("meridian_tcp_connections_ended_total{{end=\"{end}\"}} ");
        self.counted(&name).unwrap()
    }
}
