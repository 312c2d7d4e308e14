//! What operators order of VIPs and sites: it wins over all that is reported, has an author, a reason and mostly an end.
//!
//! | order | observed up, unknown | degraded | drain | down |
//! |---|---|---|---|---|
//! | `up` | up | up | up | up |
//! | `down` | down | down | down | down |
//! | `drain` | drain | drain | drain | down: nobody says that it is alive |
//! | `drain` over a time | three quarters, a half, a quarter of the quality, then drain | the same of its quality | drain | down |
//! | `hold` | as it was in force when the order was given, whatever comes ||||
//!
//! The order for a VIP wins over that for its site. What is observed goes on beside, and is in force again when the order
//! ends, by itself or by hand.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::health::verdict::{Both, Family, State};
use crate::limits;

#[cfg(test)]
mod tests;

/// Of what something is ordered.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// One VIP, by name.
    Vip(Arc<str>),
    /// All VIPs of a site that have no order of their own, by the name of the site.
    Site(Arc<str>),
}

impl Subject {
    /// `vip` or `site`.
    pub fn kind(&self) -> &'static str {
        match self {
            Subject::Vip(_) => "vip",
            Subject::Site(_) => "site",
        }
    }

    /// What it is called.
    pub fn name(&self) -> &Arc<str> {
        match self {
            Subject::Vip(name) | Subject::Site(name) => name,
        }
    }

    /// The subject of this kind and name.
    pub fn of(kind: &str, name: &str) -> Option<Subject> {
        match kind {
            "vip" => Some(Subject::Vip(Arc::from(name))),
            "site" => Some(Subject::Site(Arc::from(name))),
            _ => None,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.name())
    }
}

/// What is ordered. To order nothing (`auto`) is to have no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Want {
    /// It counts as up whatever is reported.
    Up,
    /// It counts as down.
    Down,
    /// It is left by new clients.
    Drain,
    /// What is in force stays.
    Hold,
}

impl Want {
    /// All of them.
    pub const ALL: [Want; 4] = [Want::Up, Want::Down, Want::Drain, Want::Hold];

    /// As bodies and replies write it.
    pub fn word(self) -> &'static str {
        match self {
            Want::Up => "up",
            Want::Down => "down",
            Want::Drain => "drain",
            Want::Hold => "hold",
        }
    }

    /// What a word means.
    pub fn of(word: &str) -> Option<Want> {
        Want::ALL.into_iter().find(|want| want.word() == word)
    }

    /// Whether it takes clients away, so that caches are to forget the VIP some day.
    pub fn empties(self) -> bool {
        matches!(self, Want::Down | Want::Drain)
    }
}

/// Whether the brake has a say in an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Press {
    /// It has: an order that would take too much is refused.
    #[default]
    Heed,
    /// It has not: who orders answers for it.
    Force,
}

/// An order as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// What is ordered.
    pub want: Want,
    /// For a drain, in how many seconds it comes about, in [`limits::DRAIN_STEPS`] steps of one length; at once if 0.
    pub over: u64,
    /// The name of the token.
    pub who: Arc<str>,
    /// In that one's words.
    pub why: Arc<str>,
    /// When, in seconds of the Unix epoch.
    pub at: u64,
    /// From which second on it is none any more.
    pub until: Option<u64>,
    /// Whether the brake has a say.
    pub press: Press,
    /// For a hold, what was in force for each VIP. One that is not among them goes by what is observed.
    pub held: BTreeMap<Arc<str>, Both>,
}

impl Order {
    /// Whether its end has come.
    pub fn ended(&self, now: u64) -> bool {
        self.until.is_some_and(|until| until <= now)
    }

    /// In words, for those who find it so.
    pub fn words(&self, subject: &Subject) -> String {
        let (who, want, why) = (&self.who, self.want.word(), &self.why);
        format!("{who} ordered `{want}` for {subject}: {why}")
    }

    /// Which of the steps of a staged drain it has come to, from 0; the last one if it has none.
    pub fn step(&self, now: u64) -> u64 {
        let last = limits::DRAIN_STEPS - 1;
        if self.over == 0 {
            return last;
        }
        // A clock that went back: it has just begun.
        let passed = now.saturating_sub(self.at);
        let steps = passed.saturating_mul(limits::DRAIN_STEPS) / self.over;
        steps.min(last)
    }

    /// When a step begins: the first second in which [`Order::step`] says so.
    fn begin(&self, step: u64) -> u64 {
        if self.over == 0 {
            return self.at;
        }
        let part = self.over.saturating_mul(step);
        self.at.saturating_add(part.div_ceil(limits::DRAIN_STEPS))
    }

    /// When it next says something else by itself: its next step, or its end.
    fn next(&self, now: u64) -> Option<u64> {
        let step = self.step(now) + 1;
        let step = (step < limits::DRAIN_STEPS).then(|| self.begin(step));
        step.into_iter()
            .chain(self.until)
            .filter(|at| *at > now)
            .min()
    }

    /// The state in force of a VIP that is observed to be in `observed`.
    fn state(&self, vip: &str, family: Family, observed: State, now: u64) -> State {
        match (self.want, observed) {
            (Want::Up, _) => State::Up,
            (Want::Down, _) => State::Down,
            // To take clients away says nothing of whether it is alive.
            (Want::Drain, State::Down | State::Drain) => observed,
            (Want::Drain, State::Unknown | State::Up) => self.stage(1_000_000, now),
            (Want::Drain, State::Degraded(quality)) => self.stage(quality, now),
            (Want::Hold, _) => match self.held.get(vip) {
                Some(held) => held.of(family).state,
                None => observed,
            },
        }
    }

