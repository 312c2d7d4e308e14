//! Fences on pools that stand in no other: random rule sets of sites.

use super::super::estate::{Estate, Place, Rule, RuleSet, Target};
use super::super::judge;
use super::{Tape, pools};

/// Puts fences on some of the pools that may have one.
pub(super) fn fences(tape: &mut Tape<'_>, estate: &mut Estate) {
    let inner: Vec<Target> = (estate.pools.iter().flat_map(|pool| pool.members.targets()))
        .chain(
            (estate.rules.iter().flat_map(|set| &set.rules)).flat_map(|rule| rule.targets.clone()),
        )
        .collect();
    for id in 0..estate.pools.len() {
        let vips = judge::reach(estate, &estate.pools[id]);
        let mut sites: Vec<usize> = vips
            .iter()
            .filter_map(|vip| estate.vips[*vip].site)
            .collect();
        sites.sort_unstable();
        sites.dedup();
        if inner.contains(&Target::Pool(id)) || sites.is_empty() || !tape.percent(70) {
            continue;
        }
        let several = tape.percent(30);
        set(tape, estate, &sites, |place| !several || !addressed(place));
        let first = estate.rules.len() - 1;
        estate.pools[id].fence.push(first);
        if several {
            // What the words of the one leave of the words of the other only the databases tell.
            set(tape, estate, &sites, addressed);
            estate.pools[id].fence.push(first + 1);
        }
    }
}

/// Places of which no word says what other places hold them.
fn addressed(place: &Place) -> bool {
    matches!(place, Place::Network(_) | Place::System(_))
}

/// A rule set in which every place has a VIP of the pool inside, or an empty list.
fn set(tape: &mut Tape<'_>, estate: &mut Estate, sites: &[usize], fit: impl Fn(&Place) -> bool) {
    let mut set = RuleSet {
        name: format!("fence-{}", estate.rules.len()),
        rules: Vec::new(),
    };
    let all: Vec<usize> = (0..estate.sites.len()).collect();
    let many = 1 + tape.below(8);
    for i in 0..many {
        let mut inside = vec![tape.pick(sites)];
        inside.extend(tape.several(&all, 3));
        inside.sort_unstable();
        inside.dedup();
        if tape.percent(10) {
            inside.clear();
        }
        let region = tape
            .percent(30)
            .then(|| format!("fenced-{}-{i}", estate.rules.len()));
        for _ in 0..if region.is_some() { 3 } else { 1 } {
            let place = pools::place(tape, estate);
            if fit(&place) && set.rules.iter().all(|rule| rule.place != place) {
                set.rules.push(Rule {
                    place,
                    region: region.clone(),
                    targets: inside.iter().copied().map(Target::Site).collect(),
                });
            }
        }
    }
    estate.rules.push(set);
}
