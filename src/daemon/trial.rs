//! Finds questions worth trying: a name whose answers differ by client, and a VIP whose loss shows.

use std::collections::BTreeSet;

use crate::answer::explain::{Question, ask};
use crate::health::verdict::{Both, State, Verdict};
use crate::limits;
use crate::stats::Counters;
use crate::steer::reach::Gives;
use crate::wire::kind::Kind;
use crate::wire::name::Name;
use crate::world::World;
use crate::world::situation::Standing;

/// Well-known networks of different registries, so that even the built-in map tells them apart: those of the registries
/// themselves and of a university.
const CLIENTS: [&str; 6] = [
    "193.0.6.0/24",    // RIPE NCC, Amsterdam
    "199.43.0.0/24",   // ARIN, Virginia
    "133.11.0.0/24",   // University of Tokyo
    "200.160.2.0/24",  // NIC.br, São Paulo
    "196.216.2.0/24",  // AFRINIC, Mauritius
    "203.119.86.0/24", // APNIC, Brisbane
];

/// Lines worth showing: three fit beside each other, more are a list.
const LINES: usize = 3;

/// Questions about one name.
#[derive(Debug)]
pub(super) struct Trial {
    /// The name to ask for.
    pub(super) name: Name,
    /// A, or AAAA where the pool has no IPv4, or CNAME.
    pub(super) kind: Kind,
    /// Clients that get different answers; just one without a subnet, if all get the same.
    pub(super) lines: Vec<Line>,
    /// What to take down to see a line change.
    pub(super) outage: Option<Outage>,
}

/// A client and what it gets.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) subnet: Option<&'static str>,
    /// VIPs, by name.
    pub(super) gets: BTreeSet<String>,
}

/// A VIP that goes down.
#[derive(Debug)]
pub(super) struct Outage {
    pub(super) vip: String,
    /// Which line changes.
    pub(super) line: usize,
    /// What that client gets then.
    pub(super) gets: BTreeSet<String>,
}

/// The best trial there is; none without steered names.
pub(super) fn find(world: &World, now: u64) -> Option<Trial> {
    let asker = Asker {
        counters: Counters::default(),
        now,
    };
    let mut best: Option<Trial> = None;
    for (name, kind) in names(world) {
        let lines = lines(world, &asker, &name, kind);
        let better = best.as_ref().is_none_or(|b| lines.len() > b.lines.len());
        if better && !lines.is_empty() {
            best = Some(Trial {
                name,
                kind,
                lines,
                outage: None,
            });
        }
        if best.as_ref().is_some_and(|b| b.lines.len() == LINES) {
            break;
        }
    }
    let mut best = best?;
    if let [only] = best.lines.as_mut_slice() {
        only.subnet = None;
        only.gets = asker.ask(world, &best.name, best.kind, None);
    }
    best.outage = outage(world, &asker, &best);
    Some(best)
}

/// One name of each pool, for a pool's names answer alike.
fn names(world: &World) -> Vec<(Name, Kind)> {
    let mut seen = BTreeSet::new();
    let all = || {
        let zones = world.estate.zones.iter();
        zones.flat_map(|held| held.names.iter().zip(held.steered.iter().copied()))
    };
    let (stars, plain) = (
        all().filter(|(name, _)| name.is_wildcard()),
        all().filter(|(name, _)| !name.is_wildcard()),
    );
    let mut names = Vec::new();
    for (steered, root) in plain.chain(stars) {
        if seen.len() >= limits::TRIAL_POOLS {
            break;
        }
        if !seen.insert(root) {
            continue;
        }
        let name = if steered.is_wildcard() {
            let above = steered.parent();
            above.and_then(|parent| parent.child(b"any").ok())
        } else {
            Some(steered.clone())
        };
        let alias = world.estate.roots.get(root as usize);
        let kinds: &[Kind] = match alias.is_some_and(|root| root.gives == Gives::Alias) {
            true => &[Kind::CNAME],
            false => &[Kind::A, Kind::AAAA],
        };
        if let Some(name) = name {
            names.extend(kinds.iter().map(|kind| (name.clone(), *kind)));
        }
    }
    names
}

/// Clients of whom no two get the same VIP.
fn lines(world: &World, asker: &Asker, name: &Name, kind: Kind) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for subnet in CLIENTS {
        let gets = asker.ask(world, name, kind, Some(subnet));
        let other = |line: &Line| line.gets.is_disjoint(&gets);
        if !gets.is_empty() && lines.iter().all(other) {
            lines.push(Line {
                subnet: Some(subnet),
                gets,
            });
        }
        if lines.len() == LINES {
            break;
        }
    }
    lines
}

/// The VIP whose loss changes a line the most: best if its client goes elsewhere altogether.
fn outage(world: &World, asker: &Asker, trial: &Trial) -> Option<Outage> {
    let mut order: Vec<usize> = (0..trial.lines.len()).collect();
    order.sort_by_key(|at| trial.lines.get(*at).map(|line| line.gets.len()));
    let mut second = None;
    for at in order {
        let line = trial.lines.get(at)?;
        let Some(vip) = line.gets.first() else {
            continue;
        };
        let down = |name: &str| {
            if name == vip {
                return Both::same(Verdict {
                    state: State::Down,
                    since: asker.now,
                });
            }
            let known = world.estate.steering.vip(name);
            known.map_or(Both::UNKNOWN, |vip| world.verdicts.at(usize::from(vip.0)))
        };
        let standing = Standing {
            verdicts: world.estate.verdicts(down),
            motion: world.motion.clone(),
        };
        let after = world.with(standing, world.generation);
        let gets = asker.ask(&after, &trial.name, trial.kind, line.subnet);
        let outage = Outage {
            vip: vip.clone(),
            line: at,
            gets,
        };
        if outage.gets.is_disjoint(&line.gets) && !outage.gets.is_empty() {
            return Some(outage);
        }
        if outage.gets != line.gets {
            second = second.or(Some(outage));
        }
    }
    second
}

/// Asks the answering code.
struct Asker {
    counters: Counters,
    now: u64,
}

impl Asker {
    /// All VIPs that this client gets, over many draws and days.
    fn ask(
        &self,
        world: &World,
        name: &Name,
        kind: Kind,
        subnet: Option<&str>,
    ) -> BTreeSet<String> {
        let mut gets = BTreeSet::new();
        let client = subnet.unwrap_or("127.0.0.1");
        let Ok(mut question) = Question::parse(".", client, None, None) else {
            return gets;
        };
        question.name = name.clone();
        question.kind = kind;
        for draw in 0..limits::TRIAL_DRAWS {
            // The draw `client` moves with the time, and no TTL is longer than a day.
            let now = self.now + u64::from(draw) * 86_400;
            let reply = ask(world, &question, now, draw, &self.counters);
            let records = reply.into_iter().flat_map(|r| {
                let [answer, _, _] = r.sections;
                answer
            });
            gets.extend(
                records
                    .filter(|r| r.kind == kind)
                    .map(|r| vip(world, &r.data)),
            );
        }
        gets
    }
}

/// The VIP that has an address; the zone file's own addresses stand for themselves.
fn vip(world: &World, address: &str) -> String {
    let mut vips = world.estate.steering.vips.iter();
    let has = vips.find(|v| {
        v.address.is_some_and(|a| a.to_string() == address)
            || v.address6.is_some_and(|a| a.to_string() == address)
            || v.cname.as_ref().is_some_and(|a| a.to_string() == address)
    });
    has.map_or_else(|| address.into(), |v| v.name.clone())
}
