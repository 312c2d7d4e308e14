//! How long zones take to load, what they cost in memory, and how soon a change is live: `cargo bench --bench load`.
//!
//! One zone of a million names, in turn by this server and by NSD, Knot and gdnsd (Debian's packages; who is not here is
//! left out), the server on one core and the client on another: its load, then a change of one record, then one of every
//! record, from the word that the file is another to the first new answer. Then ten thousand small zones of which one changes, by this
//! server alone, without steering and with two names under a pattern in each. `LOAD_NAMES`, `LOAD_ZONES`, `LOAD_ROUNDS` and `LOAD_ONLY=NAME,NAME` say how much and who.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub,
    reason = "a bench is no part of the server"
)]

#[path = "../support/held.rs"]
mod held;
#[path = "load/peers.rs"]
mod peers;
#[path = "load/process.rs"]
mod process;
#[path = "load/text.rs"]
mod text;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use peers::{Peer, Reload};
use process::{Client, Process};

/// How long anything may take before a round is given up.
const PATIENCE: Duration = Duration::from_secs(120);
/// What is changed, one after the other: in words, with the TTL of all records, and where the last one points to then.
const CHANGES: [(&str, u32, Ipv4Addr); 2] = [
    ("one record", 3600, Ipv4Addr::new(192, 0, 2, 77)),
    ("every TTL", 3601, Ipv4Addr::new(192, 0, 2, 78)),
];

/// Two names in each of the small zones.
const STEERING: &str = "[vips]\na = { address = \"203.0.113.200\" }\n[pools.web]\nmembers = \"a\"\n\
    [names.\"z*.test.zone\"]\n\"@\" = \"web\"\napp = \"web\"\n";

/// What one round saw of one server.
#[derive(Default)]
struct Round {
    /// Seconds from its start to the first right answer for the last name.
    ready: f64,
    /// MiB, two seconds later.
    resident: f64,
    proportional: f64,
    /// One for each of [`CHANGES`].
    reloads: Vec<Change>,
}

/// What one change came to.
#[derive(Default)]
struct Change {
    /// Seconds from the word to reload to the first new answer.
    live: f64,
    /// Seconds of processor time, up to two seconds later.
    cpu: f64,
    /// Milliseconds: the longest wait for an answer meanwhile.
    gap: f64,
    /// Answers meanwhile that were neither the old nor the new one.
    wrong: u32,
    /// MiB: the most that was seen meanwhile, and what is left two seconds later.
    peak: f64,
    after: f64,
}

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |text| text.parse().expect(name))
}

fn main() {
    let names = number("LOAD_NAMES", 1_000_000);
    let zones = number("LOAD_ZONES", 10_000);
    let only = std::env::var("LOAD_ONLY").unwrap_or_default();
    let wanted = |name: &str| only.is_empty() || only.split(',').any(|one| one == name);
    let peers: Vec<Peer> = Peer::all().into_iter().filter(|p| wanted(p.name)).collect();
    if names > 0 {
        large(&peers, names);
    }
    if zones > 0 && wanted("meridian") {
        many(zones, "");
        many(zones, STEERING);
    }
}

/// One large zone, everyone in turn.
fn large(peers: &[Peer], names: usize) {
    let mut all: BTreeMap<usize, Vec<Round>> = BTreeMap::new();
    for _ in 0..number("LOAD_ROUNDS", 3) {
        for (at, peer) in peers.iter().enumerate() {
            let folder = tempfile::tempdir().unwrap();
            match round(peer, folder.path(), names) {
                Some(round) => all.entry(at).or_default().push(round),
                None => eprintln!("{} did not come to answer", peer.name),
            }
        }
    }
    println!("\n{names} A records in one zone, medians (least to most), server on one core\n");
    println!("| server | ready s | resident MiB | PSS MiB |\n|---|---|---|---|");
    for (at, rounds) in &all {
        println!(
            "| {} | {} | {} | {} |",
            peers[*at].name,
            median(rounds.iter().map(|r| r.ready), 2),
            median(rounds.iter().map(|r| r.resident), 0),
            median(rounds.iter().map(|r| r.proportional), 0),
        );
    }
    println!(
        "\n| change | server | live s | CPU s | gap ms | wrong | peak MiB | peak / steady | after MiB |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for (which, (what, ..)) in CHANGES.iter().enumerate() {
        for (at, rounds) in &all {
            let of = |take: fn(&Change) -> f64, digits| {
                median(rounds.iter().map(|r| take(&r.reloads[which])), digits)
            };
            let peaks = rounds
                .iter()
                .map(|r| r.reloads[which].peak / r.proportional);
            println!(
                "| {what} | {} | {} | {} | {} | {} | {} | {} | {} |",
                peers[*at].name,
                of(|c| c.live, 3),
                of(|c| c.cpu, 2),
                of(|c| c.gap, 1),
                rounds.iter().map(|r| r.reloads[which].wrong).sum::<u32>(),
                of(|c| c.peak, 0),
                median(peaks, 2),
                of(|c| c.after, 0),
            );
        }
    }
}

/// The middle one (least to most).
fn median(all: impl Iterator<Item = f64>, digits: usize) -> String {
    let mut all: Vec<f64> = all.collect();
    all.sort_by(f64::total_cmp);
    let (first, middle, last) = (all[0], all[all.len() / 2], all[all.len() - 1]);
    format!("{middle:.digits$} ({first:.digits$} to {last:.digits$})")
}

