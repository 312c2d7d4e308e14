//! Following load: from the reports on the board to what pools with `spill` and `adapt` move, step by step.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::estate::{PoolId, Steering, Target, VipId};
use crate::health::board::Board;
use crate::health::load::Amount;
use crate::limits;
use crate::steer::motion::adapt::{self, PLAIN, Sharer};
use crate::steer::motion::layout::{Flow, Follower, Layout};
use crate::steer::motion::seen::{Rhythm, Seen, compared, look, rhythm, size, used};
use crate::steer::motion::spill::{self, ALL};

/// Parts of a trillion in a part of a million.
const FINE: u64 = 1_000_000;

/// How far the pools have followed, all by names, so that a reload takes nothing away from who is still there.
#[derive(Clone, Debug, Default)]
pub struct Following {
    /// Which pools follow, in the estate with this steering.
    layout: Option<(Arc<Steering>, Layout)>,
    past: Past,
}

/// What has become of each loop.
#[derive(Clone, Debug, Default)]
struct Past {
    /// By pool and site or member.
    sheds: BTreeMap<(String, String), Shed>,
    /// By pool and the set's name.
    sets: BTreeMap<(String, String), Evened>,
}

/// When something followed last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Pace {
    /// When it last moved.
    at: u64,
    /// When the report came that it last moved by.
    heard: u64,
    /// It moved much: until this second caches should not keep it long.
    until: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Shed {
    pace: Pace,
    part: u64,
    used: Option<u64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Evened {
    pace: Pace,
    /// By VIP; absent is plain.
    factors: BTreeMap<String, u64>,
}

/// What a step came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Followed {
    /// Pools in which something moves.
    pub pools: Vec<Flow>,
    /// When the next step is due without any new report.
    pub next: Option<u64>,
}

/// A step that is to be made now.
struct Due {
    /// Since the last; above 0.
    seconds: u64,
    /// Between reports; where nobody says anything, and the step is back, what is usual.
    every: u64,
}

impl Due {
    fn after(seconds: u64, every: u64) -> Option<Due> {
        (seconds > 0).then_some(Due { seconds, every })
    }
}

impl Pace {
    /// What is to be done at `now`, and when to look again.
    fn due(&mut self, rhythm: Option<&Rhythm>, now: u64, next: &mut Option<u64>) -> Option<Due> {
        let seconds = now.saturating_sub(self.at);
        let early = self.at.saturating_add(limits::LOAD_TICK);
        let mut look = |at: u64| *next = Some(next.map_or(at, |known| known.min(at)));
        let Some(rhythm) = rhythm else {
            if now < early {
                look(early);
                return None;
            }
            look(now.saturating_add(limits::LOAD_TICK));
            self.at = now;
            return Due::after(seconds, limits::LOAD_EVERY);
        };
        look(rhythm.until.saturating_add(1));
        if rhythm.latest == self.heard {
            return None;
        }
        // Whoever has not spoken for long is heard once more before anything goes by it.
        let Some(every) = rhythm.gap.filter(|_| self.at > 0) else {
            (self.at, self.heard) = (now, rhythm.latest);
            return None;
        };
        if now < early {
            look(early);
            return None;
        }
        (self.at, self.heard) = (now, rhythm.latest);
        Due::after(seconds, every.max(1))
    }

    /// Until when it moves much; 0 if it does not.
    fn busy(&self, now: u64) -> u64 {
        if self.until > now { self.until } else { 0 }
    }

    fn moved(&mut self, by: u64, every: u64, now: u64) {
        if by > limits::LOAD_MOVES * FINE {
            self.until = now.saturating_add(2 * every.max(limits::LOAD_TICK));
        }
    }
}

impl Following {
    /// Steps everything that is due at `now`. What a pool that left the estate has done is forgotten.
    pub fn step(&mut self, steering: &Arc<Steering>, board: &Board, now: u64) -> Followed {
        let known = self.layout.take();
        let known = known.filter(|(known, _)| Arc::ptr_eq(known, steering));
        let new = || (steering.clone(), Layout::of(steering));
        let (steering, layout) = self.layout.insert(known.unwrap_or_else(new));
        let mut out = Followed::default();
        let before = std::mem::take(&mut self.past);
        for pool in &layout.pools {
            let seen = |vips: &[VipId]| {
                vips.iter()
                    .filter_map(|id| look(steering, board, *id, now))
                    .collect::<Vec<_>>()
            };
            let mut flow = Flow {
                pool: pool.id,
                factors: Vec::new(),
                sheds: Vec::new(),
                until: 0,
            };
            let past = &mut self.past;
            past.shed(pool, &before, &seen, now, &mut flow, &mut out.next);
            past.even(pool, &before, &seen, now, &mut flow, &mut out.next);
            if !flow.factors.is_empty() || !flow.sheds.is_empty() || flow.until > 0 {
                flow.factors.sort_unstable();
                flow.sheds.sort_unstable();
                out.pools.push(flow);
            }
        }
        out
    }
}

