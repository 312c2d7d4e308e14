//! The steering of an estate as written, with every name resolved: sites, VIPs, regions, rule sets, pools and names.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use crate::config::pattern::Pattern;
use crate::diagnostic::Spot;
use crate::place::{Place, Point};
use crate::prefix::Prefix;
use crate::wire::name::Name;

mod brake;
mod latency;
mod probe;

pub use brake::{Bounds, Ground};
pub use latency::{Measured, Row};
pub use probe::{Authority, Check, Page, Probe, ProbeId};

/// Index into [`Steering::sites`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SiteId(pub u16);

/// Index into [`Steering::vips`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VipId(pub u16);

/// Index into [`Steering::rules`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RulesId(pub u16);

/// Index into [`Steering::pools`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PoolId(pub u16);

/// Everything that the `.toml` files of an estate say. Each list is sorted by name, so that neither files nor their order matter.
#[derive(Clone, Debug, Default)]
pub struct Steering {
    /// `[sites]`
    pub sites: Vec<Site>,
    /// `[vips]`
    pub vips: Vec<Vip>,
    /// `[networks]` and the lists that it names, sorted by network, each network once.
    pub networks: Vec<Correction>,
    /// What the list of `[latency]` says, sorted by place, each place once.
    pub latency: Vec<Row>,
    /// What `[brake]` says; none: whatever is reported lost is lost at once.
    pub brake: Option<Bounds>,
    /// `[probes]`
    pub probes: Vec<Probe>,
    /// `[rules]`, with regions put in.
    pub rules: Vec<RuleSet>,
    /// The places of all rules but networks and `unknown`, each once, with where it is written first.
    pub places: Vec<(Place, Spot)>,
    /// `[pools]`, and behind them one for every site or VIP that `[names]` uses by itself, called like it, with all defaults.
    pub pools: Vec<Pool>,
    /// The absolute names of `[names]`.
    pub names: Vec<Steered>,
    /// The patterns of `[names]`.
    pub patterns: Vec<Pattern>,
}

/// A place that has VIPs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// As the operator calls it.
    pub name: String,
    /// Where it stands.
    pub location: Option<Point>,
    /// To `nearest` the site counts as this much nearer; kilometres.
    pub bias: i32,
}

/// What an answer can contain.
#[derive(Clone, Debug)]
pub struct Vip {
    /// As the operator calls it.
    pub name: String,
    /// For A.
    pub address: Option<Ipv4Addr>,
    /// For AAAA.
    pub address6: Option<Ipv6Addr>,
    /// Instead of addresses: the name of a service that someone else runs.
    pub cname: Option<Name>,
    /// Where it stands.
    pub site: Option<SiteId>,
    /// Size beside its neighbours; 0 = only when no other is up. At most 1 000 000.
    pub weight: u32,
    /// VIPs of one site with the same word fail together; one without a word fails alone.
    pub failure_domain: Option<String>,
    /// What it can carry, in the unit that the feed reports; above 0, below [`crate::limits::AMOUNT`].
    pub capacity: Option<u64>,
    /// How Meridian itself checks it.
    pub probe: Option<ProbeId>,
    /// Where the probe connects, if not to the VIP; only beside `probe`.
    pub probe_address: Option<IpAddr>,
    /// Where it is written.
    pub spot: Spot,
}

/// What the databases get wrong of a network, or do not know. One of the two facts at least is there.
#[derive(Clone, Debug)]
pub struct Correction {
    /// Whose clients.
    pub network: Prefix,
    /// A country, subdivision or city.
    pub place: Option<Arc<Place>>,
    /// Where the network is.
    pub location: Option<Point>,
    /// The file that says so.
    pub path: Arc<str>,
    /// In which line, from 1.
    pub line: u32,
}

impl Correction {
    /// What it says, wherever that is written.
    fn said(&self) -> (Prefix, &Option<Arc<Place>>, Option<Point>) {
        (self.network, &self.place, self.location)
    }

    /// Where it is written, as `file:line`.
    pub fn written(&self) -> String {
        format!("{}:{}", self.path, self.line)
    }
}

/// Clients to sites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSet {
    /// As the operator calls it.
    pub name: String,
    /// One for each place: those of regions stand by themselves, each with the region's entry; of a place that
    /// stands in the set itself and in a region, only the former is here. No place twice.
    pub rules: Vec<Rule>,
}

/// One line of a rule set, for one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Whom it is for.
    pub place: Place,
    /// The region through which the place stands here.
    pub region: Option<String>,
    /// Tried in this order.
    pub targets: Vec<Target>,
}

/// What a rule or a pool's member names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// All of its VIPs; in a rule, those of the pool that uses the rule.
    Site(SiteId),
    /// Just this one.
    Vip(VipId),
    /// What that pool chooses.
    Pool(PoolId),
}

/// How a choice is made, and how the answer looks.
#[derive(Clone, Debug)]
pub struct Pool {
    /// As the operator calls it.
    pub name: String,
    /// In the order written; for a table, sorted by name.
    pub members: Members,
    /// Which rule among the members.
    pub policy: Policy,
    /// Tried first.
    pub prefer: Option<RulesId>,
    /// Rule sets of sites that their clients never leave. Only a pool that stands in no other has any.
    pub fence: Vec<RulesId>,
    /// Below this part of its weight a site, member or pool has failed; parts of a million.
    pub min_up: u32,
    /// Sites at most this much farther than the nearest share its clients; kilometres.
    pub tie: u32,
    /// Above this part of its capacity a site or member hands further clients on; parts of a million.
    pub spill: Option<u32>,
    /// The most of a deviation from even load that one step makes good; parts of a million.
    pub adapt: Option<u32>,
    /// How a failed member comes back into use.
    pub failback: Failback,
    /// What part of its clients may move in a minute, in parts of a million; none: all at once.
    pub ramp: Option<u32>,
    /// At most this many addresses of each family; 1 to 16.
    pub answers: u8,
    /// What decides among VIPs by weight.
    pub draw: Draw,
    /// Seconds.
    pub ttl: Ttl,
    /// Whether the client subnet counts.
    pub ecs: bool,
    /// When no VIP is up.
    pub on_all_down: AllDown,
    /// Where it is written.
    pub spot: Spot,
}

