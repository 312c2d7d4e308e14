//! What operators ordered, when the next order ends, and when drains are at their end.

use super::{Family, Sample, plain};
use crate::admin::Door;
use crate::admin::orders::Clearing;
use crate::health::orders::Want;
use crate::keeper::Status;
use crate::world::World;

pub(super) fn families(door: &Door, world: &World, status: &Status, now: u64) -> Vec<Family> {
    let standing = || {
        status
            .situation
            .orders
            .iter()
            .filter(|(_, order)| !order.ended(now))
    };
    let kinds = Want::ALL.iter().flat_map(|want| {
        ["vip", "site"].into_iter().map(|of| {
            let like = standing().filter(|(s, o)| o.want == *want && s.kind() == of);
            let labels = vec![("of", of.to_owned()), ("state", want.word().to_owned())];
            (labels, like.count() as u64)
        })
    });
    let ends = standing().filter_map(|(_, order)| order.until);
    let next = ends.min().map_or(0, |until| until.saturating_sub(now));
    let clearing = Clearing::of(door, world, status, now);
    let clear = clearing
        .emptied()
        .map(|(name, at)| -> Sample { (vec![("vip", name.to_owned())], at.unwrap_or(0)) });
    vec![
        Family::gauge(
            "meridian_orders",
            "Orders of operators, by what they are for and what they say",
            kinds.collect(),
        ),
        Family::gauge(
            "meridian_order_next_end_seconds",
            "Seconds until the next order ends; 0 if none has an end",
            plain(next),
        ),
        Family::gauge(
            "meridian_drain_clear_timestamp_seconds",
            "From when on no cache holds a VIP that was ordered down or drained; 0 while answers may hold it",
            clear.collect(),
        ),
    ]
}
