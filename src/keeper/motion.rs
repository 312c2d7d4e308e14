//! What moves with time and load in the choices of pools, kept by name from world to world.

use std::sync::Arc;
use std::time::Duration;

use crate::health::board::Board;
use crate::steer::motion::Motion;
use crate::world::estate::Estate;

/// All that moves.
#[derive(Debug, Default)]
pub(super) struct Mover {
    motion: Arc<Motion>,
}

impl Mover {
    /// What moves at `now` in this estate as things stand on the board. The same value while nothing has changed.
    pub(super) fn step(&mut self, _estate: &Estate, _board: &Board, _now: u64) -> Arc<Motion> {
        self.motion.clone()
    }

    /// How long until the next step.
    pub(super) fn patience(&self, _now: u64) -> Option<Duration> {
        None
    }
}
