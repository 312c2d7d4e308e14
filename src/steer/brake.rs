//! The brake: how much of an estate may be lost at once, whoever says that it is lost.
//!
//! A VIP is *lost* when it is drained or down in both families. It is a *loss* while that began less than the window ago.
//! What is lost as one is a *ground*: a site, when all of its VIPs are, or a VIP that stands at none. A VIP that is wanted
//! lost is either lost or *held*: then the verdict stays in force that was before. The rule, over the grounds in the order
//! of their names; VIPs with which their ground would be lost whole are judged together, others one by one, by name:
//!
//! 1. What would leave fewer than `min_sites` grounds, or less than `min_capacity`, is held.
//! 2. Else the first ground goes: the only one that has any loss, or the only one that is lost whole within the window.
//! 3. What would be more than `sites` grounds lost whole within the window, or a loss of more than `share`, is held.
//! 4. All else is lost from now on.
//!
//! It is judged anew at each step, so what is held goes when the window allows. What is well is never held, and what an
//! operator forces always goes; both count for the others.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::estate::{Bounds, Steering, VipId};
use crate::health::verdict::{Both, State, Verdict, Verdicts};

mod round;
#[cfg(test)]
mod tests;

use round::Round;

const MILLION: u32 = 1_000_000;

/// Which bound holds a VIP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// As many sites as may be were lost within the window.
    Sites,
    /// With it more of all capacity than may be would be lost within the window.
    Share,
    /// Too few sites would be left.
    MinSites,
    /// Too little capacity would be left.
    MinCapacity,
}

impl Why {
    /// In words for whoever reported it.
    pub fn words(self, bounds: &Bounds) -> String {
        let window = bounds.window;
        let percent = |parts: u32| {
            let text = format!("{}.{:04}", parts / 10_000, parts % 10_000);
            let text = text.trim_end_matches('0');
            text.trim_end_matches('.').to_owned()
        };
        let sites = |count: u16| match count {
            1 => "1 site".to_owned(),
            many => format!("{many} sites"),
        };
        match self {
            Why::Sites => format!(
                "the brake holds it: {} may be lost within {window} s, and so many are",
                sites(bounds.sites)
            ),
            Why::Share => format!(
                "the brake holds it: with it more than {}% of all capacity would be lost within {window} s",
                percent(bounds.share)
            ),
            Why::MinSites => format!(
                "the brake holds it: fewer than {} would be left",
                sites(bounds.min_sites)
            ),
            Why::MinCapacity => format!(
                "the brake holds it: less than {}% of all capacity would be left",
                percent(bounds.min_capacity)
            ),
        }
    }
}

/// A VIP that is wanted lost and is in force all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// From when on, in seconds of the Unix epoch.
    pub since: u64,
    /// What is in force.
    pub before: Both,
    /// Which bound holds it.
    pub why: Why,
}

/// What is remembered of a VIP that is wanted lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It is lost, from then on, in seconds of the Unix epoch.
    Lost(u64),
    /// It is held.
    Held(Held),
}

/// Whether an estate with bounds has been looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Past {
    /// No: what is lost already was lost without a brake, and is none of its losses.
    #[default]
    None,
    /// In an earlier run: what is wanted lost and has no mark was not looked at before the end.
    Earlier,
    /// In this one.
    Here,
}

/// What is lost within the window, and what is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// VIPs that are held.
    pub held: usize,
    /// VIPs lost within the window.
    pub vips: usize,
    /// Sites lost whole within it, VIPs that stand nowhere among them.
    pub sites: usize,
    /// What was lost within it of all capacity, in parts of a million.
    pub share: u32,
}

/// What the brake remembers, by names, so that it outlives reloads and, with [`Brake::marks`], restarts.
#[derive(Clone, Debug, Default)]
pub struct Brake {
    past: Past,
    marks: BTreeMap<Arc<str>, Mark>,
    /// What was in force at the last step, and of which VIPs.
    last: Option<(Arc<Steering>, Verdicts)>,
    due: Option<u64>,
}

