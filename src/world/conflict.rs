//! Contradictions: what zone files and steering say against each other, and against what was served before.

use std::collections::HashMap;
use std::sync::Arc;

use crate::config::estate::{Steered, Steering};
use crate::diagnostic::{Diagnostic, Spot};
use crate::wire::kind::Kind;
use crate::wire::name::Name;
use crate::world::estate::Estate;
use crate::zone::{Parsed, Record};

/// How much of the estate could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Every zone file: what is not there does not exist.
    Whole,
    /// Not every one: what seems to be missing may stand in a file with mistakes.
    Part,
}

/// The name and all above it, up to the root.
fn ancestors(name: &Name) -> impl Iterator<Item = Name> + use<> {
    std::iter::successors(Some(name.clone()), Name::parent)
}

/// Each zone once, sorted by apex.
pub(super) fn single(
    mut parsed: Vec<Arc<Parsed>>,
    reading: Reading,
    found: &mut Vec<Diagnostic>,
) -> Vec<Arc<Parsed>> {
    parsed.sort_by(|a, b| a.apex.cmp(&b.apex).then(a.source.path.cmp(&b.source.path)));
    if parsed.is_empty() && reading == Reading::Whole {
        found.push(Diagnostic::whole(
            "there is no zone file here",
            "put at least one `*.zone` file into the folder; an empty folder is more often a mistake than a wish",
        ));
    }
    for pair in parsed.windows(2) {
        if let [a, b] = pair
            && a.apex == b.apex
        {
            let message = format!("two files hold the zone `{}`", b.apex);
            let twice = Diagnostic::error(
                apex(b),
                message,
                "keep one of them, or give the other another $ORIGIN",
            );
            found.push(twice.and(apex(a), "the other"));
        }
    }
    parsed.dedup_by(|b, a| a.apex == b.apex);
    parsed
}

fn apex(parsed: &Parsed) -> Spot {
    let soa = parsed.records.iter().find(|r| r.kind == Kind::SOA);
    Spot::new(&parsed.source, soa.map_or(0..0, |r| r.owner_span.clone()))
}

/// The steered names of each zone: a name belongs to the deepest zone above it.
pub(super) fn assign<'a>(
    zones: &[Arc<Parsed>],
    steering: &'a Steering,
    reading: Reading,
    found: &mut Vec<Diagnostic>,
) -> Vec<Vec<&'a Steered>> {
    let index: HashMap<&Name, usize> = zones
        .iter()
        .enumerate()
        .map(|(n, z)| (&z.apex, n))
        .collect();
    let mut by_zone: Vec<Vec<&Steered>> = vec![Vec::new(); zones.len()];
    for steered in &steering.names {
        match ancestors(&steered.name).find_map(|name| index.get(&name)) {
            Some(zone) => by_zone[*zone].push(steered),
            // What could not be read may hold it, and without any zone there is nothing to name.
            None if reading == Reading::Part || zones.is_empty() => {}
            None => {
                let message = format!("`{}` lies in no zone of this estate", steered.name);
                let known: Vec<String> = zones
                    .iter()
                    .take(5)
                    .map(|z| format!("`{}`", z.apex))
                    .collect();
                let advice = format!(
                    "the zones are {}; add a zone file that holds the name",
                    known.join(", ")
                );
                found.push(Diagnostic::error(steered.spot.clone(), message, advice));
            }
        }
    }
    for (zone, names) in zones.iter().zip(&by_zone) {
        if !names.is_empty() {
            conflicts(zone, names, found);
        }
    }
    servers(zones, &index, &by_zone, found);
    by_zone
}

/// What a zone file holds that a steered name cannot stand beside.
fn conflicts(zone: &Parsed, names: &[&Steered], found: &mut Vec<Diagnostic>) {
    let mut cuts: HashMap<&Name, &Record> = HashMap::new();
    let mut aliases: HashMap<&Name, &Record> = HashMap::new();
    for record in &zone.records {
        match record.kind {
            Kind::NS if record.owner != zone.apex => drop(cuts.insert(&record.owner, record)),
            Kind::DNAME => drop(cuts.insert(&record.owner, record)),
            Kind::CNAME => drop(aliases.insert(&record.owner, record)),
            _ => {}
        }
    }
    let spot = |record: &Record| Spot::new(&zone.source, record.span.clone());
    for steered in names {
        let name = &steered.name;
        let mut error = |message: String, advice: &str, record: &Record, words: &str| {
            found.push(
                Diagnostic::error(steered.spot.clone(), message, advice).and(spot(record), words),
            );
        };
        for above in ancestors(name).take_while(|n| n.is_within(&zone.apex)) {
            let Some(record) = cuts.get(&above) else {
                continue;
            };
            if record.kind == Kind::DNAME && above == *name {
                continue; // a DNAME leaves its own name alone (RFC 6672 §2.3)
            }
            let (message, advice, words) = if record.kind == Kind::DNAME {
                (
                    format!("`{name}` lies below the DNAME of `{above}`"),
                    "steer the name that it leads to, or take the DNAME out",
                    "the DNAME",
                )
            } else {
                let message = if above == *name {
                    format!("`{name}` is delegated to other servers")
                } else {
                    format!("`{name}` lies below the delegation of `{above}`")
                };
                let advice = "steer it there, or take the delegation out";
                (message, advice, "the delegation")
            };
            error(message, advice, record, words);
        }
        if let Some(record) = aliases.get(name) {
            let message = format!(
                "`{name}` is a CNAME in the zone file, and a pool of addresses cannot stand beside it"
            );
            error(
                message,
                "take the CNAME out, or do not steer the name",
                record,
                "the CNAME",
            );
        }
    }
}

