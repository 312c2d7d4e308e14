//! What an answer costs within the process, and what each step on its way does: `cargo bench --bench answer`.
//!
//! A case takes its queries from a thousand clients in turn, as a server sees them.
//!
//! `cargo bench --bench answer -- count` counts instructions instead (needs valgrind), and fails where a count is not the
//! one of `instructions.txt` any more; `-- write` writes that anew.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    dead_code,
    unreachable_pub,
    reason = "a bench is no part of the server, and takes what it needs of the tests' rooms"
)]

#[path = "callgrind.rs"]
mod callgrind;
#[path = "answer/counts.rs"]
mod counts;
#[path = "../support/sample.rs"]
mod sample;
#[path = "../support/server.rs"]
mod server;

use std::fmt;
use std::hint::black_box;
use std::net::IpAddr;
use std::sync::LazyLock;

use divan::Bencher;
use meridian::answer::{Client, Transport, Turn, answer as reply};
use meridian::geo::table::Table;
use meridian::stats::Counters;
use meridian::steer::wheel::{Choice, Family};
use meridian::wire::asked::{Asked, Seed};
use meridian::wire::kind::Kind;
use meridian::wire::query;
use meridian::world::estate::Root;
use meridian::zone::Found;
use sample::{Dice, Terms};
use server::Server;

/// Different queries of a case: a power of two, more than a predictor learns by heart.
const MANY: usize = 1_024;
/// Networks of each family in the estate, about as many as a City database leaves of a country's borders.
const NETWORKS: usize = 100_000;
/// Ranges of the large table.
const RANGES: usize = 1_000_000;

static SERVER: LazyLock<Server> = LazyLock::new(|| sample::server(0, NETWORKS));

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| words.iter().any(|one| one == word);
    match () {
        () if has("counted") => counts::serve(),
        () if has("write") => counts::write(),
        () if has("count") => counts::hold(),
        () => divan::main(),
    }
}

/// Who is asked for.
#[derive(Clone, Copy)]
enum Sender {
    /// A resolver without EDNS.
    Old,
    /// A resolver with EDNS.
    Plain,
    /// One that sends the client's /24.
    Four,
    /// One that sends the client's /56.
    Six,
    /// One that does not know the server's half of its cookie yet.
    New,
    /// One with a cookie of the server.
    Known,
    /// One with a key that the server does not know.
    Signed,
}

struct Case {
    label: &'static str,
    name: &'static str,
    kind: Kind,
    sender: Sender,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label)
    }
}

impl Case {
    const fn new(label: &'static str, name: &'static str, kind: Kind, sender: Sender) -> Case {
        Case {
            label,
            name,
            kind,
            sender,
        }
    }

    /// Its queries; a `#` in the name is a number.
    fn queries(&self) -> Vec<Vec<u8>> {
        let mut dice = Dice(7);
        let one = |n: usize| {
            let terms = match self.sender {
                Sender::Old => Terms::None,
                Sender::Plain => Terms::Plain,
                Sender::Four => Terms::Subnet(dice.v4().into(), 24),
                Sender::Six => Terms::Subnet(dice.v6().into(), 56),
                Sender::New => Terms::New,
                Sender::Known => Terms::Cookie,
                Sender::Signed => Terms::Signed,
            };
            let name = self.name.replace('#', &n.to_string());
            sample::query(&format!("{name}.example.com."), self.kind, terms)
        };
        (0..MANY).map(one).collect()
    }
}

static CASES: [Case; 17] = [
    Case::new("static A", "www", Kind::A, Sender::Old),
    Case::new("static A, EDNS", "www", Kind::A, Sender::Plain),
    Case::new("static A, ECS /24", "www", Kind::A, Sender::Four),
    Case::new("static A, new cookie", "www", Kind::A, Sender::New),
    Case::new("static A, valid cookie", "www", Kind::A, Sender::Known),
    Case::new("signed A", "www", Kind::A, Sender::Signed),
    Case::new("NXDOMAIN", "no-#", Kind::A, Sender::Plain),
    Case::new("CNAME chain", "alias", Kind::A, Sender::Plain),
    Case::new("referral", "a.lab", Kind::A, Sender::Plain),
    Case::new("by country", "country", Kind::A, Sender::Old),
    Case::new("by country, ECS /24", "country", Kind::A, Sender::Four),
    Case::new("by country, ECS /56", "country", Kind::AAAA, Sender::Six),
    Case::new("nearest, ECS /24", "nearest", Kind::A, Sender::Four),
    Case::new("sticky, ECS /24", "sticky", Kind::A, Sender::Four),
    Case::new("sticky, ECS /56", "sticky", Kind::AAAA, Sender::Six),
    Case::new("4 answers, ECS /24", "four", Kind::A, Sender::Four),
    Case::new(
        "HTTPS with hints, ECS /24",
        "https",
        Kind::HTTPS,
        Sender::Four,
    ),
];

