//! What observers say, and what becomes of it in votes.

use std::collections::BTreeMap;

use super::{Family as Metric, Sample};
use crate::health::board::disagree;
use crate::health::verdict::Family;
use crate::keeper::Status;
use crate::world::World;

/// Observations by observer and state, targets of which observers disagree, and the opinions of groups.
pub(super) fn families(world: &World, status: &Status) -> Vec<Metric> {
    let groups = status.situation.board.groups();
    let entries = world.estate.steering.vips.iter();
    let entries = entries.filter_map(|vip| Some((vip, status.situation.board.entry(&vip.name)?)));
    let (mut said, mut votes) = (BTreeMap::new(), BTreeMap::new());
    let mut apart: Vec<Sample> = Vec::new();
    for (vip, entry) in entries {
        for family in Family::ALL {
            let target = entry.of(family);
            for one in &target.observations {
                let word = if one.ended {
                    "silent"
                } else {
                    one.state.word()
                };
                *said.entry((one.who.clone(), word)).or_insert(0u64) += 1;
            }
            for opinion in groups.opinions(target) {
                let named = groups.list().iter().any(|group| group.name == opinion.of);
                if named {
                    let word = opinion.state.map_or("none", |state| state.word());
                    *votes.entry((opinion.of.to_owned(), word)).or_insert(0) += 1;
                }
            }
            if disagree(target) {
                let vip = ("vip", vip.name.clone());
                apart.push((vec![vip, ("family", family.word().to_owned())], 1));
            }
        }
    }
    let said = said.into_iter().map(|((who, word), count)| {
        let labels = vec![("observer", who.to_string()), ("state", word.to_owned())];
        (labels, count)
    });
    let votes = votes
        .into_iter()
        .map(|((group, word), count)| (vec![("group", group), ("state", word.to_owned())], count));
    vec![
        Metric::gauge(
            "meridian_observations",
            "Addresses of VIPs by what each observer last said of them; silent: its lease has ended",
            said.collect(),
        ),
        Metric::gauge(
            "meridian_observers_disagree",
            "1 for each family of a VIP of which observers say different things now",
            apart,
        ),
        Metric::gauge(
            "meridian_observer_group_votes",
            "Addresses of VIPs by the opinion of each group of observers; none: too few of them speak",
            votes.collect(),
        ),
    ]
}
