//! Many zones in one folder: a checkout of all is one reload or two, and a change of one is live at once.
//!
//! `MERIDIAN_ZONES=10000 cargo test --release --test main many:: -- --nocapture` shows the times.

use std::fmt::Write as _;
use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hickory_proto::op::Message;
use hickory_proto::rr::RecordType;
use tempfile::TempDir;

use super::api::{ask, token};
use super::server::{PATIENCE, STEERING, Server, ZONE, query};

fn count() -> usize {
    let wanted = std::env::var("MERIDIAN_ZONES").ok();
    wanted.and_then(|n| n.parse().ok()).unwrap_or(300)
}

/// A zone of a hundred records that says its turn.
fn zone(turn: usize) -> String {
    let mut text = ZONE.replace("hostmaster 1", &format!("hostmaster {turn}"));
    text = text.replace("txt TXT one", &format!("txt TXT turn-{turn}-"));
    for n in 0..94 {
        writeln!(text, "host-{n} A 192.0.2.{n}").unwrap();
    }
    text
}

fn write_all(zones: &Path, count: usize, turn: usize) {
    let text = zone(turn);
    for n in 0..count {
        let path = zones.join(format!("zone-{n}.example.zone"));
        // As git does it.
        let _ = fs::remove_file(&path);
        fs::write(path, &text).unwrap();
    }
}

fn estate(count: usize) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let zones = folder.path().join("zones");
    fs::create_dir(&zones).unwrap();
    fs::write(zones.join("example.com.zone"), ZONE).unwrap();
    fs::write(zones.join("steering.toml"), STEERING).unwrap();
    write_all(&zones, count, 1);
    folder
}

/// One client with a socket of its own.
struct Client(UdpSocket);

impl Client {
    fn of(dns: SocketAddr) -> Client {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.connect(dns).unwrap();
        Client(socket)
    }

    fn ask(&self, query: &[u8]) -> Message {
        let mut answer = [0; 4096];
        self.0.send(query).unwrap();
        let length = self.0.recv(&mut answer).unwrap();
        Message::from_vec(&answer[..length]).unwrap()
    }

    /// Waits until a zone says this turn.
    fn until(&self, zone: usize, turn: usize) {
        let name = format!("txt.zone-{zone}.example.");
        let query = query(&name, RecordType::TXT, None).to_vec().unwrap();
        let end = Instant::now() + PATIENCE;
        let words = format!("turn-{turn}-");
        while !self
            .ask(&query)
            .answers
            .iter()
            .any(|r| r.to_string().contains(&words))
        {
            assert!(Instant::now() < end, "{name} never says {words}");
            // Who asks without a pause takes the core from the thread that reads.
            std::thread::sleep(Duration::from_micros(500));
        }
    }
}

/// Milliseconds of the middle one, and of the one that a hundredth is above.
fn spread(times: &mut [Duration]) -> (f64, f64) {
    times.sort();
    let at =
        |part: usize| times[(times.len() * part / 100).min(times.len() - 1)].as_secs_f64() * 1e3;
    (at(50), at(99))
}

/// Asks one question after another until `done`, and gives back how long each answer took.
fn load(dns: SocketAddr, done: &AtomicBool) -> Vec<Duration> {
    let client = Client::of(dns);
    let query = query("txt.zone-1.example.", RecordType::TXT, None)
        .to_vec()
        .unwrap();
    let mut times = Vec::new();
    while !done.load(Ordering::Relaxed) {
        let begin = Instant::now();
        client.ask(&query);
        times.push(begin.elapsed());
        // Some thousand a second: what is measured is the server, not the fight for the cores.
        std::thread::sleep(Duration::from_micros(200));
    }
    times
}

#[test]
fn one_zone_of_many_is_live_at_once() {
    let count = count();
    let server = Server::on(estate(count));
    let client = Client::of(server.dns);
    let (dns, done) = (server.dns, AtomicBool::new(false));
    let calm = std::thread::scope(|scope| {
        let load = scope.spawn(|| load(dns, &done));
        std::thread::sleep(Duration::from_millis(300));
        done.store(true, Ordering::Relaxed);
        load.join().unwrap()
    });
    done.store(false, Ordering::Relaxed);
    let mut live = Vec::new();
    let mut calm = calm;
    let mut busy = std::thread::scope(|scope| {
        let load = scope.spawn(|| load(dns, &done));
        for turn in 2..22 {
            let at = (turn * 7919) % count;
            let new = server.folder.path().join("zones/new");
            fs::write(&new, zone(turn)).unwrap();
            let begin = Instant::now();
            fs::rename(new, server.zones().join(format!("zone-{at}.example.zone"))).unwrap();
            client.until(at, turn);
            live.push(begin.elapsed());
            std::thread::sleep(Duration::from_millis(20));
        }
        done.store(true, Ordering::Relaxed);
        load.join().unwrap()
    });
    println!(
        "{count} zones, 20 changes of one: live after {:.1?} ms (p50, p99)",
        spread(&mut live)
    );
    println!("an answer takes {:.3?} ms in calm", spread(&mut calm));
    println!(
        "an answer takes {:.3?} ms while zones are read",
        spread(&mut busy)
    );
    let (_, body) = ask(&server, "GET /v1/status", Some(&token(&server)), "");
    let status: serde_json::Value = serde_json::from_str(&body).unwrap();
    println!("last reload: {}", status["last_reload"]);
    let begin = Instant::now();
    let (_, body) = ask(&server, "POST /v1/reload", Some(&token(&server)), "");
    println!("a look at everything took {:.1?}: {body}", begin.elapsed());
    let read = status["last_reload"]["zones_read"].as_u64().unwrap();
    assert!(read < 20, "{read} zones were read for one");
}

#[test]
fn a_checkout_of_all_is_one_reload_or_two() {
    let count = count();
    let folder = estate(count);
    let git = folder.path().join(".git");
    fs::create_dir(&git).unwrap();
    fs::write(git.join("index"), "one").unwrap();
    let server = Server::on(folder);
    let client = Client::of(server.dns);
    let begin = Instant::now();
    fs::write(git.join("index.lock"), "another").unwrap();
    write_all(&server.zones(), count, 2);
    fs::rename(git.join("index.lock"), git.join("index")).unwrap();
    let written = begin.elapsed();
    client.until(0, 2);
    let live = begin.elapsed();
    // Whole: not one zone is the old one once any is the new one.
    for at in (0..count).rev() {
        let name = format!("txt.zone-{at}.example.");
        let query = query(&name, RecordType::TXT, None).to_vec().unwrap();
        let answer = client.ask(&query);
        assert!(
            answer.answers[0].to_string().contains("turn-2-"),
            "{answer}"
        );
    }
    println!(
        "{count} zones checked out in {written:.1?}, live {:.1?} after that",
        live - written
    );
    let (_, body) = ask(&server, "GET /v1/status", Some(&token(&server)), "");
    let status: serde_json::Value = serde_json::from_str(&body).unwrap();
    let taken = status["reloads"]["taken"].as_u64().unwrap();
    assert!((2..=3).contains(&taken), "{}", status["reloads"]);
}
