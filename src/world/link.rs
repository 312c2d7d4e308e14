//! Linking: zones, steering and databases into one estate, with every contradiction between them found.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::config::estate::{Draw, PoolId, Steering, VipId};
use crate::diagnostic::{self, Diagnostic};
use crate::geo::atlas::Atlas;
use crate::steer::class::Map;
use crate::steer::distance::Globe;
use crate::steer::draw;
use crate::steer::reach::{self, Needs};
use crate::steer::wheel::Ranks;
use crate::wire::name::Name;
use crate::world::conflict::{self, Reading};
use crate::world::estate::{Apexes, Estate, Held, Root, Slots};
use crate::world::nowhere;
use crate::zone::{Parsed, Zone};

/// What the parts that could be read say against each other, if they do not suffice for an estate.
pub fn check(
    parsed: Vec<Arc<Parsed>>,
    steering: Option<&Steering>,
    reading: Reading,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let zones = conflict::single(parsed, reading, &mut found);
    if let Some(steering) = steering {
        conflict::assign(&zones, steering, reading, &mut found);
    }
    found
}

/// Puts an estate together, or says why not. What did not change since `before` is taken from there.
pub fn link(
    parsed: Vec<Arc<Parsed>>,
    steering: Steering,
    atlas: Arc<Atlas>,
    slots: &mut Slots,
    before: Option<&Estate>,
) -> (Option<Estate>, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let zones = conflict::single(parsed, Reading::Whole, &mut found);
    let by_zone = conflict::assign(&zones, &steering, Reading::Whole, &mut found);
    conflict::serials(&zones, before, &mut found);
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
    let held = zones.into_iter().zip(by_zone).map(|(parsed, names)| {
        let steered: Vec<u32> = names.iter().map(|s| root_of(s.pool)).collect();
        let names: Vec<Name> = names.iter().map(|s| s.name.clone()).collect();
        Held {
            lower: parsed.apex.lower().wire().into(),
            zone: zone(&parsed, &names, before),
            parsed,
            steered,
            names,
        }
    });
    let zones: Vec<Held> = held.collect();
    let roots = maps(&steering, &atlas, &roots, before);
    let pools = (0..steering.pools.len()).map(|id| PoolId(id as u16));
    let estate = Estate {
        apexes: Apexes::new(&zones),
        reach: pools.map(|id| reach::reach(&steering, id)).collect(),
        ranks: ranks(&steering, &roots),
        slots: steering.vips.iter().map(|v| slots.of(&v.name)).collect(),
        counted: slots.names().to_vec(),
        zones,
        steering,
        atlas,
        roots,
    };
    (Some(estate), found)
}

/// The compiled zone: the one of before, if neither the records nor the steered names changed.
fn zone(parsed: &Arc<Parsed>, names: &[Name], before: Option<&Estate>) -> Arc<Zone> {
    let same = |held: &&Held| Arc::ptr_eq(&held.parsed, parsed) && held.names == names;
    match before.and_then(|b| b.held(&parsed.apex)).filter(same) {
        Some(held) => held.zone.clone(),
        None => Arc::new(Zone::build(parsed, names)),
    }
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
        made.push(Root {
            pool,
            hash: draw::pool_hash(name),
            needs,
            map,
            involved,
        });
    }
    made
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
fn same_places(a: &Steering, b: &Steering) -> bool {
    a.sites == b.sites && a.rules == b.rules
}

#[cfg(test)]
mod tests;
