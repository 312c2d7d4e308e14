//! Which pools of an estate follow load and among what, read once for each estate; and what a step of theirs came to.

use std::collections::BTreeMap;

use crate::config::estate::{Members, Policy, Pool, PoolId, SiteId, Steering, Target, VipId};
use crate::steer::motion::{Moving, WHOLE};
use crate::steer::reach;

/// What moves in one pool by load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Which.
    pub pool: PoolId,
    /// By how much VIPs count, in parts of a million; those that count as written are left out.
    pub factors: Vec<(VipId, u32)>,
    /// What part of their clients sites or members hand on, in parts of a million, and how much of their capacity they
    /// use, if they say; those that hand on nothing are left out.
    pub sheds: Vec<(Target, u32, Option<u64>)>,
    /// Until when it moves so much that caches should not keep it long; 0: it does not.
    pub until: u64,
}

impl Flow {
    /// Lays it over what moves in these pools for other reasons.
    pub fn lay(&self, pools: &mut Vec<Moving>) {
        let at = usize::from(self.pool.0);
        if pools.len() <= at {
            pools.resize_with(at + 1, Moving::default);
        }
        let Some(moving) = pools.get_mut(at) else {
            return;
        };
        let whole = u64::from(WHOLE);
        for (vip, factor) in &self.factors {
            let known = moving.factors.iter_mut().find(|(known, _)| known == vip);
            match known {
                Some((_, known)) => {
                    let both = u64::from(*known) * u64::from(*factor) / whole;
                    *known = u32::try_from(both).unwrap_or(u32::MAX);
                }
                None => moving.factors.push((*vip, *factor)),
            }
        }
        for (target, shed, _) in &self.sheds {
            let known = moving.shed.iter_mut().find(|(known, _)| known == target);
            match known {
                // Of what is left for it by the one, the other hands on its part.
                Some((_, known)) => {
                    let left = |shed: u32| u64::from(WHOLE - shed.min(WHOLE));
                    let kept = left(*known) * left(*shed) / whole;
                    *known = WHOLE - u32::try_from(kept).unwrap_or(WHOLE);
                }
                None => moving.shed.push((*target, *shed)),
            }
        }
        moving.until = moving.until.max(self.until);
    }
}

/// The pools of an estate that follow load.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    pub(super) pools: Vec<Follower>,
}

/// A pool that follows load.
#[derive(Clone, Debug)]
pub(super) struct Follower {
    pub(super) id: PoolId,
    pub(super) name: String,
    /// The longest TTL of the answers that it decides, in seconds.
    pub(super) ttl: u64,
    /// With `spill`.
    pub(super) spill: Option<u32>,
    /// Its sites or members with their names and VIPs, if it has `spill`.
    pub(super) steps: Vec<(Target, String, Vec<VipId>)>,
    /// With `adapt`.
    pub(super) adapt: Option<u32>,
    /// VIPs that share clients, if it has `adapt`, each set by a name of its own within the pool.
    pub(super) sets: Vec<(String, Vec<VipId>)>,
}

impl Layout {
    /// Of this estate.
    pub fn of(steering: &Steering) -> Layout {
        let ttls = ttls(steering);
        let ids = (0..).map(PoolId);
        let pools = ids.zip(&steering.pools).filter_map(|(id, pool)| {
            if pool.spill.is_none() && pool.adapt.is_none() {
                return None;
            }
            let ttl = ttls.get(&id).copied().unwrap_or(pool.ttl.max);
            let steps = pool.spill.map(|_| steps(steering, id, pool));
            let sets = pool.adapt.map(|_| sets(steering, pool));
            Some(Follower {
                id,
                name: pool.name.clone(),
                ttl: u64::from(ttl),
                spill: pool.spill,
                steps: steps.unwrap_or_default(),
                adapt: pool.adapt,
                sets: sets.unwrap_or_default(),
            })
        });
        Layout {
            pools: pools.collect(),
        }
    }

    /// Whether no pool does.
    pub fn is_empty(&self) -> bool {
        self.pools.is_empty()
    }
}

/// The longest TTL of the answers that each pool has a part in.
fn ttls(steering: &Steering) -> BTreeMap<PoolId, u32> {
    let patterns = steering.patterns.iter().flat_map(|pattern| &pattern.names);
    let pools = steering.names.iter().chain(patterns);
    let mut roots: Vec<PoolId> = pools.filter_map(|name| name.behind.pool()).collect();
    roots.sort_unstable();
    roots.dedup();
    let mut longest = BTreeMap::new();
    for root in roots {
        let Some(pool) = steering.pools.get(usize::from(root.0)) else {
            continue;
        };
        for id in reach::below(steering, root) {
            let known = longest.entry(id).or_insert(pool.ttl.max);
            *known = pool.ttl.max.max(*known);
        }
    }
    longest
}

