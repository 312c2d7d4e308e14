//! What is known of one VIP: what each observer last said of its addresses, and what is in force by that.

use std::sync::Arc;

use super::lease::{Lease, Silence};
use super::vote::{self, Groups};
use super::{Order, Outcome};
use crate::health::load::Carried;
use crate::health::report::Report;
use crate::health::verdict::{Both, Family, State, Verdict};
use crate::limits;

/// What one observer last said of the addresses of one family of a VIP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The observer: the name of a token, or [`super::PROBE`].
    pub who: Arc<str>,
    /// What it said.
    pub said: State,
    /// What that counts as.
    pub state: State,
    /// Why that is another, in words for the observer.
    pub why: Option<&'static str>,
    /// Its place among the reports of this observer; what is not above it is old.
    pub order: Order,
    /// When it came, in seconds of the Unix epoch.
    pub at: u64,
    /// How long it holds; without one, until the next.
    pub lease: Option<Lease>,
    /// Whether its lease was found ended: then it has no voice until its observer reports again.
    pub ended: bool,
}

/// What is known of the addresses of one family of a VIP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The last word of each observer, sorted by their names; at most [`limits::OBSERVERS`].
    pub observations: Vec<Observation>,
    /// What the observers last said together, [`State::Unknown`] if they never did.
    pub said: State,
    /// What is in force.
    pub verdict: Verdict,
    /// Whether all leases ended without a new report, and what was made of that.
    pub silence: Silence,
    /// Of a target that was held: the time in which it may still speak for itself.
    pub grace: Option<Lease>,
}

impl Default for Target {
    fn default() -> Target {
        Target {
            observations: Vec::new(),
            said: State::Unknown,
            verdict: Verdict::UNKNOWN,
            silence: Silence::Heard,
            grace: None,
        }
    }
}

impl Target {
    /// The last word of an observer.
    pub fn of(&self, who: &str) -> Option<&Observation> {
        let at = self.place(who).ok()?;
        self.observations.get(at)
    }

    /// What counts in the vote: all but those whose leases ended.
    pub fn voices(&self) -> impl Iterator<Item = &Observation> {
        self.observations.iter().filter(|one| !one.ended)
    }

    fn place(&self, who: &str) -> Result<usize, usize> {
        self.observations
            .binary_search_by(|one| (*one.who).cmp(who))
    }

    /// Whether a report of this observer finds room: its own place, a free one, or that of one whose lease ended.
    pub(super) fn room(&self, who: &str) -> bool {
        self.observations.len() < limits::OBSERVERS
            || self.place(who).is_ok()
            || self.observations.iter().any(|one| one.ended)
    }

    /// Takes a report, if it is above the last one of its observer.
    pub(super) fn take(
        &mut self,
        report: &Report,
        who: &Arc<str>,
        groups: &Groups,
        now: u64,
    ) -> Outcome {
        let last = self.of(who);
        if last.is_some_and(|last| report.order <= last.order) {
            return Outcome::Old;
        }
        if !self.room(who) {
            return Outcome::Full;
        }
        if last.is_none() && self.observations.len() >= limits::OBSERVERS {
            self.evict();
        }
        let (state, why) = report.counts();
        let one = Observation {
            who: who.clone(),
            said: report.state,
            state,
            why,
            order: report.order,
            at: now,
            lease: report.valid_for.map(|length| Lease::from(now, length)),
            ended: false,
        };
        match self.place(who) {
            Ok(at) => self.observations.get_mut(at).map_or((), |old| *old = one),
            Err(at) => self.observations.insert(at, one),
        }
        let before = self.verdict;
        self.count(groups, now);
        if self.verdict == before {
            Outcome::Renewed
        } else {
            Outcome::Changed
        }
    }

    /// Counts the votes anew. Someone speaks, so there is no silence.
    pub(super) fn count(&mut self, groups: &Groups, now: u64) {
        let state = vote::count(groups, self);
        self.said = state.unwrap_or(self.said);
        self.verdict = self.verdict.becoming(state.unwrap_or(State::Unknown), now);
        (self.silence, self.grace) = (Silence::Heard, None);
    }

    /// Forgets the word of an observer, and counts without it. Whether there was one.
    pub(super) fn withdraw(&mut self, who: &str, groups: &Groups, now: u64) -> bool {
        let Ok(at) = self.place(who) else {
            return false;
        };
        self.observations.remove(at);
        self.count(groups, now);
        if self.observations.is_empty() {
            self.said = State::Unknown;
        }
        true
    }

    /// Forgets the one that has been without a voice for longest.
    fn evict(&mut self) {
        let ended = self.observations.iter().enumerate();
        let ended = ended.filter(|(_, one)| one.ended);
        if let Some((at, _)) = ended.min_by_key(|(_, one)| one.at) {
            self.observations.remove(at);
        }
    }

    /// Whether what must outlive a restart is the same: a lease that only began anew is not.
    fn lasts_as(&self, other: &Target) -> bool {
        let alike = |(a, b): (&Observation, &Observation)| {
            let length = |one: &Observation| one.lease.map(|lease| lease.length);
            let parts = |one: &Observation| (one.said, one.state, one.order.epoch, one.ended);
            a.who == b.who && parts(a) == parts(b) && length(a) == length(b)
        };
        let (mine, others) = (&self.observations, &other.observations);
        (self.said, self.verdict, self.silence) == (other.said, other.verdict, other.silence)
            && mine.len() == others.len()
            && mine.iter().zip(others).all(alike)
    }
}

/// All that is known of one VIP.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Of its IPv4 address.
    pub v4: Target,
    /// Of its IPv6 address.
    pub v6: Target,
    /// What it carries, by the last report that said so. It is not kept over a restart: by then it is of another time.
    pub carried: Option<Carried>,
}

impl Entry {
    /// What is known of one family.
    pub fn of(&self, family: Family) -> &Target {
        match family {
            Family::V4 => &self.v4,
            Family::V6 => &self.v6,
        }
    }

    /// The same to be changed.
    pub(super) fn of_mut(&mut self, family: Family) -> &mut Target {
        match family {
            Family::V4 => &mut self.v4,
            Family::V6 => &mut self.v6,
        }
    }

    /// What is in force.
    pub fn verdicts(&self) -> Both {
        Both {
            v4: self.v4.verdict,
            v6: self.v6.verdict,
        }
    }

    /// The last word of all, of whichever observer and family; of two of one second the higher order.
    pub fn latest(&self) -> Option<&Observation> {
        self.all().max_by_key(|one| (one.at, one.order))
    }

    /// What stands of all observers, for one family after the other.
    pub fn all(&self) -> impl Iterator<Item = &Observation> {
        let targets = [&self.v4, &self.v6].into_iter();
        targets.flat_map(|target| &target.observations)
    }

    /// Whether what must outlive a restart is the same in both. A renewal is not written: after a restart all leases
    /// begin anew, and what it says stands in the record before it. Its place among the reports is not needed either:
    /// of the same start of the sender, whatever comes again between that record and the renewal says the same.
    pub(super) fn lasts_as(&self, other: &Entry) -> bool {
        self.v4.lasts_as(&other.v4) && self.v6.lasts_as(&other.v6)
    }
}
