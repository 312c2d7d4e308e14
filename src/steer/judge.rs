//! Judging: from the verdicts on VIPs to what a pool would answer a class with, and whether it has failed.
//!
//! A node yields candidates with their masses *and* whether it failed; the node above moves on when one below fails.
//! Nothing here is done per query: it runs when the estate or the board changes.

use crate::config::estate::{Members, Policy, Pool, PoolId, SiteId, Steering, Target, VipId};
use crate::health::board::{State, Verdict};
use crate::limits;
use crate::steer::class::Class;
use crate::steer::motion::{Motion, Moving, WHOLE};
use crate::steer::outcome::{
    Aside, Candidate, LEAST, Ladder, MILLION, Outcome, Part, Tried, What, failed, share,
};
use crate::steer::reach::{Needs, at_site};

/// Everything a judgement needs.
pub struct Judge<'a> {
    /// The estate's steering.
    pub steering: &'a Steering,
    /// For every pool the VIPs it reaches.
    pub reach: &'a [Vec<VipId>],
    /// What the root pool must know of clients.
    pub needs: &'a Needs,
    /// The class of the client.
    pub class: &'a Class,
    /// One verdict per VIP.
    pub verdicts: &'a [Verdict],
    /// What moves in the choice of each pool.
    pub motion: &'a Motion,
}

/// A pool that is being judged.
#[derive(Clone, Copy)]
struct Here<'a> {
    pool: &'a Pool,
    moving: &'a Moving,
    /// The VIPs that it reaches.
    own: &'a [VipId],
    /// Pools within pools.
    depth: usize,
}

