//! Broken and twisted messages against the answering function: whatever comes in, these laws hold of what goes out.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::replay::script::{START, Transport};
use crate::replay::stage::{self, Stage};
use hickory_proto::op::{Message, MessageType, ResponseCode};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

/// What we send over UDP at most.
const LARGEST: usize = 1232;

/// What a client without EDNS takes (RFC 1035 §4.2.1).
const PLAIN: usize = 512;

/// Octets of a header (RFC 1035 §4.1.1).
const HEADER: usize = 12;

/// One way to break a message. Positions are taken modulo its length, so that every value does something.
#[derive(Clone, Debug)]
enum Twist {
    Flip(usize, u8),
    Put(usize, u8),
    Put16(usize, u16),
    Cut(usize),
    Insert(usize, Vec<u8>),
    Remove(usize, usize),
    Repeat(usize, usize),
    Point(usize, u16),
    Count(usize, u16),
}

fn twist() -> impl Strategy<Value = Twist> {
    let at = || 0_usize..2048;
    prop_oneof![
        (at(), 0_u8..8).prop_map(|(at, bit)| Twist::Flip(at, bit)),
        (at(), any::<u8>()).prop_map(|(at, byte)| Twist::Put(at, byte)),
        (at(), any::<u16>()).prop_map(|(at, word)| Twist::Put16(at, word)),
        at().prop_map(Twist::Cut),
        (at(), vec(any::<u8>(), 1..40)).prop_map(|(at, bytes)| Twist::Insert(at, bytes)),
        (at(), 1_usize..40).prop_map(|(at, len)| Twist::Remove(at, len)),
        (at(), 1_usize..300).prop_map(|(at, len)| Twist::Repeat(at, len)),
        (at(), 0_u16..64).prop_map(|(at, to)| Twist::Point(at, to)),
        (0_usize..4, prop_oneof![0_u16..4, any::<u16>()])
            .prop_map(|(field, n)| Twist::Count(field, n)),
    ]
}

fn apply(message: &mut Vec<u8>, twist: &Twist) {
    let len = message.len().max(1);
    let write = |message: &mut Vec<u8>, at: usize, word: u16| {
        for (slot, byte) in message.iter_mut().skip(at).zip(word.to_be_bytes()) {
            *slot = byte;
        }
    };
    match twist {
        Twist::Flip(at, bit) => message
            .iter_mut()
            .skip(at % len)
            .take(1)
            .for_each(|b| *b ^= 1 << bit),
        Twist::Put(at, byte) => message
            .iter_mut()
            .skip(at % len)
            .take(1)
            .for_each(|b| *b = *byte),
        Twist::Put16(at, word) => write(message, at % len, *word),
        Twist::Cut(at) => message.truncate(at % len),
        Twist::Insert(at, bytes) => {
            let at = (at % len).min(message.len());
            message.splice(at..at, bytes.iter().copied());
        }
        Twist::Remove(at, many) => {
            let from = (at % len).min(message.len());
            message.drain(from..message.len().min(from + many));
        }
        Twist::Repeat(at, many) => {
            let from = (at % len).min(message.len());
            let copy = message[from..message.len().min(from + many)].to_vec();
            message.extend(copy);
        }
        Twist::Point(at, to) => write(message, at % len, 0xC000 | to),
        Twist::Count(field, many) => write(message, 4 + 2 * field, *many),
    }
}

/// A name of wire octets from its text.
fn name(text: &str) -> Vec<u8> {
    let labels = text.split('.').filter(|label| !label.is_empty());
    let mut wire: Vec<u8> = labels
        .flat_map(|l| [&[l.len() as u8], l.as_bytes()].concat())
        .collect();
    wire.push(0);
    wire
}

/// A query as clients send it, with this OPT record behind the question (RFC 6891 §6.1.2).
fn query(
    flags: u16,
    qname: &str,
    kind: u16,
    class: u16,
    opt: Option<(u16, u32, &[u8])>,
) -> Vec<u8> {
    let mut message = vec![0x12, 0x34];
    for word in [flags, 1, 0, 0, u16::from(opt.is_some())] {
        message.extend(word.to_be_bytes());
    }
    message.extend(name(qname));
    message.extend([kind.to_be_bytes(), class.to_be_bytes()].concat());
    if let Some((payload, flags, options)) = opt {
        message.extend([0, 0, 41]);
        message.extend(payload.to_be_bytes());
        message.extend(flags.to_be_bytes());
        message.extend((options.len() as u16).to_be_bytes());
        message.extend(options);
    }
    message
}

