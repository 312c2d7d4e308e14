//! What the brake holds: written when it changes, told in the log, and let go by hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::estate::Steering;
use crate::keeper::journal::Journal;
use crate::keeper::journal::brake::Marks;
use crate::limits;
use crate::steer::brake::{Brake, Why};

/// What came of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Released {
    /// The generation from which on they are lost.
    pub generation: u64,
    /// VIPs that were held, by name.
    pub vips: Vec<Arc<str>>,
}

/// What of the brake is on the disk, and what the log knows.
#[derive(Debug, Default)]
pub(super) struct Braked {
    written: Option<Marks>,
    told: BTreeMap<Arc<str>, Why>,
}

impl Braked {
    /// What was found on the disk. The log is new.
    pub(super) fn found(brake: &Brake) -> Braked {
        Braked {
            written: brake.marks().cloned(),
            told: BTreeMap::new(),
        }
    }

    /// After a step: writes what has changed, and tells of it. Nobody waits for that write; if the disk refuses, it is tried
    /// again with the next step.
    pub(super) fn settle(&mut self, brake: &Brake, steering: &Steering, journal: &mut Journal) {
        if self.written.as_ref() != brake.marks() {
            match journal.brake(brake.marks()) {
                Ok(()) => self.written = brake.marks().cloned(),
                Err(error) => tracing::error!(%error, "what the brake holds is not on the disk"),
            }
        }
        let held: BTreeMap<Arc<str>, Why> = brake
            .held()
            .map(|(name, held)| (name.clone(), held.why))
            .collect();
        if held == self.told {
            return;
        }
        let new = held.keys().filter(|name| !self.told.contains_key(*name));
        let over = self.told.keys().filter(|name| !held.contains_key(*name));
        let (new, over) = (listed(new), listed(over));
        let (count, losses) = (
            held.len(),
            brake.marks().map_or(0, |m| m.len() - held.len()),
        );
        if !new.is_empty() {
            let why = held.iter().find(|(name, _)| !self.told.contains_key(*name));
            let why = why.zip(steering.brake.as_ref());
            let why = why.map(|((_, why), bounds)| why.words(bounds));
            tracing::error!(
                vips = new,
                why,
                held = count,
                lost = losses,
                "more is reported lost than may be: held as it was"
            );
        }
        if !over.is_empty() {
            tracing::warn!(
                vips = over,
                held = count,
                lost = losses,
                "not held any more"
            );
        }
        self.told = held;
    }

    /// Lets go of all that is held; on the disk when this returns without an error. It is lost from the next step on.
    pub(super) fn release(
        &mut self,
        brake: &mut Brake,
        journal: &mut Journal,
        now: u64,
    ) -> Result<Vec<Arc<str>>, String> {
        let mut next = brake.clone();
        let vips = next.release(now);
        if !vips.is_empty() {
            journal
                .brake(next.marks())
                .map_err(|error| error.to_string())?;
            self.written = next.marks().cloned();
            *brake = next;
        }
        Ok(vips)
    }
}

/// The names, and how many more there are.
fn listed<'a>(names: impl Iterator<Item = &'a Arc<str>> + Clone) -> String {
    let all = names.clone().count();
    let some: Vec<&str> = names.take(limits::BRAKE_TOLD).map(|name| &**name).collect();
    match all.saturating_sub(some.len()) {
        0 => some.join(" "),
        more => format!("{} and {more} more", some.join(" ")),
    }
}