impl Brake {
    /// As an earlier run left it; none: it had no bounds.
    pub fn resume(marks: Option<BTreeMap<Arc<str>, Mark>>) -> Brake {
        let Some(marks) = marks else {
            return Brake::default();
        };
        Brake {
            past: Past::Earlier,
            marks,
            ..Brake::default()
        }
    }

    /// What must be remembered over a restart; none while there are no bounds.
    pub fn marks(&self) -> Option<&BTreeMap<Arc<str>, Mark>> {
        (self.past != Past::None).then_some(&self.marks)
    }

    /// All that is held, by name.
    pub fn held(&self) -> impl Iterator<Item = (&Arc<str>, &Held)> {
        self.marks.iter().filter_map(|(name, mark)| match mark {
            Mark::Held(held) => Some((name, held)),
            Mark::Lost(_) => None,
        })
    }

    /// Why this VIP is not as wanted, if that is so.
    pub fn why(&self, vip: &str) -> Option<Why> {
        match self.marks.get(vip)? {
            Mark::Held(held) => Some(held.why),
            Mark::Lost(_) => None,
        }
    }

    /// What is in force at `now`, when `wanted` is what would be without a brake, one for each VIP of the steering. What is
    /// `forced` is never held.
    pub fn step(
        &mut self,
        steering: &Arc<Steering>,
        wanted: &Verdicts,
        forced: impl Fn(&str) -> bool,
        now: u64,
    ) -> Verdicts {
        let Some(bounds) = steering.brake else {
            *self = Brake::default();
            return wanted.clone();
        };
        let mut marks = BTreeMap::new();
        let mut open = Vec::new();
        for (id, (vip, both)) in (0..)
            .map(VipId)
            .zip(steering.vips.iter().zip(wanted.iter()))
        {
            if !lost(both) {
                continue;
            }
            let (name, mark) = self.seen(&vip.name, both, now);
            let mark = match mark {
                Mark::Held(_) if forced(&vip.name) => Mark::Lost(now),
                mark => mark,
            };
            open.push((id, mark));
            marks.insert(name, mark);
        }
        // Mostly nothing is to be judged, and then the step costs no more than a look at each verdict.
        let held = |(_, mark): &(VipId, Mark)| matches!(mark, Mark::Held(_));
        let judged = match open.iter().any(held) {
            true => Round::of(steering, bounds, &open, now).judge(),
            false => Vec::new(),
        };
        for (id, mark) in judged {
            if let Some(vip) = steering.vips.get(usize::from(id.0)) {
                marks.insert(Arc::from(vip.name.as_str()), mark);
            }
        }
        self.marks = marks;
        self.past = Past::Here;
        self.due = self.end(bounds.window, now);
        let verdicts = self.applied(steering, wanted);
        self.last = Some((steering.clone(), verdicts.clone()));
        verdicts
    }

    /// When it must be looked at again though nothing happens, as of the last step: a loss leaves the window.
    pub fn next(&self) -> Option<u64> {
        self.due
    }

    /// Whether all of these VIPs may be lost at `now`, when `wanted` is what would be in force without a brake: none that
    /// would be held, each with its bound. An operator's act is held against this before it is taken.
    ///
    /// # Errors
    ///
    /// Those that would be held, by name.
    pub fn allows(
        &self,
        steering: &Arc<Steering>,
        wanted: &Verdicts,
        losing: &[&str],
        now: u64,
    ) -> Result<(), Vec<(Arc<str>, Why)>> {
        let gone = Verdict {
            state: State::Down,
            since: now,
        };
        let known = steering.vips.iter().zip(wanted.iter());
        let then = known.map(|(vip, both)| match losing.contains(&vip.name.as_str()) {
            true if !lost(both) => Both::same(gone),
            _ => both,
        });
        let then: Vec<Both> = then.collect();
        let mut tried = self.clone();
        tried.step(steering, &Verdicts::new(&then), |_| false, now);
        let barred: Vec<(Arc<str>, Why)> = (tried.held())
            .filter(|(name, _)| losing.contains(&&***name))
            .map(|(name, held)| (name.clone(), held.why))
            .collect();
        if barred.is_empty() {
            Ok(())
        } else {
            Err(barred)
        }
    }

