//! The file of health torn, cut short and flipped: the program starts with what can be read of it, and says so.
//!
//! `MERIDIAN_DAMAGES=2000 cargo test --test main whatever_became_of_the_file -- --nocapture` takes minutes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use hickory_proto::rr::RecordType;
use tempfile::TempDir;

use super::feeds::{self, Feed, STATES};
use super::server::{Server, addresses, query};
use crate::dice::Dice;

const VIPS: usize = 16;
/// What the disk writes in one piece.
const SECTOR: usize = 512;

/// By VIP: the number of a report that counted.
type Board = BTreeMap<String, u64>;

fn state(seq: u64) -> (&'static str, bool) {
    STATES[(seq * 7 / 3 % 4) as usize]
}

/// Reports some VIPs anew, in one batch.
fn turn(feed: &mut Feed, board: &mut Board, dice: &mut Dice) {
    let chosen: Vec<usize> = (0..VIPS).filter(|_| dice.percent(40)).collect();
    let mut list = Vec::new();
    for vip in chosen {
        let seq = board.entry(format!("v{vip}")).or_default();
        *seq += 1;
        let body = feeds::body(state(*seq).0, 1, *seq, "");
        list.push(body.replacen('{', &format!(r#"{{"vip":"v{vip}","#), 1));
    }
    let body = format!(r#"{{"reports":[{}]}}"#, list.join(","));
    let (status, reply) = feed.ask("POST /v1/health", &body).unwrap();
    assert_eq!(status, 200, "{reply}");
}

/// Two files of a server that was killed, one acknowledged batch apart, and what had been acknowledged by then.
fn files() -> (TempDir, [(Vec<u8>, Board); 2]) {
    let mut server = Server::on(feeds::in_memory(VIPS, 1));
    let (mut board, mut dice) = (Board::new(), Dice(1));
    let mut feed = Feed::open(&server).unwrap();
    let file = server.folder.path().join("state/health.redb");
    for _ in 0..12 {
        turn(&mut feed, &mut board, &mut dice);
    }
    // Nobody writes: the last reply came after the last octet.
    let before = (fs::read(&file).unwrap(), board.clone());
    turn(&mut feed, &mut board, &mut dice);
    server.kill();
    let after = (fs::read(&file).unwrap(), board);
    (server.leave(), [before, after])
}

/// What has become of a file, in words, and its octets.
fn damage(dice: &mut Dice, [before, after]: [&[u8]; 2]) -> (String, Vec<u8>) {
    let length = after.len();
    let place = |dice: &mut Dice| {
        // Half of it where the file is full.
        let end = if dice.percent(50) {
            length
        } else {
            length.min(64 << 10)
        };
        dice.below(end as u32) as usize
    };
    let mut bytes = after.to_vec();
    match dice.below(6) {
        0 => {
            let at = place(dice);
            let at = if dice.percent(50) {
                at
            } else {
                at / SECTOR * SECTOR
            };
            bytes.truncate(at);
            (format!("cut to {at} of {length} octets"), bytes)
        }
        1 => {
            let flips: Vec<usize> = (0..dice.steep(5)).map(|_| place(dice)).collect();
            for at in &flips {
                bytes[*at] ^= 1 << dice.below(8);
            }
            (format!("bits flipped in {flips:?}"), bytes)
        }
        2 => {
            let at = dice.below(320) as usize;
            bytes[at] ^= 1 << dice.below(8);
            (format!("a bit flipped in {at}"), bytes)
        }
        3 => {
            let (at, sectors) = (place(dice) / SECTOR, dice.steep(4) as usize);
            let end = (at + sectors).saturating_mul(SECTOR).min(length);
            bytes[at * SECTOR..end].fill(0);
            (format!("{sectors} sectors of zeros from {at}"), bytes)
        }
        4 => {
            let at = place(dice) / SECTOR * SECTOR;
            for octet in bytes.iter_mut().skip(at).take(4096) {
                *octet = dice.roll() as u8;
            }
            (format!("4096 octets of noise from {at}"), bytes)
        }
        _ => {
            let chance = [5, 50, 95][dice.below(3) as usize];
            bytes = before.to_vec();
            bytes.resize(length.max(before.len()), 0);
            for at in (0..length).step_by(SECTOR) {
                if dice.percent(chance) {
                    let end = (at + SECTOR).min(length);
                    bytes[at..end].copy_from_slice(&after[at..end]);
                }
            }
            (
                format!("torn: {chance} of a hundred sectors are the later ones"),
                bytes,
            )
        }
    }
}

/// Puts this file in the place of the one of health, and takes away what was made of others.
fn put(state: &Path, bytes: &[u8]) {
    for entry in fs::read_dir(state).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name().to_string_lossy().starts_with("health.") {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    fs::write(state.join("health.redb"), bytes).unwrap();
}

/// What the server says of each VIP: the number of the report that counts, none if it knows none. Whatever it knows was once
/// reported, it answers accordingly, and nothing has panicked.
fn known(server: &Server, what: &str, last: &Board) -> Board {
    let mut board = Board::new();
    for vip in Feed::open(server).unwrap().vips() {
        let name = vip["name"].as_str().unwrap().to_owned();
        let (word, answers) = match feeds::order(&vip) {
            Some((epoch, seq)) => {
                let most = last.get(&name).copied().unwrap_or(0);
                assert!(epoch == 1 && (1..=most).contains(&seq), "{what}: {vip}");
                board.insert(name.clone(), seq);
                state(seq)
            }
            None => ("unknown", true),
        };
        assert_eq!(vip["state"], word, "{what}: {vip}");
        let answer = server.udp(&query(&format!("{name}.example.com."), RecordType::A, None));
        assert_eq!(!addresses(&answer).is_empty(), answers, "{what}: {vip}");
    }
    let (_, page) = super::api::ask(server, "GET /metrics", None, "");
    let panics = page
        .lines()
        .find(|l| l.starts_with("meridian_panics_total"));
    assert!(
        panics.is_some_and(|l| l.ends_with(" 0")),
        "{what}: {panics:?}"
    );
    board
}

/// It takes reports again, and keeps them.
fn works(server: &mut Server, what: &str) {
    let body = feeds::body("drain", 2, 1, "");
    let (status, reply) = Feed::open(server).unwrap().put("v0", &body).unwrap();
    assert_eq!(status, 200, "{what}: {reply}");
    server.kill();
    let again = Server::on(std::mem::replace(
        &mut server.folder,
        tempfile::tempdir().unwrap(),
    ));
    let vips = Feed::open(&again).unwrap().vips();
    let vip = vips.iter().find(|vip| vip["name"] == "v0").unwrap();
    assert_eq!(feeds::order(vip), Some((2, 1)), "{what}: {vip}");
    *server = again;
}

#[test]
fn whatever_became_of_the_file_the_program_starts_and_says_so() {
    let wanted = std::env::var("MERIDIAN_DAMAGES").ok();
    let count: u64 = wanted.and_then(|n| n.parse().ok()).unwrap_or(60);
    let (mut folder, [(first, older), (second, newer)]) = files();
    let (mut slowest, mut silent, mut lost) = (Duration::ZERO, 0, 0);
    for case in 0..count {
        let mut dice = Dice(case);
        let (what, bytes) = damage(&mut dice, [&first, &second]);
        let what = format!("case {case}: {what}");
        put(&folder.path().join("state"), &bytes);
        let began = Instant::now();
        let mut server = Server::on(folder);
        slowest = slowest.max(began.elapsed());
        let board = known(&server, &what, &newer);
        let aside = server
            .folder
            .path()
            .join("state/health.redb.damaged-1")
            .exists();
        let torn = what.contains("torn");
        let whole = newer.iter().all(|(name, seq)| {
            let found = board.get(name);
            found == Some(seq) || (torn && found == older.get(name))
        });
        if aside || !whole {
            let line = server.logs("damaged");
            assert!(
                line.contains("WARN") || line.contains("ERROR"),
                "{what}: {line}"
            );
            lost += usize::from(!whole);
        } else {
            silent += 1;
        }
        for line in server.log() {
            assert!(!line.contains("panicked"), "{what}: {line}");
        }
        if case % 10 == 0 {
            works(&mut server, &what);
        }
        server.kill();
        folder = server.leave();
    }
    println!(
        "{count} damaged files of {} octets: {silent} of them whole in what counts, {lost} where a VIP was lost and that was \
         said, slowest start {slowest:.1?}",
        second.len()
    );
}
