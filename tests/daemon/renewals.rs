//! A feed that renews a thousand VIPs each second: what it costs the keeper, and that answers cost what they did before.
//!
//! `MERIDIAN_RENEWALS=60 cargo test --test main a_thousand_vips_are_renewed -- --nocapture` renews them for a minute.

use std::fs;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

use hickory_proto::rr::RecordType;

use super::feeds::{self, Feed};
use super::server::{PATIENCE, Server, query};

const VIPS: usize = 1_000;

/// Seconds that the threads of this name have had a processor.
fn spent(server: &Server, name: &str) -> f64 {
    let tasks = format!("/proc/{}/task", server.id());
    let mut nanoseconds = 0.0;
    for task in fs::read_dir(tasks).unwrap() {
        let task = task.unwrap().path();
        let read = |file: &str| fs::read_to_string(task.join(file)).unwrap_or_default();
        if read("comm").starts_with(name) {
            let first = read("schedstat");
            let first = first
                .split_whitespace()
                .next()
                .and_then(|n| n.parse::<f64>().ok());
            nanoseconds += first.unwrap_or(0.0);
        }
    }
    nanoseconds / 1e9
}

/// One body for all VIPs.
fn batch(state: &str, seq: u64) -> String {
    let one = |vip: usize| {
        format!(r#"{{"vip":"v{vip}","state":"{state}","epoch":1,"seq":{seq},"valid_for":"10s"}}"#)
    };
    let all: Vec<String> = (0..VIPS).map(one).collect();
    format!(r#"{{"reports":[{}]}}"#, all.join(","))
}

/// Asks until then; how many answers came, and nanoseconds of the worker for each.
fn load(server: &Server, until: Instant) -> (u64, f64) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.connect(server.dns).unwrap();
    let query = query("all.example.com.", RecordType::A, None)
        .to_vec()
        .unwrap();
    let (mut answer, mut count) = ([0; 4096], 0);
    let before = spent(server, "udp");
    while Instant::now() < until {
        socket.send(&query).unwrap();
        assert!(socket.recv(&mut answer).unwrap() > query.len());
        count += 1;
    }
    let after = spent(server, "udp");
    (count, (after - before) * 1e9 / count as f64)
}

#[test]
fn a_thousand_vips_are_renewed_each_second() {
    let wanted = std::env::var("MERIDIAN_RENEWALS").ok();
    let seconds: u64 = wanted.and_then(|n| n.parse().ok()).unwrap_or(5);
    let server = Server::on(feeds::estate(VIPS, 1));
    let mut feed = Feed::open(&server).unwrap();
    let (status, reply) = feed.ask("POST /v1/health", &batch("up", 1)).unwrap();
    assert_eq!(status, 200, "{reply}");
    let generation = reply["generation"].clone();
    let length = Duration::from_secs(seconds);
    let (calm, calm_cost) = load(
        &server,
        Instant::now() + length.min(Duration::from_secs(10)),
    );
    let file = server.folder.path().join("state/health.redb");
    let size = fs::metadata(&file).unwrap().len();
    let (keeper, admin, began) = (
        spent(&server, "keeper"),
        spent(&server, "admin"),
        Instant::now(),
    );
    let renewing = std::thread::spawn(move || {
        let mut times = Vec::new();
        for second in 0..seconds {
            let due = began + Duration::from_secs(second);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let sent = Instant::now();
            let (status, reply) = feed
                .ask("POST /v1/health", &batch("up", 2 + second))
                .unwrap();
            times.push(sent.elapsed());
            assert_eq!(status, 200, "{reply}");
            // Nothing that answers depend on has changed: the same world is in force.
            assert_eq!(reply["generation"], generation);
            let results = reply["results"].as_array().unwrap();
            assert_eq!(results.len(), VIPS);
            assert!(results.iter().all(|r| r["in_force"] == "up"), "{reply}");
        }
        times.sort();
        times
    });
    let (busy, busy_cost) = load(&server, began + length);
    let times = renewing.join().unwrap();
    let took = began.elapsed().as_secs_f64();
    let [keeper, admin] = [
        spent(&server, "keeper") - keeper,
        spent(&server, "admin") - admin,
    ]
    .map(|s| s / took * 100.0);
    let grown = fs::metadata(&file).unwrap().len().saturating_sub(size);
    println!(
        "{VIPS} VIPs renewed {seconds} times in {took:.1} s: keeper {keeper:.1} % of a core, API {admin:.1} %, replies after {:.1?} \
         (median) and {:.1?} (slowest), file of health {grown} octets longer; an answer costs the worker {busy_cost:.0} ns \
         ({busy} answers), in calm {calm_cost:.0} ns ({calm}): {:.2} times",
        times[times.len() / 2],
        times[times.len() - 1],
        busy_cost / calm_cost
    );
    assert!(grown < 8 << 20, "renewals fill the disk: {grown} octets");
}
