//! Shares at the running program: every draw, one to four answers, weights, nested tables and a tie of `nearest`, asked for
//! many networks of clients over UDP sockets that four workers answer.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};

use super::chance::{inclusion, stray, successive, tail};
use super::field::{self, Field};
use super::many;
use crate::subnet::{self, Told};

const ZONE: &str =
    "$TTL 60\n@ SOA ns hostmaster 1 7200 900 1209600 300\n@ NS ns\nns A 198.51.100.53\n";

/// VIPs by site: the first number of their addresses in 192.0.2.0/24, and their weights.
const VIPS: [(&str, u8, &[u32]); 4] = [
    ("", 1, &[5, 1, 2, 3, 8, 1, 4, 6]),
    ("fra", 11, &[1, 2, 3, 4, 5]),
    ("ams", 21, &[1, 1, 2, 4]),
    ("sin", 31, &[7, 1, 1, 1]),
];

const DRAWS: [&str; 4] = ["query", "client", "sticky", "name"];

/// A sticky table has so many slots, each filled by hashes: its shares stray as those of so many draws would.
const SLOTS: f64 = 4096.0;

/// The least probability that chance may give to the worst count of all.
const LEAST: f64 = 1e-4;

/// What a pool looks like, from which network clients ask it, and the sites with the parts that each must get.
struct Shape {
    name: &'static str,
    members: &'static str,
    clients: u8,
    sites: &'static [(usize, f64)],
}

const SHAPES: [Shape; 4] = [
    Shape {
        name: "weights",
        members: "members = [\"w-1\", \"w-2\", \"w-3\", \"w-4\", \"w-5\", \"w-6\", \"w-7\", \"w-8\"]",
        clients: 20,
        sites: &[(0, 1.0)],
    },
    // Three of five parts to the inner table, which gives a third of them to Frankfurt.
    Shape {
        name: "nested",
        members: "members = { inner = 3, sin = 2 }",
        clients: 20,
        sites: &[(1, 0.2), (2, 0.4), (3, 0.4)],
    },
    // Frankfurt and Amsterdam tie for clients of Germany, by what their VIPs weigh.
    Shape {
        name: "tied",
        members: NEAR,
        clients: 20,
        sites: &[(1, 15.0 / 23.0), (2, 8.0 / 23.0)],
    },
    Shape {
        name: "near",
        members: NEAR,
        clients: 60,
        sites: &[(3, 1.0)],
    },
];

const NEAR: &str = "members = [\"fra\", \"ams\", \"sin\"]\npolicy = \"nearest\"\ntie = \"500km\"";

/// A shape with a draw and so many answers.
const CELLS: usize = SHAPES.len() * DRAWS.len() * 4;

fn cell(number: usize) -> (&'static Shape, usize, usize) {
    (&SHAPES[number / 16], number / 4 % 4, 1 + number % 4)
}

fn pool(number: usize) -> String {
    let (shape, draw, k) = cell(number);
    format!("{}-{}-{k}", shape.name, DRAWS[draw])
}

fn steering() -> String {
    let mut text = String::from(
        "[sites]\nfra = { location = [50.11, 8.68] }\nams = { location = [52.37, 4.89] }\nsin = { location = [1.36, 103.99] }\n[vips]\n",
    );
    for (site, first, weights) in VIPS {
        for (n, weight) in weights.iter().enumerate() {
            let (name, place) = match site {
                "" => ("w", String::new()),
                site => (site, format!("site = \"{site}\", ")),
            };
            let number = usize::from(first) + n;
            let _ = writeln!(
                text,
                "{name}-{} = {{ {place}address = \"192.0.2.{number}\", weight = {weight} }}",
                n + 1
            );
        }
    }
    text += "[networks]\n\"20.0.0.0/8\" = { place = \"DE\", location = [50.1, 8.7] }\n";
    text += "\"60.0.0.0/8\" = { place = \"SG\", location = [1.35, 103.8] }\n";
    text += "[pools.inner]\nmembers = { fra = 1, ams = 2 }\n";
    for number in 0..CELLS {
        let (shape, draw, k) = cell(number);
        let (name, draw) = (pool(number), DRAWS[draw]);
        let _ = writeln!(
            text,
            "[pools.{name}]\n{}\ndraw = \"{draw}\"\nanswers = {k}",
            shape.members
        );
    }
    text += "[names]\n";
    for name in (0..CELLS).map(pool) {
        let _ = writeln!(text, "\"*.{name}.example.com.\" = \"{name}\"");
    }
    text
}

/// The part of all answers that must hold each address.
fn due(number: usize) -> BTreeMap<u8, f64> {
    let (shape, draw, k) = cell(number);
    let mut parts = BTreeMap::new();
    for (site, share) in shape.sites {
        let (_, first, weights) = VIPS[*site];
        let weights: Vec<f64> = weights.iter().map(|w| f64::from(*w)).collect();
        // The draws by slots take the best of a ranking, the others a sample of exact shares.
        let inside = match DRAWS[draw] {
            "sticky" | "name" => successive(&weights, k),
            _ => inclusion(&weights, k),
        };
        parts.extend(
            (first..)
                .zip(inside)
                .map(|(address, part)| (address, share * part)),
        );
    }
    parts
}

