//! What the keeper holds on to: what the brake holds, and its own time when the wall clock jumps.

use super::Worker;
use crate::keeper::Released;
use crate::world::estate::Estate;
use crate::world::situation::Standing;

impl Worker {
    /// Lets go of what the brake holds: on the disk, in force, and then acknowledged.
    pub(super) fn release(&mut self, who: &str, why: &str) -> Result<Released, String> {
        let (brake, journal) = (&mut self.situation.brake, &mut self.journal);
        let vips = self.braked.release(brake, journal, self.clock.now())?;
        let generation = self.turn(self.situation.board.clone());
        tracing::warn!(
            who,
            why,
            released = vips.len(),
            generation,
            "the brake is released"
        );
        Ok(Released { generation, vips })
    }

    /// Looks whether the wall clock has jumped. Nothing here goes by it, but the threads that answer do.
    pub(super) fn look(&mut self) {
        let Some(jump) = self.clock.look() else {
            return;
        };
        let (by, ahead) = (jump.by, jump.ahead);
        tracing::error!(
            by,
            ahead,
            "the wall clock has jumped: leases, windows and holds go on as if it had not"
        );
        self.turn(self.situation.board.clone());
    }

    /// What is in force in this estate now, with times as those see them who answer.
    pub(super) fn step(&mut self, estate: &Estate) -> Standing {
        let mut standing = self.situation.step(estate, self.clock.now());
        standing.verdicts = self.clock.outward(standing.verdicts);
        self.keep(estate);
        standing
    }

    /// Writes what has turned since the last time.
    pub(super) fn keep(&mut self, estate: &Estate) {
        self.written.write(&self.situation.mover, &mut self.journal);
        let (brake, steering) = (&self.situation.brake, &estate.steering);
        self.braked.settle(brake, steering, &mut self.journal);
    }
}