/// A query's bytes to an answer's.
#[divan::bench(sample_size = MANY as u32, sample_count = 300, args = &CASES)]
fn answer(bencher: Bencher<'_, '_>, case: &Case) {
    let queries = case.queries();
    let world = SERVER.world();
    let client = Client {
        addr: (sample::SENDER, 53_000).into(),
        transport: Transport::Udp,
    };
    let counters = Counters::default();
    let mut name = Asked::new(Seed::default());
    let mut turn = Turn::new(0, &counters, &mut name);
    turn.now = sample::NOW;
    let mut out = [0; meridian::limits::UDP_PAYLOAD];
    let mut n = 0;
    bencher.bench_local(|| {
        n = (n + 1) % MANY;
        reply(world, client, &mut turn, black_box(&queries[n]), &mut out)
    });
}

/// Reading a message: without EDNS and with a client subnet.
#[divan::bench(sample_size = MANY as u32, sample_count = 300, args = [&CASES[0], &CASES[2]])]
fn parse(bencher: Bencher<'_, '_>, case: &Case) {
    let queries = case.queries();
    let mut asked = Asked::new(Seed::default());
    let mut n = 0;
    bencher.bench_local(|| {
        n = (n + 1) % MANY;
        query::parse(black_box(&queries[n]), &mut asked).map(|query| query.end)
    });
}

/// From the name asked to its zone and node, in a zone of so many more names.
#[divan::bench(sample_size = MANY as u32, sample_count = 300, args = [1, 100_000])]
fn name(bencher: Bencher<'_, '_>, names: usize) {
    let server = sample::server(names, 0);
    let estate = &server.world().estate;
    let mut dice = Dice(3);
    let wires: Vec<Vec<u8>> = (0..MANY)
        .map(|_| {
            let name = format!("host-{}.example.com.", dice.roll() as usize % names);
            sample::query(&name, Kind::A, Terms::None).split_off(query::HEADER)
        })
        .collect();
    let mut asked = Asked::new(Seed::default());
    let mut n = 0;
    bencher.bench_local(|| {
        n = (n + 1) % MANY;
        asked.read(black_box(&wires[n])).ok()?;
        let held = estate.zone(&asked)?;
        Some(matches!(
            held.zone.find(&asked, Kind::A),
            Found::Records { .. }
        ))
    });
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut dice = Dice(1);
    let v4 = sample::starts(RANGES, || u32::from(dice.v4()) & !0xf);
    let v6 = sample::starts(RANGES, || u128::from(dice.v6()));
    let classes = (0..250).cycle();
    Table::new(
        v4.into_iter().zip(classes.clone()).collect(),
        v6.into_iter().zip(classes).collect(),
    )
});

/// The class of an address in a table of a million ranges of each family.
fn prefix(bencher: Bencher<'_, '_>, many: usize, addr: impl FnMut(usize) -> IpAddr) {
    let table = &*TABLE;
    let addresses: Vec<IpAddr> = (0..many).map(addr).collect();
    let mut n = 0;
    bencher.bench_local(|| {
        n = (n + 1) % many;
        table.find(black_box(addresses[n]))
    });
}

/// Random: each address is a new one. Hot: sixteen of them come again and again.
#[divan::bench(sample_size = MANY as u32, sample_count = 300, args = [("random", 1 << 20), ("hot", 16)].map(Run))]
fn prefix_v4(bencher: Bencher<'_, '_>, run: Run) {
    let mut dice = Dice(5);
    prefix(bencher, run.0.1, |_| dice.v4().into());
}

#[divan::bench(sample_size = MANY as u32, sample_count = 300, args = [("random", 1 << 20), ("hot", 16)].map(Run))]
fn prefix_v6(bencher: Bencher<'_, '_>, run: Run) {
    let mut dice = Dice(5);
    prefix(bencher, run.0.1, |_| dice.v6().into());
}

#[derive(Clone, Copy)]
struct Run((&'static str, usize));

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.0)
    }
}

/// Who gets what of a pool.
fn choice(pool: &str) -> &'static Choice {
    let world = SERVER.world();
    let pools = &world.estate.steering.pools;
    let is = |root: &Root| pools[usize::from(root.pool.0)].name == pool;
    let at = world.estate.roots.iter().position(is).unwrap();
    let plan = world.plans[at].get(0).unwrap();
    &plan.side(Family::V4).choice
}

/// The VIP of a point, of thirty VIPs: by arcs, and by slots.
#[divan::bench(sample_size = MANY as u32, sample_count = 300, args = ["spread", "sticky"])]
fn pick(bencher: Bencher<'_, '_>, pool: &str) {
    let choice = choice(pool);
    let mut dice = Dice(9);
    let points: Vec<u32> = (0..MANY).map(|_| dice.roll() as u32).collect();
    let mut n = 0;
    bencher.bench_local(|| {
        n = (n + 1) % MANY;
        choice
            .pick(Family::V4, black_box(points[n]))
            .first()
            .copied()
    });
}
