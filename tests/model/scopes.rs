//! The laws of scopes, over random databases, rules and nestings: every question goes through the server as a message,
//! and what of a client matters is told by the model.

use std::collections::BTreeSet;
use std::net::IpAddr;

use proptest::test_runner::Config;

use super::client::Client;
use super::estate::{Case, Draw, Estate, Pool};
use super::network::{Network, bits, from_bits};
use super::{boundaries, cases, chain, draw, form, is_global, judge, layers, served};
use crate::server::Server;
use crate::subnet::{self, Told};

/// Clients of each name, under each of two boards.
const CLIENTS: usize = 80;

/// How much was held against the laws.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    queries: usize,
    /// Client subnets that decided.
    usable: usize,
    /// Of these: told a scope longer than what was sent.
    longer: usize,
    /// Told just the length of the client key.
    keyed: usize,
    /// Told 0.
    everyone: usize,
    /// Client subnets that no client of the Internet has.
    unusable: usize,
    /// Different scopes, each name by itself.
    scopes: usize,
}

/// The class of every address, by number: classes change only at borders, and each border is asked of the model.
pub(super) struct Ground {
    v4: Vec<(u128, usize)>,
    v6: Vec<(u128, usize)>,
}

impl Ground {
    pub(super) fn new(estate: &Estate, pool: &Pool) -> Ground {
        let mut known = Vec::new();
        let mut number = |addr| {
            let class = judge::class(estate, pool, &Client::at(estate, addr));
            known.iter().position(|k| *k == class).unwrap_or_else(|| {
                known.push(class);
                known.len() - 1
            })
        };
        let mut all = boundaries(estate, from_bits(false, 0));
        all.sort();
        all.dedup();
        let (v4, v6): (Vec<IpAddr>, _) = all.into_iter().partition(IpAddr::is_ipv4);
        let mut family =
            |list: Vec<IpAddr>| list.into_iter().map(|a| (bits(a), number(a))).collect();
        Ground {
            v4: family(v4),
            v6: family(v6),
        }
    }

    fn family(&self, addr: IpAddr) -> &[(u128, usize)] {
        if addr.is_ipv4() { &self.v4 } else { &self.v6 }
    }

    /// Whether all addresses of a network have one class.
    fn one(&self, network: Network) -> bool {
        // What stands in front of the inverted IPv4 address is free: the borders are those of IPv4, over and over.
        let teredo = Network::parse("2001::/32");
        if network.len >= teredo.len && teredo.contains(network.addr) {
            let within = Network::around(form::fold(network.addr), network.len.saturating_sub(96));
            return self.one(within);
        }
        let family = self.family(network.addr);
        let begins = |start: u128| family.iter().rev().find(|(s, _)| *s <= start);
        let here = begins(bits(network.addr)).map(|(_, class)| *class);
        family
            .iter()
            .filter(|(start, _)| network.contains(from_bits(network.addr.is_ipv4(), *start)))
            .all(|(_, class)| Some(*class) == here)
    }

    /// Whether all addresses of both families have one class.
    fn everyone(&self) -> bool {
        let mut all = self.v4.iter().chain(&self.v6).map(|(_, class)| class);
        let first = all.next();
        all.all(|class| Some(class) == first)
    }
}

/// One name of a case under one board.
struct Trial<'a> {
    server: &'a mut Server,
    ground: &'a Ground,
    pool: &'a Pool,
    name: String,
    kind: u16,
    resolver: IpAddr,
    now: u64,
    counter: u32,
    tally: &'a mut Tally,
    scopes: &'a mut BTreeSet<(bool, u128, u8)>,
}

type Verdict = Result<(), String>;

fn hold(holds: bool, what: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(what()) }
}

