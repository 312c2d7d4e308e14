//! Laws that hold for the model itself, and for the cases that it judges by.

use std::collections::BTreeMap;
use std::net::IpAddr;

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::check::{self, Observed};
use super::client::Client;
use super::estate::{Case, Estate, Kind, Members, Place, Policy, Pool, Query, Target};
use super::network::Network;
use super::{Expected, Source, cases, judge, moving, text};

fn few() -> Config {
    Config {
        cases: 40,
        failure_persistence: None,
        ..Config::default()
    }
}

/// What CONFIG section 3 forbids and this estate does.
fn offences(estate: &Estate) -> Vec<String> {
    let mut found = Vec::new();
    let mut offence = |pool: &Pool, is: bool, what: &str| {
        if is {
            found.push(format!("{}: {what}", pool.name));
        }
    };
    for pool in &estate.pools {
        let targets = pool.members.targets();
        let has_pool = targets
            .iter()
            .any(|target| matches!(target, Target::Pool(_)));
        let list = matches!(pool.members, Members::List(_));
        let weighted = pool.policy == Policy::Weighted;
        let astray = targets
            .iter()
            .any(|target| cases::one_site(estate, *target).is_none());
        let twice = (1..targets.len()).any(|i| targets[..i].contains(&targets[i]));
        offence(
            pool,
            targets.is_empty() || twice,
            "no members, or one twice",
        );
        offence(
            pool,
            weighted && list && has_pool,
            "pools under weighted need the table",
        );
        offence(pool, !weighted && !list, "the table belongs to weighted");
        offence(
            pool,
            pool.policy == Policy::Nearest && astray,
            "nearest needs one place each",
        );
        offence(
            pool,
            pool.policy != Policy::Nearest && pool.tie > 0,
            "tie belongs to nearest",
        );
        // A cycle would not come back from here.
        offence(pool, cases::depth(estate, pool) > 8, "too deep");
        offence(
            pool,
            judge::reach(estate, pool).is_empty(),
            "reaches no VIP",
        );
    }
    for vip in &estate.vips {
        if vip.v4.is_none() && vip.v6.is_none() {
            found.push(format!("{}: no address", vip.name));
        }
    }
    found
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn generated_estates_obey_the_language(tapes in cases::any_tapes()) {
        let estate = cases::estate(&tapes, &cases::centroids());
        prop_assert_eq!(offences(&estate), Vec::<String>::new());
        let written = text::to_toml(&estate);
        let read: toml::Table = written.parse().map_err(|e| TestCaseError::fail(format!("{e}")))?;
        let pools = read["pools"].as_table().map(toml::Table::len);
        prop_assert_eq!(pools, Some(estate.pools.len()));
        for (network, facts) in &estate.networks {
            let client = Client { addr: network.addr, facts: facts.clone() };
            let clear = client.position(&estate).is_none_or(|p| cases::is_clear(&estate, p));
            prop_assert!(clear, "{client:?}");
        }
    }

    /// RFC 7871 §7.3.1: a resolver gives the answer to every client inside the scope.
    #[test]
    fn everyone_inside_the_scope_gets_the_same_answer(tapes in cases::any_tapes()) {
        let Case { estate, boards, motions, queries } = cases::case(&tapes, &cases::centroids());
        for query in &queries {
            let Some((addr, _)) = query.ecs else { continue };
            let told = moving(&estate, &boards[query.board], &motions[query.board], query);
            let inside = Network::around(addr, told.scope.unwrap());
            for other in &queries {
                let Some((elsewhere, source)) = other.ecs else { continue };
                if told.scope == Some(0) || source == 0 || !inside.contains(elsewhere) {
                    continue;
                }
                let asked = Query { ecs: Some((elsewhere, source)), ..query.clone() };
                let same = moving(&estate, &boards[query.board], &motions[query.board], &asked);
                if super::is_global(elsewhere) && super::is_global(addr) {
                    prop_assert_eq!(&same.addresses, &told.addresses);
                    prop_assert_eq!((same.ttl, same.scope), (told.ttl, told.scope));
                }
            }
        }
    }

    /// Nothing but a whole plan: no address twice, never more than asked for, none that is unknown.
    #[test]
    fn answers_hold_each_address_once(tapes in cases::any_tapes()) {
        let Case { estate, boards, motions, queries } = cases::case(&tapes, &cases::centroids());
        for query in &queries {
            let Expected { source, mut addresses, .. } =
                moving(&estate, &boards[query.board], &motions[query.board], query);
            let pool = estate.root(estate.names[query.steered].target);
            let many = addresses.len();
            let families = if query.kind == Kind::Https { 2 } else { 1 };
            prop_assert!(source != Source::Steered || many <= pool.answers * families);
            let strange = match query.kind {
                Kind::A => addresses.iter().any(IpAddr::is_ipv6),
                Kind::Aaaa => addresses.iter().any(IpAddr::is_ipv4),
                Kind::Https => false,
            };
            prop_assert!(!strange, "{addresses:?}");
            addresses.sort();
            addresses.dedup();
            prop_assert_eq!(addresses.len(), many);
        }
    }
}

