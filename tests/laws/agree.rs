//! A policy is done when model, server, explain and a cache agree. Over random trees: the server answers as the model does;
//! explain says the very shares that the model's law has, and they are seen over draws; behind a resolver's cache each
//! client gets what it gets directly.

use std::cell::RefCell;
use std::collections::BTreeMap;

use meridian::answer::Transport;
use meridian::answer::explain::{Explanation, Question, explain};
use meridian::wire::query::Subnet;
use proptest::test_runner::Config;

use super::super::estate::{Case, Draw, Estate, Family, Kind, Query, Vip};
use super::super::{Decision, check, draw, layers, resolver, served};
use super::{decision, direct, field, many};
use crate::server::Server;
use crate::subnet;

/// Questions of each tree whose shares are looked at.
const QUESTIONS: usize = 6;

/// Clients behind the cache, of each name.
const CLIENTS: usize = 10;

/// Draws over which shares are observed.
const DRAWS: u32 = 512;

/// So many draws in a row are multiples of the golden section of the circle: of these no stretch of the circle, wherever it
/// begins, has more than this above or below its part.
const DISCREPANCY: f64 = 3.4;

/// What the law gives a VIP.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    /// Of all answers: a set of k gives each a k-th.
    share: f64,
    /// In how many answers it is.
    inclusion: f64,
    /// In how many stretches of the circle.
    stretches: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    trees: usize,
    answers: usize,
    explained: usize,
    shares: usize,
    observed: usize,
    draws: usize,
    cache: resolver::Tally,
}

/// The points of a circle, parted by the model's own pick: where each stretch begins, and its VIPs. Sets differ from one
/// stretch to the next, and none comes twice in a group, so halving until they differ no more finds every border.
fn stretches(estate: &Estate, decision: &Decision, family: Family) -> Vec<(u64, Vec<usize>)> {
    let pick = |point: u64| {
        let mut set = draw::pick(
            estate,
            &decision.pool,
            &decision.candidates,
            family,
            point as u32,
            0,
        );
        set.sort_unstable();
        set
    };
    let whole = 1u64 << 32;
    let mut found: Vec<(u64, Vec<usize>)> = Vec::new();
    if matches!(decision.pool.draw, Draw::Sticky | Draw::Name) {
        let slots = (0..4096).map(|slot| slot << 20);
        found.extend(slots.map(|point| (point, pick(point))));
    } else {
        let total: u128 = decision.candidates.iter().map(|c| c.mass).sum();
        let mut below = 0;
        let mut known: Vec<u64> = (0..64).map(|part| part << 26).chain([whole - 1]).collect();
        for candidate in &decision.candidates {
            below += candidate.mass;
            let border = ((below << 32) / total.max(1)) as u64;
            known.extend([border.saturating_sub(1), border.min(whole - 1)]);
        }
        known.sort_unstable();
        known.dedup();
        let mut waiting: Vec<(u64, Vec<usize>)> = known
            .into_iter()
            .rev()
            .map(|point| (point, pick(point)))
            .collect();
        while let Some((point, set)) = waiting.pop() {
            match waiting.last() {
                Some((next, other)) if *other != set && next - point > 1 => {
                    let middle = point + (next - point) / 2;
                    waiting.push((middle, pick(middle)));
                    waiting.push((point, set));
                }
                _ => found.push((point, set)),
            }
        }
    }
    found.dedup_by(|next, before| next.1 == before.1);
    found
}

/// What the law gives each VIP in one family.
fn parts(estate: &Estate, decision: &Decision, family: Family) -> BTreeMap<usize, Part> {
    let whole = 1u64 << 32;
    let found = stretches(estate, decision, family);
    let mut parts: BTreeMap<usize, Part> = BTreeMap::new();
    for (n, (begin, set)) in found.iter().enumerate() {
        let end = found.get(n + 1).map_or(whole, |(next, _)| *next);
        let width = (end - begin) as f64 / whole as f64;
        let before = n.checked_sub(1).and_then(|n| found.get(n));
        for vip in set {
            let part = parts.entry(*vip).or_default();
            part.share += width / set.len() as f64;
            part.inclusion += width;
            part.stretches += usize::from(before.is_none_or(|(_, set)| !set.contains(vip)));
        }
    }
    parts
}

/// The question as an operator puts it.
fn question(query: &Query) -> Question {
    let subnet = query.ecs.map(|(addr, source)| Subnet {
        family: if addr.is_ipv4() { 1 } else { 2 },
        source,
        addr,
    });
    let kind = if query.kind == Kind::A { "A" } else { "AAAA" };
    let parsed = Question::parse(&query.name, "1.1.1.1", Some(kind), None);
    Question {
        resolver: query.resolver,
        subnet,
        ..parsed.unwrap()
    }
}

