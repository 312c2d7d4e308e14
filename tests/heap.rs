//! Answers are made without asking for memory.

use std::hint::black_box;
use std::net::IpAddr;

use meridian::answer::{Client, Transport, Turn, answer};
use meridian::geo::atlas::Atlas;
use meridian::rate::{self, Exchange, Limiter, Proof, Source, Verdict};
use meridian::stats::{Counters, Outcome};
use meridian::wire::asked::{Asked, Seed};
use meridian::wire::kind::Kind;

use crate::counting::{asked, most};
use crate::mmdb::{Mmdb, Record, Value, map};
use crate::sample::{self, Dice, Terms};

/// Answers that are looked at.
const ANSWERS: usize = 10_000;

/// Every kind of answer, and what is counted for it.
const QUESTIONS: [(&str, Kind, Outcome); 28] = [
    ("www", Kind::A, Outcome::Static),
    ("several", Kind::A, Outcome::Static),
    ("mail", Kind::MX, Outcome::Static),
    ("alias", Kind::A, Outcome::Static),
    ("www.old", Kind::A, Outcome::NxDomain),
    ("a.wild", Kind::A, Outcome::Static),
    ("www", Kind::TXT, Outcome::NoData),
    ("www", Kind::ANY, Outcome::Static),
    ("no", Kind::A, Outcome::NxDomain),
    ("a.lab", Kind::A, Outcome::Referral),
    ("onto", Kind::A, Outcome::Steered),
    ("country", Kind::A, Outcome::Steered),
    ("country", Kind::AAAA, Outcome::Steered),
    ("country", Kind::ANY, Outcome::Steered),
    ("nearest", Kind::A, Outcome::Steered),
    ("four", Kind::AAAA, Outcome::Steered),
    ("spread", Kind::A, Outcome::Steered),
    ("client", Kind::A, Outcome::Steered),
    ("sticky", Kind::AAAA, Outcome::Steered),
    ("name", Kind::A, Outcome::Steered),
    ("cdn", Kind::TXT, Outcome::Steered),
    ("cdn", Kind::CNAME, Outcome::Steered),
    ("led", Kind::AAAA, Outcome::Steered),
    ("kept.stars", Kind::A, Outcome::NxDomain),
    ("https", Kind::HTTPS, Outcome::Static),
    ("else", Kind::HTTPS, Outcome::Static),
    ("www", Kind::IXFR, Outcome::NotAuth),
    ("www", Kind::OPT, Outcome::FormErr),
];

#[test]
fn answers_ask_for_no_memory() {
    let server = sample::server(10, 1_000);
    let world = server.world();
    let mut dice = Dice(11);
    let mut query = |(name, kind, _): &(&str, Kind, Outcome)| {
        let v4 = IpAddr::from(dice.v4());
        let terms = [
            Terms::None,
            Terms::Plain,
            Terms::Subnet(v4, 24),
            Terms::Subnet(dice.v6().into(), 56),
            Terms::Subnet(v4, 0),
            Terms::New,
            Terms::Cookie,
            Terms::All,
        ];
        let name = format!("{name}.example.com.");
        terms.map(|terms| sample::query(&name, *kind, terms))
    };
    let queries: Vec<Vec<u8>> = QUESTIONS.iter().flat_map(&mut query).collect();
    let client = |transport| Client {
        addr: (sample::SENDER, 53_000).into(),
        transport,
    };
    let clients = [Transport::Udp, Transport::Tcp].map(client);
    let counters = Counters::default();
    let mut name = Asked::new(Seed::default());
    let mut turn = Turn::new(0, &counters, &mut name);
    turn.now = sample::NOW;
    let mut out = [0; meridian::limits::UDP_PAYLOAD];
    let each = queries.len() * clients.len();
    let before = asked();
    for _ in 0..ANSWERS.div_ceil(each) {
        for client in clients {
            for query in &queries {
                black_box(answer(world, client, &mut turn, query, &mut out));
            }
        }
    }
    assert_eq!(
        asked(),
        before,
        "something on the way of an answer allocates"
    );
    // The queries were what they seem.
    for outcome in Outcome::ALL {
        let meant = QUESTIONS.iter().filter(|(.., o)| *o == outcome).count();
        let share = (each / QUESTIONS.len() * ANSWERS.div_ceil(each)) as u64;
        assert_eq!(
            counters.outcomes(outcome),
            meant as u64 * share,
            "{}",
            outcome.label()
        );
    }
}

