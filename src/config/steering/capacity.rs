//! `spill` and `adapt`: what follows the load that the feed reports, and where the load could not be followed.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::document::{At, Entry};
use crate::config::estate::{Members, Policy, Pool, PoolId, Target};
use crate::config::findings::Findings;
use crate::config::record::Record;
use crate::config::stability;
use crate::config::steering::graph::Edge;
use crate::config::steering::names::Pointer;
use crate::config::steering::pools::Draft;
use crate::config::steering::reach::Estate;
use crate::config::values;
use crate::diagnostic::Diagnostic;

/// Where the two keys stand.
#[derive(Default)]
pub(super) struct Followed<'a> {
    spill: Option<At<'a>>,
    adapt: Option<At<'a>>,
}

/// Both keys of a pool.
pub(super) fn read<'a>(
    pool: &mut Pool,
    record: &Record<'a>,
    findings: &mut Findings,
) -> Followed<'a> {
    let mut followed = Followed::default();
    if let Some(field) = record.get("spill") {
        pool.spill = share(field, findings);
        followed.spill = pool.spill.map(|_| field.value.at);
        if pool.policy == Policy::Weighted {
            let advice = format!(
                "remove it, or write `policy = \"nearest\"` in pool `{}`; among VIPs by weight `adapt` follows the load",
                pool.name
            );
            findings.error(
                field.key.at,
                "`spill` belongs to the policies `nearest` and `failover`",
                advice,
            );
        }
    }
    if let Some(field) = record.get("adapt") {
        pool.adapt = share(field, findings);
        followed.adapt = pool.adapt.map(|_| field.value.at);
    }
    followed
}

/// A share that is something.
fn share(field: Entry<'_>, findings: &mut Findings) -> Option<u32> {
    let share = values::share(field, findings)?;
    if share == 0 {
        findings.error(
            field.value.at,
            format!("`{}` is 0%", field.key.text),
            "a share above 0%; leave the key out if it is not wanted",
        );
    }
    Some(share).filter(|share| *share > 0)
}

impl<'a> Estate<'_, 'a> {
    /// What of the load cannot be followed, and what follows it too fast.
    pub(super) fn capacities(
        &self,
        edges: &[&[Edge<'a>]],
        pointers: &[Pointer<'a>],
        findings: &mut Findings,
    ) {
        let ttls = self.ttls(edges, pointers);
        let shaky = self.grounds.doubtful_vips.contains(&true);
        for (id, draft) in (0..).zip(self.pools) {
            if shaky || self.doubtful(id) {
                continue;
            }
            if let (Some(_), Some(at)) = (draft.pool.spill, draft.followed.spill) {
                self.without_capacity(PoolId(id), draft, at, findings);
            }
            if let (Some(adapt), Some(at)) = (draft.pool.adapt, draft.followed.adapt) {
                if !self.shared(draft) {
                    let message = format!(
                        "`adapt` has nothing to even out in pool `{}`",
                        draft.key.text
                    );
                    let advice = "it shifts weight among VIPs that share clients: a list of VIPs under `weighted`, or a site with several";
                    findings.error(at, message, advice);
                }
                hasty(adapt, at, ttls.get(&id), draft, findings);
            }
        }
    }

    /// VIPs without the capacity that `spill` goes by.
    fn without_capacity(&self, id: PoolId, draft: &Draft<'a>, at: At<'a>, findings: &mut Findings) {
        let vips = self.reach(Target::Pool(id));
        let lacking = |vip: &&u16| {
            let vip = self.grounds.vips.get(usize::from(**vip));
            vip.is_some_and(|vip| vip.capacity.is_none())
        };
        let lacking: Vec<u16> = vips.iter().filter(lacking).copied().collect();
        let first = lacking.first();
        let first = first.and_then(|vip| self.index.vips.list.get(usize::from(*vip)));
        let Some(first) = first else { return };
        let name = first.key.text;
        let message = match lacking.len() {
            1 => format!("`spill` needs the capacity of VIP `{name}`"),
            more => format!(
                "`spill` needs the capacity of VIP `{name}` and {} more",
                more - 1
            ),
        };
        let advice = format!(
            "give each VIP that pool `{}` reaches a `capacity`, in the unit of the reported load",
            draft.key.text
        );
        findings.push(
            Diagnostic::error(at.spot(), message, advice)
                .and(first.key.at.spot(), "it has no `capacity`"),
        );
    }

    /// Whether the pool chooses by weight among several VIPs anywhere.
    fn shared(&self, draft: &Draft<'a>) -> bool {
        let own = draft.members.iter().map(|(target, _)| target);
        let own = own.filter(|target| !matches!(target, Target::Pool(_)));
        let mut sets: Vec<BTreeSet<u16>> = own.map(|target| self.reach(*target)).collect();
        let all = || sets.iter().flatten().copied().collect::<BTreeSet<u16>>();
        match (draft.pool.policy, &draft.pool.members) {
            (Policy::Weighted, Members::List(_)) => sets = vec![all()],
            (Policy::Nearest, _) => {
                let mut sites: BTreeMap<Option<u16>, BTreeSet<u16>> = BTreeMap::new();
                for vip in all() {
                    let site = self.grounds.vips.get(usize::from(vip));
                    let site = site.and_then(|vip| vip.site).map(|site| site.0);
                    sites.entry(site).or_default().insert(vip);
                }
                sets = sites.into_values().collect();
            }
            _ => {}
        }
        sets.iter().any(|set| set.len() > 1)
    }

    /// For each pool that names come to the longest TTL of their answers, and whose it is.
    fn ttls(&self, edges: &[&[Edge<'a>]], pointers: &[Pointer<'a>]) -> BTreeMap<u16, (u32, u16)> {
        let roots: BTreeSet<u16> = (pointers.iter())
            .filter_map(|pointer| match pointer.target {
                Target::Pool(id) => Some(id.0),
                Target::Site(_) | Target::Vip(_) => None,
            })
            .collect();
        let mut longest: BTreeMap<u16, (u32, u16)> = BTreeMap::new();
        for root in roots {
            let Some(draft) = self.pools.get(usize::from(root)) else {
                continue;
            };
            let ttl = draft.pool.ttl.max;
            let mut seen = BTreeSet::from([root]);
            let mut open = vec![root];
            while let Some(id) = open.pop() {
                let known = longest.entry(id).or_insert((ttl, root));
                if ttl > known.0 {
                    *known = (ttl, root);
                }
                let below = edges.get(usize::from(id)).copied().unwrap_or_default();
                open.extend(below.iter().map(|e| e.to).filter(|to| seen.insert(*to)));
            }
        }
        longest
    }
}

/// A step that would swing the clients to and fro.
fn hasty(
    adapt: u32,
    at: At<'_>,
    answers: Option<&(u32, u16)>,
    draft: &Draft<'_>,
    findings: &mut Findings,
) {
    let ttl = answers.map_or(draft.pool.ttl.max, |(ttl, _)| *ttl);
    let most = stability::boldest(u64::from(ttl));
    if adapt <= most {
        return;
    }
    let advice = format!(
        "at most `\"{}%\"` with this `ttl`, or a shorter `ttl`: resolvers keep answers so long that clients would swing between the VIPs",
        percent(most)
    );
    let message = format!("`adapt` is too fast for answers that live {ttl}s");
    findings.error(at, message, advice);
}

/// Parts of a million as a share that is not above them, to two digits or so.
fn percent(parts: u32) -> f64 {
    let grain = match parts {
        10_000.. => 1_000,
        1_000.. => 100,
        _ => 1,
    };
    f64::from(parts / grain * grain) / 10_000.0
}
