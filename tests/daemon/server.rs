//! A server of the real binary on free ports with a small estate in a folder of its own, and its clients.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::str::FromStr;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use hickory_proto::op::{Edns, Message, Query};
use hickory_proto::rr::rdata::opt::{ClientSubnet, EdnsOption};
use hickory_proto::rr::{Name, RData, RecordType};
use tempfile::TempDir;

/// Longer than anything takes on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

pub(super) const ZONE: &str = "\
$TTL 1h
@ SOA ns1 hostmaster 1 2h 15m 2w 5m
@ NS ns1
@ NS ns2
ns1 A 192.0.2.53
ns2 A 198.51.100.53
txt TXT one
";

pub(super) const STEERING: &str = r#"
[sites]
fra = { location = [50.11, 8.68] }
iad = { location = [38.95, -77.45] }
sin = { location = [1.36, 103.99] }
[vips]
fra-1 = { site = "fra", address = "192.0.2.10" }
iad-1 = { site = "iad", address = "198.51.100.10" }
sin-1 = { site = "sin", address = "203.0.113.10" }
[pools.web]
members = ["fra", "iad", "sin"]
policy = "nearest"
[names]
"www.example.com." = "web"
"#;

/// The binary under test.
pub(super) fn meridian() -> Command {
    Command::new(env!("CARGO_BIN_EXE_meridian"))
}

/// A folder with an estate in `zones`.
pub(super) fn estate() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let zones = folder.path().join("zones");
    fs::create_dir(&zones).unwrap();
    fs::write(zones.join("example.com.zone"), ZONE).unwrap();
    fs::write(zones.join("steering.toml"), STEERING).unwrap();
    folder
}

pub(super) struct Server {
    child: Child,
    pub(super) folder: TempDir,
    pub(super) banner: Vec<String>,
    pub(super) dns: SocketAddr,
    pub(super) api: String,
    log: Receiver<String>,
}

impl Server {
    pub(super) fn start() -> Server {
        Server::on(estate())
    }

    /// Starts and waits for the banner.
    pub(super) fn on(folder: TempDir) -> Server {
        let command = Server::command(folder.path());
        Server::spawn(folder, command)
    }

    /// The same with just these options.
    pub(super) fn with(folder: TempDir, options: &[&str]) -> Server {
        let mut command = meridian();
        command.current_dir(folder.path()).args(options);
        Server::spawn(folder, command)
    }

    fn spawn(folder: TempDir, mut command: Command) -> Server {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let banner = lines(child.stdout.take().unwrap());
        let log = lines(child.stderr.take().unwrap());
        let mut server = Server {
            child,
            folder,
            banner: Vec::new(),
            dns: SocketAddr::from(([0, 0, 0, 0], 0)),
            api: String::new(),
            log,
        };
        while !server.banner.last().is_some_and(|l| l.contains("curl ")) {
            match banner.recv_timeout(PATIENCE) {
                Ok(line) => server.banner.push(line),
                Err(_) => panic!("no banner: {:?}\n{:?}", server.banner, server.log()),
            }
        }
        server.dns = server.said("DNS").parse().unwrap();
        server.api = server.said("API").trim_end_matches(',').into();
        server
    }

    pub(super) fn command(folder: &Path) -> Command {
        let mut command = meridian();
        command.current_dir(folder).args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--admin",
            "127.0.0.1:0",
            "--workers",
            "1",
        ]);
        command
    }

    /// Starts one and kills it after a while, whether it was ready or not; its folder is for the next.
    pub(super) fn on_and_off(folder: TempDir, after: Duration) -> TempDir {
        let mut command = Server::command(folder.path());
        let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = quiet.spawn().unwrap();
        std::thread::sleep(after);
        child.kill().unwrap();
        child.wait().unwrap();
        folder
    }

    /// Ends it as a power failure would.
    pub(super) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Its number.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its folder, for the next server; this one has ended.
    pub(super) fn leave(mut self) -> TempDir {
        std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap())
    }

    /// The first word behind a label of the banner.
    fn said(&self, label: &str) -> String {
        let line = self
            .banner
            .iter()
            .find_map(|l| l.trim().strip_prefix(label));
        let line = line.unwrap_or_else(|| panic!("no {label}: {:?}", self.banner));
        line.split_whitespace().next().unwrap().into()
    }

    pub(super) fn zones(&self) -> PathBuf {
        self.folder.path().join("zones")
    }

    pub(super) fn signal(&self, name: &str) {
        // The shell's own `kill`: a program of that name is not on every machine that has Rust.
        let sent = Command::new("sh")
            .args(["-c", &format!("kill {name} {}", self.child.id())])
            .status();
        assert!(sent.unwrap().success());
    }

    /// Waits for its end.
    pub(super) fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(
                Instant::now() < deadline,
                "it does not end: {:?}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// What it has logged since the last look.
    pub(super) fn log(&self) -> Vec<String> {
        self.log.try_iter().collect()
    }

    /// Waits until it logs a line with these words.
    pub(super) fn logs(&self, words: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.log.recv_timeout(left) {
                Ok(line) if line.contains(words) => return line,
                Ok(_) => {}
                Err(_) => panic!("never logged: {words}"),
            }
        }
    }

    /// The addresses that a client gets over UDP.
    pub(super) fn addresses(&self, name: &str, subnet: &str) -> Vec<Ipv4Addr> {
        addresses(&self.udp(&query(name, RecordType::A, Some(subnet))))
    }

    pub(super) fn udp(&self, query: &Message) -> Message {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.connect(self.dns).unwrap();
        socket.send(&query.to_vec().unwrap()).unwrap();
        let mut answer = [0; 4096];
        let length = socket.recv(&mut answer).unwrap();
        Message::from_vec(&answer[..length]).unwrap()
    }

    pub(super) fn tcp(&self, query: &Message) -> Message {
        let mut stream = TcpStream::connect(self.dns).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let query = query.to_vec().unwrap();
        stream
            .write_all(&u16::try_from(query.len()).unwrap().to_be_bytes())
            .unwrap();
        stream.write_all(&query).unwrap();
        let mut length = [0; 2];
        stream.read_exact(&mut length).unwrap();
        let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut answer).unwrap();
        Message::from_vec(&answer).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (out, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if out.send(line).is_err() {
                break;
            }
        }
    });
    lines
}

pub(super) fn query(name: &str, kind: RecordType, subnet: Option<&str>) -> Message {
    let mut message = Message::query();
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    let mut edns = Edns::new();
    edns.set_max_payload(1232);
    if let Some(subnet) = subnet {
        let subnet = ClientSubnet::from_str(subnet).unwrap();
        edns.options_mut().insert(EdnsOption::Subnet(subnet));
    }
    message.set_edns(edns);
    message
}

pub(super) fn addresses(message: &Message) -> Vec<Ipv4Addr> {
    let a = message
        .answers
        .iter()
        .filter_map(|record| match &record.data {
            RData::A(a) => Some(a.0),
            _ => None,
        });
    a.collect()
}

/// What the answer's client subnet says: address, source, scope.
pub(super) fn scope(message: &Message) -> Option<(IpAddr, u8, u8)> {
    let options = message.edns.as_ref()?.options();
    options
        .as_ref()
        .iter()
        .find_map(|(_, option)| match option {
            EdnsOption::Subnet(s) => Some((s.addr(), s.source_prefix(), s.scope_prefix())),
            _ => None,
        })
}