/// Good queries of every sort that we know, to start from.
fn seeds() -> Vec<Vec<u8>> {
    const DO: u32 = 0x8000;
    let subnet4: &[u8] = &[0, 8, 0, 7, 0, 1, 24, 0, 9, 9, 9];
    let subnet6: &[u8] = &[0, 8, 0, 11, 0, 2, 56, 0, 0x26, 0x06, 0x47, 0, 0, 0, 0];
    let mixed: &[u8] = &[
        0, 3, 0, 0, 0, 8, 0, 4, 0, 1, 0, 0, 0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 12, 0, 2, 0, 0,
    ];
    let long = [&"a".repeat(63); 3].map(String::as_str).join(".") + ".example.com.";
    let mut seeds = vec![
        query(0x0100, "www.example.com.", 1, 1, None),
        query(0x0100, "www.example.com.", 28, 1, Some((1232, 0, &[]))),
        query(0x0000, "www.example.com.", 1, 1, Some((4096, DO, subnet4))),
        query(0x0000, "www.example.com.", 65, 1, Some((512, 0, subnet6))),
        query(0x0000, "www.example.com.", 255, 1, Some((65535, DO, mixed))),
        query(0x0000, "www.example.com.", 1, 1, Some((1232, 1 << 16, &[]))),
        query(0x0000, "a.b.c.wild.example.com.", 16, 1, Some((0, 0, &[]))),
        query(0x0000, "below.alias.example.com.", 5, 1, None),
        query(0x0000, &long, 1, 1, None),
        query(0x0000, ".", 2, 1, None),
        query(0x0000, "version.bind.", 16, 3, None),
        query(0x0000, "example.com.", 252, 1, None),
        query(0x2400, "example.com.", 6, 1, None),
        query(0x2800, "example.com.", 6, 1, None),
        query(0x8180, "www.example.com.", 1, 1, None),
    ];
    // The same records twice: two OPT records are an error of their own (RFC 6891 §6.1.1).
    let mut twice = query(0x0000, "www.example.com.", 1, 1, Some((1232, 0, subnet4)));
    let opt = twice[HEADER + name("www.example.com.").len() + 4..].to_vec();
    twice.extend(opt);
    twice[11] = 2;
    seeds.push(twice);
    seeds
}

fn message() -> impl Strategy<Value = Vec<u8>> {
    let twisted = (proptest::sample::select(seeds()), vec(twist(), 0..6)).prop_map(
        |(mut message, twists)| {
            twists.iter().for_each(|twist| apply(&mut message, twist));
            message
        },
    );
    prop_oneof![8 => twisted, 1 => vec(any::<u8>(), 0..600)]
}

/// Where the question section of one question ends, if it is whole and plain.
fn question_end(message: &[u8]) -> Option<usize> {
    let mut at = HEADER;
    loop {
        match usize::from(*message.get(at)?) {
            0 => break,
            len @ 1..=63 => at += 1 + len,
            _ => return None,
        }
    }
    (at + 5 <= message.len() && at - HEADER < 255).then_some(at + 5)
}

/// What must hold of a query and what came back over UDP.
fn law(query: &[u8], reply: Option<&[u8]>) -> Result<(), String> {
    let Some(reply) = reply else {
        let owed = query.len() >= HEADER
            && query[2] & 0x80 == 0
            && Message::from_vec(query).is_ok_and(|m| m.queries.len() == 1);
        return if owed {
            Err("a good query had no reply".to_string())
        } else {
            Ok(())
        };
    };
    let rule = |holds: bool, says: &str| {
        if holds {
            Ok(())
        } else {
            Err(format!("{says}: {reply:02x?}"))
        }
    };
    rule(query.len() >= HEADER, "less than a header was answered")?;
    rule(
        query[2] & 0x80 == 0,
        "a response was answered: two servers could talk for ever",
    )?;
    rule(reply.len() >= HEADER, "the reply is less than a header")?;
    rule(reply[..2] == query[..2], "the id differs")?;
    rule(reply[2] & 0x80 != 0, "QR is not set")?;
    rule((reply[2] ^ query[2]) & 0x78 == 0, "the opcode differs")?;
    rule(
        (reply[2] ^ query[2]) & 0x01 == 0,
        "RD is not copied (RFC 1035 §4.1.1)",
    )?;
    rule(reply[3] & 0x40 == 0, "Z is set (RFC 1035 §4.1.1)")?;
    rule(reply.len() <= LARGEST, "the reply is too large for UDP")?;
    let parsed = match Message::from_vec(reply) {
        Ok(parsed) => parsed,
        // Family 0 with an empty address comes back as it was sent; the second opinion knows no such family.
        Err(error) if error.to_string().contains("unknown address family: 0x0") => return Ok(()),
        Err(error) => return Err(format!("the reply does not parse: {error}: {reply:02x?}")),
    };
    rule(
        parsed.metadata.message_type == MessageType::Response,
        "it is no response",
    )?;
    rule(parsed.queries.len() <= 1, "it has several questions")?;
    if let ([_], Some(end)) = (parsed.queries.as_slice(), question_end(query)) {
        rule(
            reply.get(HEADER..end) == query.get(HEADER..end),
            "the question differs, or its case",
        )?;
    }
    // What we take for broken, and the second opinion does not, may have had no OPT that could be read; and how the
    // messages of operations that we do not offer are laid out is not ours to know.
    let code = parsed.metadata.response_code;
    let unread = matches!(code, ResponseCode::FormErr | ResponseCode::NotImp);
    let asked = Message::from_vec(query).ok();
    if let Some(asked) = asked.filter(|asked| asked.queries.len() == 1) {
        let most = asked.edns.as_ref().map_or(PLAIN, |e| {
            usize::from(e.max_payload()).clamp(PLAIN, LARGEST)
        });
        rule(
            reply.len() <= most,
            "the reply is larger than the client takes (RFC 6891 §6.2.3)",
        )?;
        rule(
            asked.edns.is_some() || parsed.edns.is_none(),
            "OPT was sent to a client without EDNS",
        )?;
        rule(
            parsed.edns.is_some() || asked.edns.is_none() || unread,
            "no OPT for a client with EDNS (RFC 6891 §6.1.1)",
        )?;
    }
    Ok(())
}

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

#[test]
fn the_server_keeps_the_law() {
    let mut stage = Stage::default();
    stage.load(&estate(), stage::atlas(&[])).unwrap();
    let stage = RefCell::new(stage);
    let from = [192, 0, 2, 7].into();
    hold(30_000, |message| {
        stage.borrow_mut().ask(message, from, Transport::Udp, START)
    });
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
