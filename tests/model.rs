//! The model: what Meridian must answer, in the slowest and plainest words. Every answer, scope and
//! TTL of the server is held against it. It shares no code with the server: linear scans, recursion,
//! u128, the draw's inputs as arguments. Quotes in comments are the rules that the code below speaks.

mod cases;
mod chain;
mod check;
mod client;
mod digests;
mod draw;
mod estate;
mod form;
mod invariants;
mod judge;
#[path = "laws/mod.rs"]
mod laws;
mod layers;
mod mmdb;
mod network;
mod promise;
mod resolver;
mod scopes;
mod served;
mod text;
mod worked;

use std::net::IpAddr;

pub(crate) use chain::moving;
use client::Client;
use estate::Family::{self, V4, V6};
use estate::{AllDown, Board, Draw, Estate, Kind, Motion, Pool, Query, Said, State, Steered};
use judge::{Candidate, Judge};
use network::{Network, from_bits};

/// Seconds after a change of a VIP's state in which answers that looked at it carry the short TTL.
const TRANSITION: u64 = 240;

/// Where an expected answer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The VIPs that the pool picked; their order counts.
    Steered,
    /// All is down: the zone file's own records. Their order is the zone's affair.
    ZoneFallback,
    /// No records of this type.
    NoData,
    /// CNAMEs and nothing behind them: they lead out of the zone, in a circle, or to no name.
    Chain,
}

/// What the server must answer.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    /// 0, or 3: there is no such name.
    pub(crate) rcode: u16,
    pub(crate) source: Source,
    /// Targets of CNAMEs in front of the records, and their TTLs.
    pub(crate) aliases: Vec<(String, u32)>,
    /// Of the records; of an HTTPS record its IPv4 hints, then its IPv6 hints.
    pub(crate) addresses: Vec<IpAddr>,
    /// Of the additional section with their TTLs: those of an HTTPS record's target.
    pub(crate) beside: Vec<(IpAddr, u32)>,
    /// Of the records; none if there are none.
    pub(crate) ttl: Option<u32>,
    /// SCOPE PREFIX-LENGTH; none if the answer carries no client subnet.
    pub(crate) scope: Option<u8>,
    /// Who counted as the client, and as what: for people.
    pub(crate) why: String,
}

/// A steered name as it is come to.
struct Place<'a> {
    /// Index into [`Estate::names`].
    steered: usize,
    /// In small letters.
    name: &'a str,
    /// Steered CNAMEs on the way.
    hop: u32,
}

/// The answer to one question while nothing moves.
pub(crate) fn answer(estate: &Estate, board: &Board, query: &Query) -> Expected {
    moving(estate, board, &Motion::new(), query)
}

