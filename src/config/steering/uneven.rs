//! Warnings: weights too uneven to stay exact with several answers.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::config::document::Entry;
use crate::config::estate::{Members, Policy, PoolId, Target};
use crate::config::findings::Findings;
use crate::config::steering::graph::Edge;
use crate::config::steering::names::Pointer;
use crate::config::steering::pools::Draft;
use crate::config::steering::reach::Estate;
use crate::diagnostic::Diagnostic;

/// A VIP that has more of the weight at its site than one of several answers can carry.
struct Heavy {
    vip: u16,
    site: Option<u16>,
    weight: u64,
    all: u64,
}

impl<'a> Estate<'_, 'a> {
    /// For each pool that a name points to, the first such VIP.
    pub(super) fn uneven(
        &self,
        edges: &[&[Edge<'a>]],
        pointers: &[Pointer<'a>],
        findings: &mut Findings,
    ) {
        let roots: BTreeSet<PoolId> = (pointers.iter())
            .filter_map(|pointer| match pointer.target {
                Target::Pool(id) => Some(id),
                Target::Site(_) | Target::Vip(_) => None,
            })
            .collect();
        for root in roots {
            let Some(draft) = self
                .pools
                .get(usize::from(root.0))
                .filter(|draft| draft.pool.answers > 1)
            else {
                continue;
            };
            let Some(at) = draft.answers else { continue };
            let Some(heavy) = self.heavy(root.0, u64::from(draft.pool.answers), edges) else {
                continue;
            };
            let name = |list: &[Entry<'a>], id: u16| {
                list.get(usize::from(id)).map_or("", |entry| entry.key.text)
            };
            let ground = match heavy.site {
                Some(site) => format!("at site `{}`", name(&self.index.sites.list, site)),
                None => "without a site".to_owned(),
            };
            let Some(vip) = self.index.vips.list.get(usize::from(heavy.vip)) else {
                continue;
            };
            let message = format!(
                "the weights of the VIPs {ground} are too uneven for {} answers",
                draft.pool.answers
            );
            let advice = format!(
                "no VIP should have more than 1/{} of the weight",
                draft.pool.answers
            );
            let words = format!(
                "it has {} of {}, and gets a smaller share",
                heavy.weight, heavy.all
            );
            findings.push(
                Diagnostic::warning(at.spot(), message, advice).and(vip.key.at.spot(), words),
            );
        }
    }

    fn heavy(&self, root: u16, answers: u64, edges: &[&[Edge<'a>]]) -> Option<Heavy> {
        let mut seen = HashSet::from([root]);
        let mut open = vec![root];
        while let Some(id) = open.pop() {
            let draft = self.pools.get(usize::from(id))?;
            let found = self
                .sets(id, draft)
                .iter()
                .find_map(|set| self.heavy_of(set, answers));
            if found.is_some() {
                return found;
            }
            let below = edges.get(usize::from(id)).copied().unwrap_or_default();
            open.extend(
                below
                    .iter()
                    .map(|edge| edge.to)
                    .filter(|to| seen.insert(*to)),
            );
        }
        None
    }

    /// The sets of VIPs among which the pool itself chooses by weight.
    fn sets(&self, id: u16, draft: &Draft<'a>) -> Vec<BTreeSet<u16>> {
        let own = |target: &Target| match target {
            Target::Pool(_) => None,
            other => Some(self.reach(*other)),
        };
        let mut sets: Vec<BTreeSet<u16>> = draft
            .members
            .iter()
            .filter_map(|(target, _)| own(target))
            .collect();
        if let (Members::List(_), false) =
            (&draft.pool.members, draft.pool.policy == Policy::Failover)
        {
            sets = vec![sets.into_iter().flatten().collect()];
        }
        let preferred = self.preferred(draft);
        if !preferred.is_empty() {
            let reach = self.reach(Target::Pool(PoolId(id)));
            let sites: BTreeSet<Target> = (preferred.iter())
                .flat_map(|line| line.targets.iter().map(|(target, _)| *target))
                .filter(|target| matches!(target, Target::Site(_)))
                .collect();
            sets.extend(
                sites
                    .into_iter()
                    .map(|site| self.reach(site).intersection(&reach).copied().collect()),
            );
        }
        sets
    }

    /// Answers come from one site, so the weights of a site count. Equal weights stay exact however many answers.
    fn heavy_of(&self, set: &BTreeSet<u16>, answers: u64) -> Option<Heavy> {
        let mut sites: BTreeMap<Option<u16>, Vec<(u64, u16)>> = BTreeMap::new();
        for id in set {
            let vip = self.grounds.vips.get(usize::from(*id))?;
            if vip.weight > 0 {
                sites
                    .entry(vip.site.map(|site| site.0))
                    .or_default()
                    .push((u64::from(vip.weight), *id));
            }
        }
        sites.into_iter().find_map(|(site, vips)| {
            let all: u64 = vips.iter().map(|(weight, _)| weight).sum();
            let (weight, vip) = vips
                .iter()
                .copied()
                .max_by_key(|(weight, id)| (*weight, u16::MAX - id))?;
            let equal = vips.iter().all(|(other, _)| *other == weight);
            (!equal && weight * answers > all).then_some(Heavy {
                vip,
                site,
                weight,
                all,
            })
        })
    }
}
