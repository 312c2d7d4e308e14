//! What was acknowledged is what everyone sees: one writer, readers on all transports, reloads without a pause.
//!
//! Twelve VIPs are up or down as the digits of a Gray code: each report turns one digit, so the addresses of an answer tell
//! by which report it was made. `MERIDIAN_TURNS=1000000 MERIDIAN_TURNS_SECONDS=1200 cargo test --test main
//! no_answer_is_older -- --nocapture` stops after whichever comes first.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hickory_proto::rr::RecordType;

use super::feeds::{self, Feed};
use super::server::{PATIENCE, Server, ZONE, query};

const DIGITS: u32 = 12;
const CODES: u64 = 1 << DIGITS;

/// The digits after so many turns.
fn code(turns: u64) -> u64 {
    let at = turns % CODES;
    at ^ at >> 1
}

/// The digit that changes with this turn.
fn digit(turn: u64) -> u32 {
    turn.trailing_zeros().min(DIGITS - 1)
}

/// The digits that an answer shows.
fn shown(answer: &[u8]) -> u64 {
    // Class and type of an A record, four octets of TTL, its length, and the network of all VIPs.
    let records = answer.windows(14).filter(|w| {
        w[..4] == [0, 1, 0, 1] && w[8..13] == [0, 4, 192, 0, 2] && (1..=12).contains(&w[13])
    });
    records.fold(0, |code, w| code | 1 << (w[13] - 1))
}

/// How far the writer is.
#[derive(Default)]
struct Clock {
    begun: AtomicU64,
    acknowledged: AtomicU64,
    over: AtomicBool,
}

/// A reader, over one transport or the other.
enum Wire {
    Udp(UdpSocket),
    Tcp(SocketAddr, Option<TcpStream>),
}

impl Wire {
    fn ask(&mut self, query: &[u8], answer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Wire::Udp(socket) => {
                socket.send(query)?;
                socket.recv(answer)
            }
            Wire::Tcp(server, held) => {
                let mut stream = match held.take() {
                    Some(stream) => stream,
                    None => {
                        let stream = TcpStream::connect(*server)?;
                        stream.set_nodelay(true)?;
                        stream.set_read_timeout(Some(PATIENCE))?;
                        stream
                    }
                };
                let length = (query.len() as u16).to_be_bytes();
                stream.write_all(&[&length[..], query].concat())?;
                let mut length = [0; 2];
                stream.read_exact(&mut length)?;
                let length = usize::from(u16::from_be_bytes(length));
                stream.read_exact(&mut answer[..length])?;
                *held = Some(stream);
                Ok(length)
            }
        }
    }
}

/// Asks on and on, and holds each answer against what was acknowledged before its query went out; and against the answer before.
fn read(mut wire: Wire, clock: &Clock) -> u64 {
    let query = query("all.example.com.", RecordType::A, None)
        .to_vec()
        .unwrap();
    let mut answer = vec![0; 65_536];
    let (mut asked, mut seen) = (0, 0);
    while !clock.over.load(Ordering::SeqCst) {
        let least = clock.acknowledged.load(Ordering::SeqCst).max(seen);
        let length = match wire.ask(&query, &mut answer) {
            Ok(length) => length,
            // Who has had a connection for long may have to make another.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe
                ) =>
            {
                continue;
            }
            Err(error) => panic!("{error}"),
        };
        let most = clock.begun.load(Ordering::SeqCst);
        let shown = shown(&answer[..length]);
        let turn = (least..=most).find(|turn| code(*turn) == shown);
        let Some(turn) = turn else {
            let back = (0..=least).rev().find(|turn| code(*turn) == shown);
            panic!(
                "{shown:012b} is the answer of turn {back:?}, though {least} was acknowledged before the query, and {most} begun"
            );
        };
        seen = turn;
        asked += 1;
        // Who asks without a pause takes the core from the writer.
        std::thread::sleep(Duration::from_micros(300));
    }
    asked
}

