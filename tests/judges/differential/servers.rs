//! NSD, Knot and we beside each other, over the same zones, each asked over TCP and UDP.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::message::{self, Terms};
use super::name::Name;
use super::zones::{Case, SOA};
use crate::server::{LOOK, PATIENCE, Server, free_port};
use crate::tool::find;

/// Questions under way at once on a connection.
const WINDOW: usize = 128;

/// Questions of one connection.
const CONNECTION: usize = 4_000;

/// The servers, in the order in which their answers are given.
pub const NAMES: [&str; 3] = ["Meridian", "NSD", "Knot"];

/// How a server at a port is asked.
type Way = fn(u16, &[Vec<u8>]) -> std::io::Result<Vec<Vec<u8>>>;

/// How often a datagram is sent that was not answered.
const TRIES: usize = 5;

/// A judge's daemon. It is told to end, not killed: its children would outlive it.
struct Daemon {
    child: Child,
    log: PathBuf,
}

impl Daemon {
    fn start(program: &Path, words: &[&str], config: &Path, log: PathBuf) -> Daemon {
        let out = File::create(&log).unwrap();
        let mut command = Command::new(program);
        command.args(words).arg(config).stdin(Stdio::null());
        command.stdout(out.try_clone().unwrap()).stderr(out);
        let child = command.spawn().unwrap();
        Daemon { child, log }
    }

    /// The errors it wrote.
    fn said(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap();
        let errors = log.lines().filter(|line| line.contains("error"));
        errors.take(20).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let id = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &id]).status();
        let end = Instant::now() + PATIENCE;
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() > end {
                let _ = self.child.kill();
            }
            std::thread::sleep(LOOK);
        }
    }
}

/// The three, over zones of their own.
pub struct Trio {
    _ours: Server,
    nsd: Daemon,
    knot: Daemon,
    ports: [u16; 3],
    _folder: TempDir,
}

impl Trio {
    /// Starts them, and waits until each answers for every zone. The cases live under these roots.
    pub fn start(cases: &[(Name, Case)]) -> Trio {
        let folder = TempDir::new().unwrap();
        let zones = folder.path().join("zones");
        fs::create_dir(&zones).unwrap();
        let mut apexes = Vec::new();
        for (root, case) in cases {
            for zone in &case.zones {
                let apex = zone.apex.under(root);
                let file = zones.join(format!("{}.zone", apex.text()));
                fs::write(file, zone.text(root)).unwrap();
                apexes.push(apex);
            }
        }
        let (nsd, knot) = (free_port(), free_port());
        let nsd_daemon = start_nsd(folder.path(), nsd, &apexes);
        let knot_daemon = start_knot(folder.path(), knot, &apexes);
        // The others do not limit either.
        let ours = Server::with(&zones, &["--rate", "off"]);
        let trio = Trio {
            ports: [ours.port, nsd, knot],
            _ours: ours,
            nsd: nsd_daemon,
            knot: knot_daemon,
            _folder: folder,
        };
        trio.wait(&apexes);
        trio
    }

    fn wait(&self, apexes: &[Name]) {
        let queries: Vec<Vec<u8>> = apexes
            .iter()
            .enumerate()
            .map(|(id, apex)| message::query(id as u16, &apex.wire(), SOA, Terms::PLAIN))
            .collect();
        let end = Instant::now() + PATIENCE;
        for (port, name) in self.ports.iter().zip(NAMES) {
            loop {
                let unready = match ask(*port, &queries) {
                    Ok(answers) => {
                        let ready = |octets: &Vec<u8>| {
                            let answer = message::decode(octets);
                            answer.is_ok_and(|a| a.rcode() == 0 && a.authoritative())
                        };
                        answers.iter().position(|octets| !ready(octets))
                    }
                    Err(_) => Some(0),
                };
                let Some(at) = unready else { break };
                assert!(
                    Instant::now() < end,
                    "{name} does not serve {}; NSD: {} Knot: {}",
                    apexes[at].text(),
                    self.nsd.said(),
                    self.knot.said()
                );
                std::thread::sleep(LOOK);
            }
        }
    }

    /// Asks all three the same over TCP; their answers, in the order of [`NAMES`].
    pub fn ask(&self, queries: &[Vec<u8>]) -> Vec<[Vec<u8>; 3]> {
        self.each(queries, ask)
    }

    /// The same over UDP.
    pub fn ask_udp(&self, queries: &[Vec<u8>]) -> Vec<[Vec<u8>; 3]> {
        self.each(queries, ask_udp)
    }

    fn each(&self, queries: &[Vec<u8>], ask: Way) -> Vec<[Vec<u8>; 3]> {
        let [ours, nsd, knot] = std::thread::scope(|scope| {
            let asking = self
                .ports
                .map(|port| scope.spawn(move || ask(port, queries)));
            asking.map(|thread| thread.join().unwrap().unwrap())
        });
        let theirs = nsd.into_iter().zip(knot);
        let all = ours.into_iter().zip(theirs);
        all.map(|(ours, (nsd, knot))| [ours, nsd, knot]).collect()
    }
}

