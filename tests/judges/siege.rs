//! Twisted messages over the wire: the release binary answers by the law, lives, and grows by nothing.

use std::fmt::Write as _;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

use super::estate;
use super::server::Server;
use super::tool::record;
use super::twisted::{Dice, HEADER, law, query, seeds};

/// Messages of a run in CI; `MERIDIAN_SIEGE` says otherwise.
const MESSAGES: u64 = 200_000;

/// An answer that takes as long is lost: loopback takes microseconds.
const PATIENCE: Duration = Duration::from_secs(2);

fn ask(socket: &UdpSocket, message: &[u8], buffer: &mut [u8]) -> Option<usize> {
    socket.send(message).unwrap();
    loop {
        let length = socket.recv(buffer).ok()?;
        // What came late belongs to a message before.
        if buffer.get(..2) == message.get(..2) {
            return Some(length);
        }
    }
}

#[test]
fn twisted_messages_change_nothing() {
    let many = std::env::var("MERIDIAN_SIEGE").map_or(MESSAGES, |many| many.parse().unwrap());
    // One address asks more than any client may.
    let server = Server::with(&estate(), &["--rate", "off"]);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(("127.0.0.1", server.port)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut buffer = [0; 65_536];
    let probe = query(0x0100, "static.example.com.", 1, 1, None);
    let length = ask(&socket, &probe, &mut buffer).expect("a plain query");
    let good = buffer[..length].to_vec();
    let seeds = seeds();
    let mut dice = Dice(many);
    let mut text = String::new();
    let (mut replies, mut silences, mut slowest, mut first) = (0_u64, 0_u64, Duration::ZERO, 0.0);
    for round in 0..many {
        let message = dice.message(&seeds);
        // Whose silence is right is not waited for; the next probe shows that it was no death.
        let silent = message.len() < HEADER || message[2] & 0x80 != 0;
        let start = Instant::now();
        if silent {
            socket.send(&message).unwrap();
            silences += 1;
        } else {
            let length = ask(&socket, &message, &mut buffer);
            slowest = slowest.max(start.elapsed());
            replies += u64::from(length.is_some());
            let reply = length.map(|length| &buffer[..length]);
            if let Err(error) = law(&message, reply) {
                panic!("message {round}: {error}\n{message:02x?}");
            }
        }
        if round % 1_000 == 0 {
            let length = ask(&socket, &probe, &mut buffer).expect("it lives");
            assert_eq!(buffer[..length], good, "after {round} messages");
        }
        // What it needs at all it has by then.
        if round == many / 10 {
            first = server.resident();
        }
    }
    let last = server.resident();
    let metrics = server.get("/metrics");
    let panics: Vec<&str> = metrics
        .lines()
        .filter(|l| l.starts_with("meridian_panics"))
        .collect();
    writeln!(
        text,
        "messages {many}, replies {replies}, rightly unanswered {silences}, slowest round trip {slowest:?}, \
         resident {first:.1} MiB after a tenth and {last:.1} MiB at the end\n{panics:?}"
    )
    .unwrap();
    record("siege", &text);
    assert!(panics.iter().all(|line| line.ends_with(" 0")), "{panics:?}");
    assert!(!panics.is_empty(), "{metrics}");
    assert!(last - first < 2.0, "{text}");
}
