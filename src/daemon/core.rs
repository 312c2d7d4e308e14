//! What the doors for DNS ask: the world in force, and the one answering function.

use std::sync::Arc;

use arc_swap::Guard;

use crate::answer::{self, Client, Turn};
use crate::serve;
use crate::stats::Outcome;
use crate::world::World;
use crate::world::cell::Cell;

/// The server's core.
#[derive(Debug)]
pub(super) struct Core(Arc<Cell>);

impl Core {
    pub(super) fn new(cell: Arc<Cell>) -> Core {
        Core(cell)
    }
}

impl serve::Core for Core {
    type World = Guard<Arc<World>>;

    #[inline]
    fn load(&self) -> Guard<Arc<World>> {
        self.0.load()
    }

    #[inline]
    fn answer(
        &self,
        world: &Guard<Arc<World>>,
        client: Client,
        turn: &mut Turn<'_>,
        query: &[u8],
        out: &mut [u8],
    ) -> (Outcome, usize) {
        answer::make(world, client, turn, query, out)
    }

    fn slip(&self, client: Client, turn: &mut Turn<'_>, query: &[u8], out: &mut [u8]) -> usize {
        answer::slip(&self.0.load(), client, turn, query, out)
    }
}
