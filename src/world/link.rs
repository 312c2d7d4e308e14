//! Linking: zones, steering and databases into one estate, with every contradiction between them found.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::config::estate::{Draw, Pool, PoolId, Steered, Steering, Vip, VipId};
use crate::diagnostic::{self, Diagnostic, Spot};
use crate::digest::{Digest, Writer};
use crate::geo::atlas::Atlas;
use crate::geo::corrections::{Change, Corrections};
use crate::steer::class::Map;
use crate::steer::distance::Globe;
use crate::steer::draw;
use crate::steer::reach::{self, Needs};
use crate::steer::wheel::Ranks;
use crate::wire::name::Name;
use crate::world::conflict::{Conflicts, Reading};
use crate::world::digest;
use crate::world::estate::{Apexes, Estate, Held, Root, Slots};
use crate::world::nowhere;
use crate::zone::{Sought, Zone};

/// A zone file that was read without errors.
#[derive(Clone, Debug)]
pub struct Read {
    /// As the operator knows it.
    pub path: Arc<str>,
    /// What it holds. Whether and what it steers does not matter; as before is quickest.
    pub zone: Arc<Zone>,
}

/// Where a record stands in the file of this path, if it still does: texts are gone when contradictions are found.
pub type Locate<'a> = dyn FnMut(&str, Sought<'_>) -> Option<Spot> + 'a;

/// What the parts that could be read say against each other, if they do not suffice for an estate.
pub fn check(
    zones: Vec<Read>,
    steering: Option<&Steering>,
    reading: Reading,
    locate: &mut Locate<'_>,
) -> Vec<Diagnostic> {
    let mut conflicts = Conflicts::new(locate);
    let (mut zones, _) = conflicts.single(zones, reading, None);
    if let Some(steering) = steering {
        join(&mut zones, &[], steering, reading, &mut conflicts);
    }
    conflicts.found
}

/// Puts an estate together, or says why not. What did not change since `before` is taken from there.
pub fn link(
    zones: Vec<Read>,
    steering: Arc<Steering>,
    atlas: Arc<Atlas>,
    slots: &mut Slots,
    before: Option<&Estate>,
    locate: &mut Locate<'_>,
) -> (Option<Estate>, Vec<Diagnostic>) {
    let mut conflicts = Conflicts::new(locate);
    let (mut zones, olds) = conflicts.single(zones, Reading::Whole, before);
    let old = |place: &Option<usize>| before?.zones.get((*place)?);
    let olds: Vec<Option<&Held>> = olds.iter().map(old).collect();
    let (apexes, by_zone) = join(&mut zones, &olds, &steering, Reading::Whole, &mut conflicts);
    let mut found = conflicts.found;
    let databases = atlas;
    let atlas = corrected(&steering, &databases, before);
    nowhere::check(&steering, &atlas, &mut found);
    if diagnostic::any_error(&found) {
        return (None, found);
    }
    let mut roots: Vec<PoolId> = Vec::new();
    let mut numbers: HashMap<PoolId, u32> = HashMap::new();
    let mut root_of = |pool: PoolId| {
        *numbers.entry(pool).or_insert_with(|| {
            roots.push(pool);
            roots.len() as u32 - 1
        })
    };
    let held = zones.into_iter().zip(by_zone).zip(olds);
    let held = held.map(|((read, names), old)| Held {
        lower: read.zone.lower().clone(),
        names: read.zone.steered().clone(),
        steered: names.iter().map(|s| root_of(s.pool)).collect(),
        digest: digest::zone(&read.zone, old),
        path: read.path,
        zone: read.zone,
    });
    let zones: Vec<Held> = held.collect();
    let roots = maps(&steering, &atlas, &roots, before);
    let pools = (0..steering.pools.len()).map(|id| PoolId(id as u16));
    let estate = Estate {
        apexes,
        reach: pools.map(|id| reach::reach(&steering, id)).collect(),
        ranks: ranks(&steering, &roots),
        slots: steering.vips.iter().map(|v| slots.of(&v.name)).collect(),
        counted: slots.names().to_vec(),
        digest: digest::estate(&zones, &steering),
        known: digest::databases(&databases, before),
        zones,
        steering,
        atlas,
        databases,
        roots,
    };
    (Some(estate), found)
}

