//! The situation: everything that is known at runtime beside the estate, and what follows from it for answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::health::board::Board;
use crate::health::verdict::{Both, Verdicts};
use crate::steer::motion::Motion;
use crate::steer::motion::course::Course;
use crate::steer::motion::follow::Following;
use crate::steer::motion::mover::Mover;
use crate::world::estate::Estate;

/// See the module. It outlives estates: what it knows, it knows by names.
#[derive(Clone, Debug, Default)]
pub struct Situation {
    /// What observers say.
    pub board: Board,
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
        let verdicts = self.verdicts(estate);
        let sight = estate.sight(verdicts.best(), now);
        let motion = self.mover.step(&sight);
        let followed = self.following.step(&estate.steering, &self.board, now);
        let motion = motion.carrying(&followed.pools);
        let next = self.mover.next(&estate.steering, now);
        self.due = next.into_iter().chain(followed.next).min();
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
        let verdicts = self.verdicts(old);
        let sight = old.sight(verdicts.best(), now);
        self.mover.meet(&sight, &new.steering);
    }

    /// When it must step again though nothing happens, as of its last step.
    pub fn next(&self) -> Option<u64> {
        self.due
    }

    fn verdicts(&self, estate: &Estate) -> Verdicts {
        estate.verdicts(|name| self.board.verdict(name))
    }
}
