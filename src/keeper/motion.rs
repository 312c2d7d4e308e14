//! What moves with time in the choices of pools: stepped when it is due, written down when it turns, and told to the world.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::health::board::Board;
use crate::keeper::journal::{Journal, JournalError, Turn};
use crate::steer::motion::Motion;
use crate::steer::motion::course::{Course, Keys, Returned};
use crate::steer::motion::follow::Following;
use crate::steer::motion::mover::Mover;
use crate::world::World;
use crate::world::badge::Badge;
use crate::world::estate::Estate;

/// All that moves, as the keeper holds it.
#[derive(Debug, Default)]
pub struct Moves {
    mover: Mover,
    /// What of it is on the disk.
    written: Mover,
    motion: Arc<Motion>,
    load: Following,
    next: Option<u64>,
}

/// What came of bringing members back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The generation from which on they are used again.
    pub generation: u64,
    /// Members that were kept out and are so no more.
    pub returned: Vec<String>,
    /// Members that stay out, for they have failed still.
    pub failed: Vec<String>,
}

/// Why nothing was brought back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// The estate has no such pool.
    Unknown,
    /// The pool has no `failback`, so nothing is ever kept out of it.
    Never,
    /// It could not be put on the disk.
    Disk(String),
}

impl Moves {
    /// With what is remembered from before.
    pub fn resume(courses: BTreeMap<String, Course>) -> Moves {
        let mover = Mover { courses };
        Moves {
            written: mover.clone(),
            mover,
            ..Moves::default()
        }
    }

    /// The world of an estate in its motion.
    pub fn world(
        &mut self,
        estate: Arc<Estate>,
        badge: Arc<Badge>,
        board: &Board,
        (generation, now): (u64, u64),
    ) -> World {
        let motion = self.step(&estate, board, now);
        World::moving(
            estate,
            badge,
            |name| board.verdict(name),
            motion,
            generation,
        )
    }

    /// The same for an estate that comes after that of `before`.
    pub(super) fn follow(
        &mut self,
        before: &World,
        estate: Arc<Estate>,
        badge: Arc<Badge>,
        board: &Board,
        (generation, now): (u64, u64),
    ) -> World {
        let motion = self.step(&estate, board, now);
        let verdict = |name: &str| board.verdict(name);
        before.follow(estate, badge, verdict, motion, generation)
    }

    /// Looks once more at the estate that a new one is to replace, so that what the new one changes is no jump.
    pub(super) fn meet(&mut self, old: &Estate, new: &Estate, board: &Board, now: u64) {
        let verdicts = old.verdicts(|name| board.verdict(name));
        self.mover.meet(&old.sight(&verdicts, now), &new.steering);
    }

    /// What moves at `now` in this estate as things stand on the board. The same value while nothing has changed.
    pub(super) fn step(&mut self, estate: &Estate, board: &Board, now: u64) -> Arc<Motion> {
        let verdicts = estate.verdicts(|name| board.verdict(name));
        let motion = self.mover.step(&estate.sight(&verdicts, now));
        let followed = self.load.step(&estate.steering, board, now);
        let motion = motion.carrying(&followed.pools);
        let next = self.mover.next(&estate.steering, now);
        self.next = next.into_iter().chain(followed.next).min();
        if motion != *self.motion {
            self.motion = Arc::new(motion);
        }
        self.motion.clone()
    }

    /// Writes what has turned since the last time. It is no report that anybody was promised: if the disk refuses, it is
    /// tried again with the next step.
    pub(super) fn write(&mut self, journal: &mut Journal) {
        let (old, new) = (&self.written.courses, &self.mover.courses);
        let turned = new
            .iter()
            .filter(|(name, course)| old.get(*name) != Some(*course));
        let turned = turned.map(|(name, course)| (name.clone(), Some(course.clone())));
        let gone = old.keys().filter(|name| !new.contains_key(*name));
        let turns: Vec<Turn> = turned
            .chain(gone.map(|name| (name.clone(), None)))
            .collect();
        match journal.turn(&turns) {
            Ok(()) if turns.is_empty() => {}
            Ok(()) => self.written = self.mover.clone(),
            Err(error) => tracing::error!(%error, "what moves is not on the disk"),
        }
    }

    /// Whether the next step is due.
    pub(super) fn due(&self, now: u64) -> bool {
        self.next.is_some_and(|next| next <= now)
    }

    /// How long until the next step.
    pub(super) fn patience(&self, now: u64) -> Option<Duration> {
        let next = self.next?;
        Some(Duration::from_secs(next.saturating_sub(now)))
    }

    /// For everyone to see.
    pub(super) fn courses(&self) -> Mover {
        self.mover.clone()
    }

    /// Lets all members of a pool return that are well; on the disk when this returns without an error. They are used from
    /// the next step on.
    pub(super) fn give_back(
        &mut self,
        estate: &Estate,
        pool: &str,
        note: Returned,
        journal: &mut Journal,
    ) -> Result<Given, Kept> {
        let keys = estate
            .steering
            .pools
            .iter()
            .find(|known| known.name == pool);
        let keys = Keys::of(keys.ok_or(Kept::Unknown)?).filter(Keys::holds);
        let course = self.mover.courses.get_mut(pool);
        let (Some(_), Some(course)) = (keys, course) else {
            return Err(Kept::Never);
        };
        let mut next = course.clone();
        let (returned, failed) = next.hold.give_back();
        next.returned = Some(note);
        let written = |error: JournalError| Kept::Disk(error.to_string());
        let turn: Turn = (pool.to_owned(), Some(next.clone()));
        journal.turn(&[turn]).map_err(written)?;
        self.written.courses.insert(pool.to_owned(), next.clone());
        *course = next;
        Ok(Given {
            generation: 0,
            returned,
            failed,
        })
    }
}
