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
            let entry = status.situation.board.entry(&vip.name);
            let carried = entry.and_then(|entry| entry.carried.as_ref());
            let said = carried.filter(|c| c.fresh(now)).map(|c| &c.said);
            let amount = amount(vip, said)?;
            let unit = said.and_then(|said| said.unit.as_deref());
            let site = steering.site(vip).unwrap_or_default();
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
    let mut families = told(world, status, now);
    families.extend([
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
    ]);
    families
}

/// What forwarders tell of what stands behind their VIPs.
fn told(world: &World, status: &Status, now: u64) -> Vec<Family> {
    let steering = &world.estate.steering;
    let fresh = |vip: &Vip| {
        let carried = status.situation.board.entry(&vip.name)?.carried.as_ref()?;
        let site = steering.site(vip).unwrap_or_default();
        let labels = vec![("vip", vip.name.clone()), ("site", site.to_owned())];
        carried.fresh(now).then_some((labels, &carried.said))
    };
    let fresh: Vec<_> = steering.vips.iter().filter_map(fresh).collect();
    let amounts = |amount: &dyn Fn(&Load) -> Option<Amount>| {
        let samples = fresh.iter().filter_map(|(labels, said)| {
            let thousandths = amount(said)? / 1_000;
            let thousandths = u64::try_from(thousandths).unwrap_or(u64::MAX);
            Some((labels.clone(), thousandths))
        });
        samples.collect::<Vec<Sample>>()
    };
    let backends = fresh.iter().flat_map(|(labels, said)| {
        let which = [
            ("healthy", said.behind.healthy),
            ("total", said.behind.total),
        ];
        which.into_iter().filter_map(|(which, number)| {
            let mut labels = labels.clone();
            labels.push(("which", which.to_owned()));
            Some((labels, number?))
        })
    });
    let routes = fresh.iter();
    let routes = routes.filter_map(|(l, said)| Some((l.clone(), u64::from(said.behind.route?))));
    vec![
        Family {
            kind: Kind::Thousandths,
            ..Family::gauge(
                "meridian_vip_connections",
                "Open connections of each VIP, as it last reported",
                amounts(&|said| said.active),
            )
        },
        Family {
            kind: Kind::Thousandths,
            ..Family::gauge(
                "meridian_vip_connections_per_second",
                "Connections opened in a second at each VIP, as it last reported",
                amounts(&|said| said.opened),
            )
        },
        Family::gauge(
            "meridian_vip_backends",
            "Backends behind each VIP, those that are well and all, as it last reported",
            backends.collect(),
        ),
        Family::gauge(
            "meridian_vip_route_present",
            "Whether a route leads to each VIP, as it last reported",
            routes.collect(),
        ),
    ]
}