/// Name servers that steering would answer for, whichever zone of the estate names them.
fn servers(
    zones: &[Arc<Parsed>],
    index: &HashMap<&Name, usize>,
    by_zone: &[Vec<&Steered>],
    found: &mut Vec<Diagnostic>,
) {
    let mut servers: HashMap<Name, Spot> = HashMap::new();
    for zone in zones {
        for record in zone.records.iter().filter(|r| r.kind == Kind::NS) {
            if let Ok((target, _)) = Name::read(&record.rdata) {
                let spot = || Spot::new(&zone.source, record.span.clone());
                servers.entry(target).or_insert_with(spot);
            }
        }
    }
    for steered in by_zone.iter().flatten() {
        if let Some(spot) = servers.remove(&steered.name) {
            let message = format!(
                "`{}` is a name server, and resolvers must reach each one at its own address",
                steered.name
            );
            let advice = "give the NS record another name, with plain A and AAAA records";
            let error = Diagnostic::error(steered.spot.clone(), message, advice);
            found.push(error.and(spot, "the NS record"));
        }
    }
    let mut left: Vec<(Name, Spot)> = servers.into_iter().collect();
    left.sort_by(|a, b| a.0.cmp(&b.0));
    for (n, (zone, names)) in zones.iter().zip(by_zone).enumerate() {
        if names.iter().any(|steered| steered.name.is_wildcard()) {
            let ours = |name: &Name| ancestors(name).find_map(|a| index.get(&a)) == Some(&n);
            let ours = left.iter().filter(|(name, _)| ours(name));
            wild(zone, names, &ours.collect::<Vec<_>>(), found);
        }
    }
}

/// Name servers that have no records in their zone, so that a steered wildcard would stand for them.
fn wild(zone: &Parsed, names: &[&Steered], servers: &[&(Name, Spot)], found: &mut Vec<Diagnostic>) {
    let mut lost: HashMap<&Name, &Spot> = servers.iter().map(|(n, spot)| (n, spot)).collect();
    for record in &zone.records {
        lost.remove(&record.owner);
    }
    if lost.is_empty() {
        return;
    }
    let inside = |name: &Name| ancestors(name).take_while(|n| n.is_within(&zone.apex));
    // Only the names above the servers matter: which exist, and which are handed away.
    let above = lost.keys().flat_map(|name| inside(name));
    let mut known: HashMap<Name, Option<Kind>> = above.map(|name| (name, None)).collect();
    let mut mark = |owner: &Name, kind: Kind| {
        for name in inside(owner) {
            if let Some(seen) = known.get_mut(&name) {
                let own = if name == *owner { kind } else { Kind::ANY };
                let away = |k: Kind| matches!(k, Kind::NS | Kind::DNAME) && name != zone.apex;
                *seen = Some(seen.filter(|seen| away(*seen)).unwrap_or(own));
            }
        }
    };
    zone.records.iter().for_each(|r| mark(&r.owner, r.kind));
    names.iter().for_each(|s| mark(&s.name, Kind::ANY));
    for (server, spot) in servers.iter().filter(|(n, _)| lost.contains_key(n)) {
        let kind = |name: &Name| known.get(name).copied().flatten();
        let away = |name: &Name| matches!(kind(name), Some(Kind::NS | Kind::DNAME));
        if kind(server).is_some() || inside(server).any(|name| name != zone.apex && away(&name)) {
            continue;
        }
        let Some(star) = inside(server)
            .find(|name| kind(name).is_some())
            .and_then(|encloser| encloser.child(b"*").ok())
        else {
            continue;
        };
        if let Some(steered) = names.iter().find(|steered| steered.name == star) {
            let message = format!(
                "`{server}` is a name server without records of its own, so `{star}` would answer for it"
            );
            let advice = format!("write plain A and AAAA records for `{server}`");
            let error = Diagnostic::error(steered.spot.clone(), message, advice);
            found.push(error.and(spot.clone(), "the NS record"));
        }
    }
}

/// Content that changed under an unchanged serial is a warning: plain secondaries would not fetch it.
pub(super) fn serials(zones: &[Arc<Parsed>], before: Option<&Estate>, found: &mut Vec<Diagnostic>) {
    let Some(before) = before else { return };
    for zone in zones {
        let old = before.held(&zone.apex).map(|held| &held.parsed);
        let Some(old) = old.filter(|old| !Arc::ptr_eq(old, zone) && old.serial == zone.serial)
        else {
            continue;
        };
        if !same(&old.records, &zone.records) {
            let message = format!(
                "zone `{}` changed, but its serial is still {}",
                zone.apex, zone.serial
            );
            found.push(Diagnostic::warning(
                apex(zone),
                message,
                "raise the serial in the SOA record",
            ));
        }
    }
}

/// Whether both hold the same records; within a set their order says nothing (RFC 2181 §5).
fn same(old: &[Record], new: &[Record]) -> bool {
    fn set(a: &Record, b: &Record) -> bool {
        a.owner == b.owner && a.kind == b.kind
    }
    fn data(set: &[Record]) -> Vec<(u32, &[u8])> {
        let mut data: Vec<_> = set.iter().map(|r| (r.ttl, &r.rdata[..])).collect();
        data.sort_unstable();
        data
    }
    let sets = |records| <[Record]>::chunk_by(records, set);
    let equal = |(a, b): (&[Record], &[Record])| {
        let heads = a.first().zip(b.first());
        heads.is_some_and(|(a, b)| set(a, b)) && data(a) == data(b)
    };
    old.len() == new.len()
        && sets(old).count() == sets(new).count()
        && sets(old).zip(sets(new)).all(equal)
}
