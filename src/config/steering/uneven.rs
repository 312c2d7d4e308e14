//! Warnings: weights too uneven to stay exact with several answers.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::config::document::{At, Entry};
use crate::config::estate::{Draw, Members, Policy, Pool, PoolId, Target};
use crate::config::findings::Findings;
use crate::config::inclusion::{self, Unit};
use crate::config::steering::graph::Edge;
use crate::config::steering::names::Pointer;
use crate::config::steering::pools::Draft;
use crate::config::steering::reach::Estate;
use crate::diagnostic::Diagnostic;

/// Who has more or less of the weight at a site than answers of several VIPs can honour.
struct Uneven {
    site: Option<u16>,
    /// The VIP, or the heaviest of the failure domain.
    vip: u16,
    domain: Option<String>,
    bound: Bound,
    /// Parts of the weight and of the addresses in answers, in thousandths.
    due: u64,
    gets: u64,
}

/// What keeps a weight from being honoured.
enum Bound {
    /// A VIP is in an answer at most once, and so is a failure domain if there are enough.
    Most,
    /// With fewer failure domains than answers each is there at least once.
    Least,
}

/// A VIP of a site: its number and weight.
type Weighed = (u16, u64);

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
            if let Some(uneven) = self.unevenness(root.0, usize::from(draft.pool.answers), edges) {
                findings.push(self.told(&uneven, &draft.pool, at));
            }
        }
    }

    fn told(&self, uneven: &Uneven, pool: &Pool, at: At<'a>) -> Diagnostic {
        let name = |list: &[Entry<'a>], id: u16| {
            list.get(usize::from(id)).map_or("", |entry| entry.key.text)
        };
        let ground = match uneven.site {
            Some(site) => format!("at site `{}`", name(&self.index.sites.list, site)),
            None => "without a site".to_owned(),
        };
        let answers = pool.answers;
        let message =
            format!("the weights of the VIPs {ground} are too uneven for {answers} answers");
        let (who, kind) = match &uneven.domain {
            Some(word) => (format!("failure domain `{word}`"), "failure domain"),
            None => ("it".to_owned(), "VIP"),
        };
        let bound = match uneven.bound {
            Bound::Most => "more",
            Bound::Least => "less",
        };
        let gets = match pool.draw {
            Draw::Query | Draw::Client => percent(uneven.gets),
            // By slots a heavy one gets less than it could, by how much is a matter of all weights.
            Draw::Sticky | Draw::Name => "another part".to_owned(),
        };
        let words = format!(
            "{who} has {} of the weight, and gets {gets} of the addresses",
            percent(uneven.due)
        );
        let advice = format!("no {kind} should have {bound} than 1/{answers} of the weight");
        let vip = self.index.vips.list.get(usize::from(uneven.vip));
        let found = Diagnostic::warning(at.spot(), message, advice);
        match vip {
            Some(vip) => found.and(vip.key.at.spot(), words),
            None => found,
        }
    }

    fn unevenness(&self, root: u16, answers: usize, edges: &[&[Edge<'a>]]) -> Option<Uneven> {
        let mut seen = HashSet::from([root]);
        let mut open = vec![root];
        while let Some(id) = open.pop() {
            let draft = self.pools.get(usize::from(id))?;
            let found = self
                .sets(id, draft)
                .iter()
                .find_map(|set| self.uneven_of(set, answers));
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

    /// Answers come from one site, so the weights of a site count. VIPs of weight 0 are no part of them.
    fn uneven_of(&self, set: &BTreeSet<u16>, answers: usize) -> Option<Uneven> {
        let mut sites: BTreeMap<Option<u16>, Vec<Weighed>> = BTreeMap::new();
        for id in set {
            let vip = self.grounds.vips.get(usize::from(*id))?;
            if vip.weight > 0 {
                let site = vip.site.map(|site| site.0);
                let there = sites.entry(site).or_default();
                there.push((*id, u64::from(vip.weight)));
            }
        }
        let at = |(site, vips): (Option<u16>, Vec<Weighed>)| self.uneven_at(site, &vips, answers);
        sites.into_iter().find_map(at)
    }

    fn uneven_at(&self, site: Option<u16>, vips: &[Weighed], answers: usize) -> Option<Uneven> {
        let word = |(id, _): Weighed| {
            let vip = self.grounds.vips.get(usize::from(id));
            vip.and_then(|vip| vip.failure_domain.as_deref())
        };
        let mut domains: Vec<Vec<Weighed>> = Vec::new();
        for &vip in vips {
            let same = |of: &&mut Vec<Weighed>| {
                word(vip).is_some() && of.first().is_some_and(|other| word(*other) == word(vip))
            };
            match domains.iter_mut().find(same) {
                Some(domain) => domain.push(vip),
                None => domains.push(vec![vip]),
            }
        }
        let (k, all) = (answers as u64, weight(vips));
        let heavy = |list: &Vec<Weighed>| weight(list) * k > all;
        let light = |list: &Vec<Weighed>| weight(list) * k < all;
        let alone = vec![heaviest(vips)?];
        let (who, bound, domain) = if vips.len() <= answers && equal(vips) {
            return None;
        } else if heavy(&alone) {
            (alone, Bound::Most, None)
        } else if domains.len() >= answers {
            let found = domains.iter().rev().max_by_key(|list| weight(list));
            let found = found.filter(|list| heavy(list))?.clone();
            let domain = found.first().and_then(|vip| word(*vip));
            (found, Bound::Most, domain)
        } else {
            let found = domains.iter().min_by_key(|list| weight(list));
            let found = found.filter(|list| light(list))?.clone();
            let domain = found.first().and_then(|vip| word(*vip));
            (found, Bound::Least, domain)
        };
        Some(Uneven {
            site,
            vip: heaviest(&who)?.0,
            domain: domain.map(str::to_owned),
            bound,
            due: thousandths(weight(&who), all),
            gets: gets(&who, &domains, answers),
        })
    }
}

fn weight(vips: &[Weighed]) -> u64 {
    vips.iter().map(|(_, weight)| weight).sum()
}

/// The first of them, if there are several.
fn heaviest(vips: &[Weighed]) -> Option<Weighed> {
    vips.iter().copied().rev().max_by_key(|(_, weight)| *weight)
}

fn equal(vips: &[Weighed]) -> bool {
    vips.windows(2)
        .all(|two| two.first().map(|v| v.1) == two.last().map(|v| v.1))
}

fn thousandths(part: u64, whole: u64) -> u64 {
    (part * 1_000 + whole / 2) / whole.max(1)
}

/// The part of the addresses that is in fact theirs, in thousandths: as it is drawn when all are up.
fn gets(who: &[Weighed], domains: &[Vec<Weighed>], answers: usize) -> u64 {
    const WIDTH: u64 = 1 << 32;
    let domains = domains.iter().enumerate();
    let vips: Vec<(usize, Weighed)> = domains
        .flat_map(|(domain, list)| list.iter().map(move |vip| (domain, *vip)))
        .collect();
    if vips.len() <= answers {
        return thousandths(who.len() as u64, vips.len() as u64);
    }
    let unit = |&(domain, (_, mass)): &(usize, Weighed)| Unit { mass, domain };
    let units: Vec<Unit> = vips.iter().map(unit).collect();
    let line = inclusion::line(&units, answers, WIDTH);
    let (mut from, mut part) = (0, 0);
    for stretch in &line {
        if vips
            .get(stretch.unit)
            .is_some_and(|(_, vip)| who.contains(vip))
        {
            part += stretch.end - from;
        }
        from = stretch.end;
    }
    thousandths(part, from)
}

/// `33.3%`, `50%`.
fn percent(thousandths: u64) -> String {
    match (thousandths / 10, thousandths % 10) {
        (whole, 0) => format!("{whole}%"),
        (whole, tenth) => format!("{whole}.{tenth}%"),
    }
}
