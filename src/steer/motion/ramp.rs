//! Ramps: weights that go evenly to where they belong, so many parts of the whole a minute.

use std::collections::BTreeMap;

use crate::limits;

/// Weights side by side, each known by name. A weight that is lost is gone at once; all others move together and arrive
/// together, so that of two none overtakes the other on the way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ramp {
    /// All weights.
    pub items: BTreeMap<String, Way>,
    /// When they set out, in seconds of the Unix epoch.
    pub begun: u64,
    /// Parts of a million of the whole in a minute.
    pub rate: u32,
    /// The whole: what all that could be there weighs, before or after, whichever is more.
    pub whole: u64,
}

/// A weight on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// Where it set out.
    pub from: u64,
    /// Where it belongs.
    pub to: u64,
}

/// A weight as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Whose.
    pub name: String,
    /// What it weighs if it is there.
    pub weight: u64,
    /// Whether it is.
    pub there: There,
}

/// Whether what has a weight can take anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum There {
    /// It can.
    Yes,
    /// It cannot: it is taken out at once, and comes back slowly.
    No,
}

impl Ramp {
    /// All where they belong.
    pub fn still(wanted: &[Wanted], rate: u32, now: u64) -> Ramp {
        let way = |one: &Wanted| {
            let to = one.due();
            (one.name.clone(), Way { from: to, to })
        };
        Ramp {
            items: wanted.iter().map(way).collect(),
            begun: now,
            rate,
            whole: whole(wanted),
        }
    }

    /// Takes in what is wanted at `now`. If that is what was wanted before, all stay on their way; else they set out anew
    /// from where they are, and what was not there begins at nothing.
    pub fn turn(&mut self, wanted: &[Wanted], rate: u32, now: u64) {
        let was = self.items.iter().map(|(name, way)| (name, way.to));
        let mut sorted: Vec<(&String, u64)> = wanted.iter().map(|w| (&w.name, w.due())).collect();
        sorted.sort_unstable();
        if was.eq(sorted) && self.rate == rate {
            return;
        }
        let old = std::mem::take(self);
        let done = old.done(now.saturating_sub(old.begun));
        let way = |one: &Wanted| {
            let known = old.items.get(&one.name);
            let there = one.there == There::Yes;
            let from = known.filter(|_| there).map_or(0, |way| old.at(*way, done));
            let to = one.due();
            (one.name.clone(), Way { from, to })
        };
        self.items = wanted.iter().map(way).collect();
        let sum = self.items.values().map(|way| way.from).sum();
        (self.begun, self.rate, self.whole) = (now, rate, whole(wanted).max(sum));
    }

    /// Puts all where they belong.
    pub fn rest(&mut self, wanted: &[Wanted], rate: u32, now: u64) {
        let still = Ramp::still(wanted, rate, now);
        if (&self.items, self.rate, self.whole) != (&still.items, still.rate, still.whole) {
            *self = still;
        }
    }

    /// What each weighs at `now`, if it is not where it belongs: the name, that, and where it belongs. Between two steps
    /// nothing moves.
    pub fn moving(&self, now: u64) -> Vec<(&str, u64, u64)> {
        let elapsed = now.saturating_sub(self.begun);
        let done = self.done(elapsed - elapsed % limits::RAMP_STEP);
        let items = self.items.iter();
        items
            .map(|(name, way)| (name.as_str(), self.at(*way, done), way.to))
            .filter(|(_, at, to)| at != to)
            .collect()
    }

    /// When all are where they belong; none if they are.
    pub fn end(&self, now: u64) -> Option<u64> {
        let (distance, speed) = (self.distance(), self.speed());
        let seconds = (distance * MINUTE).div_ceil(speed);
        let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
        let steps = seconds.div_ceil(limits::RAMP_STEP);
        let end = self
            .begun
            .saturating_add(steps.saturating_mul(limits::RAMP_STEP));
        (distance > 0 && now < end).then_some(end)
    }

    /// When they move next.
    pub fn next(&self, now: u64) -> Option<u64> {
        self.end(now)?;
        let steps = now.saturating_sub(self.begun) / limits::RAMP_STEP + 1;
        Some(self.begun.saturating_add(steps * limits::RAMP_STEP))
    }

    fn distance(&self) -> u128 {
        let ways = self.items.values();
        ways.map(|way| u128::from(way.from.abs_diff(way.to))).sum()
    }

    /// What moves in a second, in parts of [`MINUTE`].
    fn speed(&self) -> u128 {
        (u128::from(self.whole) * u128::from(self.rate)).max(1)
    }

    /// What of the distance is behind, after so many seconds, in parts of [`MINUTE`].
    fn done(&self, seconds: u64) -> u128 {
        // A ramp of the least rate takes a day and a half.
        let seconds = u128::from(seconds.min(1 << 20));
        (seconds * self.speed()).min(self.distance() * MINUTE)
    }

    fn at(&self, way: Way, done: u128) -> u64 {
        let part = u128::from(way.from.abs_diff(way.to)) * done;
        let part = part.checked_div(self.distance() * MINUTE).unwrap_or(0) as u64;
        if way.to >= way.from {
            way.from + part
        } else {
            way.from - part
        }
    }
}

/// Seconds of a minute, in parts of a million.
const MINUTE: u128 = 60_000_000;

impl Wanted {
    fn due(&self) -> u64 {
        match self.there {
            There::Yes => self.weight,
            There::No => 0,
        }
    }
}

fn whole(wanted: &[Wanted]) -> u64 {
    wanted.iter().map(|one| one.weight).sum()
}
