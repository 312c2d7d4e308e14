//! What VIPs carry, by reports that are fresh: an old number is worse than none.

use super::{Family, Kind, Sample};
use crate::admin::view;
use crate::config::estate::{PoolId, Target, Vip};
use crate::health::load::{self, Amount, Load};
use crate::keeper::Status;
use crate::world::World;

pub(super) fn families(world: &World, status: &Status, now: u64) -> Vec<Family> {
    let steering = &world.estate.steering;
    let each = |amount: &dyn Fn(&Vip, Option<&Load>) -> Option<Amount>| {
        let sample = |vip: &Vip| {
            let entry = status.board.entry(&vip.name);
            let carried = entry.and_then(|entry| entry.carried.as_ref());
            let said = carried.filter(|c| c.fresh(now)).map(|c| &c.said);
            let amount = amount(vip, said)?;
            let unit = said.and_then(|said| said.unit.as_deref());
            let site = view::site(steering, vip).unwrap_or_default();
            let labels = vec![
                ("vip", vip.name.clone()),
                ("site", site.to_owned()),
                ("unit", unit.unwrap_or_default().to_owned()),
            ];
            Some((labels, u64::try_from(amount / 1_000).unwrap_or(u64::MAX)))
        };
        let vips = steering.vips.iter();
        vips.filter_map(sample).collect::<Vec<Sample>>()
    };
    let family = |name, help, samples| Family {
        kind: Kind::Thousandths,
        ..Family::counter(name, help, samples)
    };
    let pools = steering.pools.iter().enumerate();
    let spilling = pools.filter(|(_, pool)| pool.spill.is_some());
    let spilled = spilling.flat_map(|(at, pool)| {
        let moving = world.motion.of(PoolId(at as u16));
        let sample = |(target, parts): &(Target, u32)| {
            let labels = vec![
                ("pool", pool.name.clone()),
                ("member", view::name(steering, *target).to_owned()),
            ];
            (labels, u64::from(*parts / 1_000))
        };
        moving.shed.iter().map(sample).collect::<Vec<Sample>>()
    });
    vec![
        family(
            "meridian_pool_shed_ratio",
            "Part of its clients that a site or member of a pool with spill hands on",
            spilled.collect(),
        ),
        family(
            "meridian_vip_load",
            "What each VIP carries, as it last reported",
            each(&|_, said| said?.load),
        ),
        family(
            "meridian_vip_target",
            "What each VIP should carry, as it last reported",
            each(&|_, said| said?.target),
        ),
        family(
            "meridian_vip_capacity",
            "What each VIP can carry, as it last reported, else as the estate says",
            each(&|vip, said| load::capacity(vip.capacity, said)),
        ),
    ]
}