fn round(peer: &Peer, folder: &Path, names: usize) -> Option<Round> {
    let port = process::free_port();
    let file = peer.prepare(folder, port);
    text::large(&file, names, 1, None);
    let last = format!("{}.big.test", text::host(names - 1));
    let old = text::address(names - 1);
    let start = Instant::now();
    let mut server = Process::start(&peer.command, folder, Some(0));
    let mut client = Client::new(port);
    let mut round = Round::default();
    while client.ask(&last, Duration::from_millis(50)) != Some(vec![old]) {
        if start.elapsed() > PATIENCE || server.ended() {
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    round.ready = start.elapsed().as_secs_f64();
    std::thread::sleep(Duration::from_secs(2));
    (round.resident, round.proportional) = server.memory();
    let mut known = old;
    for (serial, (_, ttl, new)) in (2..).zip(CHANGES) {
        let paths = [folder.join("next"), file.clone()];
        text::lasting(&paths[0], names, (serial, ttl), Some(new));
        let told = (&mut client, last.as_str());
        let change = change(peer, (folder, &paths), &server, told, (known, new))?;
        round.reloads.push(change);
        known = new;
    }
    Some(round)
}

/// One change: the first of the files becomes the second, and the last name points elsewhere.
fn change(
    peer: &Peer,
    (folder, [next, file]): (&Path, &[PathBuf; 2]),
    server: &Process,
    (client, last): (&mut Client, &str),
    (old, new): (Ipv4Addr, Ipv4Addr),
) -> Option<Change> {
    let mut change = Change::default();
    server.forget_peak();
    let cpu = server.cpu();
    let start = Instant::now();
    // Our own server is told by the file itself.
    std::fs::rename(next, file).unwrap();
    match &peer.reload {
        Reload::Watch => {}
        Reload::Signal(signal) => server.signal(signal),
        Reload::Command(command) => process::run(command, folder),
    }
    let mut look = Instant::now();
    loop {
        let asked = Instant::now();
        let got = client.ask(last, Duration::from_secs(5));
        change.gap = change.gap.max(asked.elapsed().as_secs_f64() * 1e3);
        if got == Some(vec![new]) {
            break;
        }
        change.wrong += u32::from(got != Some(vec![old]));
        if look.elapsed() > Duration::from_millis(50) {
            change.peak = change.peak.max(server.memory().1);
            look = Instant::now();
        }
        if start.elapsed() > PATIENCE {
            return None;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    change.live = start.elapsed().as_secs_f64();
    change.peak = change.peak.max(server.memory().1).max(server.peak());
    std::thread::sleep(Duration::from_secs(2));
    change.cpu = server.cpu() - cpu;
    change.after = server.memory().1;
    Some(change)
}

/// Ten thousand zones of a hundred records, of which one changes, again and again, under load.
fn many(zones: usize, steering: &str) {
    let folder = tempfile::tempdir().unwrap();
    let port = process::free_port();
    let peer = Peer::ours();
    let first = peer.prepare(folder.path(), port);
    let estate = first.parent().unwrap();
    for zone in 0..zones {
        text::small(&estate.join(format!("z{zone:05}.test.zone")), 1, 0);
    }
    std::fs::write(estate.join("steering.toml"), steering).unwrap();
    let start = Instant::now();
    let mut server = Process::start(&peer.command, folder.path(), Some(0));
    let mut client = Client::new(port);
    let last = format!("www.z{:05}.test", zones - 1);
    while client
        .ask(&last, Duration::from_millis(50))
        .is_none_or(|a| a.is_empty())
    {
        assert!(start.elapsed() < PATIENCE && !server.ended(), "not ready");
        std::thread::sleep(Duration::from_millis(5));
    }
    let ready = start.elapsed().as_secs_f64();
    std::thread::sleep(Duration::from_secs(3));
    let (resident, _) = server.memory();
    let mut live: Vec<f64> = Vec::new();
    let mut gaps: Vec<f64> = Vec::new();
    for change in 1..=20u8 {
        let zone = (usize::from(change) * 479) % zones;
        let name = format!("www.z{zone:05}.test");
        let next = folder.path().join("next");
        text::small(&next, u32::from(change) + 1, change);
        let start = Instant::now();
        std::fs::rename(&next, estate.join(format!("z{zone:05}.test.zone"))).unwrap();
        let wanted = Some(vec![Ipv4Addr::new(203, 0, 113, change)]);
        loop {
            let asked = Instant::now();
            let got = client.ask(&name, Duration::from_secs(5));
            gaps.push(asked.elapsed().as_secs_f64() * 1e3);
            if got == wanted {
                break;
            }
            assert!(start.elapsed() < PATIENCE, "{name} does not change");
            std::thread::sleep(Duration::from_micros(500));
        }
        live.push(start.elapsed().as_secs_f64() * 1e3);
        std::thread::sleep(Duration::from_millis(200));
    }
    live.sort_by(f64::total_cmp);
    gaps.sort_by(f64::total_cmp);
    let names = if steering.is_empty() {
        "no"
    } else {
        "two steered"
    };
    println!("\n{zones} zones of 100 records and {names} names, one of them changed 20 times\n");
    println!(
        "| ready s | resident MiB | rename to new answer ms: least | median | most | answers meanwhile ms: median | most |"
    );
    println!("|---|---|---|---|---|---|---|");
    println!(
        "| {ready:.2} | {resident:.0} | {:.1} | {:.1} | {:.1} | {:.2} | {:.2} |",
        live[0],
        live[live.len() / 2],
        live[live.len() - 1],
        gaps[gaps.len() / 2],
        gaps[gaps.len() - 1],
    );
}
