//! The real program with four workers, and crowds that ask it over UDP and TCP.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::subnet::{self, Told};

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Questions that are under way at once, of each thread.
const WINDOW: usize = 32;

/// Each thread's, so that the workers share the work.
const SOCKETS: usize = 8;

const THREADS: usize = 2;

/// A running server. It ends with this value.
pub(super) struct Field {
    child: Child,
    folder: TempDir,
    pub(super) dns: SocketAddr,
    api: String,
    reports: u64,
}

impl Field {
    /// Starts with these files of `zones` and these databases, and waits until it is ready.
    pub(super) fn start(files: &[(&str, String)], databases: &[(&str, Vec<u8>)]) -> Field {
        let folder = tempfile::tempdir().unwrap();
        let zones = folder.path().join("zones");
        std::fs::create_dir(&zones).unwrap();
        files
            .iter()
            .for_each(|(name, text)| std::fs::write(zones.join(name), text).unwrap());
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_meridian"));
        command
            .current_dir(folder.path())
            .args(["serve", "--listen", "127.0.0.1:0"]);
        command.args(["--admin", "127.0.0.1:0", "--workers", "4"]);
        for (name, octets) in databases {
            std::fs::write(folder.path().join(name), octets).unwrap();
            command.args(["--geoip", name]);
        }
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let (out, banner) = channel();
        let said = child.stdout.take().unwrap();
        std::thread::spawn(move || {
            // Read to its end, whoever listens.
            let lines = BufReader::new(said).lines().map_while(Result::ok);
            lines.for_each(|line| drop(out.send(line)));
        });
        let word = |label: &str| loop {
            let Ok(line) = banner.recv_timeout(PATIENCE) else {
                panic!("no {label}: {}", read(&folder.path().join("log")));
            };
            if let Some(rest) = line.trim().strip_prefix(label) {
                break rest
                    .split_whitespace()
                    .next()
                    .unwrap()
                    .trim_end_matches(',')
                    .to_string();
            }
        };
        let dns = word("DNS").parse().unwrap();
        let api = word("API").trim_start_matches("http://").to_string();
        let field = Field {
            child,
            folder,
            dns,
            api,
            reports: 0,
        };
        let deadline = Instant::now() + PATIENCE;
        while field.http("GET /readyz", "", "") != 200 {
            assert!(Instant::now() < deadline, "never ready");
            std::thread::yield_now();
        }
        field
    }

