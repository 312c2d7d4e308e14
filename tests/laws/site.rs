//! One site for each client key: A, AAAA and the hints of HTTPS, over UDP and TCP, from eight workers of two servers that
//! came to the same board by ways of their own and go on hearing news.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use super::super::estate::{
    Board, Draw, Estate, Kind, Members, Motion, Policy, Query, State, Target, Vip,
};
use super::super::network::Network;
use super::super::{cases, draw, mmdb, served, text};
use super::field::{self, Field};
use super::{decision, direct, many};
use crate::subnet::{self, Told};

const KINDS: [(Kind, u16); 3] = [
    (Kind::A, subnet::A),
    (Kind::Aaaa, subnet::AAAA),
    (Kind::Https, subnet::HTTPS),
];

/// Clients of each name.
const CLIENTS: usize = 12;

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

#[derive(Debug, Default)]
struct Tally {
    /// Client keys with a name that fixes their site.
    keys: usize,
    answers: usize,
    /// Answers with an address of a VIP, and so with a site.
    sites: usize,
    /// Left out: the draw of each query may lead elsewhere.
    free: usize,
    news: usize,
}

fn seconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

fn word(state: State) -> &'static str {
    match state {
        State::Down => "down",
        State::Drain => "drain",
        _ => "up",
    }
}

/// Two servers of one estate. The second one comes to the board backwards and through other states.
fn pair(estate: &Estate, board: &Board) -> Option<[Field; 2]> {
    let files = [
        ("steering.toml", text::to_toml(estate)),
        ("example.com.zone", text::to_zone(estate)),
        ("corrections.csv", text::to_csv(estate)),
        ("rtt.csv", text::to_rtt(estate)),
    ];
    let databases = mmdb::files(estate).into_iter();
    let databases: Vec<_> = databases
        .filter_map(|(name, octets)| Some((name, octets?)))
        .collect();
    if databases.is_empty() {
        return None;
    }
    let mut pair = [0, 1].map(|_| Field::start(&files, &databases));
    let told: Vec<(&str, &str)> = estate
        .vips
        .iter()
        .zip(&board.v4)
        .map(|(vip, (state, _))| (vip.name.as_str(), word(*state)))
        .collect();
    told.iter()
        .for_each(|(vip, state)| pair[0].report(vip, state));
    for (vip, state) in told.iter().rev() {
        pair[1].report(vip, if *state == "down" { "up" } else { "down" });
        pair[1].report(vip, state);
    }
    Some(pair)
}

/// Whether all that this client can get stands at one site, however its queries are drawn.
fn promised(estate: &Estate, board: &Board, query: &Query) -> bool {
    let decision = decision(estate, board, &Motion::new(), query);
    let sites: BTreeSet<_> = decision
        .candidates
        .iter()
        .map(|c| estate.vips[c.vip].site)
        .collect();
    decision.pool.draw != Draw::Query || sites.len() <= 1
}

/// All sites of the VIPs in some answers.
fn sites(estate: &Estate, answers: &[Told]) -> BTreeSet<Option<usize>> {
    let addresses = answers.iter().flat_map(field::addresses);
    let vips = addresses.filter_map(|address| {
        let own = |vip: &&Vip| {
            vip.v4.map(IpAddr::V4) == Some(address) || vip.v6.map(IpAddr::V6) == Some(address)
        };
        estate.vips.iter().find(own)
    });
    vips.map(|vip| vip.site).collect()
}

/// One client asks for all types, everywhere, over everything.
fn everywhere(pair: &[Field; 2], name: &str, client: (IpAddr, u8)) -> Vec<Told> {
    let queries: Vec<Vec<u8>> = KINDS
        .iter()
        .map(|(_, kind)| subnet::query(7, name, *kind, Some(client)))
        .collect();
    let mut all = Vec::new();
    for server in pair {
        // A socket of its own each, so that the kernel chooses the worker anew.
        all.extend(
            queries
                .iter()
                .map(|query| field::ask(&field::udp(server.dns), query)),
        );
        all.extend(server.stream(&queries));
    }
    all
}

