//! What a pool reaches: VIPs, sites and other pools, and so what it must know of clients.

use crate::config::estate::{
    Members, Policy, PoolId, RulesId, SiteId, Steering, Target, Vip, VipId,
};
use crate::limits;

/// What a pool must know of a client: its fences, and the rule sets and the distances of all pools that it reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Needs {
    pub(super) rules: Vec<RulesId>,
    /// The rule sets that fence the root.
    pub(super) fences: Vec<RulesId>,
    pub(super) orders: Vec<Order>,
    /// Which order is whose.
    pub(super) nearest: Vec<(PoolId, usize)>,
}

/// The sites of a `nearest` pool by first appearance, and how wide its tie is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Order {
    pub(super) sites: Vec<SiteId>,
    pub(super) tie: u32,
}

/// The VIPs that a pool reaches through its members, each once, in order: the pool's own VIPs.
pub fn reach(steering: &Steering, pool: PoolId) -> Vec<VipId> {
    let mut vips = Vec::new();
    gather(steering, pool, limits::POOL_DEPTH, &mut vips);
    vips.sort_unstable();
    vips.dedup();
    vips
}

fn gather(steering: &Steering, pool: PoolId, depth: usize, vips: &mut Vec<VipId>) {
    let Some(pool) = steering.pools.get(usize::from(pool.0)) else {
        return;
    };
    for member in pool.members.targets() {
        match member {
            Target::Vip(vip) => vips.push(vip),
            Target::Site(site) => vips.extend(at_site(steering, site)),
            Target::Pool(inner) if depth > 0 => gather(steering, inner, depth - 1, vips),
            Target::Pool(_) => {}
        }
    }
}

/// What a pool answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    /// A and AAAA.
    Addresses,
    /// A CNAME, whatever is asked.
    Alias,
}

/// What a pool that reaches these VIPs answers with: no pool holds both kinds.
pub fn gives(steering: &Steering, reach: &[VipId]) -> Gives {
    let first = reach.first();
    let vip = first.and_then(|vip| steering.vips.get(usize::from(vip.0)));
    match vip.is_some_and(|vip| vip.cname.is_some()) {
        true => Gives::Alias,
        false => Gives::Addresses,
    }
}

/// All VIPs of a site.
pub fn at_site(steering: &Steering, site: SiteId) -> impl Iterator<Item = VipId> + '_ {
    let of_site = move |(_, vip): &(usize, &Vip)| vip.site == Some(site);
    steering
        .vips
        .iter()
        .enumerate()
        .filter(of_site)
        .map(|(id, _)| VipId(id as u16))
}

/// The sites of a `nearest` pool, in the order in which its members name them.
fn sites(steering: &Steering, members: &Members) -> Vec<SiteId> {
    let mut list: Vec<SiteId> = Vec::new();
    let site_of = |vip: VipId| steering.vips.get(usize::from(vip.0)).and_then(|v| v.site);
    for member in members.targets() {
        let found = match member {
            Target::Site(site) => at_site(steering, site).next().map(|_| site),
            Target::Vip(vip) => site_of(vip),
            Target::Pool(pool) => reach(steering, pool).into_iter().find_map(site_of),
        };
        if let Some(site) = found.filter(|site| !list.contains(site)) {
            list.push(site);
        }
    }
    list
}

/// Every VIP whose verdict can matter to a pool: its own, those that rules name, and those of all pools below.
pub fn involved(steering: &Steering, root: PoolId) -> Vec<VipId> {
    let mut vips = Vec::new();
    for id in below(steering, root) {
        vips.extend(reach(steering, id));
        let Some(pool) = steering.pools.get(usize::from(id.0)) else {
            continue;
        };
        let set = pool
            .prefer
            .and_then(|set| steering.rules.get(usize::from(set.0)));
        for target in set
            .iter()
            .flat_map(|set| &set.rules)
            .flat_map(|rule| &rule.targets)
        {
            if let Target::Vip(vip) = target {
                vips.push(*vip);
            }
        }
    }
    vips.sort_unstable();
    vips.dedup();
    vips
}

/// The pool and all that it reaches, through members and through rules.
pub fn below(steering: &Steering, root: PoolId) -> Vec<PoolId> {
    let mut todo = vec![root];
    let mut seen = Vec::new();
    while let Some(id) = todo.pop() {
        let Some(pool) = steering
            .pools
            .get(usize::from(id.0))
            .filter(|_| !seen.contains(&id))
        else {
            continue;
        };
        seen.push(id);
        let set = pool
            .prefer
            .and_then(|set| steering.rules.get(usize::from(set.0)));
        let named = set
            .iter()
            .flat_map(|set| &set.rules)
            .flat_map(|rule| rule.targets.iter().copied());
        todo.extend(
            pool.members
                .targets()
                .chain(named)
                .filter_map(|target| match target {
                    Target::Pool(pool) => Some(pool),
                    _ => None,
                }),
        );
    }
    seen
}

impl Needs {
    /// Of a pool that a name points to.
    pub fn of(steering: &Steering, root: PoolId) -> Needs {
        let mut needs = Needs::default();
        if let Some(pool) = steering.pools.get(usize::from(root.0)) {
            needs.fences.clone_from(&pool.fence);
        }
        for id in below(steering, root) {
            let Some(pool) = steering.pools.get(usize::from(id.0)) else {
                continue;
            };
            needs.rules.extend(pool.prefer);
            if pool.policy == Policy::Nearest {
                let order = Order {
                    sites: sites(steering, &pool.members),
                    tie: pool.tie,
                };
                let at = needs
                    .orders
                    .iter()
                    .position(|o| *o == order)
                    .unwrap_or_else(|| {
                        needs.orders.push(order);
                        needs.orders.len() - 1
                    });
                needs.nearest.push((id, at));
            }
        }
        needs.rules.sort_unstable();
        needs.rules.dedup();
        needs.nearest.sort_unstable();
        needs
    }

    /// Whether it counts how far a client is from sites.
    pub fn measures(&self) -> bool {
        !self.orders.is_empty()
    }

    /// Whether the two see clients alike, so that one map serves both.
    pub fn same_map(&self, other: &Needs) -> bool {
        self.rules == other.rules && self.fences == other.fences && self.orders == other.orders
    }
}
