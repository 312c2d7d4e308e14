//! What an observer said is taken back: nothing is known by its word any more.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Worker, Written};
use crate::health::verdict::Family;

impl Worker {
    /// Takes back what `who` said of these VIPs, or of one family of their addresses.
    pub(super) fn withdraw(&mut self, who: &str, targets: &[(Arc<str>, Option<Family>)]) {
        let now = self.clock.now();
        let mut board = self.situation.board.clone();
        let changed: BTreeSet<&Arc<str>> = targets
            .iter()
            .filter(|(name, family)| board.withdraw(name, *family, who, now))
            .map(|(name, _)| name)
            .collect();
        if changed.is_empty() {
            return;
        }
        let written = changed
            .iter()
            .map(|name| ((*name).clone(), board.entry(name).cloned()));
        let written: Vec<Written> = written.collect();
        if let Err(error) = self.journal.write(&written) {
            // Nobody was promised this one, and after a restart it is asked again.
            tracing::error!(%error, "what was taken back is still on the disk");
        }
        let many = changed.len();
        let generation = self.turn(board);
        tracing::info!(who, many, generation, "reports taken back");
    }
}