impl Past {
    fn shed<'s>(
        &mut self,
        pool: &Follower,
        before: &Past,
        seen: &impl Fn(&[VipId]) -> Vec<Seen<'s>>,
        now: u64,
        flow: &mut Flow,
        next: &mut Option<u64>,
    ) {
        let Some(bound) = pool.spill else { return };
        let steps: Vec<Vec<Seen<'_>>> = pool.steps.iter().map(|step| seen(&step.2)).collect();
        let sizes: Vec<Amount> = steps.iter().map(|vips| size(vips)).collect();
        let whole = sizes.iter().sum();
        let standing = steps.iter().filter(|vips| !vips.is_empty()).count();
        for (((target, name, _), vips), own) in pool.steps.iter().zip(&steps).zip(sizes) {
            let key = (pool.name.clone(), name.clone());
            let mut shed = before.sheds.get(&key).copied().unwrap_or_default();
            let told = vips.iter().filter(|vip| vip.load().is_some());
            let rhythm = rhythm(told.clone().filter_map(|vip| vip.carried));
            if rhythm.is_none() && shed.part == 0 {
                continue;
            }
            shed.used = rhythm.as_ref().map(|_| used(told));
            if let Some(Due { seconds, every }) = shed.pace.due(rhythm.as_ref(), now, next) {
                let gain = spill::gain(pool.ttl, every, whole, own);
                let mut part = spill::step(shed.part, shed.used, bound, gain, seconds);
                // There is nobody to hand on to: what piles up would fall on the first who comes back.
                if standing < 2 {
                    part = part.min(shed.part);
                }
                shed.pace.moved(part.abs_diff(shed.part), every, now);
                shed.part = part;
            }
            flow.until = flow.until.max(shed.pace.busy(now));
            let part = grain(shed.part.min(ALL));
            if part > 0 {
                flow.sheds.push((*target, part, shed.used));
            }
            self.sheds.insert(key, shed);
        }
    }

    fn even<'s>(
        &mut self,
        pool: &Follower,
        before: &Past,
        seen: &impl Fn(&[VipId]) -> Vec<Seen<'s>>,
        now: u64,
        flow: &mut Flow,
        next: &mut Option<u64>,
    ) {
        let Some(adapt) = pool.adapt else { return };
        for (name, vips) in &pool.sets {
            let key = (pool.name.clone(), name.clone());
            let mut set = before.sets.get(&key).cloned().unwrap_or_default();
            let mut vips = seen(vips);
            vips.retain(|vip| vip.weight > 0);
            let compared = compared(&vips);
            let rhythm = rhythm(
                (vips.iter().zip(&compared)).filter_map(|(vip, load)| load.and(vip.carried)),
            );
            // Who is not up begins anew, with its plain weight.
            set.factors
                .retain(|name, _| vips.iter().any(|vip| vip.name == name));
            if rhythm.is_none() && set.factors.is_empty() {
                continue;
            }
            if let Some(Due { seconds, every }) = set.pace.due(rhythm.as_ref(), now, next) {
                let gain = adapt::gain(adapt, pool.ttl, every, seconds);
                if gain > 0 {
                    let by = set.turn(&vips, &compared, gain);
                    set.pace.moved(by, every, now);
                }
            }
            flow.until = flow.until.max(set.pace.busy(now));
            for vip in &vips {
                let factor = set.factors.get(vip.name).copied().unwrap_or(PLAIN);
                let factor = grain(factor);
                if factor != limits::WEIGHT {
                    flow.factors.push((vip.id, factor));
                }
            }
            self.sets.insert(key, set);
        }
    }
}

impl Evened {
    /// One step, and the most that any factor moved by.
    fn turn(&mut self, vips: &[Seen<'_>], compared: &[Option<(Amount, Amount)>], gain: u64) -> u64 {
        let sharer = |(vip, load): (&Seen<'_>, &Option<(Amount, Amount)>)| Sharer {
            factor: self.factors.get(vip.name).copied().unwrap_or(PLAIN),
            mass: vip.weight * vip.quality,
            load: *load,
        };
        let mut sharers: Vec<Sharer> = vips.iter().zip(compared).map(sharer).collect();
        let before: Vec<u64> = sharers.iter().map(|s| s.factor).collect();
        adapt::step(&mut sharers, gain);
        self.factors.clear();
        let mut most = 0;
        for ((vip, sharer), before) in vips.iter().zip(&sharers).zip(before) {
            most = most.max(sharer.factor.abs_diff(before));
            // What no grain shows has arrived.
            let close = sharer.factor.abs_diff(PLAIN) < limits::LOAD_GRAIN * FINE / 4;
            if !(close && sharer.load.is_none()) {
                self.factors.insert(vip.name.to_owned(), sharer.factor);
            }
        }
        most
    }
}

/// How much of their capacity the sites or members of pools with `spill` use now, in parts of a million; those that do not
/// say are left out.
pub fn uses(steering: &Steering, board: &Board, now: u64) -> Vec<(PoolId, Target, u64)> {
    let mut list = Vec::new();
    for pool in &Layout::of(steering).pools {
        for (target, _, vips) in &pool.steps {
            let vips = vips.iter();
            let seen: Vec<Seen<'_>> = vips
                .filter_map(|id| look(steering, board, *id, now))
                .collect();
            let told = seen.iter().filter(|vip| vip.load().is_some());
            if told.clone().next().is_some() {
                list.push((pool.id, *target, used(told)));
            }
        }
    }
    list
}

/// In parts of a million, rounded to what clients could tell apart.
fn grain(fine: u64) -> u32 {
    let grain = limits::LOAD_GRAIN;
    let parts = (fine / FINE).saturating_add(grain / 2) / grain * grain;
    u32::try_from(parts).unwrap_or(u32::MAX)
}