    fn stage(&self, quality: u32, now: u64) -> State {
        let left = limits::DRAIN_STEPS - 1 - self.step(now);
        let part = u64::from(quality) * left / limits::DRAIN_STEPS;
        match u32::try_from(part) {
            Ok(0) | Err(_) => State::Drain,
            Ok(part) => State::Degraded(part),
        }
    }

    /// The verdicts at `now` after those of `before`; what differs from them does so since `from`.
    fn verdict(&self, vip: &str, before: Both, observed: Both, (from, now): (u64, u64)) -> Both {
        let mut both = before;
        for family in Family::ALL {
            let state = self.state(vip, family, observed.of(family).state, now);
            let verdict = both.of_mut(family);
            *verdict = verdict.becoming(state, from);
            // Each step is a change of its own, whatever the word.
            if self.over > 0 && matches!(state, State::Degraded(_)) {
                verdict.since = verdict.since.max(self.begin(self.step(now)));
            }
        }
        both
    }
}

/// All orders, and what they make of the VIPs that they concern. A copy is two counters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Orders {
    standing: Arc<BTreeMap<Subject, Order>>,
    /// What is in force for each VIP with an order, and for those that had one until what is observed changes: the end
    /// of an order is a change, and the verdict must tell when it was.
    ruled: Arc<BTreeMap<Arc<str>, Both>>,
}

impl Orders {
    /// Those of the last run.
    pub fn resume(orders: impl IntoIterator<Item = (Subject, Order)>) -> Orders {
        Orders {
            standing: Arc::new(orders.into_iter().collect()),
            ruled: Arc::default(),
        }
    }

    /// All of them, VIPs first, by name. Some may be of names that the estate does not have (any more).
    pub fn iter(&self) -> impl Iterator<Item = (&Subject, &Order)> {
        self.standing.iter()
    }

    /// The order for just this subject.
    pub fn get(&self, subject: &Subject) -> Option<&Order> {
        self.standing.get(subject)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.standing.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.standing.is_empty()
    }

    /// Puts an order into the place of the one before.
    pub fn place(&mut self, subject: Subject, order: Order) {
        Arc::make_mut(&mut self.standing).insert(subject, order);
    }

    /// Takes an order away; it, if there was one.
    pub fn lift(&mut self, subject: &Subject) -> Option<Order> {
        if !self.standing.contains_key(subject) {
            return None;
        }
        Arc::make_mut(&mut self.standing).remove(subject)
    }

    /// Takes away those whose end has come, and gives them back.
    pub fn expire(&mut self, now: u64) -> Vec<(Subject, Order)> {
        let ended = self.standing.iter().filter(|(_, order)| order.ended(now));
        let ended: Vec<Subject> = ended.map(|(subject, _)| subject.clone()).collect();
        let gone = ended.into_iter().filter_map(|subject| {
            let order = self.lift(&subject)?;
            Some((subject, order))
        });
        gone.collect()
    }

    /// When one of them next says something else by itself.
    pub fn next(&self, now: u64) -> Option<u64> {
        let nexts = self.standing.values().filter_map(|order| order.next(now));
        nexts.min()
    }

    /// The order that a VIP at this site goes by: its own, else that of the site.
    pub fn over(&self, vip: &str, site: Option<&str>, now: u64) -> Option<(&Subject, &Order)> {
        if self.standing.is_empty() {
            return None;
        }
        let of = |subject: Subject| {
            let found = self.standing.get_key_value(&subject);
            found.filter(|(_, order)| !order.ended(now))
        };
        let own = of(Subject::Vip(Arc::from(vip)));
        own.or_else(|| of(Subject::Site(Arc::from(site?))))
    }

    /// Puts the orders in force at `now`, over the VIPs of the estate with their sites and what is observed of each.
    /// [`Orders::verdict`] has what came of it.
    pub fn rule<'a>(
        &mut self,
        vips: impl Iterator<Item = (&'a str, Option<&'a str>)>,
        observed: impl Fn(&str) -> Both,
        now: u64,
    ) {
        if self.standing.is_empty() && self.ruled.is_empty() {
            return;
        }
        let mut ruled = BTreeMap::new();
        for (vip, site) in vips {
            let known = self.ruled.get_key_value(vip);
            let order = self.over(vip, site, now);
            if known.is_none() && order.is_none() {
                continue;
            }
            let observed = observed(vip);
            let before = known.map_or(observed, |(_, both)| *both);
            let both = match order {
                // After a restart, since it was ordered and not since the process began.
                Some((_, order)) if known.is_none() => {
                    let from = order.begin(order.step(now)).min(now);
                    order.verdict(vip, before, observed, (from, now))
                }
                Some((_, order)) => order.verdict(vip, before, observed, (now, now)),
                None => freed(before, observed, now),
            };
            // What is observed says the same again, with its own times: nothing is to be remembered any more.
            if order.is_some() || both != observed {
                let name = known.map_or_else(|| Arc::from(vip), |(name, _)| name.clone());
                ruled.insert(name, both);
            }
        }
        if *self.ruled != ruled {
            self.ruled = Arc::new(ruled);
        }
    }

    /// What is in force for a VIP: what is observed, unless something is ordered, or was.
    pub fn verdict(&self, vip: &str, observed: Both) -> Both {
        self.ruled.get(vip).copied().unwrap_or(observed)
    }
}

/// What is in force of a VIP that has no order any more: what is observed, since the order ended or since it changed.
fn freed(before: Both, observed: Both, now: u64) -> Both {
    let mut both = observed;
    for family in Family::ALL {
        let (before, verdict) = (before.of(family), both.of_mut(family));
        let kept = before.becoming(verdict.state, now);
        verdict.since = verdict.since.max(kept.since);
    }
    both
}