impl Trial<'_> {
    /// One message, always at the same point of the draw.
    fn ask(&mut self, subnet: Option<(IpAddr, u8)>) -> Told {
        self.tally.queries += 1;
        let query = subnet::query(7, &self.name, self.kind, subnet);
        self.server.counter = self.counter;
        let from = (self.resolver, 53_000).into();
        let transport = meridian::answer::Transport::Udp;
        let reply = self.server.ask(&query, from, transport, self.now);
        subnet::read(&reply.unwrap()).unwrap()
    }

    /// Sends `source` bits of an address, and holds the answer against every law.
    fn send(&mut self, client: IpAddr, source: u8, dice: u128) -> Verdict {
        let first = Network::around(client, source).addr;
        let told = self.ask(Some((first, source)));
        let scope = told.scope();
        hold(
            told.rcode == 0 && told.subnet.map(|s| s.0) == Some(source),
            || format!("{first}/{source}: {told:?}"),
        )?;
        let usable = self.pool.ecs && source > 0 && is_global(first);
        if usable {
            self.tally.usable += 1;
            return self.usable(first, source, &told, dice);
        }
        // Nothing of the client decides: as if nothing had been sent. The scope is all that was asked for, or 0.
        let plain = self.ask(None);
        hold(plain.set() == told.set() && plain.ttl == told.ttl, || {
            format!("{first}/{source} is not for use, but changes {plain:?} to {told:?}")
        })?;
        let due = if self.pool.ecs { source } else { 0 };
        self.tally.unusable += usize::from(due > 0);
        hold(scope == Some(due) && plain.subnet.is_none(), || {
            format!("{first}/{source} is not for use: scope {scope:?} instead of {due}")
        })
    }

    fn usable(&mut self, first: IpAddr, source: u8, told: &Told, dice: u128) -> Verdict {
        let scope = told.scope().unwrap_or(u8::MAX);
        let around = Network::around(first, scope);
        let say = |what: &str| format!("{first}/{source}, scope {scope}: {what}");
        // Soundness, by the model: one class inside, for 0 one class everywhere.
        let sound = match scope {
            0 => self.ground.everyone() && !self.keyed(),
            _ => self.ground.one(around),
        };
        hold(sound, || say("holds another class"))?;
        // Maximality: one bit shorter holds another class, or the client key ends here. At 1 the other family does.
        let key = form::key_length(first);
        let most = match scope {
            0 => true,
            _ if self.keyed() && scope <= key => scope == key,
            1 => !self.ground.everyone(),
            _ => !self.ground.one(Network::around(first, scope - 1)),
        };
        hold(most, || say("a shorter one holds one class, too"))?;
        self.tally.longer += usize::from(source < scope);
        self.tally.keyed += usize::from(self.keyed() && scope == key);
        self.tally.everyone += usize::from(scope == 0);
        // The first address decides whatever part of it was sent, and with it all others inside.
        let width = Network::width(first);
        let inside = !bits(Network::around(from_bits(first.is_ipv4(), u128::MAX), scope).addr);
        let mask = if width == 32 {
            u128::from(u32::MAX)
        } else {
            u128::MAX
        };
        let other = |low: u128| from_bits(width == 32, bits(around.addr) | (low & inside & mask));
        for client in [
            first,
            other(dice),
            other([0, u128::MAX][(dice & 1) as usize]),
        ] {
            if !is_global(client) {
                continue;
            }
            let same = self.ask(Some((client, width)));
            let equal = same.set() == told.set() && same.ttl == told.ttl;
            hold(equal && same.scope() == Some(scope), || {
                say(&format!("{told:?}, but {client} gets {same:?}"))
            })?;
        }
        self.scopes
            .insert((first.is_ipv4(), bits(around.addr), scope));
        Ok(())
    }

    fn keyed(&self) -> bool {
        matches!(self.pool.draw, Draw::Client | Draw::Sticky)
    }
}

/// No two scopes of a name overlap unless they are equal.
fn apart(scopes: &BTreeSet<(bool, u128, u8)>) -> Verdict {
    let network = |(v4, bits, len): &(bool, u128, u8)| Network {
        addr: from_bits(*v4, *bits),
        len: *len,
    };
    let zero = scopes.iter().any(|(_, _, len)| *len == 0);
    hold(!zero || scopes.iter().all(|(_, _, len)| *len == 0), || {
        format!("for everyone, and for some: {scopes:?}")
    })?;
    // A network that lies in another stands behind it, with none between them that does not.
    scopes
        .iter()
        .zip(scopes.iter().skip(1))
        .try_for_each(|(a, b)| {
            let (outer, inner) = (network(a), network(b));
            hold(zero || !outer.contains(inner.addr), || {
                format!("{inner:?} lies in {outer:?}")
            })
        })
}

fn check(case: &Case, server: &mut Server, seed: u64, tally: &mut Tally) -> Verdict {
    let estate = &case.estate;
    for (number, steered) in estate.names.iter().enumerate() {
        let pool = estate.root(steered.target);
        let ground = Ground::new(estate, &pool);
        let mut scopes = BTreeSet::new();
        // Scopes do not hang on health: those under both boards are held against each other, too.
        for board in [&case.boards[0], &case.boards[case.boards.len() - 1]] {
            server.believe(|name| served::verdict(estate, board, name));
            let kinds = match steered.https {
                // What a CNAME leads to has scopes of its own.
                _ if chain::leads(estate, number) => vec![subnet::CNAME],
                Some(_) => vec![subnet::A, subnet::AAAA, subnet::HTTPS],
                None => vec![subnet::A, subnet::AAAA],
            };
            let roll = |n: usize| {
                let part = |half| draw::hash_bytes(seed ^ half, &[number as u8, n as u8]);
                u128::from(part(1)) << 64 | u128::from(part(2))
            };
            let clients = cases::clients(seed ^ number as u64, estate, 2 * CLIENTS);
            for (n, pair) in clients.chunks(2).enumerate() {
                let dice = roll(n);
                let width = Network::width(pair[0]);
                let source = match dice >> 120 & 3 {
                    0 => width,
                    1 => (dice >> 64) as u8 % (width + 1),
                    _ => draw::key_length(pair[0]),
                };
                let mut trial = Trial {
                    server: &mut *server,
                    ground: &ground,
                    pool: &pool,
                    name: steered.name.replace('*', "any"),
                    kind: kinds[(dice >> 100) as usize % kinds.len()],
                    resolver: pair[1],
                    now: cases::NOW + n as u64,
                    counter: (dice >> 32) as u32,
                    tally: &mut *tally,
                    scopes: &mut scopes,
                };
                let sent = trial.send(pair[0], source, dice);
                sent.map_err(|what| format!("{what}\n{pool:#?}"))?;
            }
        }
        apart(&scopes).map_err(|what| format!("{what}\n{pool:#?}"))?;
        tally.scopes += scopes.len();
    }
    Ok(())
}

#[test]
fn scopes_are_sound_and_as_wide_as_can_be_and_never_overlap() {
    let cases = std::env::var("MERIDIAN_SCOPE_CASES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(420);
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let total = layers::estates(config, check);
    println!("{cases} estates: {total:?}");
    // A million by default, most of them of clients that decide.
    let many = cases as usize;
    assert!(total.queries >= 2_300 * many && total.usable >= 500 * many);
}
