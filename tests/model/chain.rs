//! Names that lead to other names: pools of `cname` VIPs, CNAMEs of the zone file, and names that steering leaves alone.

use super::estate::{Board, Estate, Family, Kind, Motion, Query};
use super::text::{self, ALIAS, FIXED, FIXED_TTL};
use super::{Decision, Expected, Place, Source, addresses, decide, judge};

/// Whether the name's pool is one of `cname` VIPs.
pub(crate) fn leads(estate: &Estate, steered: usize) -> bool {
    let pool = estate.root(estate.names[steered].target);
    let vips = judge::reach(estate, &pool);
    vips.iter().any(|vip| estate.cnames.contains_key(vip))
}

/// The steered name that stands for a name, and whether steering answers: a wildcard stands also for names that say
/// `"zone"`, but as the zone file has it.
fn stands(estate: &Estate, name: &str) -> Option<(usize, bool)> {
    let exact = estate.names.iter().position(|s| s.name == name);
    let wild = || {
        let covers = |star: &str| {
            star.strip_prefix('*')
                .is_some_and(|end| name.ends_with(end))
        };
        estate.names.iter().position(|s| covers(&s.name))
    };
    let kept = estate.kept.iter().any(|kept| kept == name);
    exact.or_else(wild).map(|at| (at, !kept))
}

/// The answer to one question. "A target inside one of our zones is followed as a static CNAME is (loops bounded), and a
/// steered target is steered for the same client; the scope of the whole answer is the longest used."
pub(crate) fn moving(estate: &Estate, board: &Board, motion: &Motion, query: &Query) -> Expected {
    let mut told = Expected {
        rcode: 0,
        source: Source::NoData,
        aliases: Vec::new(),
        addresses: Vec::new(),
        beside: Vec::new(),
        ttl: None,
        scope: query.ecs.map(|_| 0),
        why: String::new(),
    };
    let (mut name, mut seen, mut hop) = (query.name.to_lowercase(), Vec::new(), 0);
    loop {
        if seen.contains(&name) || !name.ends_with(&format!(".{}", text::ORIGIN)) {
            told.source = Source::Chain;
            return told;
        }
        assert!(seen.len() <= 8, "the server follows no further");
        seen.push(name.clone());
        let alias = match stands(estate, &name) {
            Some((steered, true)) => {
                let place = Place {
                    steered,
                    name: &name,
                    hop,
                };
                if !leads(estate, steered) {
                    let end = addresses(estate, board, motion, query, &place);
                    return Expected {
                        aliases: told.aliases,
                        scope: told.scope.max(end.scope),
                        ..end
                    };
                }
                let decision = decide(estate, board, motion, query, &place, family(query));
                told.scope = told.scope.max(decision.scope);
                told.why = decision.why.clone();
                hop += 1;
                decision.alias(estate, query, &place)
            }
            Some((steered, false)) => {
                let Some(alias) = estate.aliases.get(&steered) else {
                    return fixed(estate, query, Some(steered), told);
                };
                Some((alias.1.clone(), alias.0))
            }
            None if name == ALIAS => Some((text::alias(estate), FIXED_TTL)),
            None => {
                let none = (name != FIXED).then_some(3);
                told.rcode = none.unwrap_or(0);
                return fixed(estate, query, None, told);
            }
        };
        // "Every type asked at the name gets the CNAME"; with `nodata` and all down, none does.
        let Some((target, ttl)) = alias else {
            return told;
        };
        told.aliases.push((target.clone(), ttl));
        if query.kind == Kind::Cname {
            told.source = Source::Chain;
            return told;
        }
        name = target.to_lowercase();
    }
}

/// Whose health an answer goes by.
pub(crate) fn family(query: &Query) -> Family {
    match query.kind {
        Kind::Aaaa => Family::V6,
        _ => Family::V4,
    }
}

/// All that steering decides on the way to an answer, the first first.
pub(crate) fn decisions(
    estate: &Estate,
    board: &Board,
    motion: &Motion,
    query: &Query,
) -> Vec<Decision> {
    let (mut name, mut all, mut seen) = (query.name.to_lowercase(), Vec::new(), Vec::new());
    while !seen.contains(&name) {
        seen.push(name.clone());
        let alias = match stands(estate, &name) {
            Some((steered, true)) => {
                let place = Place {
                    steered,
                    name: &name,
                    hop: all.len() as u32,
                };
                let decision = decide(estate, board, motion, query, &place, family(query));
                let alias = leads(estate, steered).then(|| decision.alias(estate, query, &place));
                all.push(decision);
                alias.flatten()
            }
            Some((steered, false)) => estate
                .aliases
                .get(&steered)
                .map(|(ttl, to)| (to.clone(), *ttl)),
            None => (name == ALIAS).then(|| (text::alias(estate), FIXED_TTL)),
        };
        match alias {
            Some((target, _)) => name = target.to_lowercase(),
            None => break,
        }
    }
    all
}

/// What the zone file has at a wildcard that is not asked for steering, or at the one plain name of the cases.
fn fixed(estate: &Estate, query: &Query, steered: Option<usize>, told: Expected) -> Expected {
    let (v4, v6) = text::fixed();
    let (a, aaaa, https) = match steered {
        _ if told.rcode != 0 => return told,
        Some(steered) => {
            let at = &estate.names[steered];
            (at.a.clone(), at.aaaa.clone(), at.https.clone())
        }
        None => ((FIXED_TTL, vec![v4]), (FIXED_TTL, vec![v6]), None),
    };
    if a.1.is_empty() && aaaa.1.is_empty() && https.is_none() {
        // Only steering made the wildcard.
        return Expected { rcode: 3, ..told };
    }
    let mut beside = Vec::new();
    let (ttl, addresses) = match (query.kind, https) {
        (Kind::A, _) => (a.0, a.1.into_iter().map(Into::into).collect()),
        (Kind::Aaaa, _) => (aaaa.0, aaaa.1.into_iter().map(Into::into).collect()),
        (Kind::Https, Some(https)) => {
            let v4 = https.v4.into_iter().map(Into::into);
            let hints = v4.chain(https.v6.into_iter().map(Into::into));
            // RFC 9460 §4.1: the target is the name itself, and has these.
            beside.extend(a.1.into_iter().map(|addr| (addr.into(), a.0)));
            beside.extend(aaaa.1.into_iter().map(|addr| (addr.into(), aaaa.0)));
            (https.ttl, hints.collect())
        }
        (Kind::Https | Kind::Cname, _) => (0, Vec::new()),
    };
    if addresses.is_empty() {
        return told;
    }
    Expected {
        source: Source::ZoneFallback,
        addresses,
        beside,
        ttl: Some(ttl),
        ..told
    }
}
