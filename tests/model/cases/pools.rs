//! How choices are made: random rule sets, pools and names.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::super::estate::{
    AllDown, Draw, Estate, Https, Members, Place, Policy, Pool, Rule, RuleSet, Steered, Target, Vip,
};
use super::super::network::Network;
use super::super::{judge, text};
use super::places::address;
use super::{Tape, city};

pub(super) fn place(tape: &mut Tape<'_>, estate: &Estate) -> Place {
    let (city, country, continent, parts, ..) = city(tape);
    match tape.below(14) {
        0 | 1 => Place::Continent(continent.to_string()),
        2 | 3 | 12 => Place::Country(country.to_string()),
        4 | 13 if !parts.is_empty() => {
            Place::Subdivision(format!("{country}-{}", tape.pick(parts)))
        }
        // Namibia's code stands for North America elsewhere: only the plain form is clear.
        5 if country != "NA" => Place::City(country.to_string(), city.to_string()),
        6 if !parts.is_empty() && country != "NA" => {
            Place::City(format!("{country}-{}", tape.pick(parts)), city.to_string())
        }
        7 => Place::System(64_500 + tape.below(5) as u32),
        8 => Place::Unknown,
        9 => {
            let v4 = tape.percent(50);
            let addr = address(tape, v4);
            Place::Network(Network::around(
                addr,
                if v4 { 8 } else { 24 } + tape.below(17) as u8,
            ))
        }
        10 => Place::Network(
            tape.pick(&["10.0.0.0/8", "192.168.7.0/24", "fd00::/8"].map(Network::parse)),
        ),
        // Beside the networks of the databases: the same, wider, narrower.
        _ => {
            let (network, _) = tape.pick(&estate.networks);
            let width = Network::width(network.addr);
            let len = (network.len + tape.below(5) as u8)
                .saturating_sub(2)
                .clamp(1, width);
            Place::Network(Network::around(network.addr, len))
        }
    }
}

/// Whether a VIP gives what the pools that are made now give: a CNAME, or addresses.
fn fits(estate: &Estate, target: Target, alias: bool) -> bool {
    let vips = match target {
        Target::Vip(vip) => vec![vip],
        other => judge::reach(estate, &Pool::new("", vec![other])),
    };
    let is = |vip: &usize| estate.cnames.contains_key(vip) == alias;
    vips.iter().all(is)
}

/// A rule set that may name any pool of `pools`.
fn rules(tape: &mut Tape<'_>, estate: &Estate, pools: &[Target], alias: bool) -> RuleSet {
    let mut set = RuleSet {
        name: format!("rules-{}", estate.rules.len()),
        rules: Vec::new(),
    };
    let sites = (0..estate.sites.len()).map(Target::Site);
    let vips = (0..estate.vips.len()).map(Target::Vip);
    let vips = vips.filter(|vip| fits(estate, *vip, alias));
    let mut all: Vec<Target> = sites.clone().chain(sites).collect();
    all.extend(vips);
    all.extend(pools.iter().chain(pools));
    let many = 1 + tape.below(8);
    for i in 0..many {
        let mut targets = tape.several(&all, 3);
        let mut seen = Vec::new();
        targets.retain(|target| !seen.contains(target) && (seen.push(*target), true).1);
        let region = tape
            .percent(20)
            .then(|| format!("region-{}-{i}", estate.rules.len()));
        let places = if region.is_some() { 3 } else { 1 };
        for _ in 0..places {
            let place = place(tape, estate);
            if set.rules.iter().all(|rule| rule.place != place) {
                set.rules.push(Rule {
                    place,
                    region: region.clone(),
                    targets: targets.clone(),
                });
            }
        }
    }
    set
}

/// How deep pools stand in pools below this one, rule sets included.
pub(crate) fn depth(estate: &Estate, pool: &Pool) -> usize {
    let mut targets = pool.members.targets();
    if let Some(rules) = pool.prefer {
        targets.extend(
            estate.rules[rules]
                .rules
                .iter()
                .flat_map(|rule| rule.targets.clone()),
        );
    }
    let below = targets.into_iter().map(|target| match target {
        Target::Pool(child) => depth(estate, &estate.pools[child]),
        _ => 0,
    });
    1 + below.max().unwrap_or(0)
}