/// The answer of a name that a pool of addresses answers.
fn addresses(
    estate: &Estate,
    board: &Board,
    motion: &Motion,
    query: &Query,
    place: &Place<'_>,
) -> Expected {
    let steered = &estate.names[place.steered];
    let four = decide(estate, board, motion, query, place, V4);
    let six = decide(estate, board, motion, query, place, V6);
    let (v4, v6) = (
        four.addresses(estate, query, place, V4),
        six.addresses(estate, query, place, V6),
    );
    let decision = match query.kind {
        Kind::Aaaa => &six,
        _ => &four,
    };
    let Decision {
        zone, ttl, scope, ..
    } = *decision;
    // Of hints the zone may have those of one family alone.
    let any = zone || query.kind == Kind::Https && six.zone;
    let source = if any {
        Source::ZoneFallback
    } else {
        Source::Steered
    };
    let why = decision.why.clone();
    let nothing = |scope| Expected {
        rcode: 0,
        aliases: Vec::new(),
        source: Source::NoData,
        addresses: Vec::new(),
        beside: Vec::new(),
        ttl: None,
        scope,
        why: why.clone(),
    };
    let (addresses, own_ttl) = match (query.kind, &steered.https) {
        (Kind::A, _) => (v4, steered.a.0),
        (Kind::Aaaa, _) => (v6, steered.aaaa.0),
        // "Served with these hints replaced by this client's own addresses. No hint is added where
        // the zone has none." A family without an address for this client loses its hint.
        (Kind::Https, Some(https)) => {
            let beside = beside(steered, (&four, &v4), (&six, &v6));
            let v4 = if https.v4.is_empty() { Vec::new() } else { v4 };
            let v6 = if https.v6.is_empty() { Vec::new() } else { v6 };
            let ttl = Some(https.ttl.min(four.ttl).min(six.ttl));
            return Expected {
                rcode: 0,
                aliases: Vec::new(),
                source,
                addresses: [v4, v6].concat(),
                beside,
                ttl,
                scope,
                why,
            };
        }
        // "Other types at a steered name: scope 0."
        (Kind::Https, None) | (Kind::Cname, _) => return nothing(scope.map(|_| 0)),
    };
    if addresses.is_empty() {
        return nothing(scope);
    }
    // "These records, as a static answer, with the zone's TTL capped to ttl.min."
    let ttl = if zone { own_ttl.min(ttl) } else { ttl };
    Expected {
        rcode: 0,
        aliases: Vec::new(),
        source,
        addresses,
        beside: Vec::new(),
        ttl: Some(ttl),
        scope,
        why,
    }
}

/// RFC 9460 §4.1 and §4.4: with an HTTPS record go the addresses that A and AAAA would get, unless they are for a network.
fn beside(
    steered: &Steered,
    v4: (&Decision, &[IpAddr]),
    v6: (&Decision, &[IpAddr]),
) -> Vec<(IpAddr, u32)> {
    if v4.0.scope.is_some_and(|scope| scope > 0) {
        return Vec::new();
    }
    let families = [(v4, steered.a.0), (v6, steered.aaaa.0)];
    let with_ttl = |((decision, addresses), own): ((&Decision, &[IpAddr]), u32)| {
        let ttl = if decision.zone {
            own.min(decision.ttl)
        } else {
            decision.ttl
        };
        addresses
            .iter()
            .map(|addr| (*addr, ttl))
            .collect::<Vec<_>>()
    };
    families.into_iter().flat_map(with_ttl).collect()
}

/// What is decided for the addresses of a family.
struct Decision {
    pool: Pool,
    client: IpAddr,
    candidates: Vec<Candidate>,
    /// The zone file's records answer.
    zone: bool,
    ttl: u32,
    scope: Option<u8>,
    why: String,
}

