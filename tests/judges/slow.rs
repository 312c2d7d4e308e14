//! Clients over TCP that do harm by doing nothing: many that hold half a message, many that never read (RFC 7766 §6.2.3,
//! RFC 9210 §4). What happens to others meanwhile, and how long after.

mod clients;
mod subject;

use std::time::{Duration, Instant};

use clients::{Crowd, Ticker, fresh, quantile};
use subject::Subject;

use super::tool::note;

/// What a run saw.
struct Seen {
    clients: usize,
    connected: f64,
    asked: usize,
    lost: usize,
    /// Milliseconds for a new client over TCP, each from its first packet to its answer, if it had one.
    fresh: Vec<Option<f64>>,
    kept: usize,
    /// KiB.
    grown: i64,
    /// Seconds.
    normal: Option<f64>,
}

impl Seen {
    fn row(&self, name: &str) -> String {
        let failed = self.fresh.iter().filter(|one| one.is_none()).count();
        let times: Vec<f64> = self.fresh.iter().flatten().copied().collect();
        let normal = self.normal.map_or("never".into(), |s| format!("{s:.2}"));
        format!(
            "| {name} | {} in {:.1} s | {} of {} | {} of {} | {:.1} | {:.1} | {} | {:.1} | {normal} |",
            self.clients,
            self.connected,
            self.lost,
            self.asked,
            self.fresh.len() - failed,
            self.fresh.len(),
            quantile(&times, 0.5),
            quantile(&times, 1.0),
            self.kept,
            self.grown as f64 / 1024.0,
        )
    }
}

const HEAD: &str = "| server | clients | UDP lost | new TCP clients served | p50 ms | slowest ms | clients kept | RSS grown MiB | normal again after s |\n|---|---|---|---|---|---|---|---|---|";

