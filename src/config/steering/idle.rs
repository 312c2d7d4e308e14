//! Warnings: what nothing uses, what has no effect, and VIPs of one family beside others of both.

use std::collections::HashSet;

use crate::config::estate::{Policy, PoolId, SiteId, Target, VipId};
use crate::config::findings::Findings;
use crate::config::steering::index::Space;
use crate::config::steering::names::Pointer;
use crate::config::steering::pools::Draft;
use crate::config::steering::reach::Estate;
use crate::config::steering::regions::Region;
use crate::config::steering::rules::Line;

impl<'a> Estate<'_, 'a> {
    /// All of them. Only of an estate without errors: after one, much seems unused that is not.
    pub(super) fn idle(
        &self,
        regions: &[Region<'a>],
        pointers: &[Pointer<'a>],
        findings: &mut Findings,
    ) {
        let lines = || self.lines.iter().flatten();
        let named: HashSet<Target> = pointers.iter().map(|pointer| pointer.target).collect();
        let mut members = named.clone();
        members.extend(
            self.pools
                .iter()
                .flat_map(|draft| draft.members.iter().map(|(target, _)| *target)),
        );
        let mut used = members.clone();
        used.extend(lines().flat_map(|line| line.targets.iter().map(|(target, _)| *target)));

        let stands =
            |id: u16| used.contains(&Target::Site(SiteId(id))) || !self.at_site(id).is_empty();
        unused(&self.index.sites, stands, "no VIP stands there", findings);
        let vips = &self.grounds.vips;
        let through = |id: u16| {
            let site = vips.get(usize::from(id)).and_then(|vip| vip.site);
            site.is_some_and(|site| members.contains(&Target::Site(site)))
        };
        let serves = |id: u16| used.contains(&Target::Vip(VipId(id))) || through(id);
        unused(
            &self.index.vips,
            serves,
            "no pool, rule set or name leads to it",
            findings,
        );
        let leads = |id: u16| used.contains(&Target::Pool(PoolId(id)));
        unused(
            &self.index.pools,
            leads,
            "no name, pool or rule set leads to it",
            findings,
        );
        let sets: HashSet<u16> = self
            .pools
            .iter()
            .flat_map(|draft| draft.pool.prefer.iter().chain(&draft.pool.fence))
            .map(|id| id.0)
            .collect();
        unused(
            &self.index.rules,
            |id| sets.contains(&id),
            "no pool has it as `prefer` or `fence`",
            findings,
        );
        let mut places: HashSet<u16> = lines().filter_map(Line::region).collect();
        places.extend(
            regions
                .iter()
                .flat_map(|region| region.regions.iter().map(|edge| edge.to)),
        );
        unused(
            &self.index.regions,
            |id| places.contains(&id),
            "no rule set and no other region names it",
            findings,
        );

        self.unasked(findings);
        self.answerless(&named, &used, findings);
        self.passed_over(findings);
        self.unmeasured(findings);
        self.one_family(findings);
    }

    /// Probes that no VIP takes.
    fn unasked(&self, findings: &mut Findings) {
        let probes = self.grounds.vips.iter().filter_map(|vip| vip.probe);
        let asked: HashSet<u16> = probes.map(|probe| probe.0).collect();
        let asks = |id: u16| asked.contains(&id);
        unused(&self.index.probes, asks, "no VIP names it", findings);
    }

    /// Answer keys of pools that never answer. Of a pool that nothing uses that was said already.
    fn answerless(&self, named: &HashSet<Target>, used: &HashSet<Target>, findings: &mut Findings) {
        for (id, draft) in (0..).zip(self.pools) {
            let target = Target::Pool(PoolId(id));
            if named.contains(&target) || !used.contains(&target) {
                continue;
            }
            for key in &draft.answer {
                let message = format!(
                    "`{}` has no effect in pool `{}`: no name points to it",
                    key.text, draft.key.text
                );
                findings.warning(
                    key.at,
                    message,
                    "write it in the pool that a name points to",
                );
            }
        }
    }

    /// Entries of rule sets that name sites at which no pool that uses the set has a VIP.
    fn passed_over(&self, findings: &mut Findings) {
        let mut sites: Vec<Option<HashSet<u16>>> = vec![None; self.lines.len()];
        for (id, draft) in (0..).zip(self.pools) {
            let Some(set) = draft
                .pool
                .prefer
                .and_then(|rules| sites.get_mut(usize::from(rules.0)))
            else {
                continue;
            };
            let reach = self.reach(Target::Pool(PoolId(id)));
            let at = reach
                .iter()
                .filter_map(|vip| self.grounds.vips.get(usize::from(*vip))?.site);
            set.get_or_insert_default().extend(at.map(|site| site.0));
        }
        for ((entry, lines), sites) in self.index.rules.list.iter().zip(self.lines).zip(&sites) {
            let Some(sites) = sites else { continue };
            let void =
                |target: &Target| matches!(target, Target::Site(site) if !sites.contains(&site.0));
            for line in lines.iter().filter(|line| !line.targets.is_empty()) {
                if line.targets.iter().all(|(target, _)| void(target)) {
                    let names: Vec<String> = line
                        .targets
                        .iter()
                        .map(|(_, word)| format!("`{}`", word.text))
                        .collect();
                    let advice = format!(
                        "no pool that uses `{}` has a VIP at {}",
                        entry.key.text,
                        names.join(" or ")
                    );
                    findings.warning(
                        line.key.at,
                        format!("`{}` chooses nothing", line.key.text),
                        advice,
                    );
                }
            }
        }
    }

    /// Round trips that nobody asks for.
    fn unmeasured(&self, findings: &mut Findings) {
        let nearest = |draft: &Draft<'_>| draft.pool.policy == Policy::Nearest;
        let Some(entry) = self.index.latency.first() else {
            return;
        };
        if !self.pools.iter().any(nearest) {
            findings.warning(
                entry.key.at,
                "nothing uses `[latency]`",
                "no pool has the policy `nearest`",
            );
        }
    }

    /// A VIP without `address6` beside others that have one: its clients get no AAAA.
    fn one_family(&self, findings: &mut Findings) {
        let mut told = HashSet::new();
        for (id, draft) in (0..).zip(self.pools) {
            let reach = self.reach(Target::Pool(PoolId(id)));
            let both = |vip: &u16| {
                self.grounds
                    .vips
                    .get(usize::from(*vip))
                    .is_some_and(|vip| vip.address6.is_some())
            };
            if !reach.iter().any(both) {
                continue;
            }
            for vip in reach.iter().filter(|vip| !both(vip)) {
                let Some(entry) = self
                    .index
                    .vips
                    .list
                    .get(usize::from(*vip))
                    .filter(|_| told.insert(*vip))
                else {
                    continue;
                };
                let message = format!(
                    "VIP `{}` has no `address6`, but others of pool `{}` have one",
                    entry.key.text, draft.key.text
                );
                findings.warning(
                    entry.key.at,
                    message,
                    "a client that is sent here gets no AAAA",
                );
            }
        }
    }
}

fn unused(space: &Space<'_>, used: impl Fn(u16) -> bool, advice: &str, findings: &mut Findings) {
    for (id, entry) in (0..).zip(&space.list) {
        if !used(id) {
            findings.warning(
                entry.key.at,
                format!("nothing uses {} `{}`", space.kind.word(), entry.key.text),
                advice,
            );
        }
    }
}
