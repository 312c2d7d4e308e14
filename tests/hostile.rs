//! Broken and twisted messages against the answering function.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Instant;

use crate::replay::script::{START, Transport};
use crate::replay::stage::{self, Stage};
use crate::twisted::{Dice, HEADER, law, message, query, question_end, seeds};
use hickory_proto::op::Message;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

/// Holds [`law`] for `cases` messages. `ask` takes a datagram and gives what is to be sent back.
pub fn hold(cases: u32, ask: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&message(), |query| {
        law(&query, ask(&query).as_deref()).map_err(TestCaseError::fail)
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    for seed in seeds() {
        law(&seed, ask(&seed).as_deref()).unwrap();
    }
}

/// A responder that knows nothing and says so, by the book.
fn refuser(query: &[u8]) -> Option<Vec<u8>> {
    if query.len() < HEADER || query[2] & 0x80 != 0 {
        return None;
    }
    let asked = Message::from_vec(query).ok();
    let whole = asked.as_ref().is_some_and(|m| m.queries.len() == 1);
    let end = question_end(query).filter(|_| whole);
    let mut reply = query[..end.unwrap_or(HEADER)].to_vec();
    reply[2] = 0x80 | (query[2] & 0x79);
    reply[3] = if whole { 5 } else { 1 };
    reply[4..12].fill(0);
    reply[5] = u8::from(end.is_some());
    if asked.is_some_and(|m| m.edns.is_some()) {
        reply[11] = 1;
        reply.extend([0, 0, 41, 0x04, 0xD0, 0, 0, 0, 0, 0, 0]);
    }
    Some(reply)
}

/// What the seeds ask for: static and steered names, aliases, wildcards, and too much for a datagram.
fn estate() -> BTreeMap<String, String> {
    let mut zone =
        "$ORIGIN example.com.\n@ 3600 SOA ns1 hostmaster 1 7200 900 1209600 300\n".to_string();
    zone += "@ 3600 NS ns1\nns1 3600 A 192.0.2.53\n*.wild 60 TXT x\nalias 60 DNAME wild\nto 60 CNAME www\n";
    zone += "www 60 HTTPS 1 . alpn=h2 ipv4hint=192.0.2.1 ipv6hint=2001:db8::1\n";
    (0..90)
        .for_each(|n| zone += &format!("www 60 MX {n} a-rather-long-name-of-a-mail-server-{n}\n"));
    let steering = "[vips]\na = { address = \"192.0.2.1\", address6 = \"2001:db8::1\" }\n\
                    b = { address = \"192.0.2.2\", address6 = \"2001:db8::2\" }\n\
                    [pools.web]\nmembers = [\"a\", \"b\"]\nanswers = 2\ndraw = \"sticky\"\n\
                    [names]\n\"www.example.com.\" = \"web\"\n";
    let files = [
        ("zones/example.com.zone", zone.as_str()),
        ("zones/steering.toml", steering),
    ];
    files
        .map(|(path, text)| (path.to_string(), text.to_string()))
        .into()
}

/// A server that says what it is, and knows cookies.
fn worn() -> Stage {
    let mut stage = Stage::default();
    let machine = [
        ("id", "fra1"),
        ("version", "M"),
        ("cookies", "e5e973e5a6b2a43f48e7dc849e37bfcf"),
    ];
    stage.wear(
        &machine
            .map(|(key, value)| (key.to_string(), value.to_string()))
            .into(),
    );
    stage
}

#[test]
fn the_server_keeps_the_law() {
    let mut stage = worn();
    stage.load(&estate(), stage::atlas(&[])).unwrap();
    let stage = RefCell::new(stage);
    let from = [192, 0, 2, 7].into();
    hold(30_000, |message| {
        stage.borrow_mut().ask(message, from, Transport::Udp, START)
    });
}

/// The same at a length given by `MERIDIAN_HOSTILE`: laws, no message that takes long, and no memory that grows.
#[test]
fn a_long_siege_changes_nothing() {
    let many: u64 =
        std::env::var("MERIDIAN_HOSTILE").map_or(2_000_000, |many| many.parse().unwrap());
    let mut stage = worn();
    stage.load(&estate(), stage::atlas(&[])).unwrap();
    let from = [192, 0, 2, 7].into();
    let probe = query(0x0100, "to.example.com.", 5, 1, None);
    let good = stage.ask(&probe, from, Transport::Udp, START).unwrap();
    let seeds = seeds();
    let mut dice = Dice(2026);
    let (mut replies, mut slowest) = (0_u64, (0, Vec::new()));
    for round in 0..many {
        let message = dice.message(&seeds);
        let start = Instant::now();
        let reply = stage.ask(&message, from, Transport::Udp, START);
        let took = start.elapsed().as_micros();
        if took > slowest.0 {
            slowest = (took, message.clone());
        }
        replies += u64::from(reply.is_some());
        if let Err(error) = law(&message, reply.as_deref()) {
            panic!("message {round}: {error}\n{message:02x?}");
        }
        if round % 1_000 == 0 {
            let reply = stage.ask(&probe, from, Transport::Udp, START);
            assert_eq!(
                reply.as_deref(),
                Some(good.as_slice()),
                "after {round} messages"
            );
        }
    }
    println!(
        "{many} messages, {replies} replies, the slowest took {} us",
        slowest.0
    );
}

/// A million twisted signatures (RFC 8945): whoever is signed gets an error, whatever the signature says.
#[test]
fn no_signature_is_taken() {
    let mut stage = worn();
    stage.load(&estate(), stage::atlas(&[])).unwrap();
    let from = [192, 0, 2, 7].into();
    let signed: Vec<Vec<u8>> = seeds().into_iter().filter(|seed| signs(seed)).collect();
    assert!(!signed.is_empty());
    let mut dice = Dice(8945);
    let (mut held, mut refused) = (0_u32, 0_u32);
    for round in 0..1_000_000 {
        let message = dice.mangled(&signed);
        let reply = stage.ask(&message, from, Transport::Udp, START);
        let Some(reply) = reply.filter(|_| signs(&message)) else {
            continue;
        };
        held += 1;
        let code = reply[3] & 15;
        // TC without an error is what RFC 8945 §5.3 has for a record that does not fit.
        let told = reply[2] & 2 != 0 && reply[6..10] == [0; 4];
        let right = matches!(code, 1 | 4 | 9) || told || bad_version(&reply);
        assert!(right, "{round}: code {code} for {message:02x?}");
        refused += u32::from(code == 9);
    }
    println!("{held} of them signed, {refused} told that their key is not known");
    assert!(refused > 10_000);
}

/// Whether a message of one question, whole in all its octets, ends with a TSIG record that is well named and classed.
fn signs(message: &[u8]) -> bool {
    last_record(message).is_some_and(|record| record[..8] == [0, 250, 0, 255, 0, 0, 0, 0])
}

/// The last record of the additional section, from its type on, if it ends where the message does.
fn last_record(message: &[u8]) -> Option<&[u8]> {
    let word =
        |at: usize| Some(usize::from(*message.get(at)?) << 8 | usize::from(*message.get(at + 1)?));
    let name = |mut at: usize| loop {
        match usize::from(*message.get(at)?) {
            0 => return Some(at + 1),
            length @ 1..64 => at += 1 + length,
            192.. => return Some(at + 2),
            _ => return None,
        }
    };
    let counts = [4, 6, 8, 10].map(word);
    let [Some(1), Some(0), Some(0), Some(more @ 1..)] = counts else {
        return None;
    };
    let (mut at, mut last) = (name(HEADER)? + 4, None);
    for _ in 0..more {
        let start = name(at)?;
        at = start + 10 + word(start + 8)?;
        last = message.get(start..at);
    }
    last.filter(|_| at == message.len())
}

/// Whether the answer is BADVERS: then nothing is known of what else stands in the message.
fn bad_version(reply: &[u8]) -> bool {
    let edns = Message::from_vec(reply).ok().and_then(|reply| reply.edns);
    edns.is_some_and(|edns| edns.rcode_high() == 1)
}

#[test]
fn the_law_can_be_kept() {
    hold(4_000, refuser);
}

#[test]
fn each_breach_is_caught() {
    type Breach = fn(&mut Vec<u8>);
    let breaches: [(&str, Breach); 9] = [
        ("the id differs", |r| r[0] ^= 1),
        ("QR is not set", |r| r[2] &= 0x7f),
        ("opcode differs", |r| r[2] ^= 0x40),
        ("RD is not copied", |r| r[2] ^= 1),
        ("Z is set", |r| r[3] |= 0x40),
        ("does not parse", |r| r[7] = 3),
        ("or its case", |r| r[13] ^= 0x20),
        ("too large", |r| r.resize(1233, 0)),
        ("larger than the client takes", |r| r.resize(513, 0)),
    ];
    let query = query(0x0100, "www.example.com.", 1, 1, None);
    for (says, breach) in breaches {
        let mut reply = refuser(&query).unwrap();
        breach(&mut reply);
        let error = law(&query, Some(&reply)).unwrap_err();
        assert!(error.contains(says), "{says}: {error}");
    }
    assert!(law(&query, None).is_err(), "silence");
    let response: Vec<u8> = [&query[..2], &[0x81], &query[3..]].concat();
    assert!(law(&response, None).is_ok());
    assert!(
        law(&response, Some(&response))
            .unwrap_err()
            .contains("a response was answered")
    );
    assert!(law(&query[..11], Some(&query)).is_err());
}
