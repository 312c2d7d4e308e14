//! What of the estate in force a new one may not lose without force: the addresses of a name, and most of its records.

use std::collections::{BTreeMap, HashMap};

use super::percent;
use crate::config::estate::VipId;
use crate::diagnostic::Diagnostic;
use crate::health::verdict::Family;
use crate::keeper::Force;
use crate::limits;
use crate::wire::asked::{Asked, Seed};
use crate::wire::kind::Kind;
use crate::wire::name::Name;
use crate::world::estate::{Estate, Held, Root};

/// Which families the answers of a pool can hold.
type Sides = [bool; 2];

/// An error for each pool whose names would be without a family, and for records and names of which too many would go, if
/// there are two estates and nobody forces it.
pub(in crate::keeper) fn losses(
    before: Option<&Estate>,
    after: Option<&Estate>,
    force: Force,
    max_dropped: u32,
) -> Vec<Diagnostic> {
    let (Some(before), Some(after), false) = (before, after, force.estate()) else {
        return Vec::new();
    };
    let (mut found, gone) = emptied(before, after);
    found.extend(dropped(
        "steered names",
        gone,
        before.steered(),
        max_dropped,
    ));
    let records = |held: &Held| held.zone.records();
    let lost = before.zones.iter().map(|held| {
        let now = after.held(held.zone.apex()).map_or(0, records);
        records(held).saturating_sub(now)
    });
    let all = before.zones.iter().map(records).sum();
    found.extend(dropped("records", lost.sum(), all, max_dropped));
    found
}

const MEANT: &str = "look at what was taken out; if it is meant, `POST /v1/reload?force=estate`";

/// Too many of what there was.
fn dropped(what: &str, lost: usize, all: usize, max_dropped: u32) -> Option<Diagnostic> {
    let parts = lost as u128 * 1_000_000 / (all.max(1) as u128);
    let parts = u32::try_from(parts).unwrap_or(u32::MAX);
    (all >= limits::DROP_FROM && parts > max_dropped).then(|| {
        let message = format!(
            "the new estate drops {lost} of the {all} {what} in force, {}, and at most {} may go at once",
            percent(parts),
            percent(max_dropped)
        );
        Diagnostic::whole(message, format!("{MEANT}, or a larger `max_dropped`"))
    })
}

/// Pools whose names lose a family, and how many names are not served any more at all.
fn emptied(before: &Estate, after: &Estate) -> (Vec<Diagnostic>, usize) {
    let (old, new) = (sides(before), sides(after));
    let mut lost: BTreeMap<(u32, usize), (&Name, usize)> = BTreeMap::new();
    let mut gone = 0;
    let mut everywhere = None;
    for held in &before.zones {
        let there = after.held(held.zone.apex());
        let alike = there.filter(|there| there.names == held.names);
        for (at, (name, root)) in held.names.iter().zip(held.steered.iter()).enumerate() {
            let now = match alike {
                Some(there) => there.steered.get(at).copied(),
                None => {
                    let all = everywhere.get_or_insert_with(|| names(after));
                    all.get(name).copied()
                }
            };
            let Some(now) = now else {
                gone += usize::from(!served(after, name));
                continue;
            };
            let side = |sides: &[Sides], root: u32| sides.get(root as usize).copied();
            let was = side(&old, *root).unwrap_or_default();
            let is = side(&new, now).unwrap_or_default();
            for family in
                (0..2).filter(|f| was.get(*f) == Some(&true) && is.get(*f) == Some(&false))
            {
                lost.entry((now, family)).or_insert((name, 0)).1 += 1;
            }
        }
    }
    let told = lost
        .into_iter()
        .filter_map(|((root, family), (name, count))| {
            let root = after.roots.get(root as usize)?;
            Some(without(after, root, family, name, count))
        });
    (told.collect(), gone)
}

fn without(after: &Estate, root: &Root, family: usize, name: &Name, count: usize) -> Diagnostic {
    let word = ["IPv4", "IPv6"].get(family).copied().unwrap_or_default();
    let names = match count {
        1 => format!("`{name}`"),
        2 => format!("`{name}` and 1 more name"),
        _ => format!("`{name}` and {} more names", count - 1),
    };
    let pool = after.steering.pools.get(usize::from(root.pool.0));
    let message = format!("{names} had {word} addresses, and would have none");
    match pool {
        Some(pool) => Diagnostic::error(pool.spot.clone(), message, MEANT),
        None => Diagnostic::whole(message, MEANT),
    }
}

/// The families of each root. Of what a name of somebody else's leads to we know neither, so it counts for both.
fn sides(estate: &Estate) -> Vec<Sides> {
    let vips = &estate.steering.vips;
    let has = |id: &VipId, family: Family| {
        let vip = vips.get(usize::from(id.0));
        vip.is_some_and(|vip| {
            let own = match family {
                Family::V4 => vip.address.is_some(),
                Family::V6 => vip.address6.is_some(),
            };
            own || vip.cname.is_some()
        })
    };
    let root = |root: &Root| {
        let reach = estate.reach.get(usize::from(root.pool.0));
        Family::ALL.map(|family| reach.is_some_and(|all| all.iter().any(|id| has(id, family))))
    };
    estate.roots.iter().map(root).collect()
}

/// Every steered name with its root.
fn names(estate: &Estate) -> HashMap<&Name, u32> {
    let zones = estate.zones.iter();
    let all = zones.flat_map(|held| held.names.iter().zip(held.steered.iter().copied()));
    all.collect()
}

/// Whether a zone file has addresses or a CNAME at a name that is steered no more.
fn served(estate: &Estate, name: &Name) -> bool {
    let asked = Asked::of(name, Seed::default());
    let node = estate
        .zone(&asked)
        .and_then(|held| held.zone.node(asked.wire()));
    let kinds = [Kind::A, Kind::AAAA, Kind::CNAME];
    node.is_some_and(|node| kinds.iter().any(|kind| node.rrset(*kind).is_some()))
}