/// The members of a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Members {
    /// By name.
    List(Vec<Target>),
    /// By name and number, for `weighted` only.
    Table(Vec<(Target, u32)>),
}

impl Members {
    /// The members without their numbers.
    pub fn targets(&self) -> impl Iterator<Item = Target> + '_ {
        let (list, table) = match self {
            Members::List(list) => (list.as_slice(), [].as_slice()),
            Members::Table(table) => ([].as_slice(), table.as_slice()),
        };
        list.iter()
            .copied()
            .chain(table.iter().map(|(target, _)| *target))
    }
}

/// See the language: `policy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Policy {
    /// All members at once, each by its weight.
    Weighted,
    /// Sites by distance.
    Nearest,
    /// Members in the order written.
    Failover,
}

/// See the language: `failback`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Failback {
    /// When it has been well for so many seconds without a break.
    After(u64),
    /// When somebody brings it back.
    Manual,
}

/// See the language: `draw`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Draw {
    /// Each query is the next of an even sequence.
    Query,
    /// The client's network and the time, renewed once a TTL.
    Client,
    /// The client's network alone.
    Sticky,
    /// The queried name alone.
    Name,
}

/// Seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ttl {
    /// While something is in transition.
    pub min: u32,
    /// In quiet times.
    pub max: u32,
}

/// See the language: `on_all_down`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AllDown {
    /// The zone file's own records and, where it has none, as `All`.
    Zone,
    /// As if all were up.
    All,
    /// Empty.
    NoData,
}

/// What `[names]` says of a name.
#[derive(Clone, Debug)]
pub struct Steered {
    /// May begin with a `*` label. Under a pattern the root stands for the apex of each zone.
    pub name: Name,
    /// Who answers it.
    pub behind: Behind,
    /// Where it is written.
    pub spot: Spot,
}

/// Who answers a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behind {
    /// This pool.
    Pool(PoolId),
    /// The zone file alone, whatever a pattern or a steered wildcard says.
    Zone,
}

impl Behind {
    /// The pool, if there is one.
    pub fn pool(self) -> Option<PoolId> {
        match self {
            Behind::Pool(pool) => Some(pool),
            Behind::Zone => None,
        }
    }
}

impl Steered {
    /// What it says, wherever that is written.
    pub(super) fn said(&self) -> (&Name, Behind) {
        (&self.name, self.behind)
    }
}

impl Steering {
    /// The VIP of this name.
    pub fn vip(&self, name: &str) -> Option<VipId> {
        let at = self
            .vips
            .binary_search_by(|vip| vip.name.as_str().cmp(name));
        // There are no more than its numbers.
        Some(VipId(u16::try_from(at.ok()?).ok()?))
    }

    /// The name of the site of a VIP.
    pub fn site(&self, vip: &Vip) -> Option<&str> {
        let site = self.sites.get(usize::from(vip.site?.0))?;
        Some(&site.name)
    }

    /// Whether both correct the databases alike.
    pub fn corrects_alike(&self, other: &Steering) -> bool {
        let (one, two) = (&self.networks, &other.networks);
        one.len() == two.len()
            && (one.iter().map(Correction::said)).eq(two.iter().map(Correction::said))
    }

    /// The corrections that hold for an address, widest network first.
    pub fn corrections(&self, addr: IpAddr) -> Vec<&Correction> {
        let width = if addr.is_ipv4() { 32 } else { 128 };
        let around = (0..=width).map(|len| Prefix::around(addr, len));
        let found = around.filter_map(|prefix| {
            let at = self
                .networks
                .binary_search_by_key(&prefix, |one| one.network);
            self.networks.get(at.ok()?)
        });
        found.collect()
    }

    /// Whether both say the same, wherever it is written.
    pub fn same(&self, other: &Steering) -> bool {
        let vip = |v: &Vip| {
            let gives = (v.address, v.address6, v.cname.clone());
            let size = (v.weight, v.failure_domain.clone(), v.capacity);
            let watch = (v.probe, v.probe_address);
            (v.name.clone(), gives, v.site, size, watch)
        };
        let pool = |p: &Pool| {
            let answer = (p.answers, p.draw, p.ttl, p.ecs, p.on_all_down);
            (
                p.name.clone(),
                p.members.clone(),
                p.policy,
                p.prefer,
                p.fence.clone(),
                p.min_up,
                p.tie,
                (p.spill, p.adapt),
                (p.failback, p.ramp),
                answer,
            )
        };
        self.sites == other.sites
            && self.rules == other.rules
            && self.corrects_alike(other)
            && self.measures_alike(other)
            && self.brake == other.brake
            && self.probes_alike(other)
            && self.vips.iter().map(vip).eq(other.vips.iter().map(vip))
            && self.pools.iter().map(pool).eq(other.pools.iter().map(pool))
            && (self.names.iter().map(Steered::said)).eq(other.names.iter().map(Steered::said))
            && (self.patterns.iter().map(Pattern::said))
                .eq(other.patterns.iter().map(Pattern::said))
    }
}
