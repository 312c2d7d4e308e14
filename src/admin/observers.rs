//! Who said what of each VIP, and what of it counts.

use serde_json::{Value, json};

use crate::health::board::{self, Entry, Groups, Observation, PROBE, Target};
use crate::health::verdict::Family;

/// The observers of a VIP, each with what it last said, how old that is, whether it counts, and why not. `family` is null
/// where the same was said of both.
pub(super) fn json(entry: Option<&Entry>, groups: &Groups, now: u64) -> Vec<Value> {
    let Some(entry) = entry else {
        return Vec::new();
    };
    if entry.v4 == entry.v6 {
        return of(&entry.v4, None, groups, now);
    }
    let apart = Family::ALL.map(|family| of(entry.of(family), Some(family), groups, now));
    apart.concat()
}

fn of(target: &Target, family: Option<Family>, groups: &Groups, now: u64) -> Vec<Value> {
    let one = |one: &Observation| {
        json!({
            "observer": &*one.who,
            "group": groups.of(&one.who).map(|group| &group.name),
            "family": family.map(Family::word),
            "said": one.said.word(),
            "state": one.state.word(),
            "counts": counts(target, groups, one),
            "why": one.why.map(str::to_owned).or(board::overruled(groups, target, one)),
            "at": one.at,
            "age": now.saturating_sub(one.at),
            "lease_end": one.lease.map(|lease| lease.until),
            "epoch": one.order.epoch,
            "seq": one.order.seq,
        })
    };
    target.observations.iter().map(one).collect()
}

/// Whether it has a voice in the vote.
fn counts(target: &Target, groups: &Groups, one: &Observation) -> bool {
    let feeds = || groups.opinions(target).iter().any(|o| o.state.is_some());
    !one.ended && (*one.who != *PROBE || !feeds())
}
