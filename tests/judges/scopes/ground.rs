//! A made-up world: a database of countries, rules for places and for nested networks, and clients at all borders.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::mmdb::{Mmdb, Record};

/// Clients of each family.
const CLIENTS: usize = 65_536;

/// The names that are swept: rules for countries and continents; for nested networks; both; and four sites that share
/// the continents, so that neighbours often have the same.
pub const NAMES: [&str; 4] = ["places", "networks", "both", "shared"];

/// Continent and country; each with a target of its own where [`RULED`] has it.
pub const COUNTRIES: [(&str, &str); 36] = [
    ("EU", "DE"),
    ("EU", "FR"),
    ("EU", "GB"),
    ("EU", "NL"),
    ("EU", "PL"),
    ("EU", "SE"),
    ("EU", "IT"),
    ("EU", "ES"),
    ("EU", "UA"),
    ("EU", "CZ"),
    ("NA", "US"),
    ("NA", "CA"),
    ("NA", "MX"),
    ("NA", "CR"),
    ("NA", "PA"),
    ("AS", "JP"),
    ("AS", "IN"),
    ("AS", "CN"),
    ("AS", "KR"),
    ("AS", "SG"),
    ("AS", "TR"),
    ("AS", "TH"),
    ("AS", "VN"),
    ("SA", "BR"),
    ("SA", "AR"),
    ("SA", "CL"),
    ("SA", "CO"),
    ("AF", "ZA"),
    ("AF", "NG"),
    ("AF", "KE"),
    ("AF", "EG"),
    ("AF", "MA"),
    ("OC", "AU"),
    ("OC", "NZ"),
    ("OC", "FJ"),
    ("OC", "PG"),
];

/// Countries with a rule of their own.
pub const RULED: [&str; 8] = ["DE", "FR", "GB", "US", "CA", "BR", "JP", "AU"];

/// Continents, as others write them and as we do.
pub const CONTINENTS: [(&str, &str); 6] = [
    ("EU", "europe"),
    ("NA", "north-america"),
    ("AS", "asia"),
    ("SA", "south-america"),
    ("AF", "africa"),
    ("OC", "oceania"),
];

/// Rules for networks, some of them in others.
pub const NETWORKS: [&str; 12] = [
    "81.0.0.0/8",
    "81.4.0.0/14",
    "81.5.7.0/24",
    "23.64.0.0/10",
    "23.100.0.0/16",
    "100.0.0.0/12",
    "203.0.0.0/10",
    "203.10.20.0/22",
    "2a00::/16",
    "2a00:1000::/20",
    "2a00:1234:5000::/36",
    "2600:1f00::/24",
];

/// The address of everyone without a rule.
pub const DEFAULT: &str = "192.0.2.1";

/// All targets, by name, each with its address.
pub fn targets() -> Vec<(String, String)> {
    let continents = CONTINENTS
        .iter()
        .map(|(code, _)| format!("c-{}", code.to_lowercase()));
    let countries = RULED.iter().map(|code| code.to_lowercase());
    let networks = (0..NETWORKS.len()).map(|n| format!("n-{n}"));
    let all = continents.chain(countries).chain(networks).enumerate();
    let mut all: Vec<_> = all
        .map(|(n, name)| (name, format!("198.51.100.{}", n + 1)))
        .collect();
    all.push(("dflt".into(), DEFAULT.into()));
    all
}

/// Who has a continent where four sites share them.
pub fn sharing(continent: &str) -> &'static str {
    match continent {
        "EU" | "AF" => "c-eu",
        "NA" | "SA" => "c-na",
        _ => "c-as",
    }
}

/// Numbers that are the same in every run (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ x >> 31
    }

    pub fn below(&mut self, many: u64) -> u64 {
        self.roll() % many
    }
}

/// An address as a number, and how many bits it has.
pub fn bits(addr: IpAddr) -> (u128, u32) {
    match addr {
        IpAddr::V4(addr) => (u128::from(u32::from(addr)), 32),
        IpAddr::V6(addr) => (u128::from(addr), 128),
    }
}

fn address(bits: u128, width: u32) -> IpAddr {
    match width {
        32 => Ipv4Addr::from(bits as u32).into(),
        _ => Ipv6Addr::from(bits).into(),
    }
}

/// What a part of the space is given to.
struct Giving<'a> {
    dice: Dice,
    database: &'a mut Mmdb,
    width: u32,
    /// No network is longer.
    deepest: u32,
    /// In how many of a hundred cases a network of this length is cut in two.
    cut: fn(u32) -> u64,
}

