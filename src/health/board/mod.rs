//! What observers say of VIPs, and what is in force by that: votes, leases, and the order of reports.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::health::load::Carried;
use crate::health::report::Report;
use crate::health::verdict::{Both, Family};
use crate::limits;

mod entry;
mod lease;
#[cfg(test)]
mod tests;
mod vote;

pub use crate::health::verdict::{State, Verdict};
pub use entry::{Entry, Observation, Target};
pub use lease::{Lapse, Lease, Silence};
pub use vote::{Group, Groups, Opinion, PROBE, disagree, overruled};

/// The place of a report among all reports of its observer: those of a later start come after all of an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Order {
    /// Which start of the observer.
    pub epoch: u64,
    /// Which report since then.
    pub seq: u64,
}

/// What a report did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It counts, and what is in force is another.
    Changed,
    /// It counts, and what is in force stays; the lease begins anew.
    Renewed,
    /// It is not above the last one of its observer that counted: out of order, or sent again. Nothing has changed.
    Old,
    /// As many observers speak of this VIP as there is room for. Nothing has changed; see [`Board::room`].
    Full,
}

/// The answer to a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// What it did.
    pub outcome: Outcome,
    /// Of which families it spoke.
    pub family: Option<Family>,
    /// What stands now. After [`Outcome::Old`] this shows the report that was later.
    pub entry: Entry,
    /// Why what the observer says is not in force as it says it, in words for it.
    pub held_back: Option<String>,
    /// Whether what must outlive a restart is another: a renewal is no such change.
    pub lasting: bool,
}

impl Effect {
    /// What is in force for that of which the report spoke: the better one, if it spoke of both families.
    pub fn in_force(&self) -> Verdict {
        let both = self.entry.verdicts();
        self.family.map_or(both.best(), |family| both.of(family))
    }

    /// What stands of this observer.
    pub fn stands(&self, who: &str) -> Option<&Observation> {
        let mut families = families(self.family).iter();
        families.find_map(|family| self.entry.of(*family).of(who))
    }
}

fn families(of: Option<Family>) -> &'static [Family] {
    match of {
        None => &[Family::V4, Family::V6],
        Some(Family::V4) => &[Family::V4],
        Some(Family::V6) => &[Family::V6],
    }
}

/// All that was ever reported. A copy is a few counters; the first change of a copy copies the map.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Board {
    entries: Arc<BTreeMap<Arc<str>, Entry>>,
    groups: Groups,
}

impl Board {
    /// The board of the last run, under the groups of this one. Every lease that had not been found ended begins anew at
    /// `now`: while we were away nobody could renew it.
    pub fn resume(
        entries: impl IntoIterator<Item = (Arc<str>, Entry)>,
        groups: Groups,
        now: u64,
    ) -> Board {
        let mut map: BTreeMap<Arc<str>, Entry> = entries.into_iter().collect();
        for entry in map.values_mut() {
            for family in Family::ALL {
                let target = entry.of_mut(family);
                let running = target.observations.iter_mut().filter(|one| !one.ended);
                for lease in running.filter_map(|one| one.lease.as_mut()) {
                    *lease = Lease::from(now, lease.length);
                }
                target.grace = target.grace.map(|grace| Lease::from(now, grace.length));
                // Other groups than before, and another vote.
                if target.voices().next().is_some() {
                    target.count(&groups, now);
                }
            }
        }
        Board {
            entries: Arc::new(map),
            groups,
        }
    }

    /// What is in force for this VIP.
    pub fn verdict(&self, name: &str) -> Both {
        self.entry(name).map_or(Both::UNKNOWN, Entry::verdicts)
    }

    /// Who votes with whom.
    pub fn groups(&self) -> &Groups {
        &self.groups
    }