/// Turns one digit after another; gives back how many.
fn write(mut feed: Feed, clock: &Clock, turns: u64, most: Duration) -> u64 {
    let began = Instant::now();
    let mut turn = 0;
    while turn < turns && began.elapsed() < most && !clock.over.load(Ordering::SeqCst) {
        turn += 1;
        let digit = digit(turn);
        let state = if code(turn) >> digit & 1 == 1 {
            "up"
        } else {
            "down"
        };
        let body = feeds::body(state, 2, turn, "");
        clock.begun.store(turn, Ordering::SeqCst);
        loop {
            let (status, reply) = feed.put(&format!("v{digit}"), &body).unwrap();
            match status {
                200 => {
                    assert_eq!(reply["in_force"], state, "{reply}");
                    break;
                }
                429 | 503 => std::thread::sleep(Duration::from_millis(1)),
                _ => panic!("{status} {reply}"),
            }
        }
        clock.acknowledged.store(turn, Ordering::SeqCst);
    }
    clock.over.store(true, Ordering::SeqCst);
    turn
}

/// Changes the zone and the steering, and reloads, on and on.
fn reload(mut feed: Feed, zones: &Path, clock: &Clock) -> u64 {
    let file = zones.join("steering.toml");
    let steering = fs::read_to_string(&file).unwrap();
    let mut reloads = 0;
    while !clock.over.load(Ordering::SeqCst) {
        reloads += 1;
        let zone = ZONE.replace("hostmaster 1", &format!("hostmaster {}", reloads + 1));
        super::reloads::put(&zones.join("example.com.zone"), &zone);
        if reloads % 3 == 0 {
            let weight = format!("v0 = {{ weight = {}, ", reloads % 7 + 1);
            super::reloads::put(&file, &steering.replace("v0 = { ", &weight));
        }
        let (status, reply) = feed.ask("POST /v1/reload", "").unwrap();
        assert_eq!(status, 200, "{reply}");
    }
    reloads
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn no_answer_is_older_than_what_was_acknowledged() {
    let turns = number("MERIDIAN_TURNS").unwrap_or(20_000);
    let most = Duration::from_secs(number("MERIDIAN_TURNS_SECONDS").unwrap_or(60));
    let folder = feeds::in_memory(DIGITS as usize, 16);
    let options = "serve --listen 127.0.0.1:0 --admin 127.0.0.1:0 --workers 2 --rate off";
    let server = Server::with(folder, &options.split(' ').collect::<Vec<_>>());
    let mut feed = Feed::open(&server).unwrap();
    for digit in 0..DIGITS {
        let body = feeds::body("down", 1, 1, "");
        assert_eq!(feed.put(&format!("v{digit}"), &body).unwrap().0, 200);
    }
    let clock = Clock::default();
    let (clock, zones, dns) = (&clock, &server.zones(), server.dns);
    let other = Feed::open(&server).unwrap();
    let began = Instant::now();
    let (done, reloads, asked) = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..16)
            .map(|n| {
                let wire = if n % 2 == 0 {
                    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
                    socket.set_read_timeout(Some(PATIENCE)).unwrap();
                    socket.connect(dns).unwrap();
                    Wire::Udp(socket)
                } else {
                    Wire::Tcp(dns, None)
                };
                scope.spawn(move || {
                    // A finding ends the others, too.
                    let caught = std::panic::AssertUnwindSafe(|| read(wire, clock));
                    let asked = std::panic::catch_unwind(caught);
                    if asked.is_err() {
                        clock.over.store(true, Ordering::SeqCst);
                    }
                    asked
                })
            })
            .collect();
        let reloads = scope.spawn(|| reload(other, zones, clock));
        let done = write(feed, clock, turns, most);
        let asked = readers.into_iter().map(|reader| reader.join().unwrap());
        let asked: Vec<u64> = asked
            .map(|asked| asked.expect("an answer is older"))
            .collect();
        (done, reloads.join().unwrap(), asked)
    });
    let asked: [u64; 2] = [0, 1].map(|part| asked.iter().skip(part).step_by(2).sum());
    println!(
        "{done} of {turns} turns in {:.1?}, {reloads} reloads, {} answers over UDP and {} over TCP: none older than what was acknowledged",
        began.elapsed(),
        asked[0],
        asked[1]
    );
    assert!(done > 500.min(turns - 1) && asked.iter().all(|n| *n > 500) && reloads > 3);
}