fn start_nsd(folder: &Path, port: u16, apexes: &[Name]) -> Daemon {
    let here = folder.display();
    let mut config = format!(
        "server:\n ip-address: 127.0.0.1@{port}\n port: {port}\n username: \"\"\n database: \"\"\n server-count: 1\n \
         zonesdir: \"{here}/zones\"\n pidfile: \"{here}/nsd.pid\"\n xfrdfile: \"{here}/xfrd.state\"\n \
         zonelistfile: \"{here}/zone.list\"\n xfrdir: \"{here}\"\n tcp-timeout: 60\n rrl-ratelimit: 0\n \
         minimal-responses: no\n refuse-any: no\n hide-version: yes\n\
         remote-control:\n control-enable: no\n"
    );
    for apex in apexes {
        let apex = apex.text();
        config += &format!("zone:\n name: \"{apex}\"\n zonefile: \"{apex}.zone\"\n");
    }
    let file = folder.join("nsd.conf");
    fs::write(&file, config).unwrap();
    let log = folder.join("nsd.log");
    Daemon::start(&find("nsd", "nsd"), &["-d", "-c"], &file, log)
}

fn start_knot(folder: &Path, port: u16, apexes: &[Name]) -> Daemon {
    let here = folder.display();
    let mut config = format!(
        "server:\n  listen: 127.0.0.1@{port}\n  rundir: \"{here}\"\n  udp-workers: 1\n  tcp-workers: 1\n  \
         background-workers: 1\n  tcp-idle-timeout: 60\n\
         log:\n  - target: stderr\n    any: warning\n\
         database:\n  storage: \"{here}/knot\"\n\
         template:\n  - id: default\n    storage: \"{here}/zones\"\n    zonefile-sync: -1\n    journal-content: none\n    \
         semantic-checks: off\nzone:\n"
    );
    for apex in apexes {
        let apex = apex.text();
        config += &format!("  - domain: \"{apex}.\"\n    file: \"{apex}.zone\"\n");
    }
    let file = folder.join("knot.conf");
    fs::write(&file, config).unwrap();
    let log = folder.join("knot.log");
    Daemon::start(&find("knotd", "knot"), &["-c"], &file, log)
}

/// Asks over TCP, many at once; the answers in the order of the questions.
fn ask(port: u16, queries: &[Vec<u8>]) -> std::io::Result<Vec<Vec<u8>>> {
    let mut answers = Vec::with_capacity(queries.len());
    for queries in queries.chunks(CONNECTION) {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        for window in queries.chunks(WINDOW) {
            window_of(&mut stream, window, &mut answers)?;
        }
    }
    Ok(answers)
}

fn window_of(
    stream: &mut TcpStream,
    queries: &[Vec<u8>],
    answers: &mut Vec<Vec<u8>>,
) -> std::io::Result<()> {
    let mut octets = Vec::new();
    for query in queries {
        octets.extend((query.len() as u16).to_be_bytes());
        octets.extend(query);
    }
    stream.write_all(&octets)?;
    // A server may answer in an order of its own (RFC 7766 §7).
    let start = answers.len();
    answers.resize(start + queries.len(), Vec::new());
    for _ in queries {
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        let mut answer = vec![0; u16::from_be_bytes(length).into()];
        stream.read_exact(&mut answer)?;
        let same = |query: &Vec<u8>| answer.get(..2) == query.get(..2);
        let at = queries.iter().position(same);
        let at = at.unwrap_or_else(|| {
            panic!(
                "port {port:?}: an answer to nothing",
                port = stream.peer_addr()
            )
        });
        answers[start + at] = answer;
    }
    Ok(())
}

/// Asks over UDP, a few at once; the answers in the order of the questions.
fn ask_udp(port: u16, queries: &[Vec<u8>]) -> std::io::Result<Vec<Vec<u8>>> {
    let socket = UdpSocket::bind(("127.0.0.1", 0))?;
    socket.connect(("127.0.0.1", port))?;
    socket.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut answers = vec![Vec::new(); queries.len()];
    let mut octets = vec![0; 65_535];
    for (start, window) in (0..).step_by(WINDOW / 4).zip(queries.chunks(WINDOW / 4)) {
        for _ in 0..TRIES {
            let unanswered = |at: &usize| answers[start + at].is_empty();
            let open: Vec<usize> = (0..window.len()).filter(unanswered).collect();
            for at in &open {
                socket.send(&window[*at])?;
            }
            for _ in &open {
                let Ok(length) = socket.recv(&mut octets) else {
                    break;
                };
                let answer = &octets[..length];
                // One that comes late, to a question sent twice, may be of another window.
                let same = |query: &Vec<u8>| answer.get(..2) == query.get(..2);
                if let Some(at) = window.iter().position(same) {
                    answers[start + at] = answer.to_vec();
                }
            }
        }
    }
    Ok(answers)
}
