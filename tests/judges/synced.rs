//! What `strace` sees of a report: it is on the disk before its reply is begun. And from the same record, what a power
//! failure at any of its lines would leave on the disk, and what the program makes of that.

mod trace;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use trace::{Deed, Done};

use super::dice::Dice;
use super::server::{LOOK, PATIENCE, Server, ask};
use super::tool::{find, note, records};

const STATES: [&str; 4] = ["down", "up", "drain", "degraded"];
const SECTOR: usize = 512;

fn estate(folder: &Path) -> PathBuf {
    let zones = folder.join("zones");
    fs::create_dir(&zones).unwrap();
    let zone = "$TTL 1h\n@ SOA ns1 hostmaster 1 2h 15m 2w 5m\n@ NS ns1\nns1 A 192.0.2.53\n";
    fs::write(zones.join("example.com.zone"), zone).unwrap();
    let vips: String = (0..8)
        .map(|n| {
            format!(
                "v{n} = {{ site = \"lab\", address = \"192.0.2.{}\" }}\n",
                n + 1
            )
        })
        .collect();
    let steering = format!(
        "[sites]\nlab = {{ location = [50.11, 8.68] }}\n[vips]\n{vips}[pools.web]\nmembers = [\"lab\"]\n\
         policy = \"weighted\"\n[names]\n\"www.example.com.\" = \"web\"\n"
    );
    fs::write(zones.join("steering.toml"), steering).unwrap();
    zones
}

