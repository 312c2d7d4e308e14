//! The situation: everything that is known at runtime beside the estate, and what follows from it for answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::estate::Steering;
use crate::health::board::Board;
use crate::health::orders::{Order, Orders, Press, Subject};
use crate::health::verdict::{Both, Verdicts};
use crate::steer::brake::Brake;
use crate::steer::motion::Motion;
use crate::steer::motion::course::Course;
use crate::steer::motion::follow::Following;
use crate::steer::motion::mover::Mover;
use crate::world::World;
use crate::world::estate::Estate;

/// See the module. It outlives estates: what it knows, it knows by names.
#[derive(Clone, Debug, Default)]
pub struct Situation {
    /// What observers say.
    pub board: Board,
    /// How much may be lost at once.
    pub brake: Brake,
    /// What operators order.
    pub orders: Orders,
    /// What is remembered of pools that take their time.
    pub mover: Mover,
    /// What follows load.
    following: Following,
    motion: Arc<Motion>,
    due: Option<u64>,
}

/// How things stand for one estate: what its plans are made from, beside itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// What is in force for each VIP.
    pub verdicts: Verdicts,
    /// What time and load change in the choices of its pools.
    pub motion: Arc<Motion>,
}

impl Standing {
    /// Nothing moves, and this is in force for each VIP by its name.
    pub fn calm(estate: &Estate, verdict: impl Fn(&str) -> Both) -> Standing {
        Standing {
            verdicts: estate.verdicts(verdict),
            motion: Arc::default(),
        }
    }

    /// Nothing moves, and nobody has ever spoken of a VIP.
    pub fn unknown(estate: &Estate) -> Standing {
        Standing::calm(estate, |_| Both::UNKNOWN)
    }
}

impl Situation {
    /// After a start: what the last run left.
    pub fn resume(board: Board, courses: BTreeMap<String, Course>) -> Situation {
        Situation {
            board,
            mover: Mover { courses },
            ..Situation::default()
        }
    }

    /// What is in force at `now` in this estate. The same motion while nothing has changed.
    pub fn step(&mut self, estate: &Estate, now: u64) -> Standing {
        let (board, steering) = (&self.board, &estate.steering);
        let vips = steering.vips.iter();
        let sited = vips.map(|vip| (vip.name.as_str(), steering.site(vip)));
        self.orders.rule(sited, |name| board.verdict(name), now);
        let wanted = self.wanted(estate);
        let orders = &self.orders;
        let forced = |vip: &str| forced(orders, steering, vip, now);
        let verdicts = self.brake.step(steering, &wanted, forced, now);
        let sight = estate.sight(verdicts.best(), now);
        let motion = self.mover.step(&sight);
        let followed = self.following.step(&estate.steering, &self.board, now);
        let motion = motion.carrying(&followed.pools);
        let next = self.mover.next(&estate.steering, now);
        let others = [self.brake.next(), self.orders.next(now), followed.next];
        self.due = others.into_iter().chain([next]).flatten().min();
        if motion != *self.motion {
            self.motion = Arc::new(motion);
        }
        Standing {
            verdicts,
            motion: self.motion.clone(),
        }
    }

    /// Looks once more at the estate that a new one is to replace, so that what the new one changes is no jump.
    pub fn meet(&mut self, old: &Estate, new: &Estate, now: u64) {
        let wanted = self.wanted(old);
        let forced = |vip: &str| forced(&self.orders, &old.steering, vip, now);
        let verdicts = (self.brake.clone()).step(&old.steering, &wanted, forced, now);
        let sight = old.sight(verdicts.best(), now);
        self.mover.meet(&sight, &new.steering);
    }

    /// When it must step again though nothing happens, as of its last step.
    pub fn next(&self) -> Option<u64> {
        self.due
    }

    /// What answers in this world go by for a VIP, and what has the last word over its observers, in words.
    pub fn in_force(&self, world: &World, vip: &str, now: u64) -> (Both, Option<String>) {
        let steering = &world.estate.steering;
        let known = steering.vip(vip);
        let both = known.map_or(Both::UNKNOWN, |vip| world.verdicts.at(usize::from(vip.0)));
        (both, self.overruled(steering, vip, now))
    }

    /// What has the last word over the observers of a VIP, in words; none if they have it themselves.
    pub fn overruled(&self, steering: &Steering, vip: &str, now: u64) -> Option<String> {
        let braked = self.brake.why(vip).zip(steering.brake);
        let braked = braked.map(|(why, bounds)| why.words(&bounds));
        braked.or_else(|| {
            let (subject, order) = over(&self.orders, steering, vip, now)?;
            Some(order.words(subject))
        })
    }

    /// What would be in force without a brake.
    pub fn wanted(&self, estate: &Estate) -> Verdicts {
        estate.verdicts(|name| self.orders.verdict(name, self.board.verdict(name)))
    }
}

/// The order that a VIP of the estate goes by.
fn over<'a>(
    orders: &'a Orders,
    steering: &Steering,
    vip: &str,
    now: u64,
) -> Option<(&'a Subject, &'a Order)> {
    let known = steering.vips.get(usize::from(steering.vip(vip)?.0))?;
    orders.over(vip, steering.site(known), now)
}

/// Whether the brake has no say, since an operator answers for it.
fn forced(orders: &Orders, steering: &Steering, vip: &str, now: u64) -> bool {
    let order = over(orders, steering, vip, now);
    order.is_some_and(|(_, order)| order.press == Press::Force)
}