/// So many clients that send three octets and wait.
fn halves(subject: &Subject, clients: usize, hold: Duration) -> Seen {
    let at = subject.address();
    fresh(at).expect("a first client over TCP");
    let before = subject.memory();
    let ticker = Ticker::start(at);
    let began = Instant::now();
    // The length of a message of 30 octets, and its first one.
    let mut crowd = Crowd::connect(at, clients, &[0, 30, 1], Duration::from_secs(10));
    let connected = began.elapsed().as_secs_f64();
    let mut asked = Vec::new();
    let mut grown = 0;
    for _ in 0..20 {
        asked.push(fresh(at));
        grown = grown.max(subject.memory() - before);
    }
    let rest = hold.saturating_sub(began.elapsed());
    let kept = crowd.open();
    std::thread::sleep(rest);
    let (queries, lost) = ticker.stop();
    drop(crowd);
    let began = Instant::now();
    let normal = loop {
        let soon = fresh(at).is_some_and(|ms| ms < 100.0);
        if soon && subject.open().is_none_or(|open| open == 0) {
            break Some(began.elapsed().as_secs_f64());
        }
        if began.elapsed() > 2 * clients::PATIENCE {
            break None;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    Seen {
        clients,
        connected,
        asked: queries,
        lost,
        fresh: asked,
        kept,
        grown,
        normal,
    }
}

/// What must hold of ours.
fn hold(seen: &Seen) {
    assert_eq!(seen.lost, 0, "UDP lost queries");
    assert!(seen.fresh.iter().all(Option::is_some), "{:?}", seen.fresh);
    assert!(seen.grown <= 64 << 10, "{} KiB more", seen.grown);
    assert!(seen.normal.is_some(), "it does not come back");
}

#[test]
fn half_messages_lock_no_one_out() {
    let clients = clients::allowed(6_000);
    let seen = halves(&Subject::ours(), clients, Duration::ZERO);
    note("slow-tcp", &format!("{HEAD}\n{}", seen.row("meridian")));
    hold(&seen);
}

/// The table beside others. Minutes: `.ci/run long` has it.
#[test]
#[ignore = "long: .ci/run long"]
fn half_messages_beside_others() {
    let clients = clients::allowed(10_000);
    let subjects = [Subject::ours, Subject::gdnsd, Subject::nsd];
    let mut table = HEAD.to_string();
    let mut ours = None;
    for start in subjects {
        let subject = start();
        let seen = halves(&subject, clients, Duration::from_secs(20));
        table += "\n";
        table += &seen.row(subject.name);
        ours.get_or_insert(seen);
    }
    note("slow-tcp-beside", &table);
    hold(&ours.unwrap());
}

/// What a run against clients that never read saw.
struct Unread {
    clients: usize,
    octets: usize,
    asked: usize,
    lost: usize,
    /// Milliseconds for twenty new clients over TCP, from the first moments on.
    fresh: Vec<Option<f64>>,
    /// KiB.
    grown: i64,
}

const UNREAD: &str = "| server | clients | octets of queries taken | UDP lost | new TCP clients served | p50 ms | slowest ms | RSS grown, KiB a client |\n|---|---|---|---|---|---|---|---|";

impl Unread {
    fn row(&self, name: &str) -> String {
        let times: Vec<f64> = self.fresh.iter().flatten().copied().collect();
        format!(
            "| {name} | {} | {} | {} of {} | {} of {} | {:.1} | {:.1} | {:.1} |",
            self.clients,
            self.octets,
            self.lost,
            self.asked,
            times.len(),
            self.fresh.len(),
            quantile(&times, 0.5),
            quantile(&times, 1.0),
            self.grown as f64 / self.clients as f64,
        )
    }
}

/// So many clients that send what they can and read nothing, over six seconds in which twenty new ones come. The crowd is
/// handed back, still connected.
fn unread(subject: &Subject, clients: usize) -> (Unread, Crowd) {
    let at = subject.address();
    fresh(at).expect("a first client over TCP");
    let before = subject.memory();
    let ticker = Ticker::start(at);
    let mut crowd = Crowd::connect(at, clients, &[], Duration::from_secs(10));
    let began = Instant::now();
    let (mut grown, mut octets) = (0, 0);
    let mut asked = Vec::new();
    for n in 0..20 {
        octets += crowd.push();
        asked.push(fresh(at));
        grown = grown.max(subject.memory() - before);
        let next = Duration::from_millis(300) * (n + 1);
        std::thread::sleep(next.saturating_sub(began.elapsed()));
    }
    let (queries, lost) = ticker.stop();
    let seen = Unread {
        clients,
        octets,
        asked: queries,
        lost,
        fresh: asked,
        grown,
    };
    (seen, crowd)
}

/// A thousand clients that send what they can and read nothing: each costs little, and is cut.
#[test]
fn clients_that_never_read_are_cut() {
    let subject = Subject::ours();
    let clients = clients::allowed(1_000);
    let began = Instant::now();
    let (seen, crowd) = unread(&subject, clients);
    let held = subject.open().unwrap();
    // All are cut 10 s after they stopped to read, or when they had their due.
    let cut = loop {
        let unread = subject.ended("unread");
        if unread as usize >= clients || began.elapsed() > 4 * clients::PATIENCE {
            break unread;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    drop(crowd);
    let after = began.elapsed().as_secs_f64();
    let row = seen.row("meridian");
    note(
        "slow-tcp-unread",
        &format!("{UNREAD}\n{row}\n{held} open after 6 s, {cut} cut as unread within {after:.1} s"),
    );
    assert_eq!(cut as usize, clients);
    assert!(seen.fresh.iter().all(Option::is_some), "{:?}", seen.fresh);
    let each = seen.grown as f64 / clients as f64;
    assert!(each <= 128.0, "{each} KiB each");
    assert_eq!(seen.lost, 0);
}

/// The table beside others. `.ci/run long` has it.
#[test]
#[ignore = "long: .ci/run long"]
fn clients_that_never_read_beside_others() {
    let clients = clients::allowed(1_000);
    let mut table = UNREAD.to_string();
    for start in [Subject::ours, Subject::gdnsd, Subject::nsd] {
        let subject = start();
        let (seen, _crowd) = unread(&subject, clients);
        table += "\n";
        table += &seen.row(subject.name);
    }
    note("slow-tcp-unread-beside", &table);
}
