//! The cases: what stands in the zone, what is asked, who is asked, and what goes on meanwhile.

use std::net::{IpAddr, Ipv6Addr};

use meridian::wire::kind::Kind;

use super::dice::Dice;
use super::geography::Geography;
use super::questions::{Questions, Right};
use super::sample::{self, Terms};
use super::text;

/// Different questions of a case.
pub const QUESTIONS: usize = 50_000;
/// Hosts of the zone.
pub const HOSTS: usize = 100_000;
/// Hosts of the large zone.
pub const LARGE: usize = 1_000_000;
/// Of these hosts each has an AAAA record as well.
pub const SIXES: usize = 1_000;

/// What the servers are started with. Those of one ground run at the same time, and are measured in turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ground {
    /// A zone of [`HOSTS`].
    Hosts,
    /// The same, and everyone gives cookies.
    Cookies,
    /// The same with two workers each.
    Two,
    /// A small zone and steering over the large database.
    Places,
    /// A zone of [`LARGE`].
    Large,
}

/// What goes on meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stir {
    Nothing,
    /// A hundred changes of health a second.
    Health,
    /// The zone is loaded anew, again and again.
    Reloads,
}

/// One case.
#[derive(Clone, Copy)]
pub struct Case {
    pub name: &'static str,
    /// As the table says it.
    pub label: &'static str,
    pub ground: Ground,
    pub stir: Stir,
    /// The case that asks the same while nothing is stirred, if something is.
    pub quiet: &'static str,
    /// Asked over IPv6.
    pub six: bool,
    /// Addresses that ask: answers of one and a half times their query are limited by network.
    pub sources: usize,
    /// Who can do it; ours and the echo always can.
    pub peers: &'static [&'static str],
}

const ALL: &[&str] = &["nsd", "knotd", "gdnsd"];

const fn case(name: &'static str, label: &'static str, ground: Ground) -> Case {
    Case {
        name,
        label,
        ground,
        stir: Stir::Nothing,
        quiet: "",
        six: false,
        sources: 1,
        peers: ALL,
    }
}

/// In the order of the table.
pub const CASES: [Case; 14] = [
    case("one", "static, one name", Ground::Hosts),
    case("many", "static, 100,000 names at random", Ground::Hosts),
    Case {
        sources: 1_024,
        ..case(
            "nxdomain",
            "the same, 10 % NXDOMAIN, 1,024 sources",
            Ground::Hosts,
        )
    },
    Case {
        sources: 1_024,
        ..case("four", "static, 4 answers, 1,024 sources", Ground::Hosts)
    },
    Case {
        six: true,
        ..case("ipv6", "AAAA of 1,000 names over IPv6", Ground::Hosts)
    },
    Case {
        stir: Stir::Reloads,
        quiet: "many",
        // The processes of NSD that serve are new ones after each reload.
        peers: &["knotd", "gdnsd"],
        ..case("reload", "100,000 names during reloads", Ground::Hosts)
    },
    case("cookies", "100,000 names, valid cookies", Ground::Cookies),
    Case {
        peers: &["gdnsd"],
        ..case(
            "two",
            "100,000 names, two workers on both cores",
            Ground::Two,
        )
    },
    Case {
        peers: &["knotd", "gdnsd"],
        ..case("country", "steered by country, ECS", Ground::Places)
    },
    Case {
        peers: &["gdnsd"],
        ..case("nearest", "steered to the nearest, ECS", Ground::Places)
    },
    Case {
        peers: &[],
        ..case("sticky", "steered, sticky, ECS", Ground::Places)
    },
    Case {
        peers: &[],
        ..case(
            "nearest4",
            "4 answers of the nearest site, ECS",
            Ground::Places,
        )
    },
    Case {
        stir: Stir::Health,
        quiet: "nearest",
        peers: &[],
        ..case(
            "health",
            "the nearest under 100 health changes a second",
            Ground::Places,
        )
    },
    case("million", "1,000,000 records at random", Ground::Large),
];

impl Case {
    pub fn questions(&self, geography: Option<&Geography>) -> Questions {
        let mut dice = Dice(3);
        let mut all = Questions::default();
        let mut host = |among: usize, all: &mut Questions| {
            let number = dice.below(among as u32) as usize;
            let name = format!("{}.big.test.", text::host(number));
            let right = Right::All(vec![text::address(number).into()]);
            all.add(&sample::query(&name, Kind::A, Terms::Plain), right);
        };
        match self.name {
            "one" => host(1, &mut all),
            // The last host is changed by reloads.
            "many" | "reload" | "two" | "cookies" => {
                (0..QUESTIONS).for_each(|_| host(HOSTS - 1, &mut all));
            }
            "million" => (0..QUESTIONS).for_each(|_| host(LARGE - 1, &mut all)),
            "nxdomain" => {
                for n in 0..QUESTIONS {
                    if n % 10 < 9 {
                        host(HOSTS - 1, &mut all);
                    } else {
                        let name = format!("x{:07}.big.test.", n * 7 % HOSTS);
                        all.add(&sample::query(&name, Kind::A, Terms::Plain), Right::Missing);
                    }
                }
            }
            "four" => {
                let addresses = FOUR.map(IpAddr::from).to_vec();
                // As many questions as sources, for these go by the number of the question.
                let question = sample::query("four.big.test.", Kind::A, Terms::Plain);
                (0..self.sources).for_each(|_| all.add(&question, Right::All(addresses.clone())));
            }
            "ipv6" => {
                for _ in 0..QUESTIONS {
                    let number = dice.below(SIXES as u32) as usize;
                    let name = format!("{}.big.test.", text::host(number));
                    let question = sample::query(&name, Kind::AAAA, Terms::Plain);
                    all.add(&question, Right::All(vec![six(number).into()]));
                }
            }
            steered => {
                let name = match steered {
                    "nearest4" => "four",
                    "health" => "nearest",
                    name => name,
                };
                return geography.unwrap().questions(name);
            }
        }
        all
    }
}

/// The four addresses of `four.big.test`.
pub const FOUR: [[u8; 4]; 4] = [
    [203, 0, 113, 1],
    [203, 0, 113, 2],
    [203, 0, 113, 3],
    [203, 0, 113, 4],
];

/// The address of a host in IPv6.
pub fn six(number: usize) -> Ipv6Addr {
    Ipv6Addr::from(0x2001_0db8_u128 << 96 | number as u128)
}
