//! What the board says of the load of VIPs that stand together.

use crate::config::estate::{Steering, VipId};
use crate::health::board::Board;
use crate::health::load::{self, Amount, Carried, UNIT};
use crate::limits;
use crate::steer::judge::quality;

/// What is known of a VIP.
pub(super) struct Seen<'a> {
    pub(super) id: VipId,
    pub(super) name: &'a str,
    pub(super) weight: u64,
    /// Parts of a million, above 0.
    pub(super) quality: u64,
    pub(super) capacity: Option<Amount>,
    /// If it is fresh.
    pub(super) carried: Option<&'a Carried>,
}

impl Seen<'_> {
    pub(super) fn load(&self) -> Option<Amount> {
        self.carried.and_then(|carried| carried.said.load)
    }

    /// What it bears of an amount as it is now.
    pub(super) fn borne(&self, amount: Amount) -> Amount {
        amount * Amount::from(self.quality) / UNIT
    }
}

/// The rhythm of several reports: when the latest came, the longest gap, and how long the first of them counts.
pub(super) struct Rhythm {
    pub(super) latest: u64,
    pub(super) gap: Option<u64>,
    pub(super) until: u64,
}

pub(super) fn rhythm<'a>(reports: impl Iterator<Item = &'a Carried>) -> Option<Rhythm> {
    reports.fold(None, |all: Option<Rhythm>, one| {
        let all = all.unwrap_or(Rhythm {
            latest: 0,
            gap: None,
            until: u64::MAX,
        });
        Some(Rhythm {
            latest: all.latest.max(one.at),
            gap: all.gap.max(one.gap),
            until: all.until.min(one.until()),
        })
    })
}

/// A VIP that is up.
pub(super) fn look<'a>(
    steering: &'a Steering,
    board: &'a Board,
    id: VipId,
    now: u64,
) -> Option<Seen<'a>> {
    let vip = steering.vips.get(usize::from(id.0))?;
    let quality = quality(board.verdict(&vip.name).best().state);
    if quality == 0 {
        return None;
    }
    let carried = board.entry(&vip.name).and_then(|e| e.carried.as_ref());
    let carried = carried.filter(|carried| carried.fresh(now));
    Some(Seen {
        id,
        name: &vip.name,
        weight: u64::from(vip.weight),
        quality,
        capacity: load::capacity(vip.capacity, carried.map(|c| &c.said)),
        carried,
    })
}

/// What several VIPs can carry as they are now.
pub(super) fn size(vips: &[Seen<'_>]) -> Amount {
    let each = vips.iter().filter_map(|vip| Some(vip.borne(vip.capacity?)));
    each.sum()
}

/// How much of what they can carry they do, in parts of a million. Those that do not say count for nothing either way.
pub(super) fn used<'a>(told: impl Iterator<Item = &'a Seen<'a>>) -> u64 {
    let (load, size) = told.fold((0, 0), |(load, size): (Amount, Amount), vip| {
        let own = vip.capacity.map_or(0, |capacity| vip.borne(capacity));
        (load + vip.load().unwrap_or(0), size + own)
    });
    let most = limits::LOAD_USED;
    match (load * UNIT).checked_div(size) {
        Some(used) => u64::try_from(used).unwrap_or(most).min(most),
        None if load > 0 => most,
        None => 0,
    }
}

/// What each VIP carries and what it should beside the others: by targets if all that speak have one, else by capacities,
/// else by weights. Nothing if they count in different units: then no two can be compared.
pub(super) fn compared(vips: &[Seen<'_>]) -> Vec<Option<(Amount, Amount)>> {
    let told = || vips.iter().filter(|vip| vip.load().is_some());
    let unit = |vip: &Seen<'_>| vip.carried.and_then(|c| c.said.unit.clone());
    let first = told().next().map(unit);
    if told().any(|vip| Some(unit(vip)) != first) {
        return vec![None; vips.len()];
    }
    let target = |vip: &Seen<'_>| vip.carried.and_then(|c| c.said.target);
    let sizes: &dyn Fn(&Seen<'_>) -> Option<Amount> = if told().all(|vip| target(vip).is_some()) {
        &target
    } else if told().all(|vip| vip.capacity.is_some()) {
        &|vip| vip.capacity
    } else {
        &|vip| Some(Amount::from(vip.weight) * UNIT)
    };
    let one = |vip: &Seen<'_>| Some((vip.load()?, vip.borne(sizes(vip)?)));
    vips.iter().map(one).collect()
}
