//! What moves with time and load in the choices of pools, kept by name from world to world.

use std::sync::Arc;
use std::time::Duration;

use crate::health::board::Board;
use crate::steer::motion::Motion;
use crate::steer::motion::follow::Following;
use crate::world::estate::Estate;

/// All that moves.
#[derive(Debug, Default)]
pub(super) struct Mover {
    motion: Arc<Motion>,
    load: Following,
    /// When the next step is due, in seconds of the Unix epoch.
    next: Option<u64>,
}

impl Mover {
    /// What moves at `now` in this estate as things stand on the board. The same value while nothing has changed.
    pub(super) fn step(&mut self, estate: &Estate, board: &Board, now: u64) -> Arc<Motion> {
        let followed = self.load.step(&estate.steering, board, now);
        self.next = followed.next;
        let mut pools = Vec::new();
        followed.pools.iter().for_each(|flow| flow.lay(&mut pools));
        let motion = Motion::new(pools);
        if *self.motion != motion {
            self.motion = Arc::new(motion);
        }
        self.motion.clone()
    }

    /// Whether a step is due.
    pub(super) fn due(&self, now: u64) -> bool {
        self.next.is_some_and(|next| next <= now)
    }

    /// How long until the next step.
    pub(super) fn patience(&self, now: u64) -> Option<Duration> {
        let next = self.next?;
        Some(Duration::from_secs(next.saturating_sub(now)))
    }
}