/// explain against the law, and the draws against both.
fn shares(
    case: &Case,
    server: &mut Server,
    query: &Query,
    tally: &mut Tally,
) -> Result<(), String> {
    let estate = &case.estate;
    let (board, motion) = (&case.boards[query.board], &case.motions[query.board]);
    let told: Explanation = explain(server.world(), &question(query), query.now, query.counter);
    let Some(steering) = told.steering else {
        return Err(format!("{query:?}: not explained as steered"));
    };
    tally.explained += 1;
    for (family, kind) in [(Family::V4, Kind::A), (Family::V6, Kind::Aaaa)] {
        let of_family = Query {
            kind,
            ..query.clone()
        };
        let decision = decision(estate, board, motion, &of_family);
        if decision.zone {
            continue;
        }
        let law = parts(estate, &decision, family);
        for (n, vip) in estate.vips.iter().enumerate() {
            let due = law.get(&n).map_or(0.0, |part| part.share);
            let shown = steering.vips.iter().find(|shown| shown.name == vip.name);
            let shown = shown.map_or(0.0, |v| {
                if family == Family::V4 {
                    v.share
                } else {
                    v.share6
                }
            });
            if (shown - due).abs() > 1e-9 {
                return Err(format!(
                    "{query:?}: {} has {shown} by explain, {due} by law {law:?}",
                    vip.name
                ));
            }
            tally.shares += 1;
        }
        observe(case, server, (query, &decision), (family, &law), tally)?;
    }
    Ok(())
}

/// Shares as they are seen: by the draws of one worker, or of one client over time.
fn observe(
    case: &Case,
    server: &mut Server,
    (query, decision): (&Query, &Decision),
    (family, law): (Family, &BTreeMap<usize, Part>),
    tally: &mut Tally,
) -> Result<(), String> {
    if !matches!(decision.pool.draw, Draw::Query | Draw::Client) || law.is_empty() {
        return Ok(());
    }
    let kind = if family == Family::V4 {
        subnet::A
    } else {
        subnet::AAAA
    };
    let asked = subnet::query(7, &query.name, kind, query.ecs);
    let mut hits: BTreeMap<usize, u32> = BTreeMap::new();
    for turn in 0..DRAWS {
        server.counter = query.counter.wrapping_add(turn);
        let now = query.now + u64::from(turn) * u64::from(decision.pool.ttl_max);
        let reply = server.ask(&asked, (query.resolver, 53_000).into(), Transport::Udp, now);
        for address in field::addresses(&subnet::read(&reply.unwrap()).unwrap()) {
            let own = |vip: &Vip| vip.address(family) == Some(address);
            let vip = case.estate.vips.iter().position(own);
            *hits
                .entry(vip.ok_or(format!("{address}: nobody's"))?)
                .or_default() += 1;
        }
        tally.draws += 1;
    }
    for vip in 0..case.estate.vips.len() {
        let part = law.get(&vip).copied().unwrap_or_default();
        let (seen, due) = (
            f64::from(hits.get(&vip).copied().unwrap_or(0)),
            part.inclusion * f64::from(DRAWS),
        );
        if (seen - due).abs() > DISCREPANCY * part.stretches as f64 {
            return Err(format!(
                "{query:?}: VIP {vip} was seen {seen} times, due are {due}: {part:?}"
            ));
        }
        tally.observed += 1;
    }
    Ok(())
}

fn agree(case: &Case, server: &mut Server, seed: u64, tally: &mut Tally) -> Result<(), String> {
    tally.trees += 1;
    let cell = RefCell::new((server, usize::MAX));
    let believe = |(server, board): &mut (&mut Server, usize), wanted: usize| {
        if *board != wanted {
            served::believe(server, case, wanted);
            *board = wanted;
        }
    };
    let ask = |_: &Case, query: &Query| {
        let held = &mut *cell.borrow_mut();
        believe(held, query.board);
        held.0.counter = query.counter;
        let from = (query.resolver, 53_000).into();
        let reply = held
            .0
            .ask(&served::message(query), from, Transport::Udp, query.now);
        served::observe(&reply.unwrap())
    };
    tally.answers += check::check(case, ask)?.answers;
    let mut held = cell.into_inner();
    let addresses = case
        .queries
        .iter()
        .filter(|query| query.kind != Kind::Https);
    for (n, query) in addresses.take(QUESTIONS).enumerate() {
        let pool = case.estate.root(case.estate.names[query.steered].target);
        // A name that says `"zone"` is steered by no wildcard.
        let kept = case.estate.kept.contains(&query.name.to_lowercase());
        if kept || !direct(&case.estate, &pool) {
            continue;
        }
        // A table is 4,096 rankings: one of the questions is enough for these.
        if matches!(pool.draw, Draw::Sticky | Draw::Name) && n as u64 != seed % 4 {
            continue;
        }
        believe(&mut held, query.board);
        shares(case, held.0, query, tally)?;
    }
    resolver::through(case, held.0, seed, CLIENTS, &mut tally.cache)
}

#[test]
fn model_server_explain_and_cache_agree() {
    let config = Config {
        cases: many("MERIDIAN_AGREE_CASES", 60) as u32,
        failure_persistence: None,
        ..Config::default()
    };
    let tally = layers::estates(config, agree);
    println!("all agree: {tally:?}");
    assert!(
        tally.explained > tally.trees && tally.observed > tally.trees,
        "{tally:?}"
    );
    assert!(tally.cache.answers > 100 * tally.trees, "{tally:?}");
}