/// The site of a member if it may stand under nearest: every VIP there, at one site with a location.
pub(crate) fn one_site(estate: &Estate, member: Target) -> Option<usize> {
    let vips = judge::reach(estate, &Pool::new("", vec![member]));
    let site = estate.vips[*vips.first()?].site?;
    let there = vips.iter().all(|vip| estate.vips[*vip].site == Some(site));
    (there && estate.sites[site].location.is_some()).then_some(site)
}

pub(super) fn pool(tape: &mut Tape<'_>, estate: &mut Estate, alias: bool) {
    let inhabited = |site: &usize| {
        let here = |vip: &Vip| vip.site == Some(*site);
        estate.vips.iter().any(here) && fits(estate, Target::Site(*site), alias)
    };
    let sites = (0..estate.sites.len()).filter(inhabited).map(Target::Site);
    let mut singles: Vec<Target> = (0..estate.vips.len())
        .map(Target::Vip)
        .filter(|vip| fits(estate, *vip, alias))
        .collect();
    singles.extend(sites.clone().chain(sites));
    let shallow = (0..estate.pools.len()).filter(|p| depth(estate, &estate.pools[*p]) < 3);
    let pools: Vec<Target> = shallow
        .map(Target::Pool)
        .filter(|pool| fits(estate, *pool, alias))
        .collect();
    let mut all = singles.clone();
    (0..3).for_each(|_| all.extend(&pools));
    let near: Vec<Target> = all
        .iter()
        .copied()
        .filter(|target| one_site(estate, *target).is_some())
        .collect();

    let unique = |mut list: Vec<Target>| {
        let mut seen = Vec::new();
        list.retain(|target| !seen.contains(target) && (seen.push(*target), true).1);
        list
    };
    let (policy, members) = match tape.below(5) {
        0 => (
            Policy::Weighted,
            Members::List(unique(tape.several(&singles, 8))),
        ),
        1 => {
            let members = unique(tape.several(&all, 5));
            let mut table: Vec<(Target, u32)> = Vec::new();
            for member in members {
                table.push((member, tape.pick(&[1, 2, 3, 0, 10, 99, 1_000_000])));
            }
            table[0].1 = table[0].1.max(1);
            (Policy::Weighted, Members::Table(table))
        }
        2 | 3 if !near.is_empty() => (
            Policy::Nearest,
            Members::List(unique(tape.several(&near, 20))),
        ),
        _ => (
            Policy::Failover,
            Members::List(unique(tape.several(&all, 5))),
        ),
    };
    let prefer = if !tape.percent(50) {
        None
    } else if let (true, Some(known)) = (tape.percent(30), known(tape, estate, alias)) {
        Some(known)
    } else {
        let set = rules(tape, estate, &pools, alias);
        estate.rules.push(set);
        Some(estate.rules.len() - 1)
    };
    let tie = if policy == Policy::Nearest {
        tape.pick(&[0, 0, 300, 1000, 5000])
    } else {
        0
    };
    let (ttl_min, ttl_max) = tape.pick(&[(20, 60), (60, 60), (1, 5), (30, 86_400)]);
    let name = format!(
        "{}-{}",
        tape.pick(&["p", "web", "a-pool"]),
        estate.pools.len()
    );
    let spill = match policy {
        Policy::Weighted => None,
        Policy::Nearest | Policy::Failover => tape.pick(&[None, None, Some(800_000), Some(1)]),
    };
    // The longest TTL of all bears no more than so little.
    let shared = judge::reach(estate, &Pool::new("", members.targets())).len() > 1;
    let adapt = match (policy, &members) {
        (Policy::Weighted, Members::List(_)) if shared => tape.pick(&[None, Some(50), Some(1)]),
        _ => None,
    };
    estate.pools.push(Pool {
        spill,
        adapt,
        prefer,
        policy,
        min_up: tape.pick(&[500_000, 0, 10_000, 250_000, 750_000, 1_000_000]),
        tie,
        answers: if alias { 1 } else { 1 + tape.below(4) },
        draw: tape.pick(&[Draw::Query, Draw::Client, Draw::Sticky, Draw::Name]),
        ttl_min,
        ttl_max,
        ecs: !tape.percent(15),
        on_all_down: tape.pick(&[AllDown::Zone, AllDown::All, AllDown::NoData]),
        members,
        ..Pool::new(&name, vec![])
    });
}