    /// What is known of this VIP, if anyone has ever spoken of it.
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.get(name)
    }

    /// Everything known, by name. Names that the estate does not have (any more) are among them.
    pub fn entries(&self) -> impl Iterator<Item = (&Arc<str>, &Entry)> {
        self.entries.iter()
    }

    /// Whether a report of `who` finds room: at most [`limits::OBSERVERS`] speak of one VIP, and whose lease ended makes
    /// room for another.
    pub fn room(&self, name: &str, who: &str, family: Option<Family>) -> bool {
        let entry = self.entry(name);
        entry.is_none_or(|e| families(family).iter().all(|f| e.of(*f).room(who)))
    }

    /// Takes a report from `who`, unless it is not above the last one of that observer that counted. Whether the estate
    /// has such a VIP is for the caller to know.
    pub fn apply(&mut self, name: &str, report: &Report, who: &Arc<str>, now: u64) -> Effect {
        let before = self.entries.get(name);
        let mut entry = before.cloned().unwrap_or_default();
        let families = families(report.family);
        let take = |family: &Family| entry.of_mut(*family).take(report, who, &self.groups, now);
        let outcomes: Vec<Outcome> = families.iter().map(take).collect();
        let outcome = [Outcome::Changed, Outcome::Renewed, Outcome::Full]
            .into_iter()
            .find(|outcome| outcomes.contains(outcome))
            .unwrap_or(Outcome::Old);
        let taken = matches!(outcome, Outcome::Changed | Outcome::Renewed);
        if let Some(load) = report.load.as_ref().filter(|_| taken) {
            let last = entry.carried.as_ref();
            entry.carried = Some(Carried::after(last, load, report.valid_for, now));
        }
        let effect = Effect {
            outcome,
            family: report.family,
            held_back: vote::held_back(&self.groups, &entry, who, families),
            lasting: taken && !before.is_some_and(|before| before.lasts_as(&entry)),
            entry,
        };
        if taken {
            let entries = Arc::make_mut(&mut self.entries);
            match entries.get_mut(name) {
                Some(place) => *place = effect.entry.clone(),
                None => drop(entries.insert(Arc::from(name), effect.entry.clone())),
            }
        }
        effect
    }

    /// Looks for leases that have ended, among the VIPs that are `present` in the estate, and returns what changed
    /// by that. [`Lease`] has the rule. To be called when [`Board::next_lapse`] has come and after reports.
    pub fn lapse(&mut self, now: u64, present: impl Fn(&str) -> bool) -> Vec<Lapse> {
        let entries = self.entries.iter().filter(|(name, _)| present(name));
        let changes = lease::judge(entries, &self.groups, now);
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
        let entries = self.entries.iter().filter(|(name, _)| present(name));
        let targets = entries.flat_map(|(_, entry)| [&entry.v4, &entry.v6]);
        let next = |target: &Target| {
            let spared = target.silence == Silence::Spared;
            let grace = target.grace.filter(|_| spared).into_iter();
            let running = target.voices().filter_map(|one| one.lease);
            running.chain(grace).map(|lease| lease.end(now)).min()
        };
        targets.filter_map(next).min()
    }

    /// How many VIPs are held at what was last said because the feed fell silent. Above 0 is an alarm.
    pub fn held(&self) -> usize {
        let held = |target: &Target| target.silence == Silence::Held;
        let entries = self.entries.values();
        entries.filter(|e| held(&e.v4) || held(&e.v6)).count()
    }

    /// Forgets what `who` said of this VIP, or of one family of its addresses, as if it had never spoken. Whether there
    /// was anything.
    pub fn withdraw(&mut self, name: &str, family: Option<Family>, who: &str, now: u64) -> bool {
        let Some(mut entry) = self.entry(name).cloned() else {
            return false;
        };
        let mut taken = false;
        for family in families(family) {
            taken |= entry.of_mut(*family).withdraw(who, &self.groups, now);
        }
        if taken {
            Arc::make_mut(&mut self.entries).insert(Arc::from(name), entry);
        }
        taken
    }

    /// Takes away the voice of all observers that are not `known` any more: nobody could ever renew or correct what they
    /// said, and without a lease it would stand for ever. Their names, and of how many VIPs each spoke.
    pub fn dismiss(&mut self, known: impl Fn(&str) -> bool, now: u64) -> BTreeMap<Arc<str>, usize> {
        let said = self.entries.iter().flat_map(|(name, entry)| {
            let strange = entry.all().filter(|one| !known(&one.who));
            strange.map(|one| (name.clone(), one.who.clone()))
        });
        let said: BTreeSet<(Arc<str>, Arc<str>)> = said.collect();
        let mut gone = BTreeMap::new();
        for (name, who) in said {
            self.withdraw(&name, None, &who, now);
            *gone.entry(who).or_insert(0) += 1;
        }
        gone
    }

    /// Entries of VIPs that left the estate stay for their return, but only the [`limits::ABSENT`] that reported last.
    /// Returns the names of the others, which are gone.
    pub fn trim(&mut self, present: impl Fn(&str) -> bool) -> Vec<Arc<str>> {
        let absent = self.entries.iter().filter(|(name, _)| !present(name));
        let mut absent: Vec<(u64, Arc<str>)> = absent
            .map(|(name, e)| (e.latest().map_or(0, |one| one.at), name.clone()))
            .collect();
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
