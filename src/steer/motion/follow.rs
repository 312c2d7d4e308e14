//! Following load: from the reports on the board to what pools with `spill` and `adapt` move, step by step.

use std::collections::BTreeMap;

use crate::config::estate::{Steering, VipId};
use crate::health::board::Board;
use crate::health::load::{self, Amount, Carried, UNIT};
use crate::limits;
use crate::steer::judge::quality;
use crate::steer::motion::adapt::{self, PLAIN, Sharer};
use crate::steer::motion::layout::{Flow, Follower, Layout};
use crate::steer::motion::spill::{self, ALL};

/// Parts of a trillion in a part of a million.
const FINE: u64 = 1_000_000;

/// How far the pools have followed, all by names, so that a reload takes nothing away from who is still there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Following {
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

/// What is known of a VIP.
struct Seen<'a> {
    id: VipId,
    name: &'a str,
    weight: u64,
    /// Parts of a million, above 0.
    quality: u64,
    capacity: Option<Amount>,
    /// If it is fresh.
    carried: Option<&'a Carried>,
}

impl Seen<'_> {
    fn load(&self) -> Option<Amount> {
        self.carried.and_then(|carried| carried.said.load)
    }

    /// What it bears of an amount as it is now.
    fn borne(&self, amount: Amount) -> Amount {
        amount * Amount::from(self.quality) / UNIT
    }
}

/// The rhythm of several reports: when the latest came, the longest gap, and how long the first of them counts.
struct Rhythm {
    latest: u64,
    gap: Option<u64>,
    until: u64,
}

fn rhythm<'a>(reports: impl Iterator<Item = &'a Carried>) -> Option<Rhythm> {
    reports.fold(None, |all: Option<Rhythm>, one| {
        let all = all.unwrap_or(Rhythm {
            latest: 0,
            gap: None,
            until: u64::MAX,
        });
        Some(Rhythm {
            latest: all.latest.max(one.at),
            gap: all.gap.max(one.gap),
            until: all.until.min(one.until()),
        })
    })
}

/// What is to be done now.
enum Due {
    /// A step, so many seconds after the last; of reports that come every so many.
    Step { seconds: u64, every: u64 },
    /// A step back, for nobody says anything.
    Back { seconds: u64 },
    /// Nothing.
    Wait,
}

impl Pace {
    /// What is to be done at `now`, and when to look again.
    fn due(&mut self, rhythm: Option<&Rhythm>, now: u64, next: &mut Option<u64>) -> Due {
        let seconds = now.saturating_sub(self.at);
        let early = self.at.saturating_add(limits::LOAD_TICK);
        let mut look = |at: u64| *next = Some(next.map_or(at, |known| known.min(at)));
        let Some(rhythm) = rhythm else {
            if now < early {
                look(early);
                return Due::Wait;
            }
            look(now.saturating_add(limits::LOAD_TICK));
            self.at = now;
            return Due::Back { seconds };
        };
        look(rhythm.until.saturating_add(1));
        if rhythm.latest == self.heard {
            return Due::Wait;
        }
        // Whoever has not spoken for long is heard once more before anything goes by it.
        let Some(every) = rhythm.gap.filter(|_| self.at > 0) else {
            (self.at, self.heard) = (now, rhythm.latest);
            return Due::Wait;
        };
        if now < early {
            look(early);
            return Due::Wait;
        }
        (self.at, self.heard) = (now, rhythm.latest);
        Due::Step {
            seconds,
            every: every.max(1),
        }
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
    pub fn step(
        &mut self,
        steering: &Steering,
        layout: &Layout,
        board: &Board,
        now: u64,
    ) -> Followed {
        let mut out = Followed::default();
        let before = std::mem::take(self);
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
            self.shed(pool, &before, &seen, now, &mut flow, &mut out.next);
            self.even(pool, &before, &seen, now, &mut flow, &mut out.next);
            if !flow.factors.is_empty() || !flow.sheds.is_empty() || flow.until > 0 {
                flow.factors.sort_unstable();
                flow.sheds.sort_unstable();
                out.pools.push(flow);
            }
        }
        out
    }

