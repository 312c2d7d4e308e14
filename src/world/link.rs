//! Linking: zones, steering and databases into one estate, with every contradiction between them found.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::config::estate::{Draw, Pool, PoolId, Steering, Vip, VipId};
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
use crate::world::alias::Aliases;
use crate::world::conflict::{Conflicts, Reading};
use crate::world::digest;
use crate::world::estate::{Apexes, Estate, Held, Root, Slots};
use crate::world::lots::Lots;
use crate::world::nowhere;
use crate::zone::{Sought, Zone};

/// A zone file that was read without errors.
#[derive(Clone, Debug)]
pub struct Read {
    /// As the operator knows it.
    pub path: Arc<str>,
    /// Octets of the path in front of what is seen from the folder of the zones.
    pub folder: usize,
    /// What it holds. Whether and what it steers does not matter; as before is quickest.
    pub zone: Arc<Zone>,
}

impl Read {
    /// The path as it is seen from the folder of the zones.
    pub fn inside(&self) -> &str {
        let inside = self.path.get(self.folder..);
        inside.unwrap_or(&self.path).trim_start_matches('/')
    }
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
        join(&mut zones, &[], None, steering, reading, &mut conflicts);
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
    let reading = Reading::Whole;
    let (apexes, lots) = join(
        &mut zones,
        &olds,
        before,
        &steering,
        reading,
        &mut conflicts,
    );
    let mut found = conflicts.found;
    let databases = atlas;
    let atlas = corrected(&steering, &databases, before);
    nowhere::check(&steering, &atlas, &mut found);
    if diagnostic::any_error(&found) {
        return (None, found);
    }
    let same = before.filter(|before| Arc::ptr_eq(&before.lots, &lots));
    let known = same.map_or(&[][..], |before| &before.roots);
    let mut roots: Vec<PoolId> = known.iter().map(|root| root.pool).collect();
    let mut numbers: HashMap<PoolId, u32> = HashMap::new();
    let mut root_of = |pool: PoolId| {
        *numbers.entry(pool).or_insert_with(|| {
            roots.push(pool);
            roots.len() as u32 - 1
        })
    };
    let mut steered = |at: usize, lots: &Lots| match same.and_then(|b| b.zones.get(at)) {
        Some(old) => old.steered.clone(),
        None if lots.steered.is_empty() => Arc::default(),
        None => lots.steered.iter().map(|s| root_of(s.pool)).collect(),
    };
    let all = zones.into_iter().zip(&*lots).zip(olds).enumerate();
    let held = all.map(|(at, ((read, lots), old))| Held {
        lower: read.zone.lower().clone(),
        names: read.zone.steered().clone(),
        steered: steered(at, lots),
        digest: digest::zone(&read.zone, before.and_then(|b| b.zones.get(old?))),
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
        lots,
    };
    (Some(estate), found)
}

/// Whether the names of each zone are those of before: the same steering for the same zones in the same files.
fn settled(before: &Estate, steering: &Steering, zones: &[Read], olds: &[Option<usize>]) -> bool {
    let mut pairs = zones.iter().zip(&before.zones);
    std::ptr::eq(&*before.steering, steering)
        && zones.len() == before.zones.len()
        && olds.iter().enumerate().all(|(at, old)| *old == Some(at))
        && (steering.patterns.is_empty() || pairs.all(|(new, old)| new.path == old.path))
}

/// Steers the zones, and finds what contradicts that. `olds` are their places in the estate before, as far as they have
/// any. For each zone its part of `[names]`.
fn join(
    zones: &mut [Read],
    olds: &[Option<usize>],
    before: Option<&Estate>,
    steering: &Steering,
    reading: Reading,
    conflicts: &mut Conflicts<'_>,
) -> (Apexes, Arc<Vec<Lots>>) {
    let apexes = Apexes::new(zones.iter().map(|read| &*read.zone));
    let same = before.filter(|before| settled(before, steering, zones, olds));
    let lots = match same {
        Some(before) => before.lots.clone(),
        None => Arc::new(conflicts.assign(zones, &apexes, steering, reading)),
    };
    let aliases = Aliases::new(steering, &lots);
    let old = |place: &Option<usize>| before?.zones.get((*place)?);
    let olds = olds.iter().map(old).chain(std::iter::repeat(None));
    let mut fresh = vec![true; zones.len()];
    for (((read, lots), old), fresh) in zones.iter_mut().zip(&*lots).zip(olds).zip(&mut fresh) {
        if let Some(old) = old {
            let names = || same.is_some() || lots.are(&old.names, old.zone.kept());
            if old.zone.same_reading(&read.zone) && names() {
                read.zone = old.zone.clone();
                *fresh = same.is_none();
                // What was in force contradicts nothing, unless a name gives something else now.
                let other = *fresh && (aliases.any(lots) || before.is_some_and(|b| b.leads(old)));
                if other {
                    conflicts.names(read, lots, steering, &aliases);
                }
                continue;
            }
            conflicts.serial(read, &old.zone);
        }
        if !lots.steered.is_empty() {
            conflicts.names(read, lots, steering, &aliases);
        }
        if !lots.are(read.zone.steered(), read.zone.kept()) {
            let names: Vec<Name> = lots.steered.iter().map(|lot| lot.name.clone()).collect();
            read.zone = Arc::new(read.zone.steer_except(&names, &lots.kept));
        }
    }
    let wild = |(lots, fresh): (&Lots, &bool)| *fresh && lots.wild();
    if same.is_some() && !lots.iter().zip(&fresh).any(wild) {
        conflicts.new_servers(zones, &apexes, &lots, steering, &fresh);
    } else {
        conflicts.servers(zones, &apexes, &lots, steering);
    }
    if aliases.some() {
        conflicts.pointing(zones, &apexes, &lots, steering, &aliases, &fresh);
    }
    (apexes, lots)
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
        let gives = reach::gives(steering, &involved);
        let within = reach::below(steering, pool);
        made.push(Root {
            gives,
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

/// Whether maps made for the one steering hold for the other: the same sites and rule sets under the same numbers, and
/// the same round trips to these.
pub(super) fn same_places(a: &Steering, b: &Steering) -> bool {
    a.sites == b.sites && a.rules == b.rules && a.measures_alike(b)
}

#[cfg(test)]
mod tests;
