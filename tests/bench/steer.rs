//! What a large steered estate costs: 100,000 names over 1,000 pools, 200 VIPs, 5 maps: `cargo bench --bench steer`.
//!
//! Load, memory, changes of health and reloads are measured in this process; the instructions of an answer in a small estate
//! and in the large one over the same networks by running itself under callgrind (needs valgrind; `STEER_INSTRUCTIONS=0` leaves that out). It fails
//! if the large one's answers cost over [`BAR`] more.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    dead_code,
    unreachable_pub,
    reason = "a bench is no part of the server, and takes what it needs of the tests' rooms"
)]

#[path = "callgrind.rs"]
mod callgrind;
#[path = "steer/ground.rs"]
mod ground;
#[path = "../support/heap.rs"]
mod heap;
#[path = "../support/sample.rs"]
mod sample;
#[path = "../support/server.rs"]
mod server;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use ground::Scale;
use meridian::health::verdict::{Both, State, Verdict};
use meridian::wire::kind::Kind;
use meridian::world::World;
use meridian::world::situation::Standing;
use sample::{Dice, Terms};
use server::Server;

#[global_allocator]
static HEAP: heap::Counting = heap::Counting;

/// What an answer of the large estate may cost more.
const BAR: f64 = 0.02;
/// Answers that are counted: so many different queries, again and again.
const ANSWERS: usize = 100_000;
const QUERIES: usize = 4_200;

const LARGE: Scale = Scale {
    names: 100_000,
    pools: 1_000,
    places: 4,
    ranges: 100_000,
};
const SMALL: Scale = Scale {
    names: ground::KINDS,
    pools: ground::KINDS,
    places: 4,
    ranges: 100_000,
};

fn main() {
    let words: Vec<String> = std::env::args().collect();
    match words.iter().position(|word| word == "counted") {
        Some(at) if words[at + 1] == "large" => answers(&LARGE),
        Some(_) => answers(&SMALL),
        None => {
            costs();
            if std::env::var("STEER_INSTRUCTIONS").as_deref() != Ok("0") {
                instructions();
            }
        }
    }
}

/// What was done, how long it took, and what it asked of memory.
fn row<T>(label: &str, work: impl FnOnce() -> T) -> T {
    let (asked, start) = (heap::asked(), Instant::now());
    let (done, most) = heap::most(work);
    let took = start.elapsed().as_secs_f64() * 1e3;
    let asked = heap::asked() - asked;
    let most = most as f64 / f64::from(1 << 20);
    println!("| {label} | {took:.2} | {asked} | {most:.1} |");
    done
}

/// The same world but for the plans of pools that a change touches; how many those are, and whether it is right.
fn same(before: &World, after: &World) -> String {
    let pairs = before.plans.iter().zip(&after.plans);
    let shared = pairs.filter(|(a, b)| Arc::ptr_eq(a, b)).count();
    let pools = after.plans.len();
    format!("{} of {pools} pools planned anew", pools - shared)
}

fn down<'a>(down: &'a [&'a str]) -> impl Fn(&str) -> Both + 'a {
    |name| {
        let (state, since) = (State::Down, 1);
        match down.contains(&name) {
            true => Both::same(Verdict { state, since }),
            false => Both::UNKNOWN,
        }
    }
}

/// The world with these verdicts and nothing else changed.
fn with(world: &World, verdict: impl Fn(&str) -> Both, generation: u64) -> World {
    let standing = Standing {
        verdicts: world.estate.verdicts(verdict),
        motion: world.motion.clone(),
    };
    world.with(standing, generation)
}

fn costs() {
    println!("| what | ms | allocations | most MiB at a time |\n|---|---|---|---|");
    let atlas = Arc::new(row("made-up databases", || ground::atlas(&LARGE)));
    let files = ground::files(&LARGE, 1);
    let mut server = Server::default();
    row("load: read, link, plan", || {
        server.load(&files, atlas.clone()).unwrap();
    });
    let world = server.world();
    let all = row("plan alone", || {
        let (estate, badge) = (world.estate.clone(), world.badge.clone());
        let unknown = Standing::unknown(&estate);
        World::new(estate, badge, unknown, 1)
    });
    row("digests", || black_box(world.digests()));
    let few = row("a VIP of 10 pools goes down", || {
        with(world, down(&["rare-1"]), 2)
    });
    let many = row("a VIP of all pools goes down", || {
        with(world, down(&["hub-1"]), 2)
    });
    let site = ["hub-1", "hub-2", "hub-3", "hub-4"];
    let lost = row("a site of all pools goes down", || {
        with(world, down(&site), 2)
    });
    let back = row("and comes back", || with(&lost, |_| Both::UNKNOWN, 3));
    assert_eq!(back.digests().plans, world.digests().plans);
    drop(all);
    let said = [
        ("10", same(world, &few)),
        ("all", same(world, &many)),
        ("site", same(world, &lost)),
    ];
    let before = world.plans.clone();
    let files = ground::files(&LARGE, 2);
    row("reload: another number in one pool", || {
        server.load(&files, atlas.clone()).unwrap();
    });
    let world = server.world();
    let pairs = before.iter().zip(&world.plans);
    let kept = pairs.filter(|(a, b)| Arc::ptr_eq(a, b)).count();
    println!(
        "\n{said:?}; after the reload {kept} of {} kept",
        before.len()
    );
    let mut maps: Vec<_> = world.estate.roots.iter().map(|root| &root.map).collect();
    maps.sort_by_key(|map| Arc::as_ptr(map));
    maps.dedup_by(|a, b| Arc::ptr_eq(a, b));
    let classes: Vec<usize> = maps.iter().map(|map| map.classes().len()).collect();
    println!("{} maps with {classes:?} classes", maps.len());
}

/// Answers to clients in turn, for callgrind.
fn answers(scale: &Scale) {
    let mut server = Server::default();
    let atlas = Arc::new(ground::atlas(scale));
    server.load(&ground::files(scale, 1), atlas).unwrap();
    let (mut dice, mut which) = (Dice(7), Dice(8));
    let queries: Vec<Vec<u8>> = (0..QUERIES)
        .map(|n| {
            // Each kind of pool as often in either estate, for the same clients.
            let many = scale.pools / ground::KINDS;
            let pool = n % ground::KINDS + which.roll() as usize % many * ground::KINDS;
            let name = pool + which.roll() as usize % (scale.names / scale.pools) * scale.pools;
            let (kind, terms) = match n % 2 {
                0 => (Kind::A, Terms::Subnet(dice.v4().into(), 24)),
                _ => (Kind::AAAA, Terms::Subnet(dice.v6().into(), 56)),
            };
            sample::query(&ground::name(name), kind, terms)
        })
        .collect();
    callgrind::serve(|_| callgrind::counted_answers(server.world(), &queries, ANSWERS));
}

fn instructions() {
    let count = |which| callgrind::instructions(&["counted", which], ANSWERS);
    let (small, large) = (count("small"), count("large"));
    let more = large / small - 1.0;
    println!(
        "\ninstructions an answer: small estate {small:.0}, large {large:.0} ({:+.1} %)",
        more * 100.0
    );
    assert!(
        more <= BAR,
        "an answer must not cost more for what stands beside it"
    );
}
