//! Failback: members of a failover pool that failed stay out until they have been well for long enough, or until somebody
//! brings them back.

use std::collections::BTreeMap;

use crate::config::estate::Failback;

/// Who is kept out of a pool. Members are known by name, so that a reload loses nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hold {
    /// Members that stand before the one in use, with the second since which each has been well again; none: it still has
    /// failed.
    pub out: BTreeMap<String, Option<u64>>,
}

impl Hold {
    /// Takes in how the members stand at `now`: in their order, and whether each has failed.
    ///
    /// In use is the first that has neither failed nor is kept out. All before it have failed, now or before, so they are
    /// out from then on; what comes after it is not, since its return moves no client. If none is in use, nothing changes.
    pub fn step(&mut self, members: &[(String, bool)], how: Failback, now: u64) {
        self.out
            .retain(|name, _| members.iter().any(|(member, _)| member == name));
        for (member, failed) in members {
            if let Some(well) = self.out.get_mut(member) {
                // Without a break: a failure begins the wait anew. Neither does a clock that was set back prolong it.
                *well = (!failed).then(|| well.unwrap_or(now).min(now));
            }
        }
        if let Failback::After(wait) = how {
            let due = |well: Option<u64>| well.is_some_and(|well| now >= well.saturating_add(wait));
            self.out.retain(|_, well| !due(*well));
        }
        let used = |(name, failed): &(String, bool)| !failed && !self.out.contains_key(name);
        let Some(used) = members.iter().position(used) else {
            return;
        };
        let before = members.iter().take(used).map(|(name, _)| name.clone());
        let was = std::mem::take(&mut self.out);
        self.out
            .extend(before.map(|name| (name.clone(), was.get(&name).copied().flatten())));
    }

    /// Lets all return that are well. Those, and those that stay out since they have failed.
    pub fn give_back(&mut self) -> (Vec<String>, Vec<String>) {
        let (well, failed): (BTreeMap<_, _>, BTreeMap<_, _>) = std::mem::take(&mut self.out)
            .into_iter()
            .partition(|(_, well)| well.is_some());
        self.out = failed;
        let failed = self.out.keys().cloned().collect();
        (well.into_keys().collect(), failed)
    }

    /// Those that are well and kept out all the same, with the second since which they are well.
    pub fn held(&self) -> impl Iterator<Item = (&str, u64)> {
        self.out
            .iter()
            .filter_map(|(name, well)| Some((name.as_str(), (*well)?)))
    }

    /// When the next one returns by itself; [`u64::MAX`]: only when somebody brings it back. None: nobody is held.
    pub fn next(&self, how: Failback) -> Option<u64> {
        let end = |(_, well): (&str, u64)| match how {
            Failback::After(wait) => well.saturating_add(wait),
            Failback::Manual => u64::MAX,
        };
        self.held().map(end).min()
    }
}
