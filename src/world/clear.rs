//! When no cache holds a VIP any more that was taken out of the answers.
//!
//! Each worker keeps, for each VIP, until when what it gave out last may be kept. So the latest of these times is one after
//! which no cache that heeds TTLs has the VIP from this server: its addresses in answers, in hints, and beside other
//! answers, and its CNAME. What the zone file says of the same addresses under other names is not in it.

use std::collections::HashSet;
use std::sync::Arc;

use crate::config::estate::VipId;
use crate::limits;
use crate::steer::plan::Stand;
use crate::steer::wheel::Choice;
use crate::world::World;

/// For each VIP, by its number, whether answers may hold it as things stand; looks only at those of `asked`.
pub fn used(world: &World, asked: impl IntoIterator<Item = VipId>) -> Vec<bool> {
    let mut used = vec![false; world.estate.steering.vips.len()];
    let asked: HashSet<u16> = asked.into_iter().map(|vip| vip.0).collect();
    // Classes and pools share choices.
    let mut seen: HashSet<*const Choice> = HashSet::new();
    for (root, plans) in world.estate.roots.iter().zip(&world.plans) {
        let reach = world.estate.reach.get(usize::from(root.pool.0));
        if !reach.is_some_and(|reach| reach.iter().any(|vip| asked.contains(&vip.0))) {
            continue;
        }
        for side in plans.all().iter().flat_map(|plan| plan.sides()) {
            let answers = !matches!(side.stand, Stand::NoData | Stand::Closed);
            if !answers || !seen.insert(Arc::as_ptr(&side.choice)) {
                continue;
            }
            for candidate in side.choice.candidates() {
                let vip = candidate.vip;
                if let Some(used) = used.get_mut(usize::from(vip.0)) {
                    *used |= asked.contains(&vip.0);
                }
            }
        }
    }
    used
}

/// From which second on no cache holds a VIP that no answer holds any more. `last` is the latest time of all workers,
/// `started` when they began. It may still come sooner than this says, and only in the first seconds after a change or a
/// start: then what is on its way, or what the process before gave out, is taken to have the longest TTL there is.
pub fn clear_at(world: &World, vip: VipId, last: u64, (started, now): (u64, u64)) -> u64 {
    let pools = world.estate.steering.pools.iter();
    let longest = pools.map(|pool| u64::from(pool.ttl.max)).max().unwrap_or(0);
    let both = world.verdicts.at(usize::from(vip.0));
    let left = both.v4.since.max(both.v6.since);
    let on_its_way = (left.saturating_add(limits::CLEAR_WAY) > now).then_some(left);
    // A VIP of which nothing was ever said, and a clock that stands at 0, make no promise of 1970.
    let last = [last, started.saturating_add(longest), left]
        .into_iter()
        .chain(on_its_way.map(|left| left.saturating_add(longest)))
        .fold(0, u64::max);
    last.saturating_add(limits::CLEAR_MARGIN)
}
