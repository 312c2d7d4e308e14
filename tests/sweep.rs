//! All 65,536 types at every kind of name, in four classes: an answer to each, the right code, and no octet too many.

use meridian::answer::{Client, Transport, Turn, answer};
use meridian::limits;
use meridian::stats::Counters;
use meridian::wire::asked::{Asked, Seed};
use meridian::wire::kind::{Kind, class};

use crate::sample::{self, Terms};

/// One name of the sample estate for each way to be found, and its code in class IN.
const PLACES: [(&str, u16); 8] = [
    ("", 0),
    ("www.", 0),
    ("mail.", 0),
    ("wild.", 0),
    ("any.wild.", 0),
    ("host.lab.", 0),
    ("missing.", 3),
    ("country.", 0),
];

const CLASSES: [u16; 4] = [class::IN, class::CH, class::ANY, class::NONE];

/// The code that a type has over UDP whatever there is at the name, if it has one.
fn always(kind: Kind, place: &str) -> Option<u16> {
    match kind {
        // RFC 6891 §6.1.1, RFC 8945 §5, RFC 2930 §2, RFC 9824 §3.5.
        Kind::OPT | Kind::TSIG | Kind::TKEY | Kind(128) => Some(1),
        // RFC 5936 §4.2 and §2.2.1: not over UDP; not allowed; no zone.
        Kind::AXFR => Some(4),
        Kind::IXFR if place.is_empty() => Some(5),
        Kind::IXFR => Some(9),
        _ => None,
    }
}

/// A query that says how much it takes, and whether it wants signatures.
struct Question {
    message: Vec<u8>,
    /// Where the type stands, and behind it the class.
    kind: usize,
    most: usize,
}

fn questions(name: &str) -> [Question; 2] {
    let name = format!("{name}example.com.");
    let plain = sample::query(&name, Kind::A, Terms::None);
    let mut signed = sample::query(&name, Kind::A, Terms::Plain);
    let kind = plain.len() - 4;
    // The OPT record stands behind the question: its class is the size, its TTL begins with code and version.
    let opt = plain.len();
    let most = 600;
    signed[opt + 3..opt + 5].copy_from_slice(&(most as u16).to_be_bytes());
    signed[opt + 7] = 0x80;
    let plain = (plain, 512);
    [plain, (signed, most)].map(|(message, most)| Question {
        message,
        kind,
        most,
    })
}

/// What must hold of an answer.
fn law(query: &[u8], reply: &[u8], kind: usize, most: usize, codes: &[u16]) -> Result<(), String> {
    let rules = [
        (!reply.is_empty(), "silence"),
        (reply.len() <= most, "more octets than are taken"),
        (reply.get(..2) == query.get(..2), "another id"),
        (
            reply.get(2).is_some_and(|b| b & 0xf8 == 0x80),
            "no response to a query",
        ),
        (
            reply.get(12..kind + 4) == query.get(12..kind + 4),
            "another question",
        ),
        (
            reply
                .get(3)
                .is_some_and(|b| codes.contains(&u16::from(b & 15))),
            "another code",
        ),
    ];
    let broken = rules.iter().find(|(holds, _)| !holds);
    broken.map_or(Ok(()), |(_, says)| Err(format!("{says}: {reply:02x?}")))
}

#[test]
fn every_type_has_an_answer() {
    let server = sample::server(10, 100);
    let world = server.world();
    let client = Client {
        addr: ([11, 22, 33, 44], 53_000).into(),
        transport: Transport::Udp,
    };
    let counters = Counters::default();
    let mut asked_for = Asked::new(Seed::default());
    let mut turn = Turn::new(0, &counters, &mut asked_for);
    turn.now = 1_700_000_000;
    let mut out = [0; limits::UDP_PAYLOAD];
    for (place, code) in PLACES {
        for question in &mut questions(place) {
            let at = question.kind;
            for kind in 0..=u16::MAX {
                question.message[at..at + 2].copy_from_slice(&kind.to_be_bytes());
                for class in CLASSES {
                    question.message[at + 2..at + 4].copy_from_slice(&class.to_be_bytes());
                    let query = &question.message;
                    let length = answer(world, client, &mut turn, query, &mut out);
                    let own = [always(Kind(kind), place).unwrap_or(code)];
                    // Class ANY is answered as IN is; of other classes there is no zone: FORMERR, NOTIMP or REFUSED.
                    let served = class == 1 || class == 255;
                    let codes: &[u16] = if served { &own } else { &[1, 4, 5] };
                    if let Err(why) = law(query, &out[..length], at, question.most, codes) {
                        panic!("{place}example.com. TYPE{kind} CLASS{class}: {why}");
                    }
                }
            }
        }
    }
}

/// Else the test above would prove nothing.
#[test]
fn each_fault_is_caught() {
    let [question, _] = questions("www.");
    let (query, at) = (&question.message, question.kind);
    let mut good = query.clone();
    good[2] = 0x80;
    assert_eq!(law(query, &good, at, 512, &[0]), Ok(()));
    type Fault = fn(&mut Vec<u8>);
    let faults: [(&str, Fault); 6] = [
        ("silence", Vec::clear),
        ("more octets", |r| r.resize(513, 0)),
        ("another id", |r| r[0] ^= 1),
        ("no response", |r| r[2] = 0),
        ("another question", |r| r[13] ^= 0x20),
        ("another code", |r| r[3] = 2),
    ];
    for (says, fault) in faults {
        let mut bad = good.clone();
        fault(&mut bad);
        let error = law(query, &bad, at, 512, &[0]).unwrap_err();
        assert!(error.starts_with(says), "{says}: {error}");
    }
}
