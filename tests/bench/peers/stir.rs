//! What goes on while a server is measured: reloads, reports of health, scrapes of its metrics.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::case::{Ground, HOSTS, Stir};
use super::geography::SITES;
use super::peers::Reload;
use super::process::{self, Client};
use super::subject::{Subject, write_zone};
use super::text;

/// Between two changes of health.
const CHANGE: Duration = Duration::from_millis(10);
/// Between two scrapes.
const SCRAPE: Duration = Duration::from_millis(20);

/// When to end, and how much was done by then.
#[derive(Default)]
pub struct Spoon {
    pub stop: AtomicBool,
    pub done: AtomicU64,
}

impl Spoon {
    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    fn count(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }
}

/// Stirs until told to stop.
pub fn run(subject: &Subject, stir: Stir, spoon: &Spoon) {
    match stir {
        Stir::Nothing => {}
        Stir::Health => health(subject, spoon),
        Stir::Reloads => reloads(subject, spoon),
    }
}

/// One load after the other: a changed file, the word, and the first new answer.
fn reloads(subject: &Subject, spoon: &Spoon) {
    let folder = subject.folder.path();
    let mut client = Client::new(subject.port);
    let last = format!("{}.big.test", text::host(HOSTS - 1));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let mut serial = now.as_secs() as u32;
    while spoon.goes_on() {
        serial += 1;
        let address = Ipv4Addr::from(0x0b00_0000 | (serial & 0x00ff_ffff));
        let next = folder.join("next");
        write_zone(subject.who, Ground::Hosts, &next, serial, Some(address));
        fs::rename(&next, &subject.zone).unwrap();
        match &subject.peer.reload {
            Reload::Watch => {}
            Reload::Signal(signal) => subject.process.signal(signal),
            Reload::Command(command) => process::run(command, folder),
        }
        let begun = Instant::now();
        while spoon.goes_on() && begun.elapsed() < Duration::from_secs(20) {
            if client.ask(&last, Duration::from_millis(200)) == Some(vec![address]) {
                spoon.count();
                break;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// A connection to our own API.
struct Door {
    stream: BufReader<TcpStream>,
    host: String,
}

impl Door {
    fn open(subject: &Subject) -> Door {
        let host = format!("127.0.0.1:{}", subject.admin);
        let stream = TcpStream::connect(&host).unwrap();
        stream.set_nodelay(true).unwrap();
        Door {
            stream: BufReader::new(stream),
            host,
        }
    }

    /// One request; the status.
    fn ask(&mut self, request: &str, more: &str, body: &str) -> u16 {
        let length = body.len();
        let text = format!(
            "{request} HTTP/1.1\r\nHost: {}\r\n{more}Content-Length: {length}\r\n\r\n{body}",
            self.host
        );
        self.stream.get_mut().write_all(text.as_bytes()).unwrap();
        let (mut status, mut left) = (0, 0);
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).unwrap();
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(rest) = line.strip_prefix("http/1.1 ") {
                status = rest[..3].parse().unwrap();
            } else if let Some(length) = line.strip_prefix("content-length: ") {
                left = length.parse().unwrap();
            } else if line.is_empty() {
                break;
            }
        }
        self.stream.read_exact(&mut vec![0; left]).unwrap();
        status
    }
}

/// Each site goes down and comes back, a hundred changes a second if the disk keeps up.
fn health(subject: &Subject, spoon: &Spoon) {
    let token = fs::read_to_string(subject.folder.path().join("state/token")).unwrap();
    let token = token.lines().next().unwrap();
    let more = format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let mut door = Door::open(subject);
    let begun = Instant::now();
    for n in 0.. {
        let due = CHANGE * n;
        std::thread::sleep(due.saturating_sub(begun.elapsed()));
        if !spoon.goes_on() {
            break;
        }
        let site = SITES[n as usize / 2 % SITES.len()].0;
        let state = if n % 2 == 0 { "down" } else { "up" };
        let body = format!(
            r#"{{"state":"{state}","epoch":{},"seq":{}}}"#,
            now.as_millis(),
            n + 1
        );
        match door.ask(&format!("PUT /v1/health/vips/near-{site}"), &more, &body) {
            200 => spoon.count(),
            // The disk does not keep up; what was taken is counted.
            503 => {}
            status => panic!("{status} to {body}"),
        }
    }
    // All are well again for whoever is next.
    for (at, (site, ..)) in SITES.iter().enumerate() {
        let body = format!(
            r#"{{"state":"up","epoch":{},"seq":{}}}"#,
            now.as_millis() + 1,
            at + 1
        );
        door.ask(&format!("PUT /v1/health/vips/near-{site}"), &more, &body);
    }
}

/// Our own metrics, again and again.
pub fn scrapes(subject: &Subject, spoon: &Spoon) {
    let mut door = Door::open(subject);
    while spoon.goes_on() {
        assert_eq!(door.ask("GET /metrics", "", ""), 200);
        spoon.count();
        std::thread::sleep(SCRAPE);
    }
}
