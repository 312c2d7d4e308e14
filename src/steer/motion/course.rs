//! The course of a pool through time: who is kept out of it, and which of its weights are on their way.

use std::collections::BTreeMap;

use crate::config::estate::{Failback, Members, Policy, Pool, PoolId, Steering, Target, VipId};
use crate::health::board::{State, Verdict};
use crate::steer::class::Class;
use crate::steer::judge::{self, Judge};
use crate::steer::motion::failback::Hold;
use crate::steer::motion::ramp::{Ramp, There, Wanted};
use crate::steer::motion::{Motion, Moving, WHOLE};
use crate::steer::reach::{Needs, at_site};

/// What stands side by side in a pool, each with a ramp of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// All VIPs of a list under `weighted`.
    All,
    /// The VIPs of a member, or those of a `nearest` pool at a site.
    Vips(String),
    /// The members of a table.
    Numbers,
    /// The clients of a site under `nearest`, or of a member under `failover`.
    Clients(String),
}

/// What is remembered of a pool, by names, so that it outlives reloads and restarts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Course {
    /// Who is kept out.
    pub hold: Hold,
    /// What moves. None of it has been looked at before what is not in here.
    pub ramps: BTreeMap<Part, Ramp>,
    /// Who brought members back last.
    pub returned: Option<Returned>,
}

/// That somebody brought members back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned {
    /// The name of a token.
    pub who: String,
    /// In that one's words.
    pub why: String,
    /// When, in seconds of the Unix epoch.
    pub at: u64,
}

impl Returned {
    /// By whom and why.
    pub fn by(who: &str, why: &str, at: u64) -> Returned {
        Returned {
            who: who.to_owned(),
            why: why.to_owned(),
            at,
        }
    }
}

/// All that a course goes by.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// The estate's steering.
    pub steering: &'a Steering,
    /// For every pool the VIPs it reaches.
    pub reach: &'a [Vec<VipId>],
    /// One verdict per VIP.
    pub verdicts: &'a [Verdict],
    /// Seconds of the Unix epoch.
    pub now: u64,
}

/// What of a pool's keys bears on its course.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keys {
    /// How failed members return.
    pub failback: Failback,
    /// Parts of a million that move in a minute; none: all at once.
    pub ramp: Option<u32>,
}

impl Keys {
    /// Of a pool; none if all that it does it does at once.
    pub fn of(pool: &Pool) -> Option<Keys> {
        let keys = Keys {
            failback: pool.failback,
            ramp: pool.ramp,
        };
        (keys.holds() || keys.ramp.is_some()).then_some(keys)
    }

    /// Whether anything is ever kept out.
    pub fn holds(&self) -> bool {
        self.failback != Failback::After(0)
    }
}

impl Course {
    /// Takes in how things stand, and says what moves.
    pub fn step(&mut self, sight: &Sight<'_>, id: PoolId, keys: Keys) -> Moving {
        let Some(pool) = sight.steering.pools.get(usize::from(id.0)) else {
            return Moving::default();
        };
        let alternatives = sight.alternatives(id);
        let names: Vec<(String, bool)> = alternatives
            .iter()
            .map(|(target, failed)| (sight.name(*target), *failed))
            .collect();
        match (pool.policy, keys.failback) {
            (Policy::Failover, how) if how != Failback::After(0) => {
                self.hold.step(&names, how, sight.now);
            }
            _ => self.hold = Hold::default(),
        }
        let parts = keys
            .ramp
            .map(|rate| (rate, self.parts(sight, id, pool, &alternatives)));
        let (rate, parts) = parts.unwrap_or_default();
        self.ramps
            .retain(|part, _| parts.iter().any(|(known, ..)| known == part));
        for (part, wanted, use_of) in parts {
            match self.ramps.get_mut(&part) {
                Some(ramp) if use_of == Use::On => ramp.turn(&wanted, rate, sight.now),
                // What takes nobody has nobody to move.
                Some(ramp) => ramp.rest(&wanted, rate, sight.now),
                None => drop(
                    self.ramps
                        .insert(part, Ramp::still(&wanted, rate, sight.now)),
                ),
            }
        }
        self.moving(sight, &alternatives, keys.failback)
    }