/// What was seen of a cell: answers, of each address in how many and in how many first, and which of the answer's addresses,
/// in the order of their numbers, was first.
#[derive(Clone, Copy)]
struct Seen {
    answers: u64,
    has: [u64; 64],
    first: [u64; 64],
    place: [u64; 4],
}

struct Tally(Vec<Seen>);

impl Default for Tally {
    fn default() -> Tally {
        let none = Seen {
            answers: 0,
            has: [0; 64],
            first: [0; 64],
            place: [0; 4],
        };
        Tally(vec![none; CELLS])
    }
}

impl Tally {
    fn tell(&mut self, number: usize, told: &Told) {
        let (_, _, k) = cell(number % CELLS);
        let got: Vec<u8> = field::addresses(told).into_iter().map(last).collect();
        let mut sorted = got.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert!(
            told.rcode == 0 && got.len() == k && sorted.len() == k,
            "{}: {got:?}",
            pool(number % CELLS)
        );
        let seen = &mut self.0[number % CELLS];
        seen.answers += 1;
        got.iter()
            .for_each(|address| seen.has[usize::from(*address)] += 1);
        seen.first[usize::from(got[0])] += 1;
        seen.place[sorted.iter().filter(|address| **address < got[0]).count()] += 1;
    }

    fn add(&mut self, other: &Tally) {
        for (seen, more) in self.0.iter_mut().zip(&other.0) {
            seen.answers += more.answers;
            let lists = [
                (&mut seen.has[..], &more.has[..]),
                (&mut seen.first, &more.first),
                (&mut seen.place, &more.place),
            ];
            for (list, more) in lists {
                list.iter_mut().zip(more).for_each(|(sum, n)| *sum += n);
            }
        }
    }
}

fn last(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(address) => address.octets()[3],
        IpAddr::V6(_) => panic!("{address}"),
    }
}

/// The worst statistics of a cell, each with its probability: a VIP's share, a VIP's share of first places, the places.
fn judge(number: usize, seen: &Seen) -> [(f64, f64); 3] {
    let (_, draw, k) = cell(number);
    let due = due(number);
    let slots = matches!(DRAWS[draw], "sticky" | "name");
    let table = |part: f64| {
        if slots {
            part * (1.0 - part) / SLOTS
        } else {
            0.0
        }
    };
    let known = |address: usize| due.contains_key(&(address as u8));
    assert!(
        (0..64).all(|address| known(address) || seen.has[address] == 0),
        "{}: a stranger",
        pool(number)
    );
    let count = k as f64;
    let has = due
        .iter()
        .map(|(a, part)| stray(seen.has[usize::from(*a)], seen.answers, *part, table(*part)));
    let first = due.iter().map(|(a, part)| {
        stray(
            seen.first[usize::from(*a)],
            seen.answers,
            part / count,
            table(*part) / count / count,
        )
    });
    let even = seen.answers as f64 / count;
    let places = seen.place[..k]
        .iter()
        .map(|n| (*n as f64 - even).powi(2) / even)
        .sum();
    let worst = |all: f64, freedom| (all, tail(all, freedom));
    let (has, first) = (has.fold(0.0, f64::max), first.fold(0.0, f64::max));
    [
        worst(has, 1),
        worst(first, 1),
        if k > 1 {
            worst(places, k - 1)
        } else {
            (0.0, 1.0)
        },
    ]
}

#[test]
fn shares_at_the_running_server() {
    let server = Field::start(
        &[
            ("example.com.zone", ZONE.into()),
            ("steering.toml", steering()),
        ],
        &[],
    );
    let asked = many("MERIDIAN_SHARE_QUERIES", 100_000);
    let question = |number: usize| {
        let (shape, ..) = cell(number % CELLS);
        // Each client of a cell once, in an order without a pattern.
        let key = (number / CELLS).wrapping_mul(40_503) + 977 * (number % CELLS);
        let client = Ipv4Addr::new(shape.clients, (key >> 8) as u8, key as u8, 0);
        let name = format!("n{}.{}.example.com.", number / CELLS, pool(number % CELLS));
        subnet::query(0, &name, subnet::A, Some((client.into(), 24)))
    };
    let parts = server.flood(asked, question, |tally: &mut Tally, number, told| {
        tally.tell(number, &told)
    });
    let mut all = Tally::default();
    parts.iter().for_each(|part| all.add(part));
    let (mut looked, mut least) = (0, (1.0, String::new()));
    for (number, seen) in all.0.iter().enumerate() {
        let found = judge(number, seen);
        looked += 2 * due(number).len() + 1;
        let line = format!(
            "{:16} {:6} answers: worst VIP chi2 {:6.3} p {:.4}, first {:6.3} p {:.4}, places {:6.3} p {:.4}",
            pool(number),
            seen.answers,
            found[0].0,
            found[0].1,
            found[1].0,
            found[1].1,
            found[2].0,
            found[2].1
        );
        println!("{line}");
        let p = found.iter().map(|(_, p)| *p).fold(1.0, f64::min);
        if p < least.0 {
            least = (p, line);
        }
    }
    // Of so many statistics one strays far by chance alone, so the least probability counts as often as was looked.
    let p = (least.0 * looked as f64).min(1.0);
    println!(
        "{asked} queries, {looked} statistics; the worst, p {p:.4} among so many: {}",
        least.1
    );
    assert!(p > LEAST, "{}", least.1);
}
