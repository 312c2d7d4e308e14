//! Outcomes: what a node of the policy has to say, and how outcomes are put together.

use crate::config::estate::{SiteId, Target, VipId};

/// One million: shares and qualities are parts of it.
pub(super) const MILLION: u64 = 1_000_000;
/// A member's number counts in units of 2²⁰, so that its VIPs' parts of it stay exact enough beside 1 000 000 of weight.
const UNIT: u128 = 1 << 20;

/// No mass is beyond: a last resort may come from another alternative than the full weight beside it.
const HEAVIEST: u128 = 1 << 62;

/// A VIP that may be answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Candidate {
    /// Which.
    pub vip: VipId,
    /// Its share beside the others.
    pub mass: u64,
    /// What an answer never mixes: members of a table, then sites. See [`Outcome::up`].
    pub group: Vec<u16>,
}

/// What a node has to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// VIPs that are up, in the order of their nodes. An answer holds VIPs of one group only.
    pub up: Vec<Candidate>,
    /// VIPs of weight 0 that are up: the last resort.
    pub reserve: Vec<Candidate>,
    /// VIPs that are to be left: only when nothing else is up.
    pub drained: Vec<Candidate>,
    /// What `up` would weigh if all were well.
    pub full: u64,
    /// Whether too little of it is left.
    pub failed: bool,
    /// All VIPs whose verdict was looked at: a change in one of them can change this.
    pub looked: Vec<VipId>,
    /// What was tried, for `explain`.
    pub trail: Vec<Tried>,
}

/// A step that was tried, for `explain`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// Pools within pools.
    pub depth: usize,
    /// What it was.
    pub what: What,
    /// What was up of it, in thousandths.
    pub up: u32,
    /// Whether it had failed.
    pub failed: bool,
}

/// What was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Of a rule's entry.
    Preferred(Target),
    /// A member.
    Member(Target),
    /// Sites at one distance, or all that are far.
    Sites(Vec<SiteId>),
    /// All members at once.
    All,
}

fn total(candidates: &[Candidate]) -> u128 {
    candidates.iter().map(|c| u128::from(c.mass)).sum()
}

pub(super) fn failed(outcome: &Outcome, min_up: u32) -> bool {
    let up = total(&outcome.up);
    up == 0 || up * u128::from(MILLION) < u128::from(min_up) * u128::from(outcome.full)
}

/// Members side by side, each with a number for itself as a whole: what is down of a member takes its part of the number
/// along, so the others of the estate keep their masses, and with them their sticky clients.
pub(super) fn share(members: Vec<(u64, Outcome)>, min_up: u32) -> Outcome {
    let mut out = Outcome::default();
    let whole = members.iter().any(|(n, m)| *n > 0 && !m.failed);
    for (at, (n, member)) in members.into_iter().enumerate() {
        let scaled = |list: Vec<Candidate>| {
            let n = u128::from(n.max(1));
            let full = u128::from(member.full);
            list.into_iter().map(move |c| {
                let part = (n * UNIT * u128::from(c.mass))
                    .checked_div(full)
                    .unwrap_or(n * UNIT);
                let group = std::iter::once(at as u16).chain(c.group).collect();
                Candidate {
                    vip: c.vip,
                    mass: part.clamp(1, HEAVIEST) as u64,
                    group,
                }
            })
        };
        if n == 0 {
            out.reserve.extend(scaled(member.up));
        } else {
            out.full += n << 20;
            if !whole || !member.failed {
                out.up.extend(scaled(member.up));
            }
        }
        out.reserve.extend(scaled(member.reserve));
        out.drained.extend(scaled(member.drained));
        look(&mut out.looked, &member.looked);
        out.trail.extend(member.trail);
    }
    out.failed = failed(&out, min_up);
    out
}

fn look(looked: &mut Vec<VipId>, more: &[VipId]) {
    looked.extend_from_slice(more);
    looked.sort_unstable();
    looked.dedup();
}

impl Tried {
    pub(super) fn of(depth: usize, what: What, outcome: &Outcome) -> Tried {
        let up = total(&outcome.up) * 1_000 / u128::from(outcome.full.max(1));
        Tried {
            depth,
            what,
            up: u32::try_from(up).unwrap_or(1_000),
            failed: outcome.failed,
        }
    }
}

/// Alternatives in their order: the first that has not failed, else the first with any VIP up.
pub(super) struct Ladder {
    depth: usize,
    tried: Vec<Outcome>,
    looked: Vec<VipId>,
    trail: Vec<Tried>,
}

impl Ladder {
    pub(super) fn new(depth: usize) -> Ladder {
        Ladder {
            depth,
            tried: Vec::new(),
            looked: Vec::new(),
            trail: Vec::new(),
        }
    }

    /// Whether one was found that has not failed; the rest is then not looked at.
    pub(super) fn settled(&self) -> bool {
        self.tried.last().is_some_and(|o| !o.failed)
    }

    pub(super) fn push(&mut self, what: What, mut outcome: Outcome) {
        self.trail.push(Tried::of(self.depth, what, &outcome));
        self.trail.append(&mut outcome.trail);
        look(&mut self.looked, &outcome.looked);
        self.tried.push(outcome);
    }

    pub(super) fn done(mut self) -> Outcome {
        let mut out = Outcome {
            failed: !self.settled(),
            ..Outcome::default()
        };
        if out.failed {
            let first = |pick: fn(&mut Outcome) -> &mut Vec<Candidate>,
                         tried: &mut Vec<Outcome>| {
                let found = tried.iter_mut().map(pick).find(|list| !list.is_empty());
                found.map(std::mem::take).unwrap_or_default()
            };
            out.full = self
                .tried
                .iter()
                .find(|o| !o.up.is_empty())
                .map_or(0, |o| o.full);
            out.up = first(|o| &mut o.up, &mut self.tried);
            out.reserve = first(|o| &mut o.reserve, &mut self.tried);
            out.drained = first(|o| &mut o.drained, &mut self.tried);
        } else if let Some(chosen) = self.tried.pop() {
            out.full = chosen.full;
            out.up = chosen.up;
        }
        out.looked = self.looked;
        out.trail = self.trail;
        out
    }
}