    /// When it must be looked at again, though nothing happens.
    pub fn next(&self, failback: Failback, now: u64) -> Option<u64> {
        let ramps = self.ramps.values().filter_map(|ramp| ramp.next(now));
        let held = self.hold.next(failback).filter(|at| *at < u64::MAX);
        ramps.chain(held).min()
    }

    /// The end of its ramps, if it has any.
    pub fn end(&self, now: u64) -> Option<u64> {
        self.ramps.values().filter_map(|ramp| ramp.end(now)).max()
    }

    /// All that has a ramp, what it weighs, and whether it is in use.
    fn parts(
        &self,
        sight: &Sight<'_>,
        id: PoolId,
        pool: &Pool,
        alternatives: &[(Target, bool)],
    ) -> Vec<(Part, Vec<Wanted>, Use)> {
        let mut parts = Vec::new();
        if let (Policy::Weighted, Members::List(_)) = (pool.policy, &pool.members) {
            parts.push((Part::All, sight.vips(sight.own(id)), Use::On));
            return parts;
        }
        for (target, failed) in alternatives {
            let name = sight.name(*target);
            let out = *failed || self.hold.out.contains_key(&name);
            let vips = sight.vips(&sight.set(id, pool, *target));
            // One alone has nobody beside it.
            if vips.len() > 1 {
                // It takes nobody yet if it took nobody before: then its clients come evenly, and they are enough.
                let used = if out || self.was_out(&name) {
                    Use::Off
                } else {
                    Use::On
                };
                parts.push((Part::Vips(name.clone()), vips, used));
            }
            if pool.policy != Policy::Weighted {
                let clients = Wanted {
                    name: name.clone(),
                    weight: u64::from(WHOLE),
                    there: if out { There::No } else { There::Yes },
                };
                parts.push((Part::Clients(name), vec![clients], Use::On));
            }
        }
        if let Members::Table(table) = &pool.members {
            let number = |(target, n): &(Target, u32)| Wanted {
                name: sight.name(*target),
                weight: u64::from(*n) * u64::from(WHOLE),
                there: match alternatives.contains(&(*target, false)) && *n > 0 {
                    true => There::Yes,
                    false => There::No,
                },
            };
            parts.push((Part::Numbers, table.iter().map(number).collect(), Use::On));
        }
        parts
    }

    /// Whether a member or site took nobody when it was looked at last.
    fn was_out(&self, name: &str) -> bool {
        let clients = self.ramps.get(&Part::Clients(name.to_owned()));
        let ramp = clients.or(self.ramps.get(&Part::Numbers));
        let way = ramp.and_then(|ramp| ramp.items.get(name));
        way.is_some_and(|way| way.to == 0)
    }

    fn moving(
        &self,
        sight: &Sight<'_>,
        alternatives: &[(Target, bool)],
        failback: Failback,
    ) -> Moving {
        let mut moving = Moving::default();
        let target = |name: &str| {
            let mut all = alternatives.iter().map(|(target, _)| *target);
            all.find(|target| sight.name(*target) == name)
        };
        let held = self.hold.held().filter_map(|(name, _)| target(name));
        moving.held.extend(held);
        moving.until = self.hold.next(failback).unwrap_or(0);
        moving.until = self
            .end(sight.now)
            .map_or(moving.until, |end| end.max(moving.until));
        for (part, ramp) in &self.ramps {
            for (name, at, to) in ramp.moving(sight.now) {
                let factor = parts(at, to);
                match part {
                    Part::All | Part::Vips(_) => {
                        moving
                            .factors
                            .extend(sight.steering.vip(name).map(|vip| (vip, factor)));
                    }
                    Part::Numbers => moving.numbers.extend(target(name).map(|t| (t, factor))),
                    Part::Clients(_) => {
                        let shed = WHOLE.saturating_sub(factor);
                        moving.shed.extend(target(name).map(|t| (t, shed)));
                    }
                }
            }
        }
        moving.factors.sort_unstable();
        moving.factors.dedup_by_key(|(vip, _)| *vip);
        moving
    }
}