impl Giving<'_> {
    /// Gives a network to a country, or cuts it in two; the halves mostly stay with the country of the whole.
    fn give(&mut self, first: u128, length: u32, country: usize) {
        if length < self.deepest && self.dice.below(100) < (self.cut)(length) {
            let half = 1 << (self.width - length - 1);
            for first in [first, first + half] {
                let stays = self.dice.below(100) < 70;
                let many = COUNTRIES.len() as u64;
                let other = self.dice.below(many).min(self.dice.below(many)) as usize;
                self.give(first, length + 1, if stays { country } else { other });
            }
            return;
        }
        let (continent, code) = COUNTRIES[country];
        let network = format!("{}/{length}", address(first, self.width));
        let record = Record::new().continent(continent);
        match self.dice.below(100) {
            // Nobody knows of it, or only roughly.
            0..4 => {}
            4..8 => self.database.add(&network, record.value()),
            _ => self.database.add(&network, record.country(code).value()),
        }
    }
}

/// Countries of all IPv4 addresses of the Internet, and of the IPv6 space that was given out.
pub fn database() -> Mmdb {
    let mut database = Mmdb::new("GeoLite2-Country");
    let mut four = Giving {
        dice: Dice(4),
        database: &mut database,
        width: 32,
        deepest: 24,
        cut: |length| if length < 12 { 90 } else { 45 },
    };
    for first in (1..=223u128).filter(|first| ![10, 127].contains(first)) {
        four.give(first << 24, 8, (first % 36) as usize);
    }
    let mut six = Giving {
        dice: Dice(6),
        database: &mut database,
        width: 128,
        deepest: 48,
        cut: |length| if length < 22 { 95 } else { 45 },
    };
    let given = [0x2400u128, 0x2600, 0x2800, 0x2a00, 0x2c00];
    for (n, first) in given.into_iter().enumerate() {
        six.give(first << 112, 12, n * 7);
    }
    database
}

/// Of each family the first and the last client of all networks, of rules and of the database, and others at random: /24
/// of IPv4, /48 of IPv6.
pub fn clients(database: &Mmdb) -> Vec<(IpAddr, u8)> {
    let rules = NETWORKS.iter().map(|rule| {
        let (addr, length) = rule.split_once('/').unwrap();
        let (bits, width) = bits(addr.parse().unwrap());
        (bits, length.parse().unwrap(), width)
    });
    // IPv4 stands in ::/96 there.
    let known = database.networks.iter().map(|(bits, length, _)| {
        let four = bits >> 32 == 0;
        let (less, width) = if four { (96, 32) } else { (0, 128) };
        (*bits, length - less, width)
    });
    let networks: Vec<(u128, u32, u32)> = rules.chain(known).collect();
    let mut dice = Dice(11);
    let mut all = Vec::new();
    for (width, source) in [(32, 24), (128, 48)] {
        let step = width - source;
        let of = networks.iter().filter(|network| network.2 == width);
        let borders = of.flat_map(|(first, length, _)| {
            let last = first + ((1u128 << (width - length)) - 1);
            [*first, last]
        });
        let borders: Vec<u128> = borders.collect();
        let mut family = BTreeSet::new();
        for border in &borders {
            if usable(*border, width) {
                family.insert(border >> step);
            }
        }
        assert!(family.len() <= CLIENTS, "{} borders", family.len());
        while family.len() < CLIENTS {
            let near = borders[dice.below(borders.len() as u64) as usize];
            let away = u128::from(dice.roll() & 0xffff_ffff >> dice.below(32)) << step;
            let client = (near ^ away) & (u128::MAX >> (128 - width));
            if usable(client, width) {
                family.insert(client >> step);
            }
        }
        let clients = family.into_iter();
        all.extend(clients.map(|bits| (address(bits << step, width), source as u8)));
    }
    all
}

/// Clients of the Internet only: what a server makes of others is its own affair. IPv4 that is written in IPv6 has no
/// place of its own.
fn usable(bits: u128, width: u32) -> bool {
    if width == 128 {
        return (0x2004..0x4000).contains(&(bits >> 112));
    }
    !matches!(
        (bits >> 24, bits >> 16 & 255),
        (0 | 10 | 127 | 224.., _)
            | (100, 64..128)
            | (169, 254)
            | (172, 16..32)
            | (192, 0 | 168)
            | (198, 18 | 19 | 51)
            | (203, 0)
    )
}
