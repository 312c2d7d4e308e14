//! What a VIP carries and what it can carry, as the feed says it: in any unit, in millionths of it.

use std::sync::Arc;

use crate::limits;

/// A number of whatever unit the sender counts in, in millionths of it. Below [`limits::AMOUNT`] units.
pub type Amount = u128;

/// Millionths of a unit.
pub const UNIT: Amount = 1_000_000;

/// What one report says of load. At least one of the numbers is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// What it carries now.
    pub load: Option<Amount>,
    /// What it should carry.
    pub target: Option<Amount>,
    /// What it can carry.
    pub capacity: Option<Amount>,
    /// What is counted: connections, requests a second, megabits.
    pub unit: Option<Arc<str>>,
}

/// The last report that spoke of load, and when it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// What it said.
    pub said: Load,
    /// When it came, in seconds of the Unix epoch.
    pub at: u64,
    /// Seconds for which it counts.
    pub fresh_for: u64,
    /// Seconds from the one before it, [`limits::LOAD_GAP`] at the most; none if there was none, or long ago.
    pub gap: Option<u64>,
}

impl Carried {
    /// What stands once `said` has come at `now`, in a report that holds for `lease` seconds, after `last`.
    pub fn after(last: Option<&Carried>, said: &Load, lease: Option<u64>, now: u64) -> Carried {
        let gap = last.and_then(|last| now.checked_sub(last.at));
        let gap = gap.filter(|gap| *gap <= limits::LOAD_GAP);
        // Several in one second are one report in pieces.
        let gap = match (gap, last) {
            (Some(0), Some(last)) => last.gap,
            (gap, _) => gap,
        };
        Carried {
            said: said.clone(),
            at: now,
            fresh_for: lease.unwrap_or(u64::MAX).min(limits::LOAD_FRESH),
            gap,
        }
    }

    /// The last second in which it counts.
    pub fn until(&self) -> u64 {
        self.at.saturating_add(self.fresh_for)
    }

    /// Whether it counts at `now`. One that is older says nothing of now.
    pub fn fresh(&self, now: u64) -> bool {
        now <= self.until()
    }
}

/// An amount as a number of units, for people and machines that read.
pub fn units(amount: Amount) -> f64 {
    amount as f64 / UNIT as f64
}

/// What a VIP can carry: what it says of itself, else `configured` whole units.
pub fn capacity(configured: Option<u64>, said: Option<&Load>) -> Option<Amount> {
    let said = said.and_then(|said| said.capacity);
    said.or_else(|| configured.map(|units| Amount::from(units) * UNIT))
}