/// Whether a set of VIPs takes clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    On,
    Off,
}

/// What is there of what should be, in parts of a million.
fn parts(at: u64, to: u64) -> u32 {
    let parts = (u128::from(at) * u128::from(WHOLE)).checked_div(u128::from(to));
    parts.map_or(WHOLE, |parts| u32::try_from(parts).unwrap_or(u32::MAX))
}

impl Sight<'_> {
    /// The members of a pool, or the sites of a `nearest` one, and whether each has failed: without classes, so without
    /// rules, fences and distances, and whatever moves.
    pub fn alternatives(&self, id: PoolId) -> Vec<(Target, bool)> {
        let needs = Needs::of(self.steering, id);
        let (class, motion) = (Class::anyone(&needs), Motion::default());
        let judge = Judge {
            steering: self.steering,
            reach: self.reach,
            needs: &needs,
            class: &class,
            verdicts: self.verdicts,
            motion: &motion,
        };
        judge.alternatives(id)
    }

    fn own(&self, id: PoolId) -> &[VipId] {
        let own = self.reach.get(usize::from(id.0));
        own.map_or(&[][..], Vec::as_slice)
    }

    /// The VIPs that the pool itself puts side by side in an alternative.
    fn set(&self, id: PoolId, pool: &Pool, alternative: Target) -> Vec<VipId> {
        let site = |vip: &VipId| {
            self.steering
                .vips
                .get(usize::from(vip.0))
                .and_then(|v| v.site)
        };
        match (alternative, pool.policy) {
            (Target::Pool(_), _) => Vec::new(),
            (Target::Vip(vip), _) => vec![vip],
            (Target::Site(at), Policy::Nearest) => {
                let own = pool.members.targets().flat_map(|member| match member {
                    Target::Vip(vip) => vec![vip],
                    Target::Site(site) => at_site(self.steering, site).collect(),
                    Target::Pool(_) => Vec::new(),
                });
                let mut own: Vec<VipId> = own.filter(|vip| site(vip) == Some(at)).collect();
                own.sort_unstable();
                own.dedup();
                own
            }
            (Target::Site(at), _) => {
                let own = self.own(id).iter().copied();
                own.filter(|vip| site(vip) == Some(at)).collect()
            }
        }
    }

    fn vips(&self, vips: &[VipId]) -> Vec<Wanted> {
        let wanted = |id: &VipId| {
            let vip = self.steering.vips.get(usize::from(id.0))?;
            let state = self.verdicts.get(usize::from(id.0));
            let state = state.map_or(State::Unknown, |verdict| verdict.state);
            Some(Wanted {
                name: vip.name.clone(),
                weight: u64::from(vip.weight) * u64::from(WHOLE),
                there: match judge::quality(state) > 0 && vip.weight > 0 {
                    true => There::Yes,
                    false => There::No,
                },
            })
        };
        vips.iter().filter_map(wanted).collect()
    }

    /// What a member is called.
    pub fn name(&self, target: Target) -> String {
        let steering = self.steering;
        let name = match target {
            Target::Site(id) => steering.sites.get(usize::from(id.0)).map(|s| &s.name),
            Target::Vip(id) => steering.vips.get(usize::from(id.0)).map(|v| &v.name),
            Target::Pool(id) => steering.pools.get(usize::from(id.0)).map(|p| &p.name),
        };
        name.cloned().unwrap_or_default()
    }
}
