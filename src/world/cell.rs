//! The one cell that holds the world: many readers, one writer.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

use crate::world::World;

/// Holds the world in force. Only the keeper stores.
#[derive(Debug)]
pub struct Cell(ArcSwap<World>);

impl Cell {
    /// Begins with this world.
    pub fn new(world: World) -> Cell {
        Cell(ArcSwap::from_pointee(world))
    }

    /// The world in force. Readers load it *after* they have received a query and keep it until the answer is made: so a
    /// change that was acknowledged before the query came is in it, and no answer mixes two worlds.
    #[inline]
    pub fn load(&self) -> Guard<Arc<World>> {
        self.0.load()
    }

    /// The same, to be kept longer than a query takes.
    pub fn full(&self) -> Arc<World> {
        self.0.load_full()
    }

    /// Puts another world in force. When this returns, every later load sees it.
    pub fn store(&self, world: Arc<World>) {
        self.0.store(world);
    }
}