/// Steers the zones, and finds what contradicts that. `olds` are those of before, as far as there are any. For each zone
/// its steered names.
fn join<'s>(
    zones: &mut [Read],
    olds: &[Option<&Held>],
    steering: &'s Steering,
    reading: Reading,
    conflicts: &mut Conflicts<'_>,
) -> (Apexes, Vec<Vec<&'s Steered>>) {
    let apexes = Apexes::new(zones.iter().map(|read| &*read.zone));
    let by_zone = conflicts.assign(zones, &apexes, steering, reading);
    let olds = olds.iter().copied().chain(std::iter::repeat(None));
    for ((read, names), old) in zones.iter_mut().zip(&by_zone).zip(olds) {
        if let Some(old) = old {
            if old.zone.same_reading(&read.zone) && equal(&old.names, names) {
                // What was in force contradicts nothing.
                read.zone = old.zone.clone();
                continue;
            }
            conflicts.serial(read, &old.zone);
        }
        if !names.is_empty() {
            conflicts.names(read, names);
        }
        if !equal(read.zone.steered(), names) {
            let names: Vec<_> = names.iter().map(|steered| steered.name.clone()).collect();
            read.zone = Arc::new(read.zone.steer(&names));
        }
    }
    conflicts.servers(zones, &apexes, &by_zone);
    (apexes, by_zone)
}

fn equal(old: &[Name], names: &[&Steered]) -> bool {
    old.iter().eq(names.iter().map(|steered| &steered.name))
}

/// The root pools with their maps; pools of equal needs share one, and one of before serves on if nothing it is made of changed.
fn maps(
    steering: &Steering,
    atlas: &Arc<Atlas>,
    roots: &[PoolId],
    before: Option<&Estate>,
) -> Vec<Root> {
    let mut made: Vec<Root> = Vec::with_capacity(roots.len());
    let mut globe = None;
    let old = before.filter(|b| Arc::ptr_eq(&b.atlas, atlas) && same_places(&b.steering, steering));
    for &pool in roots {
        let needs = Needs::of(steering, pool);
        let known = made.iter().chain(old.map_or(&[][..], |b| &b.roots));
        let shared = known
            .filter(|root| root.map.needs().same_map(&needs))
            .map(|root| root.map.clone())
            .next();
        let map = shared.unwrap_or_else(|| {
            let globe = globe.get_or_insert_with(Globe::new);
            Arc::new(Map::compile(steering, atlas, needs.clone(), globe))
        });
        let name = steering
            .pools
            .get(usize::from(pool.0))
            .map_or("", |p| &p.name);
        let involved = reach::involved(steering, pool);
        let within = reach::below(steering, pool);
        made.push(Root {
            basis: basis(steering, &within, &involved),
            pool,
            hash: draw::pool_hash(name),
            needs,
            map,
            involved,
            within,
        });
    }
    made
}

/// See [`Root::basis`].
fn basis(steering: &Steering, within: &[PoolId], involved: &[VipId]) -> Digest {
    let mut all = Writer::new(40);
    for id in within {
        let pool = steering.pools.get(usize::from(id.0));
        all.number(id.0)
            .digest(pool.map_or(Digest::default(), Pool::digest));
    }
    all.count(involved.len());
    for id in involved {
        let vip = steering.vips.get(usize::from(id.0));
        all.number(id.0)
            .digest(vip.map_or(Digest::default(), Vip::digest));
    }
    all.end()
}

/// The databases with the corrections, made anew only if one of the two is another than before.
pub(super) fn corrected(
    steering: &Steering,
    databases: &Arc<Atlas>,
    before: Option<&Estate>,
) -> Arc<Atlas> {
    if steering.networks.is_empty() {
        return databases.clone();
    }
    let same = |before: &&Estate| {
        Arc::ptr_eq(&before.databases, databases) && before.steering.corrects_alike(steering)
    };
    if let Some(before) = before.filter(same) {
        return before.atlas.clone();
    }
    let changes = steering.networks.iter().map(|one| {
        let change = Change {
            place: one.place.clone(),
            location: one.location,
        };
        (one.network, change)
    });
    Arc::new(databases.corrected(&Corrections::new(changes)))
}

/// Only draws that stick need them, and for the VIPs that they can come to.
fn ranks(steering: &Steering, roots: &[Root]) -> Ranks {
    let draw = |root: &&Root| steering.pools.get(usize::from(root.pool.0)).map(|p| p.draw);
    let sticks = |root: &&Root| matches!(draw(root), Some(Draw::Sticky | Draw::Name));
    let wanted: HashSet<VipId> = roots
        .iter()
        .filter(sticks)
        .flat_map(|r| r.involved.iter().copied())
        .collect();
    Ranks::new(steering.vips.iter().map(|v| v.name.as_str()), |vip| {
        wanted.contains(&vip)
    })
}

/// Whether maps made for the one steering hold for the other: the same sites and rule sets under the same numbers.
pub(super) fn same_places(a: &Steering, b: &Steering) -> bool {
    a.sites == b.sites && a.rules == b.rules
}

#[cfg(test)]
mod tests;
