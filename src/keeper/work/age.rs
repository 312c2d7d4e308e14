//! Databases grow old while they are in force, and that is told.

use super::{Worker, reload};
use crate::config::machine::geoip::Guard;
use crate::keeper::guard;
use crate::world::World;

impl Worker {
    /// Tells of databases that have become too old since they came in force.
    pub(super) fn age(&mut self) {
        let world = self.cell.full();
        let stale = stale(&world, self.guard, self.clock.wall());
        if stale > self.stale {
            for warning in guard::ages(&world.estate.atlas, self.guard, self.clock.wall()) {
                tracing::warn!("{}", reload::line(&warning));
            }
        }
        self.stale = stale;
    }
}

/// How many databases in force are older than they should be.
pub(super) fn stale(world: &World, guard: Guard, wall: u64) -> usize {
    let origins = world.estate.atlas.origins.iter();
    origins.filter(|o| guard::aged(o, guard, wall)).count()
}