/// A rule set that is there already, and names nothing of the other kind.
fn known(tape: &mut Tape<'_>, estate: &Estate, alias: bool) -> Option<usize> {
    let pure = |target: &Target| matches!(target, Target::Site(_)) || fits(estate, *target, alias);
    let pure = |set: &RuleSet| set.rules.iter().all(|rule| rule.targets.iter().all(pure));
    let at = tape.below(estate.rules.len().max(1));
    estate.rules.get(at).is_some_and(pure).then_some(at)
}

pub(super) fn names(tape: &mut Tape<'_>, estate: &mut Estate) {
    let mut targets: Vec<Target> = (0..estate.pools.len()).rev().map(Target::Pool).collect();
    let vip = tape.below(estate.vips.len());
    targets.push(Target::Vip(vip));
    targets.extend(estate.vips[vip].site.map(Target::Site));
    for (i, target) in targets.into_iter().enumerate() {
        let last_resort = |tape: &mut Tape<'_>| {
            let many = if tape.percent(50) {
                1 + tape.below(2)
            } else {
                0
            };
            (tape.pick(&[300, 10, 86_400]), many as u8)
        };
        let (mut a, mut aaaa) = (last_resort(tape), last_resort(tape));
        let alias = !fits(estate, target, false);
        if alias {
            let outside = format!("resort{i}.cdn.example.");
            let to = tape.pick(&[outside, text::FIXED.to_string()]);
            if a.1 > 0 {
                estate.aliases.insert(i, (a.0, to));
            }
            (a.1, aaaa.1) = (0, 0);
        }
        let number = i as u8;
        let v4 = |n: u8| Ipv4Addr::new(198, 51, 100, 10 * number + n);
        let v6 = |n: u8| Ipv6Addr::new(0x2001, 0xdb8, 0xa, 0, 0, 0, number.into(), n.into());
        let https = (tape.percent(70) && !alias).then(|| Https {
            ttl: tape.pick(&[300, 5]),
            v4: vec![v4(9)],
            v6: if tape.percent(50) {
                vec![v6(9)]
            } else {
                vec![]
            },
        });
        let wild = if tape.percent(20) { "*." } else { "" };
        estate.names.push(Steered {
            name: format!("{wild}n{i}.{}", text::ORIGIN),
            target,
            a: (a.0, (0..a.1).map(v4).collect()),
            aaaa: (aaaa.0, (0..aaaa.1).map(v6).collect()),
            https,
        });
        if !tape.percent(50) {
            estate.under.push(i);
        }
        if !wild.is_empty() && tape.percent(70) {
            estate.kept.push(format!("any-7.n{i}.{}", text::ORIGIN));
        }
    }
    leads(tape, estate);
}

/// Where the VIPs of CNAMEs lead: out of the zone, to a plain name, to none, or to a steered one that does not lead back
/// at once.
fn leads(tape: &mut Tape<'_>, estate: &mut Estate) {
    let vips: Vec<usize> = estate.cnames.keys().copied().collect();
    for vip in vips {
        let outside = format!("x{vip}.cdn.example.");
        let mut targets: Vec<String> = [&outside, text::FIXED, text::ALIAS, "gone.example.com."]
            .map(str::to_string)
            .to_vec();
        for steered in &estate.names {
            let pools = judge::family(estate, &estate.root(steered.target));
            let named = |pool: &Pool| {
                let rules = pool.prefer.map_or(&[][..], |set| &estate.rules[set].rules);
                let mut targets = rules.iter().flat_map(|rule| &rule.targets);
                targets.any(|target| *target == Target::Vip(vip))
                    || judge::reach(estate, pool).contains(&vip)
            };
            if !pools.iter().any(named) {
                let name = steered.name.replace('*', "any-7");
                targets.extend([name.clone(), name]);
            }
        }
        let target = tape.pick(&targets);
        estate.cnames.insert(vip, target);
    }
}
