//! The model's own words for an estate, its databases, what is believed of its VIPs, and a question.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::network::Network;

/// A point on the globe in micro-degrees, north and east positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    pub(crate) latitude: i32,
    pub(crate) longitude: i32,
}

/// Where clients are (CONFIG section 1, "Places").
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    Network(Network),
    System(u32),
    /// Country or `CC-SUB`, then the name.
    City(String, String),
    /// `CC-SUB`
    Subdivision(String),
    /// Two letters.
    Country(String),
    /// The word of the language: `europe`.
    Continent(String),
    Unknown,
}

/// `[sites]`
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) name: String,
    pub(crate) location: Option<Point>,
    /// Kilometres.
    pub(crate) bias: i64,
}

/// `[vips]`
#[derive(Clone, Debug)]
pub(crate) struct Vip {
    pub(crate) name: String,
    pub(crate) v4: Option<Ipv4Addr>,
    pub(crate) v6: Option<Ipv6Addr>,
    /// Index into [`Estate::sites`].
    pub(crate) site: Option<usize>,
    pub(crate) weight: u32,
    /// VIPs of a site with one word fail together.
    pub(crate) failure_domain: Option<String>,
}

/// What members and rules name: indices into the lists of [`Estate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    Site(usize),
    Vip(usize),
    Pool(usize),
}

/// `[rules]`
#[derive(Clone, Debug)]
pub(crate) struct RuleSet {
    pub(crate) name: String,
    /// No place twice.
    pub(crate) rules: Vec<Rule>,
}

/// One place of a rule set. The places of one region stand here one by one, with equal targets.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) place: Place,
    pub(crate) region: Option<String>,
    pub(crate) targets: Vec<Target>,
}

#[derive(Clone, Debug)]
pub(crate) enum Members {
    List(Vec<Target>),
    Table(Vec<(Target, u32)>),
}

