//! The release binary as an operator starts it, on ports of its own, and ended by its own id.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::held;
use super::tool::top;

/// How long anything may take to be ready. A bound on failure only: every wait ends with its condition.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How long one look at a condition may wait for news.
pub const LOOK: Duration = Duration::from_millis(20);

/// A process that ends with its owner.
pub struct Process {
    child: Child,
    lines: Receiver<String>,
}

impl Process {
    /// Starts it. `stdout` and `stderr` are read line by line, so that it never stands still.
    pub fn start(command: &mut Command) -> Process {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let streams: [Option<Box<dyn Read + Send>>; 2] = [
            child.stdout.take().map(|s| Box::new(s) as _),
            child.stderr.take().map(|s| Box::new(s) as _),
        ];
        for stream in streams.into_iter().flatten() {
            let sender = sender.clone();
            std::thread::spawn(move || {
                // Nobody listening any more is no reason to let the pipe fill.
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    let _ = sender.send(line);
                }
            });
        }
        Process { child, lines }
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until `ready`, which is given each line that was written, or none when there is no news.
    pub fn wait(&mut self, what: &str, mut ready: impl FnMut(Option<&str>) -> bool) {
        let end = Instant::now() + PATIENCE;
        let mut said = Vec::new();
        loop {
            let line = self.lines.recv_timeout(LOOK).ok();
            said.extend(line.clone());
            if ready(line.as_deref()) {
                return;
            }
            let over = if line.is_some() {
                None
            } else {
                self.child.try_wait().unwrap()
            };
            assert!(
                over.is_none(),
                "{what}: it ended with {over:?} and said:\n{}",
                said.join("\n")
            );
            assert!(
                Instant::now() < end,
                "{what}: not within {PATIENCE:?}; it said:\n{}",
                said.join("\n")
            );
        }
    }