    /// Tells a VIP's state; it is in force when this returns.
    pub(super) fn report(&mut self, vip: &str, state: &str) {
        self.reports += 1;
        let token = read(&self.folder.path().join("state/token"));
        let token = format!("Authorization: Bearer {}\r\n", token.trim());
        let body = format!(r#"{{"state":"{state}","epoch":1,"seq":{}}}"#, self.reports);
        let status = self.http(&format!("PUT /v1/health/vips/{vip}"), &token, &body);
        assert_eq!(status, 200, "{vip} {state}");
    }

    fn http(&self, head: &str, token: &str, body: &str) -> u16 {
        let mut stream = TcpStream::connect(&self.api).unwrap();
        let (host, length) = (&self.api, body.len());
        write!(
            stream,
            "{head} HTTP/1.1\r\nHost: {host}\r\n{token}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// Asks `many` questions over UDP, by their numbers; each thread's tally of what came back.
    pub(super) fn flood<T: Default + Send>(
        &self,
        many: usize,
        question: impl Fn(usize) -> Vec<u8> + Sync,
        tell: impl Fn(&mut T, usize, Told) + Sync,
    ) -> Vec<T> {
        std::thread::scope(|scope| {
            let started: Vec<_> = (0..THREADS)
                .map(|thread| {
                    let (question, tell) = (&question, &tell);
                    scope.spawn(move || {
                        let sockets: Vec<UdpSocket> = (0..SOCKETS).map(|_| udp(self.dns)).collect();
                        let numbers: Vec<usize> = (thread..many).step_by(THREADS).collect();
                        let mut tally = T::default();
                        for (round, window) in numbers.chunks(WINDOW).enumerate() {
                            let socket = &sockets[round % SOCKETS];
                            window_of(socket, window, question, |n, told| {
                                tell(&mut tally, n, told)
                            });
                        }
                        tally
                    })
                })
                .collect();
            started.into_iter().map(|one| one.join().unwrap()).collect()
        })
    }

    /// Asks some questions over one TCP connection; the answers in their order.
    pub(super) fn stream(&self, questions: &[Vec<u8>]) -> Vec<Told> {
        let mut stream = TcpStream::connect(self.dns).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut sent = Vec::new();
        for question in questions {
            sent.extend((question.len() as u16).to_be_bytes());
            sent.extend(question);
        }
        stream.write_all(&sent).unwrap();
        let mut next = || {
            let mut length = [0; 2];
            stream.read_exact(&mut length).unwrap();
            let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
            stream.read_exact(&mut answer).unwrap();
            subnet::read(&answer).unwrap()
        };
        questions.iter().map(|_| next()).collect()
    }
}

impl Drop for Field {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// A socket of its own for one client of the server.
pub(super) fn udp(dns: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(2)))
        .unwrap();
    socket.connect(dns).unwrap();
    socket
}

/// Sends some questions at once and takes all answers. What is lost on the way is asked again.
fn window_of(
    socket: &UdpSocket,
    window: &[usize],
    question: &impl Fn(usize) -> Vec<u8>,
    mut tell: impl FnMut(usize, Told),
) {
    let mut open: Vec<usize> = window.to_vec();
    let deadline = Instant::now() + PATIENCE;
    let mut octets = [0; 2048];
    while !open.is_empty() {
        assert!(Instant::now() < deadline, "no answers");
        for number in &open {
            let mut query = question(*number);
            query[..2].copy_from_slice(&(*number as u16).to_be_bytes());
            socket.send(&query).unwrap();
        }
        while !open.is_empty() {
            let Ok(length) = socket.recv(&mut octets) else {
                break;
            };
            let told = subnet::read(&octets[..length]).unwrap();
            // An answer that comes twice, because its question did, finds its number gone.
            if let Some(at) = open.iter().position(|n| *n as u16 == told.id) {
                tell(open.swap_remove(at), told);
            }
        }
    }
}

/// One question over UDP.
pub(super) fn ask(socket: &UdpSocket, query: &[u8]) -> Told {
    let mut got = None;
    window_of(socket, &[7], &|_| query.to_vec(), |_, told| {
        got = Some(told)
    });
    got.unwrap()
}

/// The addresses of an answer, in its order; the hints of HTTPS records among them.
pub(super) fn addresses(told: &Told) -> Vec<IpAddr> {
    let mut all = Vec::new();
    for (kind, data) in &told.records {
        match *kind {
            subnet::A => all.extend(split::<4>(data)),
            subnet::AAAA => all.extend(split::<16>(data)),
            subnet::HTTPS => all.extend(hints(data)),
            other => panic!("type {other}"),
        }
    }
    all
}

fn split<const N: usize>(data: &[u8]) -> impl Iterator<Item = IpAddr>
where
    IpAddr: From<[u8; N]>,
{
    data.chunks_exact(N)
        .filter_map(|part| part.try_into().ok())
        .map(|part: [u8; N]| IpAddr::from(part))
}

/// RFC 9460 §2.2: priority, target, then keys with their values; `ipv4hint` is 4 and `ipv6hint` is 6.
fn hints(data: &[u8]) -> Vec<IpAddr> {
    let mut at = 2;
    while data[at] != 0 {
        at += 1 + usize::from(data[at]);
    }
    let (mut rest, mut all) = (&data[at + 1..], Vec::new());
    while let [a, key, b, c, more @ ..] = rest {
        let (value, next) = more.split_at(usize::from(*b) << 8 | usize::from(*c));
        match (*a, *key) {
            (0, 4) => all.extend(split::<4>(value)),
            (0, 6) => all.extend(split::<16>(value)),
            _ => {}
        }
        rest = next;
    }
    all
}