/// The same sites, VIPs and names, but every pool shares all clients among all VIPs, by a draw that keeps them.
fn shared(mut estate: Estate) -> Estate {
    let vips = estate.vips.iter().enumerate();
    let vips = vips.filter(|(_, vip)| vip.v4.is_some() || vip.v6.is_some());
    let all: Vec<Target> = vips.map(|(n, _)| Target::Vip(n)).collect();
    for (n, pool) in estate.pools.iter_mut().enumerate() {
        (pool.policy, pool.prefer, pool.tie) = (Policy::Weighted, None, 0);
        (pool.spill, pool.adapt) = (None, None);
        pool.fence.clear();
        pool.draw = [Draw::Client, Draw::Sticky, Draw::Name][n % 3];
        pool.members = match n % 2 {
            0 => Members::List(all.clone()),
            _ => Members::Table(all.iter().copied().zip(1..).collect()),
        };
    }
    // A CNAME of the zone file stands beside pools of CNAMEs alone.
    estate.aliases.clear();
    estate
}

fn hold(estate: Estate, seed: u64, tally: &mut Tally) {
    let dice = |n: usize| draw::hash_bytes(seed, &n.to_le_bytes());
    let state =
        |n| [State::Up, State::Up, State::Up, State::Down, State::Drain][dice(n) as usize % 5];
    let board = Board::same((0..estate.vips.len()).map(|n| (state(n), 1)).collect());
    let Some(mut pair) = pair(&estate, &board) else {
        return;
    };
    let mut turn = 0;
    for (number, steered) in estate.names.iter().enumerate() {
        let pool = estate.root(steered.target);
        if !direct(&estate, &pool) {
            continue;
        }
        let ttl = u64::from(pool.ttl_max);
        let name = steered.name.replace('*', "any");
        for client in cases::clients(seed ^ number as u64, &estate, CLIENTS) {
            let source = draw::key_length(client);
            let client = (Network::around(client, source).addr, source);
            let query = Query {
                board: 0,
                steered: number,
                name: name.clone(),
                kind: Kind::A,
                resolver: HERE,
                ecs: Some(client),
                now: seconds(),
                counter: 0,
            };
            if !promised(&estate, &board, &query) {
                tally.free += 1;
                continue;
            }
            // News of a VIP that is taken back before the next question: the board stays what it was.
            turn += 1;
            let vip = dice(1_000 + turn) as usize % estate.vips.len();
            let server = &mut pair[turn % 2];
            server.report(
                &estate.vips[vip].name,
                if word(board.v4[vip].0) == "up" {
                    "down"
                } else {
                    "up"
                },
            );
            server.report(&estate.vips[vip].name, word(board.v4[vip].0));
            tally.news += 2;
            // A client's draw goes on once a TTL: what lies across that moment is asked again.
            let answers = loop {
                let slot = seconds() / ttl;
                let answers = everywhere(&pair, &name, client);
                if seconds() / ttl == slot {
                    break answers;
                }
            };
            let found = sites(&estate, &answers);
            assert!(
                found.len() <= 1,
                "{name} for {client:?}: {found:?}\n{answers:#?}\n{}",
                text::to_toml(&estate)
            );
            tally.keys += 1;
            tally.answers += answers.len();
            tally.sites += answers
                .iter()
                .filter(|told| !sites(&estate, std::slice::from_ref(told)).is_empty())
                .count();
            drawn(&estate, &query, &answers);
        }
    }
}

/// With a draw that is not the query's, the servers give the very same addresses, too.
fn drawn(estate: &Estate, query: &Query, answers: &[Told]) {
    if estate.root(estate.names[query.steered].target).draw == Draw::Query {
        return;
    }
    let mut sets: BTreeMap<usize, BTreeSet<BTreeSet<IpAddr>>> = BTreeMap::new();
    for (n, told) in answers.iter().enumerate() {
        let set = field::addresses(told).into_iter().collect();
        sets.entry(n % KINDS.len()).or_default().insert(set);
    }
    assert!(
        sets.values().all(|sets| sets.len() == 1),
        "{query:?}: {sets:?}"
    );
}

#[test]
fn one_site_for_each_client_key() {
    let centroids = served::centroids();
    let (mut drawn, mut tally) = (Tally::default(), Tally::default());
    for seed in 0..many("MERIDIAN_SITE_ESTATES", 3) as u64 {
        let estate = cases::estate(&cases::tapes(seed), &centroids);
        hold(shared(estate.clone()), seed, &mut drawn);
        hold(estate, seed, &mut tally);
    }
    println!("one site each, 100 %: {tally:?}\nwhere a draw alone keeps them: {drawn:?}");
    assert!(
        tally.sites > 600 && drawn.sites > 600,
        "{tally:?} {drawn:?}"
    );
}