fn site_of(steering: &Steering, vip: VipId) -> Option<SiteId> {
    steering.vips.get(usize::from(vip.0)).and_then(|v| v.site)
}

/// What a pool tries one after another: its sites under `nearest`, else its members.
fn steps(steering: &Steering, id: PoolId, pool: &Pool) -> Vec<(Target, String, Vec<VipId>)> {
    let name = |target: Target| match target {
        Target::Site(id) => steering
            .sites
            .get(usize::from(id.0))
            .map(|s| s.name.clone()),
        Target::Vip(id) => steering.vips.get(usize::from(id.0)).map(|v| v.name.clone()),
        Target::Pool(id) => steering
            .pools
            .get(usize::from(id.0))
            .map(|p| p.name.clone()),
    };
    let step = |target: Target, vips: Vec<VipId>| Some((target, name(target)?, vips));
    if pool.policy == Policy::Nearest {
        let sites = by_site(steering, reach::reach(steering, id));
        let found = sites.into_iter();
        return found
            .filter_map(|(site, vips)| step(Target::Site(site?), vips))
            .collect();
    }
    let member = |target: Target| step(target, behind(steering, target));
    pool.members.targets().filter_map(member).collect()
}

fn behind(steering: &Steering, target: Target) -> Vec<VipId> {
    match target {
        Target::Vip(vip) => vec![vip],
        Target::Site(site) => reach::at_site(steering, site).collect(),
        Target::Pool(pool) => reach::reach(steering, pool),
    }
}

fn by_site(steering: &Steering, vips: Vec<VipId>) -> BTreeMap<Option<SiteId>, Vec<VipId>> {
    let mut sites: BTreeMap<Option<SiteId>, Vec<VipId>> = BTreeMap::new();
    for vip in vips {
        sites.entry(site_of(steering, vip)).or_default().push(vip);
    }
    sites
}

/// The sets of several VIPs among which the pool itself chooses by weight.
fn sets(steering: &Steering, pool: &Pool) -> Vec<(String, Vec<VipId>)> {
    let own = pool.members.targets();
    let own = own.filter(|target| !matches!(target, Target::Pool(_)));
    let all = |targets: &mut dyn Iterator<Item = Target>| {
        let mut vips: Vec<VipId> = targets.flat_map(|t| behind(steering, t)).collect();
        vips.sort_unstable();
        vips.dedup();
        vips
    };
    let mut own = own.into_iter();
    let found: Vec<Vec<VipId>> = match (pool.policy, &pool.members) {
        (Policy::Weighted, Members::List(_)) => vec![all(&mut own)],
        (Policy::Nearest, _) => by_site(steering, all(&mut own)).into_values().collect(),
        _ => own.map(|target| behind(steering, target)).collect(),
    };
    let several = found.into_iter().filter(|vips| vips.len() > 1);
    let named = several.filter_map(|vips| {
        let first = vips.first()?;
        let first = steering.vips.get(usize::from(first.0))?;
        Some((first.name.clone(), vips))
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_is_laid_over_what_moves_for_other_reasons() {
        let site = |n| Target::Site(SiteId(n));
        let mut pools = vec![Moving {
            factors: vec![(VipId(1), 500_000)],
            shed: vec![(site(0), 200_000)],
            until: 50,
            ..Moving::default()
        }];
        let flow = |pool| Flow {
            pool: PoolId(pool),
            factors: vec![(VipId(1), 500_000), (VipId(2), 1_500_000)],
            sheds: vec![(site(0), 500_000, None), (site(1), 1_000, None)],
            until: 40,
        };
        flow(0).lay(&mut pools);
        flow(2).lay(&mut pools);
        let first = &pools[0];
        assert_eq!(first.factors, [(VipId(1), 250_000), (VipId(2), 1_500_000)]);
        assert_eq!(first.shed, [(site(0), 600_000), (site(1), 1_000)]);
        assert_eq!(first.until, 50);
        assert!(pools[1].at_rest());
        assert_eq!(pools[2].shed, [(site(0), 500_000), (site(1), 1_000)]);
        assert_eq!((pools.len(), pools[2].until), (3, 40));
    }
}
