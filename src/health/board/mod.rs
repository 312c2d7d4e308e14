//! One verdict per VIP, kept by name: the last report, its lease, and the state in force.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::health::load::Carried;
use crate::health::report::Report;
use crate::health::verdict::Both;
use crate::limits;

mod lease;
#[cfg(test)]
mod tests;

pub use crate::health::verdict::{State, Verdict};
pub use lease::{Lapse, Lease, Silence};

/// The place of a report among all reports of its sender: those of a later start come after all of an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Order {
    /// Which start of the sender.
    pub epoch: u64,
    /// Which report since then.
    pub seq: u64,
}

/// What is known of one VIP: the last report that counted, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What the last report said.
    pub reported: State,
    /// Its place among the reports; what is not above it is old.
    pub order: Order,
    /// Who sent it: the name of a token.
    pub who: Arc<str>,
    /// When it came, in seconds of the Unix epoch.
    pub at: u64,
    /// How long it holds; without one, until the next.
    pub lease: Option<Lease>,
    /// What answers go by.
    pub verdict: Verdict,
    /// Whether its lease ended without a new report, and what was made of that.
    pub silence: Silence,
    /// What it carries, by the last report that said so. It is not kept over a restart: by then it is of another time.
    pub carried: Option<Carried>,
}

impl Entry {
    /// Why the state in force is not simply the reported one, in words for the sender.
    pub fn held_back(&self) -> Option<&'static str> {
        match self.silence {
            Silence::Heard => None,
            Silence::Held => Some(
                "its lease ended together with most others: held as last reported until it reports again",
            ),
            Silence::Lapsed | Silence::Gone => {
                Some("its lease ended while most others reported: down until it reports again")
            }
        }
    }
}

/// What a report did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It counts, and the verdict is another one.
    Changed,
    /// It counts and says what is in force already; the lease begins anew.
    Renewed,
    /// It is not above the last one that counted: out of order, or sent again. Nothing has changed.
    Old,
}

/// The answer to a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// What it did.
    pub outcome: Outcome,
    /// What stands now. After [`Outcome::Old`] this shows the report that was later.
    pub entry: Entry,
}

/// All that was ever reported. A copy is one counter; the first change of a copy copies the map.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Board {
    entries: Arc<BTreeMap<Arc<str>, Entry>>,
}

impl Board {
    /// The board of the last run. Every lease that had not been found ended begins anew at `now`: while we were away
    /// nobody could renew it.
    pub fn resume(entries: impl IntoIterator<Item = (Arc<str>, Entry)>, now: u64) -> Board {
        let mut map: BTreeMap<Arc<str>, Entry> = entries.into_iter().collect();
        for entry in map.values_mut().filter(|e| e.silence == Silence::Heard) {
            entry.lease = entry.lease.map(|lease| Lease::from(now, lease.length));
        }
        Board {
            entries: Arc::new(map),
        }
    }

    /// What is in force for this VIP.
    pub fn verdict(&self, name: &str) -> Both {
        let verdict = self.entry(name).map(|entry| entry.verdict);
        Both::same(verdict.unwrap_or(Verdict::UNKNOWN))
    }

    /// What is known of this VIP, if anyone has ever spoken of it.
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.get(name)
    }

    /// Everything known, by name. Names that the estate does not have (any more) are among them.
    pub fn entries(&self) -> impl Iterator<Item = (&Arc<str>, &Entry)> {
        self.entries.iter()
    }

    /// Takes a report from `who`, unless it is not above the last one that counted. Whether the estate has such a VIP
    /// is for the caller to know. The state in force is the reported one from now on: a report ends all silence.
    pub fn apply(&mut self, name: &str, report: &Report, who: &Arc<str>, now: u64) -> Effect {
        let last = self.entries.get(name);
        if let Some(last) = last.filter(|last| report.order <= last.order) {
            return Effect {
                outcome: Outcome::Old,
                entry: last.clone(),
            };
        }
        let before = last.map_or(Verdict::UNKNOWN, |last| last.verdict);
        let entry = Entry {
            reported: report.state,
            order: report.order,
            who: who.clone(),
            at: now,
            lease: report.valid_for.map(|length| Lease::from(now, length)),
            verdict: before.becoming(report.state, now),
            silence: Silence::Heard,
            carried: match (&report.load, last.and_then(|last| last.carried.as_ref())) {
                (Some(load), last) => Some(Carried::after(last, load, report.valid_for, now)),
                (None, last) => last.cloned(),
            },
        };
        let outcome = if entry.verdict == before {
            Outcome::Renewed
        } else {
            Outcome::Changed
        };
        let entries = Arc::make_mut(&mut self.entries);
        match entries.get_mut(name) {
            Some(place) => *place = entry.clone(),
            None => drop(entries.insert(Arc::from(name), entry.clone())),
        }
        Effect { outcome, entry }
    }

    /// Looks for leases that have ended, among the VIPs that are `present` in the estate, and returns what changed
    /// by that. [`Lease`] has the rule. To be called when [`Board::next_lapse`] has come and after reports.
    pub fn lapse(&mut self, now: u64, present: impl Fn(&str) -> bool) -> Vec<Lapse> {
        let changes = lease::judge(self.entries.iter().filter(|(name, _)| present(name)), now);
        if !changes.is_empty() {
            let entries = Arc::make_mut(&mut self.entries);
            for change in &changes {
                if let Some(entry) = entries.get_mut(&change.name) {
                    *entry = change.entry.clone();
                }
            }
        }
        changes
    }

    /// When the next lease ends, in seconds of the Unix epoch, if one is running among those `present`.
    pub fn next_lapse(&self, now: u64, present: impl Fn(&str) -> bool) -> Option<u64> {
        let running = self
            .entries
            .iter()
            .filter(|(name, e)| e.silence == Silence::Heard && present(name));
        running.filter_map(|(_, e)| Some(e.lease?.end(now))).min()
    }

    /// How many VIPs are held at their last reported state because the feed fell silent. Above 0 is an alarm.
    pub fn held(&self) -> usize {
        self.entries
            .values()
            .filter(|entry| entry.silence == Silence::Held)
            .count()
    }

    /// Forgets what was ever said of this VIP, so that it counts as never spoken of, and a sender whose epochs went
    /// astray can begin again. Whether there was anything to forget.
    pub fn forget(&mut self, name: &str) -> bool {
        self.entries.contains_key(name) && Arc::make_mut(&mut self.entries).remove(name).is_some()
    }

    /// Entries of VIPs that left the estate stay for their return, but only the [`limits::ABSENT`] that reported last.
    /// Returns the names of the others, which are gone.
    pub fn trim(&mut self, present: impl Fn(&str) -> bool) -> Vec<Arc<str>> {
        let absent = self.entries.iter().filter(|(name, _)| !present(name));
        let mut absent: Vec<(u64, Arc<str>)> =
            absent.map(|(name, e)| (e.at, name.clone())).collect();
        absent.sort_unstable();
        let beyond = absent.len().saturating_sub(limits::ABSENT);
        absent.truncate(beyond);
        let names: Vec<Arc<str>> = absent.into_iter().map(|(_, name)| name).collect();
        if !names.is_empty() {
            let entries = Arc::make_mut(&mut self.entries);
            names.iter().for_each(|name| drop(entries.remove(name)));
        }
        names
    }
}
