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
    /// Connections that are open.
    pub active: Option<Amount>,
    /// Connections that were opened in a second.
    pub opened: Option<Amount>,
    /// What all of this was measured over: first and last second, of the Unix epoch.
    pub window: Option<(u64, u64)>,
    /// What stands behind the VIP.
    pub behind: Behind,
}

/// What a forwarder tells of what stands behind a VIP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Behind {
    /// Backends that are well.
    pub healthy: Option<u64>,
    /// Backends that there are.
    pub total: Option<u64>,
    /// Whether a route leads to the VIP.
    pub route: Option<bool>,
}

impl Behind {
    /// Why a VIP of which this is told cannot serve anyone, whatever its state is said to be.
    pub fn useless(&self) -> Option<&'static str> {
        if self.route == Some(false) {
            return Some("`route_present` is false: it counts as down, for no route leads to it");
        }
        let none = self.healthy == Some(0) && self.total > Some(0);
        none.then_some("`healthy_backends` is 0: it counts as down, for nothing is well behind it")
    }
}

impl Load {
    /// Whether the window lets it count at `now`, when its numbers hold for `lease` seconds; else why not, in words for
    /// the sender.
    pub fn late(&self, lease: Option<u64>, now: u64) -> Option<&'static str> {
        let (_, end) = self.window?;
        if end > now.saturating_add(limits::WINDOW_AHEAD) {
            return Some("its `window` ends in the future: look at the clocks");
        }
        let old = now.saturating_sub(end) > lease.unwrap_or(u64::MAX).min(limits::LOAD_FRESH);
        old.then_some("its `window` ended longer ago than a load counts: look at the clocks")
    }
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