/// The cases would prove little if they were all alike.
#[test]
fn cases_reach_every_corner() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 0..150 {
        let case = cases::case(&cases::tapes(seed), &cases::centroids());
        for query in &case.queries {
            let estate = &case.estate;
            let pool = estate.root(estate.names[query.steered].target);
            let (board, motion) = (&case.boards[query.board], &case.motions[query.board]);
            let told = moving(estate, board, motion, query);
            for corner in [
                format!("{:?} of {:?} {:?}", told.source, pool.policy, query.kind),
                format!("draw {:?} of {}", pool.draw, told.addresses.len().min(3)),
                format!("all down {:?} {:?}", pool.on_all_down, told.source),
                format!(
                    "fenced in {:?} {:?}",
                    judge::inside(estate, &pool, &Client::at(estate, query.resolver))
                        .map(|inside| inside.len().min(3)),
                    told.source
                ),
                format!("short ttl {}", told.ttl == Some(pool.ttl_min)),
                format!("scope of {:?}", told.scope.map(|scope| scope / 8)),
            ] {
                *seen.entry(corner).or_default() += 1;
            }
            for pool in judge::family(estate, &pool) {
                let client = Client::at(estate, query.resolver);
                if let Some(set) = pool.prefer {
                    let rules = &estate.rules[set];
                    let kind = client.matched(rules).map_or("none", |rule| {
                        match &rules.rules[rule].place {
                            Place::Network(_) => "network",
                            Place::System(_) => "system",
                            Place::City(area, _) if area.contains('-') => "city of a subdivision",
                            Place::City(..) => "city",
                            Place::Subdivision(_) => "subdivision",
                            Place::Country(_) => "country",
                            Place::Continent(_) => "continent",
                            Place::Unknown => "unknown",
                        }
                    });
                    *seen.entry(format!("rule by {kind}")).or_default() += 1;
                }
                if pool.policy == Policy::Nearest {
                    let steps = client.steps(estate, &pool, None);
                    let widths: Vec<usize> = steps.iter().map(|step| step.len().min(4)).collect();
                    *seen.entry(format!("steps {widths:?}")).or_default() += 1;
                }
            }
        }
    }
    for (corner, times) in &seen {
        println!("{times:7} {corner}");
    }
    assert!(seen.len() > 60);
}

#[test]
fn the_harness_counts_what_it_compares() {
    let tally = check::run(20, &cases::centroids(), |case, query| {
        let (board, motion) = (&case.boards[query.board], &case.motions[query.board]);
        let Expected {
            addresses,
            beside,
            ttl,
            scope,
            ..
        } = moving(&case.estate, board, motion, query);
        Observed {
            rcode: 0,
            addresses,
            beside,
            ttl,
            scope,
        }
    });
    println!("{tally:?}");
    assert_eq!((tally.cases, tally.answers), (20, 800));
    assert_eq!(
        tally.answers,
        tally.steered + tally.fallbacks + tally.nodata
    );
    assert_eq!(tally.ttls, tally.steered + tally.fallbacks);
    assert!(tally.scopes > 400);
}