#[test]
fn refusing_a_key_asks_for_no_memory() {
    let server = sample::server(1, 1);
    let query = sample::query("www.example.com.", Kind::A, Terms::Signed);
    let client = Client {
        addr: (sample::SENDER, 53_000).into(),
        transport: Transport::Udp,
    };
    let counters = Counters::default();
    let mut name = Asked::new(Seed::default());
    let mut turn = Turn::new(0, &counters, &mut name);
    let mut out = [0; meridian::limits::UDP_PAYLOAD];
    let before = asked();
    black_box(answer(server.world(), client, &mut turn, &query, &mut out));
    assert_eq!(asked(), before);
    assert_eq!(counters.outcomes(Outcome::NotAuth), 1);
}

/// Whoever asks, and however much of it is limited.
#[test]
fn limiting_asks_for_no_memory() {
    let mut limiter = Limiter::new(&rate::Terms::default(), 1, [1, 2]);
    let mut dice = Dice(12);
    let mut limited = 0;
    let before = asked();
    for n in 0..100_000 {
        let client: IpAddr = match n % 3 {
            0 => dice.v4().into(),
            1 => dice.v6().into(),
            _ => sample::SENDER.into(),
        };
        limiter.tick(n * 10);
        let verdict = limiter.judge(&Exchange {
            client,
            proof: Proof::None,
            query: 40,
            answer: meridian::limits::UDP_PAYLOAD,
            source: Source::Zone,
        });
        limited += u32::from(verdict != Verdict::Send);
        black_box(limiter.report());
    }
    assert_eq!(asked(), before);
    assert!(limited > 0);
}

/// A file and what is read of it: so many times its size, and what any file may take besides.
const FACTOR: i64 = 64;
const BESIDES: i64 = 16 << 20;

fn read(file: &[u8]) -> (bool, i64) {
    let (taken, most) = most(|| Atlas::read(&[("a.mmdb", file)]).is_ok());
    let bound = FACTOR * file.len() as i64 + BESIDES;
    assert!(most <= bound, "{most} octets for a file of {}", file.len());
    (taken, most)
}

/// Databases that are made to cost: every network a record of its own, and pointers to what is large.
#[test]
fn databases_take_no_more_than_their_files_are_worth() {
    let network = |n: u32| format!("{}.{}.{}.0/24", 1 + (n >> 16), n >> 8 & 255, n & 255);
    let mut plain = Mmdb::new("GeoLite2-ASN");
    (0..60_000).for_each(|n| plain.add(&network(n), Record::new().system(n + 1).value()));
    let file = plain.bytes();
    assert!(read(&file).0);
    let mut names = Mmdb::new("GeoIP2-City");
    let long = "x".repeat(200);
    for n in 0..20_000 {
        let here = Record::new()
            .country("DE")
            .city(&long)
            .location(1.0, f64::from(n) / 1e3);
        names.add(&network(n), here.value());
    }
    assert!(read(&names.bytes()).0);
    let mut sixes = Mmdb::new("GeoIP2-Country");
    for n in 0..30_000u32 {
        let code = ["DE", "FR"][n as usize % 2];
        sixes.add(
            &format!("2a00:{:x}:{:x}::/48", n >> 8, n & 255),
            Record::new().country(code).value(),
        );
    }
    assert!(read(&sixes.bytes()).0);
}

/// Each network has a pointer of its own to one list of many: all together would take days.
#[test]
fn pointers_to_the_same_are_not_followed_for_ever() {
    for large in [
        Value::List(vec![Value::Unsigned(1); 60_000]),
        Value::Text("x".repeat(1 << 20)),
    ] {
        let mut fan = Mmdb::new("GeoIP2-City");
        fan.add("0.0.0.0/8", map([("country", large)]));
        for n in 0..30_000u32 {
            let network = format!("{}.{}.{}.0/24", 1 + (n >> 16), n >> 8 & 255, n & 255);
            // Where the first record lies.
            let entry = map([("n", Value::Unsigned(n)), ("to", Value::Pointer(0))]);
            fan.add(&network, entry);
        }
        let file = fan.bytes();
        let found = Atlas::read(&[("a.mmdb", &file)]).unwrap_err();
        let words = "there is more in it than the file is worth";
        let told = found[0].line();
        assert!(told.contains(words) || told.contains("is broken"), "{told}");
        assert!(!read(&file).0);
    }
}

/// Else the test above would prove nothing.
#[test]
fn what_is_held_is_seen() {
    let (list, held) = most(|| black_box(vec![0_u8; 5_000]));
    assert_eq!((list.len(), held), (5_000, 5_000));
}

/// Else the test above would prove nothing.
#[test]
fn the_count_counts() {
    let before = asked();
    black_box(Box::new(1));
    let one = asked();
    let mut list = black_box(vec![0_u8; 10]);
    list.reserve(1_000);
    assert_eq!((one - before, asked() - one), (1, 2));
}