    fn shed<'s>(
        &mut self,
        pool: &Follower,
        before: &Following,
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
            let (seconds, every) = match shed.pace.due(rhythm.as_ref(), now, next) {
                Due::Step { seconds, every } => (seconds, every),
                Due::Back { seconds } => (seconds, limits::LOAD_EVERY),
                Due::Wait => (0, limits::LOAD_EVERY),
            };
            if seconds > 0 {
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
        before: &Following,
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
            let (gain, every) = match set.pace.due(rhythm.as_ref(), now, next) {
                Due::Step { seconds, every } => {
                    (adapt::gain(adapt, pool.ttl, every, seconds), every)
                }
                Due::Back { seconds } => {
                    let every = limits::LOAD_EVERY;
                    (adapt::gain(adapt, pool.ttl, every, seconds), every)
                }
                Due::Wait => (0, limits::LOAD_EVERY),
            };
            if gain > 0 {
                let by = set.turn(&vips, &compared, gain);
                set.pace.moved(by, every, now);
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

/// A VIP that is up.
fn look<'a>(steering: &'a Steering, board: &'a Board, id: VipId, now: u64) -> Option<Seen<'a>> {
    let vip = steering.vips.get(usize::from(id.0))?;
    let quality = quality(board.verdict(&vip.name).state);
    if quality == 0 {
        return None;
    }
    let carried = board.entry(&vip.name).and_then(|e| e.carried.as_ref());
    let carried = carried.filter(|carried| carried.fresh(now));
    Some(Seen {
        id,
        name: &vip.name,
        weight: u64::from(vip.weight),
        quality,
        capacity: load::capacity(vip.capacity, carried.map(|c| &c.said)),
        carried,
    })
}

/// What several VIPs can carry as they are now.
fn size(vips: &[Seen<'_>]) -> Amount {
    let each = vips.iter().filter_map(|vip| Some(vip.borne(vip.capacity?)));
    each.sum()
}

/// How much of what they can carry they do, in parts of a million. Those that do not say count for nothing either way.
fn used<'a>(told: impl Iterator<Item = &'a Seen<'a>>) -> u64 {
    let (load, size) = told.fold((0, 0), |(load, size): (Amount, Amount), vip| {
        let own = vip.capacity.map_or(0, |capacity| vip.borne(capacity));
        (load + vip.load().unwrap_or(0), size + own)
    });
    let most = limits::LOAD_USED;
    match (load * UNIT).checked_div(size) {
        Some(used) => u64::try_from(used).unwrap_or(most).min(most),
        None if load > 0 => most,
        None => 0,
    }
}

/// What each VIP carries and what it should beside the others: by targets if all that speak have one, else by capacities,
/// else by weights. Nothing if they count in different units: then no two can be compared.
fn compared(vips: &[Seen<'_>]) -> Vec<Option<(Amount, Amount)>> {
    let told = || vips.iter().filter(|vip| vip.load().is_some());
    let unit = |vip: &Seen<'_>| vip.carried.and_then(|c| c.said.unit.clone());
    let first = told().next().map(unit);
    if told().any(|vip| Some(unit(vip)) != first) {
        return vec![None; vips.len()];
    }
    let target = |vip: &Seen<'_>| vip.carried.and_then(|c| c.said.target);
    let sizes: &dyn Fn(&Seen<'_>) -> Option<Amount> = if told().all(|vip| target(vip).is_some()) {
        &target
    } else if told().all(|vip| vip.capacity.is_some()) {
        &|vip| vip.capacity
    } else {
        &|vip| Some(Amount::from(vip.weight) * UNIT)
    };
    let one = |vip: &Seen<'_>| Some((vip.load()?, vip.borne(sizes(vip)?)));
    vips.iter().map(one).collect()
}

/// In parts of a million, rounded to what clients could tell apart.
fn grain(fine: u64) -> u32 {
    let grain = limits::LOAD_GRAIN;
    let parts = (fine / FINE).saturating_add(grain / 2) / grain * grain;
    u32::try_from(parts).unwrap_or(u32::MAX)
}
