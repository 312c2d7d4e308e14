//! Ramps: weights that go to where they belong, so that so many of a hundred clients move in a minute.
//!
//! Clients follow shares, and a share is a weight beside all others. So it is the shares that move evenly: of two equal
//! VIPs the one that returns with a tenth a minute has a tenth of the clients after the first, and a ninth of the other's
//! weight.

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
    /// What all that could be there weighs, before or after, whichever is more.
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
            let from = known.filter(|_| there).map_or(0, |way| at(*way, done));
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
            .map(|(name, way)| (name.as_str(), at(*way, done), way.to))
            .filter(|(_, at, to)| at != to)
            .collect()
    }

    /// When all are where they belong; none if they are.
    pub fn end(&self, now: u64) -> Option<u64> {
        let distance = self.distance();
        let seconds = (distance * MINUTE).div_ceil(u128::from(self.rate.max(1)) << ONE);
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

    /// What all weigh together, before and after, shortened to 40 bits, and by how many bits.
    fn sums(&self) -> (u128, u128, u32) {
        let sum = |end: fn(&Way) -> u64| self.items.values().map(|way| u128::from(end(way))).sum();
        let (from, to): (u128, u128) = (sum(|way| way.from), sum(|way| way.to));
        let bits = u128::BITS - from.max(to).leading_zeros();
        let short = bits.saturating_sub(ONE);
        (from >> short, to >> short, short)
    }

    /// What part of the clients must move, in units of 2⁻⁴⁰: half of what all shares differ by. Where nobody has any, or
    /// nobody is to have any, there are no shares: the weights themselves are parts of the whole.
    fn distance(&self) -> u128 {
        let (from, to, short) = self.sums();
        let ways = self.items.values();
        let apart = if from == 0 || to == 0 {
            let apart: u128 = ways.map(|way| u128::from(way.from.abs_diff(way.to))).sum();
            let whole = u128::from(self.whole.max(1));
            (apart << ONE).checked_div(whole)
        } else {
            let apart: u128 = ways
                .map(|way| {
                    let before = (u128::from(way.from) >> short) * to;
                    let after = (u128::from(way.to) >> short) * from;
                    before.abs_diff(after)
                })
                .sum();
            (apart << (ONE - 1)).checked_div(from * to)
        };
        let moves = self.items.values().any(|way| way.from != way.to);
        // What is too little to be counted still takes a step.
        apart.unwrap_or(0).max(u128::from(moves))
    }

    /// What part of their way the weights have behind them after so many seconds, in units of 2⁻⁴⁰. While shares go evenly
    /// from those before to those after, the sum of the weights goes from one to the other as its reciprocal does; so
    /// weights that stay stay, and all others are on a straight line between their two ends.
    fn done(&self, seconds: u64) -> u128 {
        // A ramp of the least rate takes a day.
        let seconds = u128::from(seconds.min(1 << 20));
        let full = 1u128 << ONE;
        let passed = (seconds * u128::from(self.rate)) << (2 * ONE);
        let part = passed.checked_div(self.distance() * MINUTE);
        let part = part.unwrap_or(full).min(full);
        let (from, to, _) = self.sums();
        if from == 0 || to == 0 {
            return part;
        }
        let ahead = part * from;
        (ahead << ONE)
            .checked_div((full - part) * to + ahead)
            .unwrap_or(full)
    }
}

/// Where on its way a weight is with so much of it done, in units of 2⁻⁴⁰.
fn at(way: Way, done: u128) -> u64 {
    let part = ((u128::from(way.from.abs_diff(way.to)) * done) >> ONE) as u64;
    if way.to >= way.from {
        way.from + part
    } else {
        way.from - part
    }
}

/// Bits of a fraction.
const ONE: u32 = 40;

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