impl Members {
    pub(crate) fn targets(&self) -> Vec<Target> {
        match self {
            Members::List(list) => list.clone(),
            Members::Table(table) => table.iter().map(|(target, _)| *target).collect(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Policy {
    Weighted,
    Nearest,
    Failover,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Draw {
    Query,
    Client,
    Sticky,
    Name,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AllDown {
    Zone,
    All,
    NoData,
}

/// `[pools]`
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    pub(crate) name: String,
    pub(crate) members: Members,
    pub(crate) policy: Policy,
    /// Index into [`Estate::rules`].
    pub(crate) prefer: Option<usize>,
    /// Indices into [`Estate::rules`]; those list sites only.
    pub(crate) fence: Vec<usize>,
    /// Parts of a million.
    pub(crate) min_up: u32,
    /// Kilometres.
    pub(crate) tie: i64,
    pub(crate) answers: usize,
    pub(crate) draw: Draw,
    pub(crate) ttl_min: u32,
    pub(crate) ttl_max: u32,
    pub(crate) ecs: bool,
    pub(crate) on_all_down: AllDown,
    /// Parts of a million. What they move is an input of the model, beside the board.
    pub(crate) spill: Option<u32>,
    /// Parts of a million.
    pub(crate) adapt: Option<u32>,
}

impl Pool {
    /// A pool of these members with all the defaults of CONFIG section 3.
    pub(crate) fn new(name: &str, members: Vec<Target>) -> Pool {
        Pool {
            name: name.to_string(),
            members: Members::List(members),
            policy: Policy::Weighted,
            prefer: None,
            fence: Vec::new(),
            min_up: 500_000,
            tie: 0,
            answers: 1,
            draw: Draw::Query,
            ttl_min: 20,
            ttl_max: 60,
            ecs: true,
            on_all_down: AllDown::Zone,
            spill: None,
            adapt: None,
        }
    }
}

/// One name of `[names]`, and what the zone file says there.
#[derive(Clone, Debug)]
pub(crate) struct Steered {
    /// With the final dot; may begin with `*.`.
    pub(crate) name: String,
    pub(crate) target: Target,
    /// The last resort: TTL and addresses. Empty if the zone file has none.
    pub(crate) a: (u32, Vec<Ipv4Addr>),
    pub(crate) aaaa: (u32, Vec<Ipv6Addr>),
    /// An HTTPS record with hints whose target is this very name.
    pub(crate) https: Option<Https>,
}

/// The hints of an HTTPS record as the zone file has them.
#[derive(Clone, Debug)]
pub(crate) struct Https {
    pub(crate) ttl: u32,
    pub(crate) v4: Vec<Ipv4Addr>,
    pub(crate) v6: Vec<Ipv6Addr>,
}

/// What the databases say of one network. The longest network around an address counts, whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Facts {
    /// The word of the language: `europe`.
    pub(crate) continent: Option<String>,
    /// Two letters.
    pub(crate) country: Option<String>,
    /// Widest first, without the country.
    pub(crate) subdivisions: Vec<String>,
    pub(crate) city: Option<String>,
    pub(crate) location: Option<Point>,
    /// Kilometres by which the location may be wrong; none without one.
    pub(crate) radius: Option<i64>,
    pub(crate) system: Option<u32>,
}

/// `[networks]`: what the databases get wrong.
#[derive(Clone, Debug)]
pub(crate) struct Correction {
    pub(crate) network: Network,
    /// A country, subdivision or city, and the word of its continent.
    pub(crate) place: Option<(Place, String)>,
    pub(crate) location: Option<Point>,
    /// Whether it stands in a list of its own.
    pub(crate) listed: bool,
}

/// A line of the list of `[latency]`.
#[derive(Clone, Debug)]
pub(crate) struct Trip {
    pub(crate) place: Place,
    /// Index into [`Estate::sites`].
    pub(crate) site: usize,
    pub(crate) micros: i64,
    pub(crate) samples: i64,
}

/// All that the texts of an estate say. The order of the lists means nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Estate {
    pub(crate) sites: Vec<Site>,
    pub(crate) vips: Vec<Vip>,
    pub(crate) rules: Vec<RuleSet>,
    pub(crate) pools: Vec<Pool>,
    pub(crate) names: Vec<Steered>,
    /// Each network once.
    pub(crate) corrections: Vec<Correction>,
    /// Each place once for each site.
    pub(crate) latency: Vec<Trip>,
    /// The databases.
    pub(crate) networks: Vec<(Network, Facts)>,
    /// Countries by code and continents by word, each with its middle.
    pub(crate) centroids: Vec<(String, Point)>,
    /// VIPs that give a CNAME, and their targets. They have no addresses.
    pub(crate) cnames: BTreeMap<usize, String>,
    /// Names whose last resort is a CNAME: TTL and target.
    pub(crate) aliases: BTreeMap<usize, (u32, String)>,
    /// Names below steered wildcards that say `"zone"`.
    pub(crate) kept: Vec<String>,
    /// Names that are written under a pattern.
    pub(crate) under: Vec<usize>,
}

impl Estate {
    /// The name of what is named.
    pub(crate) fn name(&self, target: Target) -> &str {
        match target {
            Target::Site(site) => &self.sites[site].name,
            Target::Vip(vip) => &self.vips[vip].name,
            Target::Pool(pool) => &self.pools[pool].name,
        }
    }

    /// The pool behind a name: "a site or VIP stands for a pool of just that, with all defaults"
    /// (CONFIG section 3, `[names]`).
    pub(crate) fn root(&self, target: Target) -> Pool {
        match target {
            Target::Pool(pool) => self.pools[pool].clone(),
            single => Pool::new(self.name(single), vec![single]),
        }
    }
}

/// How a VIP counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Unknown,
    Up,
    /// Parts of a million.
    Degraded(u32),
    Drain,
    Down,
}

/// What moves with time or load in the choice of one pool. By default nothing does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Moving {
    /// VIPs, and by what their masses count in the sets of this pool; parts of a million.
    pub(crate) factors: Vec<(usize, u32)>,
    /// Members of a table, and by what their numbers count; parts of a million.
    pub(crate) numbers: Vec<(Target, u32)>,
    /// Members of a failover pool that are kept out.
    pub(crate) held: Vec<Target>,
    /// Sites or members, and how much of their clients go on; parts of a million.
    pub(crate) shed: Vec<(Target, u32)>,
    /// In transition until then.
    pub(crate) until: u64,
}

/// Of each pool, in the order of [`Estate::pools`]; those that are missing are at rest.
pub(crate) type Motion = Vec<Moving>;

/// Of each VIP, in the order of [`Estate::vips`]: its state and since when; 0 = nobody has spoken.
pub(crate) type Said = Vec<(State, u64)>;

/// What is said of the IPv4 and of the IPv6 address of each VIP. Of a VIP with one address both say the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Board {
    pub(crate) v4: Said,
    pub(crate) v6: Said,
}

impl Board {
    pub(crate) fn same(said: Said) -> Board {
        Board {
            v4: said.clone(),
            v6: said,
        }
    }

    pub(crate) fn of(&self, family: Family) -> &Said {
        match family {
            Family::V4 => &self.v4,
            Family::V6 => &self.v6,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    A,
    Aaaa,
    Https,
    Cname,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    V4,
    V6,
}

impl Vip {
    pub(crate) fn address(&self, family: Family) -> Option<IpAddr> {
        match family {
            Family::V4 => self.v4.map(IpAddr::V4),
            Family::V6 => self.v6.map(IpAddr::V6),
        }
    }
}

/// One question, with everything that the answer may depend on.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    /// Which of [`Case::boards`] is in force.
    pub(crate) board: usize,
    /// Index into [`Estate::names`].
    pub(crate) steered: usize,
    /// As asked: below a wildcard if the steered name is one, in any case.
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) resolver: IpAddr,
    /// Client subnet: address and SOURCE PREFIX-LENGTH. No bits are set beyond it.
    pub(crate) ecs: Option<(IpAddr, u8)>,
    pub(crate) now: u64,
    pub(crate) counter: u32,
}

/// An estate, some boards, and what is asked.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) estate: Estate,
    pub(crate) boards: Vec<Board>,
    /// What moves under each of the boards.
    pub(crate) motions: Vec<Motion>,
    pub(crate) queries: Vec<Query>,
}
