//! The lane of those who ask much: one of them has a round at a time, and between two rounds everybody else is looked at.
//!
//! A thousand clients that send as much as they can would else have a round each before a newcomer is let in, another before
//! it is seen to have asked, and a third before it is answered.

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::yield_now;

/// See the module.
pub(super) struct Lane(Semaphore);

/// The right to a round.
pub(super) struct Turn<'a>(Option<SemaphorePermit<'a>>);

/// How much of what waits in an inbox is answered in one round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Share {
    /// Little, but at once.
    First,
    /// What a round may have, in turn.
    Full,
}

impl Lane {
    pub(super) fn new() -> Lane {
        Lane(Semaphore::new(1))
    }

    /// Waits for the turn: those who waited longer have theirs before. For a first share nobody waits.
    pub(super) async fn turn(&self, share: Share) -> Turn<'_> {
        Turn(match share {
            Share::First => None,
            // It is never closed.
            Share::Full => self.0.acquire().await.ok(),
        })
    }
}

impl Turn<'_> {
    /// Hands the turn on once the runtime has looked for what has come meanwhile.
    pub(super) async fn end(self) {
        if self.0.is_some() {
            yield_now().await;
        }
    }
}