    /// Ends it as a power failure would.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody has, for both transports.
pub fn free_port() -> u16 {
    for _ in 0..100 {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = tcp.local_addr().unwrap().port();
        if UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no port is free for both UDP and TCP");
}

/// Our server.
pub struct Server {
    process: Process,
    folder: TempDir,
    zones: PathBuf,
    options: Vec<String>,
    /// Its state folder, seen from here.
    state: PathBuf,
    /// Where it answers.
    pub port: u16,
    admin: u16,
    /// What it said until it was ready.
    pub said: Vec<String>,
}

/// The binary that is judged.
pub fn binary() -> PathBuf {
    let path = std::env::var_os("MERIDIAN_BIN")
        .map_or_else(|| top().join("target/release/meridian"), PathBuf::from);
    assert!(
        path.is_file(),
        "{} is missing: cargo build --release",
        path.display()
    );
    path
}

impl Server {
    /// Starts it over the estate in `zones`, with the built-in map, and waits until it is ready.
    pub fn start(zones: &Path) -> Server {
        Server::with(zones, &[])
    }

    /// The same with these options more.
    pub fn with(zones: &Path, options: &[&str]) -> Server {
        Server::by(
            Command::new(binary()),
            zones,
            options,
            TempDir::new().unwrap(),
        )
    }

    /// The same, with this as its file of health.
    pub fn upon(zones: &Path, health: &[u8]) -> Server {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("state")).unwrap();
        fs::write(folder.path().join("state/health.redb"), health).unwrap();
        Server::by(Command::new(binary()), zones, &[], folder)
    }

    /// The same, started by a program that is given the binary and its options and becomes it.
    pub fn under(mut program: Command, zones: &Path) -> Server {
        program.arg(binary());
        Server::by(program, zones, &[], TempDir::new().unwrap())
    }

    /// The same with another state folder, which is `seen` at another place from here.
    pub fn inside(mut program: Command, zones: &Path, state: &Path, seen: &Path) -> Server {
        program.arg(binary());
        let options = ["--state", &state.to_string_lossy()];
        let mut server = Server::by(program, zones, &options, TempDir::new().unwrap());
        server.state = seen.to_path_buf();
        server
    }

    fn by(command: Command, zones: &Path, options: &[&str], folder: TempDir) -> Server {
        let (port, admin) = (free_port(), free_port());
        let options: Vec<String> = options.iter().map(ToString::to_string).collect();
        let process = Server::spawn(command, folder.path(), zones, &options, (port, admin));
        let zones = zones.to_path_buf();
        let state = folder.path().join("state");
        let mut server = Server {
            process,
            state,
            folder,
            zones,
            options,
            port,
            admin,
            said: Vec::new(),
        };
        server.wait_ready();
        server
    }

    fn spawn(
        mut command: Command,
        folder: &Path,
        zones: &Path,
        options: &[String],
        (port, admin): (u16, u16),
    ) -> Process {
        command.arg("serve").arg("--zones").arg(zones);
        if !options.iter().any(|option| option == "--state") {
            command.arg("--state").arg(folder.join("state"));
        }
        command.arg("--listen").arg(format!("127.0.0.1:{port}"));
        // Where the machine has no IPv6, there is none to judge.
        if UdpSocket::bind(("::1", port)).is_ok() {
            command.arg(format!("[::1]:{port}"));
        }
        command
            .arg("--admin")
            .arg(format!("127.0.0.1:{admin}"))
            .arg("--workers")
            .arg("2")
            .args(options);
        Process::start(command.current_dir(folder))
    }

    fn wait_ready(&mut self) {
        let admin = SocketAddr::from(([127, 0, 0, 1], self.admin));
        let said = &mut self.said;
        self.process.wait("meridian", |line| {
            said.extend(line.map(str::to_string));
            line.is_none() && status(admin, "/readyz") == Some(200)
        });
    }

    /// Waits for a line with these words: readiness may be seen before all lines of the banner are.
    pub fn hear(&mut self, words: &str) {
        let said = &mut self.said;
        self.process.wait(words, |line| {
            said.extend(line.map(str::to_string));
            said.iter().any(|line| line.contains(words))
        });
    }

    /// Kills it without warning.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Kills it without warning and starts it again, over the same state.
    pub fn crash(&mut self) {
        self.process.kill();
        self.said.clear();
        let (folder, port, admin) = (self.folder.path(), self.port, self.admin);
        let command = Command::new(binary());
        let ports = (port, admin);
        self.process = Server::spawn(command, folder, &self.zones, &self.options, ports);
        self.wait_ready();
    }

    /// MiB that it holds in memory.
    pub fn resident(&self) -> f64 {
        let kib = held::kib(self.process.id(), "smaps_rollup", "Rss:");
        kib.unwrap() as f64 / 1024.0
    }

    /// The body of `GET path`.
    pub fn get(&self, path: &str) -> String {
        let admin = SocketAddr::from(([127, 0, 0, 1], self.admin));
        let reply = fetch(admin, path).unwrap();
        reply.split_once("\r\n\r\n").unwrap().1.to_string()
    }

    /// Where it runs.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// `http://…` and this path.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.admin)
    }

    /// The token that it made for itself.
    pub fn token(&self) -> String {
        fs::read_to_string(self.state.join("token"))
            .unwrap()
            .trim()
            .to_string()
    }
}

/// Sends a request with the token; the status and the body.
pub fn ask(server: &Server, head: &str, body: &str) -> (u16, String) {
    let host = format!("127.0.0.1:{}", server.admin);
    let mut stream = TcpStream::connect(&host).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let (token, length) = (server.token(), body.len());
    write!(
        stream,
        "{head} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    let status = reply.split(' ').nth(1).unwrap().parse().unwrap();
    (status, reply.split_once("\r\n\r\n").unwrap().1.to_owned())
}

/// The status of `GET path`, if anyone answers.
fn status(server: SocketAddr, path: &str) -> Option<u16> {
    fetch(server, path)?.split_whitespace().nth(1)?.parse().ok()
}

fn fetch(server: SocketAddr, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect_timeout(&server, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n"
    )
    .ok()?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply).ok()?;
    Some(reply)
}
