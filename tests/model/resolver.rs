//! A resolver with a cache stands between clients and server: whoever came first, each gets what a direct query gets.

use std::net::IpAddr;

use proptest::test_runner::Config;

use super::estate::{Case, Draw, Estate, Family, Kind, Query};
use super::network::Network;
use super::{Decision, cases, chain, draw, is_global, layers, served};
use crate::cache::Cache;
use crate::server::Server;
use crate::subnet;

/// Clients of each name.
const CLIENTS: usize = 60;

/// Orders in which they come.
const ORDERS: u64 = 3;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    /// Answers held against a direct query's.
    pub(super) answers: usize,
    /// Of these: from the cache, and from an answer that another client's question brought there.
    cached: usize,
    entries: usize,
    /// Left out: several answers are right for such a client.
    free: usize,
}

type Set = Vec<(u16, Vec<u8>)>;

/// One name and type.
struct Round<'a> {
    server: &'a mut Server,
    name: String,
    kind: u16,
    resolver: IpAddr,
    counter: u32,
    /// Its pool is one of `cname` VIPs.
    leads: bool,
}

impl Round<'_> {
    /// What a resolver gets that sends so much of an address; the draws go on from query to query.
    fn ask(&mut self, client: IpAddr, source: u8) -> (Set, u8) {
        self.counter = self.counter.wrapping_add(1);
        self.server.counter = self.counter;
        let query = subnet::query(7, &self.name, self.kind, Some((client, source)));
        let from = (self.resolver, 53_000).into();
        let transport = meridian::answer::Transport::Udp;
        let reply = self.server.ask(&query, from, transport, cases::NOW);
        let told = subnet::read(&reply.unwrap()).unwrap();
        (told.set(), told.scope().unwrap())
    }
}

/// Whether only one answer is right for this client, whenever it asks: the policy fixes it, or the draw is not free.
fn fixed(estate: &Estate, case: &Case, query: &Query) -> bool {
    let (board, motion) = (&case.boards[query.board], &case.motions[query.board]);
    let decisions = chain::decisions(estate, board, motion, query);
    decisions.iter().all(|one| settled(estate, query, one))
}

fn settled(estate: &Estate, query: &Query, decision: &Decision) -> bool {
    let family = match query.kind {
        Kind::Aaaa => Family::V6,
        _ => Family::V4,
    };
    let mut groups = decision.candidates.iter().map(|c| &c.group);
    let first = groups.next();
    let able = decision.candidates.iter();
    let able = able.filter(|c| {
        estate.cnames.contains_key(&c.vip) || estate.vips[c.vip].address(family).is_some()
    });
    decision.pool.draw != Draw::Query
        || decision.zone
        || groups.all(|group| Some(group) == first) && able.count() <= decision.pool.answers
}

/// All clients of one name and type, in several orders, each time through an empty cache.
fn round(
    round: &mut Round<'_>,
    clients: &[(IpAddr, u8, bool)],
    seed: u64,
    tally: &mut Tally,
) -> Result<(), String> {
    let direct: Vec<Set> = clients.iter().map(|c| round.ask(c.0, c.1).0).collect();
    let mut entries = None;
    for order in 0..ORDERS {
        let mut all: Vec<usize> = (0..clients.len()).collect();
        all.sort_by_key(|at| draw::hash_bytes(seed ^ order, &at.to_le_bytes()));
        let mut cache: Cache<Set> = Cache::new();
        for at in all {
            let (client, source, fixed) = clients[at];
            let held = cache.find(client).cloned();
            let got = held.clone().unwrap_or_else(|| {
                let (set, scope) = round.ask(client, source);
                cache.keep(client, source, scope, set.clone());
                set
            });
            if !fixed {
                tally.free += 1;
                continue;
            }
            tally.answers += 1;
            tally.cached += usize::from(held.is_some());
            if got != direct[at] {
                let (name, kind) = (&round.name, round.kind);
                return Err(format!(
                    "{name} {kind}: {client}/{source} gets {got:?} through the cache, but {:?} directly",
                    direct[at]
                ));
            }
        }
        // Since scopes do not overlap, their number does not hang on who came first; but what a free draw leads on to has
        // scopes of its own.
        let now = cache.entries();
        if round.leads && clients.iter().any(|(.., fixed)| !fixed) {
            continue;
        }
        if *entries.get_or_insert(now) != now {
            return Err(format!("{entries:?} entries, and {now:?} in another order"));
        }
        tally.entries += now.iter().sum::<usize>();
    }
    Ok(())
}

/// All names of a case, with so many clients each.
pub(super) fn through(
    case: &Case,
    server: &mut Server,
    seed: u64,
    many: usize,
    tally: &mut Tally,
) -> Result<(), String> {
    let estate = &case.estate;
    let board = (seed >> 32) as usize % case.boards.len();
    served::believe(server, case, board);
    for (number, steered) in estate.names.iter().enumerate() {
        let seed = seed ^ number as u64;
        let name = steered.name.replace('*', "any");
        // What resolvers of the Internet send: /24 and /56, of clients that are there.
        let sent = cases::clients(seed, estate, many + 1);
        let (resolver, sent) = sent.split_first().unwrap();
        let sent = sent.iter().map(|client| {
            let source = draw::key_length(*client);
            (Network::around(*client, source).addr, source)
        });
        let sent: Vec<(IpAddr, u8)> = sent.filter(|(client, _)| is_global(*client)).collect();
        for (kind, code) in [(Kind::A, subnet::A), (Kind::Aaaa, subnet::AAAA)] {
            let clients = sent.iter().map(|(client, source)| {
                let query = Query {
                    board,
                    steered: number,
                    name: name.clone(),
                    kind,
                    resolver: *resolver,
                    ecs: Some((*client, *source)),
                    now: cases::NOW,
                    counter: 0,
                };
                (*client, *source, fixed(estate, case, &query))
            });
            let clients: Vec<(IpAddr, u8, bool)> = clients.collect();
            let mut asking = Round {
                server: &mut *server,
                name: name.clone(),
                kind: code,
                resolver: *resolver,
                counter: seed as u32,
                leads: chain::leads(estate, number),
            };
            round(&mut asking, &clients, seed, tally)?;
        }
    }
    Ok(())
}

fn check(case: &Case, server: &mut Server, seed: u64, tally: &mut Tally) -> Result<(), String> {
    through(case, server, seed, CLIENTS, tally)
}

#[test]
fn behind_a_cache_every_client_gets_what_a_direct_query_gets() {
    let config = Config {
        cases: 60,
        failure_persistence: None,
        ..Config::default()
    };
    println!("behind a cache: {:?}", layers::estates(config, check));
}