impl Judge<'_> {
    /// What the pool would answer.
    pub fn pool(&self, id: PoolId) -> Outcome {
        self.at_depth(id, 0)
    }

    /// What the pool tries in turn, or parts by numbers, and whether each of that has failed. Of a list under `weighted`
    /// nothing: it is one set.
    pub fn alternatives(&self, id: PoolId) -> Vec<(Target, bool)> {
        let Some(at) = self.at(id) else {
            return Vec::new();
        };
        match (at.pool.policy, &at.pool.members) {
            (Policy::Weighted, Members::List(_)) => Vec::new(),
            (Policy::Nearest, _) => {
                let steps = self.class.steps(self.needs, id);
                let sites = steps.iter().flatten();
                sites
                    .map(|site| (Target::Site(*site), self.here(at, *site).failed))
                    .collect()
            }
            (Policy::Weighted | Policy::Failover, members) => {
                let judged = |target| (target, self.member(at, target).failed);
                members.targets().map(judged).collect()
            }
        }
    }

    fn at(&self, id: PoolId) -> Option<Here<'_>> {
        Some(Here {
            pool: self.steering.pools.get(usize::from(id.0))?,
            moving: self.motion.of(id),
            own: self.own(id),
            depth: 0,
        })
    }

    fn at_depth(&self, id: PoolId, depth: usize) -> Outcome {
        let Some(at) = self.at(id).filter(|_| depth <= limits::POOL_DEPTH) else {
            return Outcome {
                failed: true,
                ..Outcome::default()
            };
        };
        let (at, pool) = (Here { depth, ..at }, at.pool);
        let mut ladder = Ladder::new(depth);
        for target in self.preferred(pool) {
            if ladder.settled() {
                break;
            }
            if let Some(outcome) = self.entry(at, target) {
                self.climb(&mut ladder, What::Preferred(target), outcome, Aside::No);
            }
        }
        match pool.policy {
            Policy::Weighted if pool.prefer.is_none() => {
                let mut outcome = self.weighted(at);
                outcome
                    .trail
                    .insert(0, Tried::of(depth, What::All, &outcome));
                return outcome;
            }
            Policy::Weighted if !ladder.settled() => {
                self.climb(&mut ladder, What::All, self.weighted(at), Aside::No);
            }
            Policy::Weighted => {}
            Policy::Failover => {
                for target in pool.members.targets() {
                    if ladder.settled() {
                        break;
                    }
                    let outcome = self.member(at, target);
                    let aside = match at.moving.holds(target) {
                        true => Aside::Held,
                        false => Aside::shed(at.moving.sheds(target)),
                    };
                    self.climb(&mut ladder, What::Member(target), outcome, aside);
                }
            }
            Policy::Nearest => {
                for step in self.class.steps(self.needs, id).iter() {
                    if ladder.settled() {
                        break;
                    }
                    let (outcome, shed) = self.step(at, step);
                    let what = What::Sites(step.clone());
                    self.climb(&mut ladder, what, outcome, Aside::shed(shed));
                }
            }
        }
        ladder.done()
    }

    /// One more alternative, unless nothing of it is inside the fence.
    fn climb(&self, ladder: &mut Ladder, what: What, outcome: Outcome, aside: Aside) {
        if !self.void(&outcome) {
            ladder.push(what, outcome, aside);
        }
    }

    fn own(&self, pool: PoolId) -> &[VipId] {
        self.reach
            .get(usize::from(pool.0))
            .map_or(&[][..], Vec::as_slice)
    }

    /// Whether a fence leaves nothing of it: then it is as if it did not exist, and must not count as failed.
    fn void(&self, outcome: &Outcome) -> bool {
        self.class.fence().is_some() && outcome.looked.is_empty()
    }

    /// The entry of the rule that fits the class.
    fn preferred(&self, pool: &Pool) -> Vec<Target> {
        let Some(set) = pool.prefer else {
            return Vec::new();
        };
        let rule = self.class.rule(self.needs, set);
        let rules = self.steering.rules.get(usize::from(set.0));
        rules
            .zip(rule)
            .and_then(|(r, n)| r.rules.get(n))
            .map_or_else(Vec::new, |r| r.targets.clone())
    }

    /// A rule's entry: a site means the pool's own VIPs there, and nothing if it has none.
    fn entry(&self, at: Here<'_>, target: Target) -> Option<Outcome> {
        match target {
            Target::Site(site) => {
                let there = |vip: &VipId| self.site(*vip) == Some(site);
                let vips: Vec<VipId> = at.own.iter().copied().filter(there).collect();
                (!vips.is_empty()).then(|| self.set(&vips, at))
            }
            _ => Some(self.member(at, target)),
        }
    }

    fn member(&self, at: Here<'_>, target: Target) -> Outcome {
        match target {
            Target::Vip(vip) => self.set(&[vip], at),
            Target::Site(site) => {
                let vips: Vec<VipId> = at_site(self.steering, site).collect();
                self.set(&vips, at)
            }
            Target::Pool(inner) => self.at_depth(inner, at.depth + 1),
        }
    }

    fn weighted(&self, at: Here<'_>) -> Outcome {
        match &at.pool.members {
            Members::List(list) => {
                let mut vips = Vec::new();
                for target in list {
                    match target {
                        Target::Vip(vip) => vips.push(*vip),
                        Target::Site(site) => vips.extend(at_site(self.steering, *site)),
                        Target::Pool(inner) => {
                            vips.extend(self.reach.get(usize::from(inner.0)).into_iter().flatten());
                        }
                    }
                }
                vips.sort_unstable();
                vips.dedup();
                self.set(&vips, at)
            }
            Members::Table(table) => {
                let judged = |(target, n): &(Target, u32)| {
                    let mut outcome = self.member(at, *target);
                    // A pool's own steps stand below the line of the member that it is.
                    outcome.trail.iter_mut().for_each(|t| t.depth += 1);
                    outcome
                        .trail
                        .insert(0, Tried::of(at.depth + 1, What::Member(*target), &outcome));
                    Part {
                        number: u64::from(*n),
                        factor: at.moving.number(*target),
                        outcome,
                    }
                };
                let mut members: Vec<Part> = table.iter().map(judged).collect();
                members.retain(|part| !self.void(&part.outcome));
                share(members, at.pool.min_up)
            }
        }
    }

    /// One step of a `nearest` pool: the site, or several of them by their weights. And what it sheds: of several as much
    /// as the one that sheds least, for what the others shed more stays with those as near.
    fn step(&self, at: Here<'_>, step: &[SiteId]) -> (Outcome, u32) {
        let sheds = |site: &SiteId| at.moving.sheds(Target::Site(*site));
        if let [site] = step {
            return (self.here(at, *site), sheds(site));
        }
        let weigh = |site: &SiteId| {
            let there = at.own.iter().copied();
            Part {
                number: self.weight(there.filter(|vip| self.site(*vip) == Some(*site))),
                factor: WHOLE - sheds(site),
                outcome: self.here(at, *site),
            }
        };
        let mut parts: Vec<Part> = step.iter().map(weigh).collect();
        let standing = parts.iter().filter(|p| p.number > 0 && !p.outcome.failed);
        let kept = standing.map(|part| part.factor).max();
        if matches!(kept, None | Some(0)) {
            parts.iter_mut().for_each(|part| part.factor = WHOLE);
        }
        let shed = WHOLE - kept.unwrap_or(WHOLE);
        (share(parts, at.pool.min_up), shed)
    }

    /// The members of a `nearest` pool that lie at a site.
    fn here(&self, at: Here<'_>, site: SiteId) -> Outcome {
        let mut vips = Vec::new();
        let mut parts: Vec<Part> = Vec::new();
        for target in at.pool.members.targets() {
            match target {
                Target::Vip(vip) if self.site(vip) == Some(site) => vips.push(vip),
                Target::Site(s) if s == site => vips.extend(at_site(self.steering, site)),
                Target::Pool(inner) => {
                    let reach = self.own(inner);
                    if reach
                        .first()
                        .is_some_and(|vip| self.site(*vip) == Some(site))
                    {
                        let number = self.weight(reach.iter().copied());
                        parts.push(Part::whole(number, self.at_depth(inner, at.depth + 1)));
                    }
                }
                _ => {}
            }
        }
        vips.sort_unstable();
        vips.dedup();
        if !vips.is_empty() {
            let n = self.weight(vips.iter().copied());
            parts.insert(0, Part::whole(n, self.set(&vips, at)));
        }
        if parts.len() == 1 {
            return parts.swap_remove(0).outcome;
        }
        share(parts, at.pool.min_up)
    }

    /// Some VIPs side by side, each by its own weight. Every VIP comes through here, and none from outside the fence
    /// goes on: whatever stands above cannot tell that it exists.
    fn set(&self, vips: &[VipId], at: Here<'_>) -> Outcome {
        let fence = self.class.fence();
        let inside = |vip: &VipId| fence.is_none_or(|fence| fence.holds(self.site(*vip)));
        let vips: Vec<VipId> = vips.iter().copied().filter(inside).collect();
        let mut out = Outcome::default();
        for &id in &vips {
            let Some(vip) = self.steering.vips.get(usize::from(id.0)) else {
                continue;
            };
            let state = self
                .verdicts
                .get(usize::from(id.0))
                .map_or(State::Unknown, |v| v.state);
            let quality = quality(state);
            let weight = u64::from(vip.weight);
            out.full += weight * MILLION;
            // VIPs without a site are together nowhere.
            let group = vec![vip.site.map_or(0, |site| site.0 + 1)];
            if state == State::Drain {
                out.drained.push(Candidate {
                    vip: id,
                    mass: weight.max(1) * MILLION,
                    group,
                });
            } else if weight > 0 && quality > 0 {
                out.well += weight * quality;
                let mass = u128::from(weight * quality) * u128::from(at.moving.factor(id));
                // What has just begun to come back is up: it has a little, and its part of all if nobody else has more.
                let least = (weight * quality / LEAST).max(1);
                let mass = (mass / u128::from(WHOLE)).max(u128::from(least));
                out.up.push(Candidate {
                    vip: id,
                    mass: u64::try_from(mass).unwrap_or(u64::MAX),
                    group,
                });
            } else if quality > 0 {
                out.reserve.push(Candidate {
                    vip: id,
                    mass: quality,
                    group,
                });
            }
        }
        out.failed = failed(&out, at.pool.min_up);
        out.looked = vips;
        out
    }

    fn site(&self, vip: VipId) -> Option<SiteId> {
        self.steering
            .vips
            .get(usize::from(vip.0))
            .and_then(|v| v.site)
    }

    fn weight(&self, vips: impl Iterator<Item = VipId>) -> u64 {
        vips.filter_map(|id| self.steering.vips.get(usize::from(id.0)))
            .map(|v| u64::from(v.weight))
            .sum()
    }
}

/// The part with which a VIP counts, in parts of a million.
pub fn quality(state: State) -> u64 {
    match state {
        State::Unknown | State::Up => MILLION,
        State::Degraded(part) => u64::from(part).min(MILLION),
        State::Drain | State::Down => 0,
    }
}
