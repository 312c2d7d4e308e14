//! The server's own answers, through its real doors: texts and databases in, messages in and out.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use hickory_proto::op::{Edns, Message, MessageType, OpCode};
use hickory_proto::rr::rdata::opt::{ClientSubnet, EdnsCode, EdnsOption};
use hickory_proto::rr::rdata::svcb::{SVCB, SvcParamValue};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use meridian::answer::Transport;
use meridian::config::estate::{self as config, PoolId, SiteId, Steering, VipId};
use meridian::geo::atlas::Atlas;
use meridian::health::verdict::{Both, State as Known, Verdict};
use meridian::place::{Continent, Country};
use meridian::steer::motion::{self as steer, Motion};

use super::check::{self, Observed};
use super::estate::{Board, Case, Estate, Kind, Moving, Point, Query, Said, State, Target};
use super::{mmdb, text};
use crate::server::Server;

/// The centroids that the server knows, by code and word.
pub(crate) fn centroids() -> Vec<(String, Point)> {
    let point = |p: meridian::place::Point| Point {
        latitude: p.latitude,
        longitude: p.longitude,
    };
    let letters = || b'A'..=b'Z';
    let codes = letters().flat_map(|a| letters().map(move |b| [a, b]));
    let countries = codes.filter_map(|code| Country::from_code(std::str::from_utf8(&code).ok()?));
    let countries = countries.map(|c| (c.code().to_string(), point(c.centroid())));
    let continents = Continent::ALL.map(|c| (c.word().to_string(), point(c.centroid())));
    countries
        .collect::<Vec<_>>()
        .into_iter()
        .chain(continents)
        .collect()
}

/// A server with the case's estate, and which of its boards is in force.
struct Served {
    text: String,
    board: Option<(Board, usize)>,
    server: Server,
}

fn serve(case: &Case, text: String) -> Served {
    Served {
        text,
        board: None,
        server: start(&case.estate, &mmdb::files(&case.estate)),
    }
}

/// The databases that have any fact, as an atlas. One without would be refused, and rightly.
pub(crate) fn atlas(databases: &[(&str, Option<Vec<u8>>)]) -> Arc<Atlas> {
    let known = databases
        .iter()
        .filter_map(|(label, bytes)| Some((*label, bytes.as_deref()?)));
    let known: Vec<(&str, &[u8])> = known.collect();
    Arc::new(Atlas::read(&known).unwrap_or_else(|found| panic!("{found:#?}")))
}

/// A server with this estate over these databases, in the order of precedence.
pub(crate) fn start(estate: &Estate, databases: &[(&str, Option<Vec<u8>>)]) -> Server {
    let files = BTreeMap::from([
        ("zones/steering.toml".to_string(), text::to_toml(estate)),
        ("zones/example.com.zone".to_string(), text::to_zone(estate)),
        ("zones/corrections.csv".to_string(), text::to_csv(estate)),
        ("zones/rtt.csv".to_string(), text::to_rtt(estate)),
    ]);
    let mut server = Server::default();
    if let Err(refused) = server.load(&files, atlas(databases)) {
        let text = text::to_toml(estate) + &text::to_zone(estate);
        panic!("the server refuses what the model takes:\n{refused}\n{text}");
    }
    server
}

/// Puts a board of the case in force, and what moves under it.
pub(crate) fn believe(server: &mut Server, case: &Case, board: usize) {
    let (estate, says) = (&case.estate, &case.boards[board]);
    let motion = motion(
        &server.world().estate.steering,
        estate,
        &case.motions[board],
    );
    server.moving(|name| verdict(estate, says, name), motion);
}

/// The same motion by the server's numbers.
fn motion(steering: &Steering, estate: &Estate, moving: &[Moving]) -> Motion {
    let place = |found: Option<usize>| found.unwrap() as u16;
    let vip = |name: &str| VipId(place(steering.vips.iter().position(|v| v.name == name)));
    let target = |target: Target| {
        let name = estate.name(target);
        match target {
            Target::Vip(_) => config::Target::Vip(vip(name)),
            Target::Site(_) => {
                let at = steering.sites.iter().position(|s| s.name == name);
                config::Target::Site(SiteId(place(at)))
            }
            Target::Pool(_) => {
                let at = steering.pools.iter().position(|p| p.name == name);
                config::Target::Pool(PoolId(place(at)))
            }
        }
    };
    let parts = |list: &[(Target, u32)]| list.iter().map(|(t, n)| (target(*t), *n)).collect();
    let mut pools = vec![steer::Moving::default(); steering.pools.len()];
    for (pool, moving) in estate.pools.iter().zip(moving) {
        let at = steering.pools.iter().position(|p| p.name == pool.name);
        let factors = moving.factors.iter();
        pools[at.unwrap()] = steer::Moving {
            factors: factors
                .map(|(v, n)| (vip(&estate.vips[*v].name), *n))
                .collect(),
            numbers: parts(&moving.numbers),
            held: moving.held.iter().map(|t| target(*t)).collect(),
            shed: parts(&moving.shed),
            until: moving.until,
        };
    }
    Motion::new(pools)
}

