//! What moves with time in the choices of pools: written down when it turns, and brought back by hand.

use crate::keeper::journal::{Journal, JournalError, Turn};
use crate::steer::motion::course::{Keys, Returned};
use crate::steer::motion::mover::Mover;
use crate::world::estate::Estate;

/// What of the situation's motion is on the disk.
#[derive(Debug, Default)]
pub(super) struct Written(Mover);

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

impl Written {
    /// What was found there.
    pub(super) fn found(mover: &Mover) -> Written {
        Written(mover.clone())
    }

    /// Writes what has turned since the last time. It is no report that anybody was promised: if the disk refuses, it is
    /// tried again with the next step.
    pub(super) fn write(&mut self, mover: &Mover, journal: &mut Journal) {
        let (old, new) = (&self.0.courses, &mover.courses);
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
            Ok(()) => self.0 = mover.clone(),
            Err(error) => tracing::error!(%error, "what moves is not on the disk"),
        }
    }

    /// Lets all members of a pool return that are well; on the disk when this returns without an error. They are used from
    /// the next step on.
    pub(super) fn give_back(
        &mut self,
        mover: &mut Mover,
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
        let course = mover.courses.get_mut(pool);
        let (Some(_), Some(course)) = (keys, course) else {
            return Err(Kept::Never);
        };
        let mut next = course.clone();
        let (returned, failed) = next.hold.give_back();
        next.returned = Some(note);
        let written = |error: JournalError| Kept::Disk(error.to_string());
        let turn: Turn = (pool.to_owned(), Some(next.clone()));
        journal.turn(&[turn]).map_err(written)?;
        self.0.courses.insert(pool.to_owned(), next.clone());
        *course = next;
        Ok(Given {
            generation: 0,
            returned,
            failed,
        })
    }
}
