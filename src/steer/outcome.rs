//! Outcomes: what a node of the policy has to say, and how outcomes are put together.

use crate::config::estate::{SiteId, Target, VipId};
use crate::steer::motion::WHOLE;

/// One million: shares and qualities are parts of it.
pub(super) const MILLION: u64 = 1_000_000;
/// A member's number counts in units of 2²⁰, so that its VIPs' parts of it stay exact enough beside 1 000 000 of weight.
const UNIT: u128 = 1 << 20;

/// What moves has at least this part of its mass: so small that hardly a client comes, and enough for parts of it to stay
/// as they are beside each other where nothing else is up.
pub(super) const LEAST: u64 = 1_024;

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
    /// What of that is there, whatever moves: `min_up` goes by it, so a VIP that begins to come back is no failure.
    pub well: u64,
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
    /// Whether it was passed over all the same.
    pub aside: Aside,
}

/// Why an alternative that has not failed does not get all clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aside {
    /// It does.
    No,
    /// It failed and is kept out until it may return.
    Held,
    /// So many parts of a million of its clients go on to the next.
    Shed(u32),
}

impl Aside {
    pub(super) fn shed(parts: u32) -> Aside {
        match parts {
            0 => Aside::No,
            _ => Aside::Shed(parts),
        }
    }
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
    let well = u128::from(outcome.well);
    well == 0 || well * u128::from(MILLION) < u128::from(min_up) * u128::from(outcome.full)
}

/// One of several side by side.
pub(super) struct Part {
    /// What it counts as a whole.
    pub(super) number: u64,
    /// Parts of a million of that while it moves.
    pub(super) factor: u32,
    pub(super) outcome: Outcome,
}

impl Part {
    pub(super) fn whole(number: u64, outcome: Outcome) -> Part {
        Part {
            number,
            factor: WHOLE,
            outcome,
        }
    }
}

/// Members side by side, each with a number for itself as a whole: what is down of a member takes its part of the number
/// along, so the others of the estate keep their masses, and with them their sticky clients.
pub(super) fn share(members: Vec<Part>, min_up: u32) -> Outcome {
    let mut out = Outcome::default();
    let whole = members.iter().any(|p| p.number > 0 && !p.outcome.failed);
    for (at, part) in members.into_iter().enumerate() {
        let (n, member) = (part.number, part.outcome);
        let unit = u128::from(n.max(1)) * UNIT;
        let moved = unit * u128::from(part.factor) / u128::from(WHOLE);
        let moved = moved.max(unit / u128::from(LEAST));
        let full = u128::from(member.full);
        let scaled = |list: Vec<Candidate>, unit: u128| {
            list.into_iter().map(move |c| {
                let part = (unit * u128::from(c.mass))
                    .checked_div(full)
                    .unwrap_or(unit);
                let group = std::iter::once(at as u16).chain(c.group).collect();
                Candidate {
                    vip: c.vip,
                    mass: part.clamp(1, HEAVIEST) as u64,
                    group,
                }
            })
        };
        if n == 0 {
            out.reserve.extend(scaled(member.up, unit));
        } else {
            out.full += n << 20;
            if !whole || !member.failed {
                let well = (unit * u128::from(member.well)).checked_div(full);
                let well = if member.well > 0 {
                    well.unwrap_or(unit).max(1)
                } else {
                    0
                };
                out.well += well.min(HEAVIEST) as u64;
                out.up.extend(scaled(member.up, moved));
            }
        }
        out.reserve.extend(scaled(member.reserve, unit));
        out.drained.extend(scaled(member.drained, unit));
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
        let up = u128::from(outcome.well) * 1_000 / u128::from(outcome.full.max(1));
        Tried {
            depth,
            what,
            up: u32::try_from(up).unwrap_or(1_000),
            failed: outcome.failed,
            aside: Aside::No,
        }
    }
}