/// What this board says of a VIP.
pub(crate) fn verdict(estate: &Estate, board: &Board, name: &str) -> Both {
    let at = estate.vips.iter().position(|vip| vip.name == name).unwrap();
    let of = |said: &Said| {
        let (state, since) = said[at];
        let state = match state {
            State::Unknown => Known::Unknown,
            State::Up => Known::Up,
            State::Degraded(part) => Known::Degraded(part),
            State::Drain => Known::Drain,
            State::Down => Known::Down,
        };
        Verdict { state, since }
    };
    Both {
        v4: of(&board.v4),
        v6: of(&board.v6),
    }
}

pub(super) fn message(query: &Query) -> Vec<u8> {
    let mut message = Message::new(4711, MessageType::Query, OpCode::Query);
    let kind = match query.kind {
        Kind::A => RecordType::A,
        Kind::Aaaa => RecordType::AAAA,
        Kind::Https => RecordType::HTTPS,
        Kind::Cname => RecordType::CNAME,
    };
    let name = Name::from_ascii(&query.name).unwrap();
    message.add_query(hickory_proto::op::Query::query(name, kind));
    message.set_edns(edns(query.ecs));
    message.to_vec().unwrap()
}

/// With room for all that may be added.
pub(crate) fn edns(subnet: Option<(IpAddr, u8)>) -> Edns {
    let mut edns = Edns::new();
    edns.set_max_payload(1232);
    if let Some((addr, source)) = subnet {
        let subnet = EdnsOption::Subnet(ClientSubnet::new(addr, source, 0));
        edns.options_mut().insert(subnet);
    }
    edns
}

pub(super) fn observe(reply: &[u8]) -> Observed {
    let message = Message::from_vec(reply).unwrap();
    let mut addresses: Vec<IpAddr> = Vec::new();
    let mut aliases = Vec::new();
    let alias = |data: &RData| matches!(data, RData::CNAME(_));
    for record in &message.answers {
        match &record.data {
            RData::A(a) => addresses.push(a.0.into()),
            RData::AAAA(a) => addresses.push(a.0.into()),
            RData::CNAME(name) => {
                assert!(addresses.is_empty(), "a CNAME behind what it leads to");
                aliases.push((name.0.to_ascii().to_lowercase(), record.ttl));
            }
            RData::HTTPS(https) => addresses.extend(hints(&https.0)),
            other => panic!("{other:?}"),
        }
    }
    let scope = message
        .edns
        .as_ref()
        .and_then(|edns| match edns.option(EdnsCode::Subnet) {
            Some(EdnsOption::Subnet(subnet)) => Some(subnet.scope_prefix()),
            _ => None,
        });
    Observed {
        rcode: message.metadata.response_code.into(),
        aliases,
        addresses,
        beside: message.additionals.iter().map(beside).collect(),
        ttl: message
            .answers
            .iter()
            .find(|record| !alias(&record.data))
            .map(|record| record.ttl),
        scope,
    }
}

fn beside(record: &Record) -> (IpAddr, u32) {
    let addr = match &record.data {
        RData::A(a) => a.0.into(),
        RData::AAAA(a) => a.0.into(),
        other => panic!("{other:?}"),
    };
    (addr, record.ttl)
}

fn hints(svcb: &SVCB) -> Vec<IpAddr> {
    let mut v4 = Vec::new();
    let mut v6 = Vec::new();
    for (_, value) in &svcb.svc_params {
        match value {
            SvcParamValue::Ipv4Hint(hint) => v4.extend(hint.0.iter().map(|a| IpAddr::V4(a.0))),
            SvcParamValue::Ipv6Hint(hint) => v6.extend(hint.0.iter().map(|a| IpAddr::V6(a.0))),
            _ => {}
        }
    }
    [v4, v6].concat()
}

#[test]
fn the_server_answers_as_the_model_does() {
    let served: RefCell<Option<Served>> = RefCell::new(None);
    let ask = |case: &Case, query: &Query| {
        let mut served = served.borrow_mut();
        let text = text::to_toml(&case.estate)
            + &text::to_zone(&case.estate)
            + &text::to_csv(&case.estate)
            + &text::to_rtt(&case.estate);
        if served.as_ref().is_none_or(|s| s.text != text) {
            *served = Some(serve(case, text));
        }
        let served = served.as_mut().unwrap();
        let board = &case.boards[query.board];
        let at = (board.clone(), query.board);
        if served.board.as_ref() != Some(&at) {
            believe(&mut served.server, case, query.board);
            served.board = Some(at);
        }
        served.server.counter = query.counter;
        let from = (query.resolver, 53_000).into();
        let reply = served
            .server
            .ask(&message(query), from, Transport::Udp, query.now);
        observe(&reply.unwrap())
    };
    let cases = std::env::var("MERIDIAN_MODEL_CASES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(400);
    let tally = check::run(cases, &centroids(), ask);
    println!("the model and the server agree: {tally:?}");
}
