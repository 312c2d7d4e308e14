//! Estates of any size in one respect, the others held still, with random queries for them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use meridian::geo::atlas::{Atlas, Facts};
use meridian::place::{Country, Point};
use meridian::wire::kind::Kind;

use crate::sample::{self, Dice, Terms};
use crate::server::Server;

/// Different queries that are asked in turn.
pub const QUERIES: usize = 1 << 14;

/// What grows.
pub struct Row {
    pub name: &'static str,
    pub title: &'static str,
    /// What is counted.
    pub unit: &'static str,
    pub sizes: &'static [usize],
}

pub const ROWS: [Row; 4] = [
    Row {
        name: "names",
        title: "A static answer, by the names of its zone",
        unit: "names",
        sizes: &[10, 100, 1_000, 10_000, 100_000, 1_000_000],
    },
    Row {
        name: "pools",
        title: "A steered answer, by the pools of the estate",
        unit: "pools",
        sizes: &[1, 10, 100, 1_000],
    },
    Row {
        name: "vips",
        title: "A steered answer, by the VIPs of its pool",
        unit: "VIPs",
        sizes: &[2, 4, 8, 16, 32, 64],
    },
    Row {
        name: "networks",
        title: "A steered answer, by the networks of the database",
        unit: "networks",
        sizes: &[1_000, 10_000, 100_000, 1_000_000, 4_000_000],
    },
];

/// What is held still while another thing grows.
const NAMES: usize = 1_000;
const POOLS: usize = 10;
const VIPS: usize = 30;
const NETWORKS: usize = 100_000;

/// Sites where clients are, too.
const SITES: [(&str, &str, f64, f64); 10] = [
    ("fra", "DE", 50.1, 8.7),
    ("par", "FR", 48.9, 2.4),
    ("iad", "US", 38.9, -77.4),
    ("gru", "BR", -23.4, -46.5),
    ("jnb", "ZA", -26.1, 28.2),
    ("sin", "SG", 1.4, 104.0),
    ("nrt", "JP", 35.8, 140.4),
    ("bom", "IN", 19.1, 72.9),
    ("syd", "AU", -33.9, 151.2),
    ("waw", "PL", 52.2, 21.0),
];

/// The estate of a row with so many of its things, and queries for it.
pub fn of(row: &str, size: usize) -> (Server, Vec<Vec<u8>>) {
    let or = |name: &str, still: usize| if row == name { size } else { still };
    let (names, pools, vips) = (or("names", NAMES), or("pools", POOLS), or("vips", VIPS));
    let files = BTreeMap::from([
        ("example.com.zone".to_string(), zone(names)),
        ("steering.toml".to_string(), steering(pools, vips)),
    ]);
    let mut server = Server::default();
    let atlas = atlas(or("networks", NETWORKS));
    if let Err(words) = server.load(&files, Arc::new(atlas)) {
        panic!("{words}");
    }
    let mut dice = Dice(7);
    let query = |n: usize| {
        if row == "names" {
            let name = host(dice.roll() as usize % names);
            return sample::query(&name, Kind::A, Terms::Plain);
        }
        let name = format!("pool-{:04}.example.com.", dice.roll() as usize % pools);
        let (kind, terms) = match n % 2 {
            0 => (Kind::A, Terms::Subnet(dice.v4().into(), 24)),
            _ => (Kind::AAAA, Terms::Subnet(dice.v6().into(), 56)),
        };
        sample::query(&name, kind, terms)
    };
    (server, (0..QUERIES).map(query).collect())
}

/// All of one length.
fn host(n: usize) -> String {
    format!("host-{n:07}.example.com.")
}

fn zone(names: usize) -> String {
    let mut text = String::from(
        "$TTL 300\n@ IN SOA ns1 hostmaster 1 3600 600 604800 60\n  IN NS ns1\nns1 IN A 192.0.2.1\n",
    );
    for n in 0..names {
        let _ = writeln!(
            text,
            "{} IN A 10.{}.{}.{}",
            host(n),
            n >> 16,
            n >> 8 & 255,
            n & 255
        );
    }
    text
}

fn steering(pools: usize, vips: usize) -> String {
    let mut text = String::from("[sites]\n");
    let sites = &SITES[..SITES.len().min(vips)];
    for (site, _, north, east) in sites {
        let _ = writeln!(text, "{site} = {{ location = [{north:?}, {east:?}] }}");
    }
    text += "[vips]\n";
    for n in 0..vips {
        let site = sites[n % sites.len()].0;
        let _ = writeln!(
            text,
            "vip-{n:02} = {{ site = \"{site}\", address = \"198.51.100.{n}\", address6 = \"2001:db8::{n:x}\", weight = {} }}",
            1 + n % 5
        );
    }
    let members: Vec<String> = sites.iter().map(|site| format!("\"{}\"", site.0)).collect();
    for n in 0..pools {
        let _ = writeln!(
            text,
            "[pools.pool-{n:04}]\nmembers = [{}]\npolicy = \"nearest\"\n",
            members.join(", ")
        );
    }
    text += "[names]\n";
    for n in 0..pools {
        let _ = writeln!(text, "\"pool-{n:04}.example.com.\" = \"pool-{n:04}\"");
    }
    text
}

/// So many networks, a quarter of them of IPv6 as in a real database.
fn atlas(networks: usize) -> Atlas {
    let facts = SITES.iter().map(|(_, code, north, east)| Facts {
        country: Country::from_code(code),
        location: Point::from_degrees(*north, *east),
        ..Facts::default()
    });
    let facts: Vec<Facts> = [Facts::default()].into_iter().chain(facts).collect();
    let mut dice = Dice(1);
    let many = networks / 4 * 3;
    let v4 = sample::starts(many, || u32::from(dice.v4()) & !0x1f);
    let v6 = sample::starts(networks - many, || u128::from(dice.v6()) >> 80 << 80);
    let mut number = || 1 + (dice.roll() % SITES.len() as u64) as u32;
    let v4: Vec<(u32, u32)> = v4.into_iter().map(|start| (start, number())).collect();
    let v6: Vec<(u128, u32)> = v6.into_iter().map(|start| (start, number())).collect();
    Atlas::new(
        facts,
        [(0, 0)].into_iter().chain(v4),
        [(0, 0)].into_iter().chain(v6),
    )
}
