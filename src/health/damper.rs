//! What single checks come to: three counters, a least time in each state, and longer absence for what falls again and again.
//!
//! A check fails now and then without meaning anything, and a sick service succeeds now and then. So a target goes down only
//! after several failures, which only several successes in a row wipe out, and comes up only after several successes in a
//! row. Each state holds for a while, and the more often a target has fallen lately, the longer it stays out.

use crate::limits;

/// How many results it takes, and how long a state holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damping {
    /// Failures until down, whatever successes stand between them, unless those are `clear` in a row.
    pub fall: u32,
    /// Successes in a row until up.
    pub rise: u32,
    /// Successes in a row that wipe out failures.
    pub clear: u32,
    /// Milliseconds for which a state holds at least after it came. Nought: no state is held, however often it changes.
    pub dwell: u64,
}

/// What a check found, and what a target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It answers as it should.
    Up,
    /// It does not.
    Down,
}

impl Side {
    /// As it is shown.
    pub fn word(self) -> &'static str {
        match self {
            Side::Up => "up",
            Side::Down => "down",
        }
    }
}

/// What is counted of one target. Times are milliseconds of any clock that does not go back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Damper {
    side: Option<Side>,
    /// Failures since the last `clear` successes in a row, while it is up.
    failures: u32,
    /// Successes in a row.
    successes: u32,
    /// Until when its state holds.
    hold: u64,
    /// Falls that are not forgotten, as of `fallen`.
    falls: u32,
    fallen: u64,
}

impl Damper {
    /// For a target that was known to be so before counting began; none: the first result decides.
    pub fn new(side: Option<Side>) -> Damper {
        Damper {
            side,
            ..Damper::default()
        }
    }

    /// What the target is; none before the first result.
    pub fn side(&self) -> Option<Side> {
        self.side
    }

    /// Failures that count, while it is up.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Successes in a row.
    pub fn successes(&self) -> u32 {
        self.successes
    }

    /// For how many milliseconds more its state holds whatever is found.
    pub fn held(&self, now: u64) -> u64 {
        self.hold.saturating_sub(now)
    }

    /// How often it has fallen lately.
    pub fn falls(&self, now: u64) -> u32 {
        let forgotten = now.saturating_sub(self.fallen) / limits::PROBE_FORGET;
        let forgotten = u32::try_from(forgotten).unwrap_or(u32::MAX);
        self.falls.saturating_sub(forgotten)
    }

    /// Takes the result of a check. The state that it came to, if that is another one.
    pub fn take(&mut self, damping: &Damping, found: Side, now: u64) -> Option<Side> {
        match found {
            Side::Up => {
                self.successes = self.successes.saturating_add(1);
                if self.successes >= damping.clear {
                    self.failures = 0;
                }
            }
            Side::Down => {
                self.successes = 0;
                self.failures = self.failures.saturating_add(1);
            }
        }
        let Some(side) = self.side else {
            // Nothing is known, so there is nothing to hold on to.
            self.side = Some(found);
            (self.failures, self.successes) = (0, 0);
            return Some(found);
        };
        let enough = match side {
            Side::Up => self.failures >= damping.fall,
            Side::Down => self.successes >= damping.rise,
        };
        // Counters may be full while the state is held; then the next result that says so turns it.
        if found == side || !enough || now < self.hold {
            return None;
        }
        self.hold = now.saturating_add(match found {
            Side::Up => damping.dwell,
            Side::Down => self.fall(damping.dwell, now),
        });
        self.side = Some(found);
        (self.failures, self.successes) = (0, 0);
        Some(found)
    }

    /// How long it stays out, this time: twice as long as the last one.
    fn fall(&mut self, dwell: u64, now: u64) -> u64 {
        let before = self.falls(now);
        self.falls = before.saturating_add(1).min(limits::PROBE_FALLS);
        self.fallen = now;
        let long = dwell.saturating_mul(1 << before.min(limits::PROBE_FALLS));
        long.min(limits::PROBE_HOLD.max(dwell))
    }
}

#[cfg(test)]
mod tests;
