//! What operators do: bring members of pools back, and order VIPs and sites.

use super::Worker;
use crate::keeper::Change;
use crate::keeper::motion::{Given, Kept};
use crate::keeper::orders::{self, Asked, Unplaced};
use crate::steer::motion::course::Returned;

impl Worker {
    /// Does what an operator asked for.
    pub(super) fn act(&mut self, change: Change) {
        match change {
            Change::Release { who, why, reply } => drop(reply.send(self.release(&who, &why))),
            Change::Order(asked) => self.order(asked),
            Change::Return {
                pool,
                who,
                why,
                reply,
            } => {
                let note = Returned::by(&who, &why, self.clock.now());
                drop(reply.send(self.give_back(&pool, note)));
            }
            // All others have nobody who acts.
            Change::Reports { .. }
            | Change::Withdraw { .. }
            | Change::Reload { .. }
            | Change::Loaded(_)
            | Change::Stop => {}
        }
    }

    /// Brings back what is kept out of a pool: on the disk, in force, and then acknowledged.
    fn give_back(&mut self, pool: &str, note: Returned) -> Result<Given, Kept> {
        let estate = self.cell.full().estate.clone();
        let (who, why) = (note.who.clone(), note.why.clone());
        let (mover, journal) = (&mut self.situation.mover, &mut self.journal);
        let mut given = self
            .written
            .give_back(mover, &estate, pool, note, journal)?;
        given.generation = self.turn(self.situation.board.clone());
        let (members, generation) = (given.returned.join(" "), given.generation);
        tracing::info!(pool, members, who, why, generation, "brought back");
        Ok(given)
    }

    /// Puts what an operator wants on the disk, in force, and then acknowledges it.
    fn order(&mut self, asked: Asked) {
        let world = self.cell.full();
        let now = self.clock.now();
        let barred = orders::barred(&self.situation, &world.estate, &asked, now);
        let (orders, journal) = (&mut self.situation.orders, &mut self.journal);
        let placed = barred.map_or(Ok(()), |barred| Err(Unplaced::Braked(barred)));
        let mut placed = placed.and_then(|()| orders::place(orders, journal, &world, &asked, now));
        if let Ok(placed) = &mut placed {
            placed.generation = self.turn(self.situation.board.clone());
        }
        asked.answer(placed);
    }
}