    /// Lets go of all that is held, against whatever bound; from the next step on it is lost. Their names come back.
    pub fn release(&mut self, now: u64) -> Vec<Arc<str>> {
        let held: Vec<Arc<str>> = self.held().map(|(name, _)| name.clone()).collect();
        for name in &held {
            self.marks.insert(name.clone(), Mark::Lost(now));
        }
        held
    }

    /// What is lost within the window at `now`, and what is held.
    pub fn losses(&self, steering: &Steering, now: u64) -> Losses {
        let Some(bounds) = steering.brake else {
            return Losses::default();
        };
        let known = (0..).map(VipId).zip(&steering.vips);
        let marks = known.filter_map(|(id, vip)| Some((id, *self.marks.get(vip.name.as_str())?)));
        let marks: Vec<(VipId, Mark)> = marks.collect();
        let (vips, sites, share) = Round::of(steering, bounds, &marks, now).lost();
        Losses {
            held: self.held().count(),
            vips,
            sites,
            share,
        }
    }

    /// What is to be judged of a VIP that is wanted lost: a mark that stands, or one that holds it as it was.
    fn seen(&self, name: &str, wanted: Both, now: u64) -> (Arc<str>, Mark) {
        if let Some((name, mark)) = self.marks.get_key_value(name) {
            let mark = match mark {
                // A clock that went back must not make the window longer.
                Mark::Lost(at) => Mark::Lost(now.min(*at)),
                held => *held,
            };
            return (name.clone(), mark);
        }
        let before = match self.past {
            Past::None => None,
            Past::Earlier => Some(Both::UNKNOWN),
            // One that is new in the estate was not in force before, so it is no loss.
            Past::Here => self.before(name),
        };
        let mark = match before {
            Some(before) => Mark::Held(Held {
                since: now,
                before,
                why: Why::Sites,
            }),
            None => Mark::Lost(wanted.v4.since.max(wanted.v6.since).min(now)),
        };
        (Arc::from(name), mark)
    }

    /// What was in force for a VIP at the last step.
    fn before(&self, name: &str) -> Option<Both> {
        let (steering, verdicts) = self.last.as_ref()?;
        Some(verdicts.at(usize::from(steering.vip(name)?.0)))
    }

    fn end(&self, window: u64, now: u64) -> Option<u64> {
        self.held().next()?;
        let ends = self.marks.values().filter_map(|mark| match mark {
            Mark::Lost(at) => Some(at.saturating_add(window)),
            Mark::Held(_) => None,
        });
        ends.filter(|end| *end > now).min()
    }

    /// The verdicts with what is held as it was, and with what was let go later than it was wanted from then on.
    fn applied(&self, steering: &Steering, wanted: &Verdicts) -> Verdicts {
        if self.marks.is_empty() {
            return wanted.clone();
        }
        let late = |verdict: Verdict, at: u64| Verdict {
            since: verdict.since.max(at),
            ..verdict
        };
        let known = steering.vips.iter().zip(wanted.iter());
        let all = known.map(|(vip, both)| match self.marks.get(vip.name.as_str()) {
            Some(Mark::Held(held)) => held.before,
            Some(Mark::Lost(at)) => Both {
                v4: late(both.v4, *at),
                v6: late(both.v6, *at),
            },
            None => both,
        });
        Verdicts::new(&all.collect::<Vec<Both>>())
    }
}

/// Whether a VIP is lost: to be left, or not to be used, by either address.
pub fn lost(both: Both) -> bool {
    let gone = |verdict: Verdict| matches!(verdict.state, State::Drain | State::Down);
    gone(both.v4) && gone(both.v6)
}

/// A part of all in parts of a million; of nothing, nothing.
fn part(some: u64, all: u64) -> u32 {
    let parts = u128::from(some) * u128::from(MILLION) / u128::from(all.max(1));
    u32::try_from(parts).unwrap_or(MILLION)
}