/// One report: of which VIP, its number, its state.
type Report = (usize, u64, &'static str);

/// Reports one after another, some of them several in one body; each body's reports.
fn reports(server: &Server, seed: u64) -> Vec<Vec<Report>> {
    let mut dice = Dice(seed);
    let mut numbers = [0u64; 8];
    let mut all = Vec::new();
    for _ in 0..12 {
        let chosen: Vec<usize> = (0..8).filter(|_| dice.percent(30)).collect();
        let reports = chosen.iter().map(|vip| {
            numbers[*vip] += 1;
            let seq = numbers[*vip];
            (*vip, seq, STATES[(*vip + seq as usize) % STATES.len()])
        });
        let reports: Vec<Report> = reports.collect();
        if reports.is_empty() {
            continue;
        }
        let list = reports.iter().map(|(vip, seq, state)| {
            format!(r#"{{"vip":"v{vip}","state":"{state}","epoch":5,"seq":{seq}}}"#)
        });
        let body = format!(r#"{{"reports":[{}]}}"#, list.collect::<Vec<_>>().join(","));
        let (status, reply) = ask(server, "POST /v1/health", &body);
        assert_eq!(status, 200, "{reply}");
        all.push(reports);
    }
    all
}

/// Runs the program under `strace` over reports; what it did, and the reports of each reply.
fn record() -> (Vec<Done>, Vec<Vec<Report>>) {
    let strace = find("strace", "strace");
    let folder = tempfile::tempdir().unwrap();
    let zones = estate(folder.path());
    fs::create_dir_all(records()).unwrap();
    let file = records().join("synced-strace.txt");
    // The tracer is a process beside: what is started here is the server itself.
    let calls = "trace=pwrite64,pwritev,pwritev2,write,writev,sendto,sendmsg,fdatasync,fsync,sync_file_range,ftruncate,fallocate,mmap";
    let words = [
        "-D",
        "-f",
        "-q",
        "-yy",
        "-xx",
        "-s",
        "9000000",
        "-e",
        calls,
        "-e",
        "signal=kill",
        "-o",
    ];
    let mut command = std::process::Command::new(strace);
    command.args(words).arg(&file);
    let mut server = Server::under(command, &zones);
    let reports = reports(&server, 3);
    server.kill();
    let end = Instant::now() + PATIENCE;
    loop {
        let text = fs::read_to_string(&file).unwrap();
        // The tracer writes to the end by itself.
        if text.trim_end().ends_with("+++ killed by SIGKILL +++") {
            return (trace::read(&text), reports);
        }
        assert!(Instant::now() < end, "the record has no end");
        std::thread::sleep(LOOK);
    }
}

/// Whether all that was written by then had been synced by then. `at` is a line.
fn settled(done: &[Done], at: usize) -> bool {
    let writes = done
        .iter()
        .filter(|d| matches!(d.what, Deed::Write(..)) && d.begun < at);
    let mut syncs = done.iter().filter(|d| d.what == Deed::Sync && d.ended < at);
    let last = writes.map(|d| d.ended).max().unwrap_or(0);
    last < at && syncs.any(|sync| sync.begun > last)
}

/// The disk after a power failure at a line: what had been synced is there, of all else any sectors, in any mixture.
fn disk(done: &[Done], at: usize, dice: &mut Dice) -> Vec<u8> {
    let sync = done.iter().filter(|d| d.what == Deed::Sync && d.ended < at);
    let safe = sync.map(|d| d.begun).max().unwrap_or(0);
    let mut disk = Vec::new();
    let chance = [0, 10, 50, 90, 100][dice.below(5) as usize];
    for one in done.iter().filter(|d| d.begun < at) {
        let sure = one.ended < safe;
        match &one.what {
            Deed::Length(length) if sure || dice.percent(chance) => {
                disk.resize(*length as usize, 0)
            }
            Deed::Write(place, octets) => {
                let place = *place as usize;
                for (n, piece) in octets.chunks(SECTOR).enumerate() {
                    let begin = place + n * SECTOR;
                    if sure || dice.percent(chance) {
                        let end = begin + piece.len();
                        disk.resize(disk.len().max(end), 0);
                        disk[begin..end].copy_from_slice(piece);
                    }
                }
            }
            _ => {}
        }
    }
    disk
}

/// What had been acknowledged when the line `at` was written, by VIP; and what had been sent.
fn promised(done: &[Done], reports: &[Vec<Report>], at: usize) -> [BTreeMap<usize, u64>; 2] {
    let yes = |d: &&Done| matches!(d.what, Deed::Reply(ref text) if text.windows(9).any(|w| w == b"\"results\""));
    let replies = done.iter().filter(yes).filter(|d| d.begun < at).count();
    [replies, replies + 1].map(|count| {
        let heard = reports.iter().take(count).flatten();
        heard.map(|(vip, seq, _)| (*vip, *seq)).collect()
    })
}

#[test]
fn a_report_is_on_the_disk_before_its_reply_and_outlives_the_power() {
    let (done, reports) = record();
    let replies: Vec<&Done> = done
        .iter()
        .filter(|d| matches!(d.what, Deed::Reply(ref text) if text.windows(9).any(|w| w == b"\"results\"")))
        .collect();
    assert_eq!(replies.len(), reports.len(), "replies in the record");
    let mut before = 0;
    for reply in &replies {
        let at = reply.begun;
        let wrote = |d: &Done| matches!(d.what, Deed::Write(..)) && (before..at).contains(&d.begun);
        assert!(
            done.iter().any(wrote),
            "nothing was written for the reply of line {at}"
        );
        assert!(
            settled(&done, at),
            "the reply of line {at} is begun before the disk has it"
        );
        before = at;
    }
    // From the first reply on: before that the file has no name yet.
    let [first, last] = [replies[0].begun, replies[replies.len() - 1].begun + 2];
    let wanted = std::env::var("MERIDIAN_POWER_FAILURES").ok();
    let count: u64 = wanted.and_then(|n| n.parse().ok()).unwrap_or(60);
    let folder = tempfile::tempdir().unwrap();
    let zones = estate(folder.path());
    let (mut loud, mut slowest) = (0, 0.0);
    for case in 0..count {
        let mut dice = Dice(case);
        let at = first + dice.below((last - first) as u32) as usize;
        let disk = disk(&done, at, &mut dice);
        let [least, most] = promised(&done, &reports, at);
        let began = Instant::now();
        let server = Server::upon(&zones, &disk);
        slowest = f64::max(slowest, began.elapsed().as_secs_f64());
        loud += usize::from(server.said.iter().any(|line| line.contains("damaged")));
        let vips: serde_json::Value = serde_json::from_str(&server.get("/v1/vips")).unwrap();
        for vip in vips["vips"].as_array().unwrap() {
            let number: usize = vip["name"].as_str().unwrap()[1..].parse().unwrap();
            let seq = order(vip).unwrap_or(0);
            let [least, most] = [&least, &most].map(|b| b.get(&number).copied().unwrap_or(0));
            assert!(
                (least..=most).contains(&seq),
                "power failure {case}, at line {at}: {least} to {most} expected of {vip}"
            );
            let state = (seq > 0).then(|| STATES[(number + seq as usize) % STATES.len()]);
            assert!(state.is_none_or(|state| vip["state"] == state), "{vip}");
        }
    }
    let lines = [
        format!(
            "strace: {} replies, each begun after the sync of all that was written for it had ended",
            replies.len()
        ),
        format!(
            "{count} power failures at random lines of the record, any sectors of what was not synced: nothing acknowledged lost"
        ),
        format!("{loud} of these starts spoke of damage; the slowest took {slowest:.1} s"),
    ];
    note("synced", &lines.join("\n"));
    assert_eq!(loud, 0, "what a power failure leaves is no damage");
}

/// The last number of a VIP's reports that is known, wherever it is told.
fn order(vip: &serde_json::Value) -> Option<u64> {
    use serde_json::Value;
    let below = match vip {
        Value::Object(fields) => fields.values().filter_map(order).max(),
        Value::Array(items) => items.iter().filter_map(order).max(),
        _ => None,
    };
    vip["seq"].as_u64().max(below)
}