/// SPEC "Root: from Outcome to what can be answered".
fn decide(
    estate: &Estate,
    board: &Board,
    motion: &Motion,
    query: &Query,
    place: &Place<'_>,
    family: Family,
) -> Decision {
    let steered = &estate.names[place.steered];
    let pool = estate.root(steered.target);
    let (address, scope) = client_and_scope(estate, &pool, query);
    let client = Client::at(estate, address);
    let inside = judge::inside(estate, &pool, &client);
    let left = inside.as_deref().map(|inside| judge::left(estate, inside));
    let seen = left.as_ref().unwrap_or(estate);
    let judge = |board, motion| {
        let judge = Judge {
            estate: seen,
            fenced: inside.is_some(),
            board,
            motion,
            client: &client,
        };
        judge.pool(&seen.root(steered.target))
    };
    let outcome = judge(board.of(family), motion);

    // "tier: up if nonempty, reserve if nonempty, drained if nonempty, dead."
    let tiers = [&outcome.up, &outcome.reserve, &outcome.drained];
    let tier = tiers.into_iter().find(|list| !list.is_empty()).cloned();
    let dead = tier.is_none();
    // "If the zone file has A or AAAA at the name": one of the two is enough for both.
    let last_resort = !steered.a.1.is_empty()
        || !steered.aaaa.1.is_empty()
        || estate.aliases.contains_key(&place.steered);
    // "Never the zone file's records."
    let resort = last_resort && inside.is_none();
    let zone = dead && pool.on_all_down == AllDown::Zone && resort;
    let all_up: Said = board.v4.iter().map(|_| (State::Up, 0)).collect();
    let still = Motion::new();
    let again = judge(&all_up, &still);
    // Whatever either family looked at is in transition for both.
    let looked = [V4, V6].map(|family| judge(board.of(family), motion).looked);
    // A fence that leaves no VIP of the pool at all: no answer, and nothing that could change.
    let closed = inside.is_some() && again.up.is_empty() && again.reserve.is_empty();
    // "In transition until `until`" of any pool that this one can come to.
    let until = judge::family(estate, &pool)
        .iter()
        .map(|pool| judge::moving(estate, motion, pool).until)
        .max();
    let dead = dead && !closed;
    let quiet_at = quiet_at(board, &looked.concat()).max(until.unwrap_or(0));
    let ttl = if dead || query.now < quiet_at {
        pool.ttl_min
    } else {
        pool.ttl_max
    };
    let candidates = match (tier, pool.on_all_down) {
        (Some(tier), _) => tier,
        (None, AllDown::NoData) => Vec::new(),
        (None, AllDown::Zone) if zone => Vec::new(),
        // "Judge again with every VIP Up, and take its up (or reserve)."
        (None, AllDown::All | AllDown::Zone) => {
            if again.up.is_empty() {
                again.reserve
            } else {
                again.up
            }
        }
    };
    let why = format!(
        "client {address} {:?}, inside {inside:?}, dead {dead}, of {candidates:?}",
        client.facts
    );
    Decision {
        pool,
        client: client.addr,
        candidates,
        zone,
        ttl,
        scope,
        why,
    }
}

impl Decision {
    /// The addresses of one family, in the order of the answer.
    fn addresses(
        &self,
        estate: &Estate,
        query: &Query,
        place: &Place<'_>,
        family: Family,
    ) -> Vec<IpAddr> {
        if self.zone {
            let steered = &estate.names[place.steered];
            return match family {
                V4 => steered.a.1.iter().copied().map(IpAddr::V4).collect(),
                V6 => steered.aaaa.1.iter().copied().map(IpAddr::V6).collect(),
            };
        }
        self.vips(estate, query, place, family)
            .into_iter()
            .filter_map(|vip| estate.vips[vip].address(family))
            .collect()
    }

    /// The CNAME of a pool of `cname` VIPs: its target and TTL.
    fn alias(&self, estate: &Estate, query: &Query, place: &Place<'_>) -> Option<(String, u32)> {
        if self.zone {
            let (ttl, target) = &estate.aliases[&place.steered];
            return Some((target.clone(), self.ttl.min(*ttl)));
        }
        let vip = *self.vips(estate, query, place, V4).first()?;
        Some((estate.cnames[&vip].clone(), self.ttl))
    }

    fn vips(
        &self,
        estate: &Estate,
        query: &Query,
        place: &Place<'_>,
        family: Family,
    ) -> Vec<usize> {
        let (pool, counter) = (&self.pool, query.counter);
        let point = match (pool.draw, place.hop) {
            // What another name leads to draws by a hash of both counts.
            (Draw::Query, 1..) => (draw::hash64(place.hop.into(), counter.into()) >> 32) as u32,
            _ => draw::point(pool, self.client, place.name, query.now, counter),
        };
        draw::pick(estate, pool, &self.candidates, family, point, counter)
    }
}

/// "quiet_at = max over looked of (since + TRANSITION) where since > 0; ttl = ttl.min if now <
/// quiet_at or dead, else ttl.max."
fn quiet_at(board: &Board, looked: &[usize]) -> u64 {
    let spoken = looked
        .iter()
        .map(|vip| board.v4[*vip].1.max(board.v6[*vip].1))
        .filter(|since| *since > 0);
    spoken.map(|since| since + TRANSITION).max().unwrap_or(0)
}

