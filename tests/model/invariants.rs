//! Laws that hold for the model itself, and for the cases that it judges by.

use std::collections::BTreeMap;
use std::net::IpAddr;

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::check::{self, Observed};
use super::client::Client;
use super::estate::{self, Case, Estate, Kind, Members, Place, Policy, Pool, Query, Target};
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
        let at = estate.vips.iter().position(|v| v.name == vip.name);
        let alias = at.is_some_and(|at| estate.cnames.contains_key(&at));
        if vip.v4.is_none() && vip.v6.is_none() && !alias {
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
            prop_assert!(cases::is_clear(&estate, &client), "{client:?}");
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
                    prop_assert_eq!(&same.aliases, &told.aliases);
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
            let Expected { source, mut addresses, aliases, .. } =
                moving(&estate, &boards[query.board], &motions[query.board], query);
            let pool = estate.root(estate.names[query.steered].target);
            let many = addresses.len();
            let families = if query.kind == Kind::Https { 2 } else { 1 };
            prop_assert!(
                source != Source::Steered || !aliases.is_empty() || many <= pool.answers * families
            );
            let strange = match query.kind {
                Kind::A => addresses.iter().any(IpAddr::is_ipv6),
                Kind::Aaaa => addresses.iter().any(IpAddr::is_ipv4),
                Kind::Https => false,
                Kind::Cname => !addresses.is_empty(),
            };
            prop_assert!(!strange, "{addresses:?}");
            addresses.sort();
            addresses.dedup();
            prop_assert_eq!(addresses.len(), many);
        }
    }
}

/// How many failure domains there are for how many places, where an answer leaves VIPs out.
fn domains(estate: &Estate, kind: Kind, pool: &Pool, told: &[IpAddr]) -> String {
    let of = |addr: &IpAddr| {
        let fits = |vip: &&estate::Vip| vip.v4.map(IpAddr::V4) == Some(*addr);
        estate.vips.iter().find(fits)
    };
    let Some(first) = told.first().and_then(of).filter(|_| kind == Kind::A) else {
        return "no VIPs".to_string();
    };
    let reach = judge::reach(estate, pool).into_iter();
    let there: Vec<&estate::Vip> = reach
        .map(|vip| &estate.vips[vip])
        .filter(|vip| vip.site == first.site && vip.v4.is_some())
        .collect();
    let mut words: Vec<&String> = (there.iter())
        .map(|vip| vip.failure_domain.as_ref().unwrap_or(&vip.name))
        .collect();
    words.sort();
    words.dedup();
    let together = there.len() > words.len();
    match (told.len(), there.len()) {
        (k, n) if k < 2 || k >= n || !together => "domains say nothing".to_string(),
        (k, _) if words.len() < k => format!("fewer domains than answers, {:?}", pool.draw),
        _ => format!("as many domains as answers, {:?}", pool.draw),
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
                domains(estate, query.kind, &pool, &told.addresses),
                format!("all down {:?} {:?}", pool.on_all_down, told.source),
                format!(
                    "fenced in {:?} {:?}",
                    judge::inside(estate, &pool, &Client::at(estate, query.resolver))
                        .map(|inside| inside.len().min(3)),
                    told.source
                ),
                format!("short ttl {}", told.ttl == Some(pool.ttl_min)),
                format!("{:?} behind {} CNAMEs", told.source, told.aliases.len()),
                format!("{:?} code {}", told.source, told.rcode),
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
    // Chains, and names that are not there.
    for corner in [
        "Steered behind 1 CNAMEs",
        "Steered behind 2 CNAMEs",
        "ZoneFallback behind 1 CNAMEs",
        "Chain behind 1 CNAMEs",
        "NoData behind 0 CNAMEs",
        "NoData code 3",
    ] {
        assert!(seen.contains_key(corner), "{corner}");
    }
    for draws in [["Query", "Client"], ["Sticky", "Name"]] {
        for many in ["fewer domains", "as many domains"] {
            let fits = |corner: &&String| {
                corner.starts_with(many) && draws.iter().any(|draw| corner.ends_with(draw))
            };
            assert!(seen.keys().any(|corner| fits(&corner)), "{many} {draws:?}");
        }
    }
}

#[test]
fn the_harness_counts_what_it_compares() {
    let tally = check::run(20, &cases::centroids(), |case, query| {
        let (board, motion) = (&case.boards[query.board], &case.motions[query.board]);
        let Expected {
            rcode,
            aliases,
            addresses,
            beside,
            ttl,
            scope,
            ..
        } = moving(&case.estate, board, motion, query);
        Observed {
            rcode,
            aliases,
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
        tally.steered + tally.fallbacks + tally.nodata + tally.chains
    );
    assert_eq!(tally.ttls, tally.steered + tally.fallbacks);
    assert!(tally.scopes > 400);
}