/// `shed` parts of a million of what `one` would get go on to `next`, and just so many. What is down of either takes its
/// part along for those above, as it did before anything was shed.
fn split(one: Outcome, shed: u32, next: Outcome) -> Outcome {
    let mut out = Outcome::default();
    let (mut up, mut well) = (0u128, 0u128);
    for (at, n, part) in [(0, WHOLE - shed, one), (1, shed, next)] {
        let n = u128::from(n);
        let (sum, full) = (total(&part.up).max(1), u128::from(part.full.max(1)));
        up += n * sum / full;
        well += n * u128::from(part.well) / full;
        let some = part.up.into_iter().filter(|_| n > 0);
        out.up.extend(some.map(|c| Candidate {
            vip: c.vip,
            mass: (n * UNIT * u128::from(c.mass) / sum).clamp(1, HEAVIEST) as u64,
            group: std::iter::once(at).chain(c.group).collect(),
        }));
    }
    let million = u128::from(MILLION);
    let full = (million * UNIT * million / up.max(1)).max(1);
    out.full = full as u64;
    out.well = (full * well / million).clamp(1, HEAVIEST) as u64;
    out
}

/// Alternatives in their order: the first that has not failed and what it sheds to those after it, else the first that is
/// only kept out, else the first with any VIP up.
pub(super) struct Ladder {
    depth: usize,
    /// Those that have failed or are kept out.
    tried: Vec<Outcome>,
    /// Which of them is the first that is only kept out.
    held: Option<usize>,
    /// Those that have not failed, with what they shed: all but the last some.
    standing: Vec<(Outcome, u32)>,
    looked: Vec<VipId>,
    trail: Vec<Tried>,
}

impl Ladder {
    pub(super) fn new(depth: usize) -> Ladder {
        Ladder {
            depth,
            tried: Vec::new(),
            held: None,
            standing: Vec::new(),
            looked: Vec::new(),
            trail: Vec::new(),
        }
    }

    /// Whether one was found that takes all that come to it; the rest is then not looked at.
    pub(super) fn settled(&self) -> bool {
        self.standing.last().is_some_and(|(_, shed)| *shed == 0)
    }

    pub(super) fn push(&mut self, what: What, mut outcome: Outcome, aside: Aside) {
        let mut tried = Tried::of(self.depth, what, &outcome);
        tried.aside = aside;
        self.trail.push(tried);
        self.trail.append(&mut outcome.trail);
        look(&mut self.looked, &outcome.looked);
        match aside {
            _ if outcome.failed => self.tried.push(outcome),
            Aside::Held => {
                self.held.get_or_insert(self.tried.len());
                self.tried.push(outcome);
            }
            Aside::No => self.standing.push((outcome, 0)),
            Aside::Shed(parts) => self.standing.push((outcome, parts)),
        }
    }

    pub(super) fn done(mut self) -> Outcome {
        if let (Some(at), true) = (self.held, self.standing.is_empty()) {
            self.standing.push((self.tried.swap_remove(at), 0));
        }
        let mut out = Outcome::default();
        if let Some((mut chosen, _)) = self.standing.pop() {
            while let Some((one, shed)) = self.standing.pop() {
                chosen = split(one, shed, chosen);
            }
            (out.up, out.full, out.well) = (chosen.up, chosen.full, chosen.well);
        } else {
            let first = |pick: fn(&mut Outcome) -> &mut Vec<Candidate>,
                         tried: &mut Vec<Outcome>| {
                let found = tried.iter_mut().map(pick).find(|list| !list.is_empty());
                found.map(std::mem::take).unwrap_or_default()
            };
            out.failed = true;
            let some = self.tried.iter().find(|o| !o.up.is_empty());
            (out.full, out.well) = some.map_or((0, 0), |o| (o.full, o.well));
            out.up = first(|o| &mut o.up, &mut self.tried);
            out.reserve = first(|o| &mut o.reserve, &mut self.tried);
            out.drained = first(|o| &mut o.drained, &mut self.tried);
        }
        out.looked = self.looked;
        out.trail = self.trail;
        out
    }
}