/// Whose address decides, and the scope that is told (SPEC "Scope", RFC 7871 §7.2.1).
pub(crate) fn client_and_scope(
    estate: &Estate,
    pool: &Pool,
    query: &Query,
) -> (IpAddr, Option<u8>) {
    match query.ecs {
        // "No ECS in the query: no ECS in the answer; the resolver's address decides."
        None => (query.resolver, None),
        // "ECS with SOURCE 0: resolver's address decides, scope 0." "pool.ecs = false: scope 0."
        Some((_, 0)) => (query.resolver, Some(0)),
        Some(_) if !pool.ecs => (query.resolver, Some(0)),
        // "Address not global: resolver's address decides, scope = SOURCE."
        Some((subnet, source)) if !is_global(subnet) => (query.resolver, Some(source)),
        Some((subnet, _)) => {
            let length = scope(estate, pool, subnet);
            let key = form::key_length(subnet);
            match pool.draw {
                Draw::Client | Draw::Sticky => (subnet, Some(length.max(key))),
                Draw::Query | Draw::Name => (subnet, Some(length)),
            }
        }
    }
}

/// "The length of the shortest prefix holding one class"; 0 only if both families hold just that one.
/// Classes change only where a network of the databases or of a rule begins or ends, so those places
/// inside a prefix tell of all its addresses.
fn scope(estate: &Estate, pool: &Pool, subnet: IpAddr) -> u8 {
    let boundaries = boundaries(estate, subnet);
    let class = |addr: IpAddr| judge::class(estate, pool, &Client::at(estate, addr));
    let here = class(subnet);
    let uniform = |prefix: &Network| {
        let inside = boundaries.iter().filter(|addr| prefix.contains(**addr));
        class(prefix.addr) == here && inside.copied().all(|addr| class(addr) == here)
    };
    let width = Network::width(subnet);
    let everyone = boundaries.iter().all(|addr| class(*addr) == here);
    if everyone {
        return 0;
    }
    (1..=width)
        .find(|len| uniform(&Network::around(subnet, *len)))
        .unwrap_or(width)
}

/// The first address of each family, and the first and the next after of each network there is, also as they stand in the
/// forms of IPv4 in IPv6.
pub(crate) fn boundaries(estate: &Estate, around: IpAddr) -> Vec<IpAddr> {
    let rules = estate.rules.iter().flat_map(|set| &set.rules);
    let of_rules = rules.filter_map(|rule| match rule.place {
        estate::Place::Network(network) => Some(network),
        _ => None,
    });
    let of_trips = estate.latency.iter().filter_map(|trip| match trip.place {
        estate::Place::Network(network) => Some(network),
        _ => None,
    });
    let mut all = vec![from_bits(true, 0), from_bits(false, 0)];
    for network in estate
        .networks
        .iter()
        .map(|(network, _)| *network)
        .chain(estate.corrections.iter().map(|one| one.network))
        .chain(of_rules)
        .chain(of_trips)
    {
        all.push(network.addr);
        all.extend(network.after());
    }
    let fours: Vec<IpAddr> = all.iter().copied().filter(IpAddr::is_ipv4).collect();
    all.extend(form::boundaries(&fours, around));
    all
}

/// "Not global": what no client of the public Internet has. An address that holds one of IPv4 counts as that.
fn is_global(addr: IpAddr) -> bool {
    let addr = form::fold(addr);
    let inside = |text: &str| Network::parse(text).contains(addr);
    match addr {
        IpAddr::V4(_) => ![
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",
        ]
        .into_iter()
        .any(inside),
        IpAddr::V6(_) => {
            let clients = inside("2000::/3") && !inside("2001::/23");
            clients && !inside("2001:db8::/32") && !inside("3fff::/20")
        }
    }
}
