//! Choices: the points of the draw parted among sets of VIPs, as arcs or as slots.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::config::estate::{Draw, Pool, Steering, VipId};
use crate::digest::Digest;
use crate::steer::draw;
use crate::steer::outcome::Candidate;

mod digest;

/// Points of the draw.
const SPACE: u64 = 1 << 32;

/// The two families of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// A records.
    V4,
    /// AAAA records.
    V6,
}

/// Which VIPs each point gets, for both families.
#[derive(Debug)]
pub struct Choice {
    v4: Wheel,
    v6: Wheel,
    candidates: Vec<Candidate>,
    digest: Digest,
}

/// The points, parted among sets of VIPs.
#[derive(Debug)]
enum Wheel {
    /// Where each arc begins, ascending from 0, and its set.
    Arcs(Vec<(u32, Set)>, Vec<VipId>),
    /// The set of each slot.
    Slots(Box<[Set]>, Vec<VipId>),
}

/// A stretch of the list of VIPs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Set {
    start: u32,
    len: u32,
}

impl Choice {
    /// The VIPs at a point. Their order has no meaning; the answer rotates them.
    #[inline]
    pub fn pick(&self, family: Family, point: u32) -> &[VipId] {
        let wheel = match family {
            Family::V4 => &self.v4,
            Family::V6 => &self.v6,
        };
        let (set, vips) = match wheel {
            Wheel::Arcs(arcs, vips) => {
                let at = arcs
                    .partition_point(|(start, _)| *start <= point)
                    .saturating_sub(1);
                (arcs.get(at).map(|a| a.1), vips)
            }
            Wheel::Slots(slots, vips) => (
                slots
                    .get((point >> (32 - draw::SLOTS.ilog2())) as usize)
                    .copied(),
                vips,
            ),
        };
        set.and_then(|s| vips.get(s.start as usize..(s.start + s.len) as usize))
            .unwrap_or(&[])
    }

    /// The candidates with their masses.
    pub fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    /// What part of the points gives each VIP in this family, in 2⁻³². A set of k gives each of its VIPs a k-th.
    pub fn shares(&self, family: Family) -> Vec<(VipId, f64)> {
        let mut shares: Vec<(VipId, f64)> = Vec::new();
        let mut add = |set: Set, vips: &[VipId], width: f64| {
            let vips = vips
                .get(set.start as usize..(set.start + set.len) as usize)
                .unwrap_or(&[]);
            for vip in vips {
                let part = width / vips.len() as f64;
                match shares.iter_mut().find(|(v, _)| v == vip) {
                    Some((_, share)) => *share += part,
                    None => shares.push((*vip, part)),
                }
            }
        };
        match if family == Family::V4 {
            &self.v4
        } else {
            &self.v6
        } {
            Wheel::Arcs(arcs, vips) => {
                for (n, (start, set)) in arcs.iter().enumerate() {
                    let end = arcs.get(n + 1).map_or(SPACE, |a| u64::from(a.0));
                    add(*set, vips, (end - u64::from(*start)) as f64 / SPACE as f64);
                }
            }
            Wheel::Slots(slots, vips) => {
                slots
                    .iter()
                    .for_each(|set| add(*set, vips, 1.0 / f64::from(draw::SLOTS)));
            }
        }
        shares.sort_by_key(|(vip, _)| *vip);
        shares
    }
}

/// What a choice is made with.
pub(super) struct Cutter<'a> {
    pub(super) steering: &'a Steering,
    pub(super) ranks: &'a Ranks,
    pub(super) pool: &'a Pool,
}

impl Cutter<'_> {
    pub(super) fn choice(&self, candidates: Vec<Candidate>) -> Choice {
        let k = usize::from(self.pool.answers);
        let (v4, v6) = match self.pool.draw {
            Draw::Query | Draw::Client => (
                self.arcs(&candidates, k, Family::V4),
                self.arcs(&candidates, k, Family::V6),
            ),
            Draw::Sticky | Draw::Name => self.slots(&candidates, k),
        };
        Choice {
            digest: digest::digest(&v4, &v6, self.ranks),
            v4,
            v6,
            candidates,
        }
    }

    fn has(&self, vip: VipId, family: Family) -> bool {
        self.steering
            .vips
            .get(usize::from(vip.0))
            .is_some_and(|v| match family {
                Family::V4 => v.address.is_some(),
                Family::V6 => v.address6.is_some(),
            })
    }

    /// Each group gets its stretch of the points whatever the family, so that A and AAAA of one point agree on the site;
    /// in it the VIPs of the family share.
    fn arcs(&self, candidates: &[Candidate], k: usize, family: Family) -> Wheel {
        let mut groups: Vec<(&[u16], Vec<&Candidate>)> = Vec::new();
        for candidate in candidates {
            match groups
                .iter_mut()
                .find(|(group, _)| *group == candidate.group)
            {
                Some((_, list)) => list.push(candidate),
                None => groups.push((&candidate.group, vec![candidate])),
            }
        }
        let total: u128 = candidates.iter().map(|c| u128::from(c.mass)).sum();
        let (mut arcs, mut vips) = (Vec::new(), Vec::new());
        let (mut below, mut start) = (0u128, 0u64);
        for (_, group) in groups {
            below += group.iter().map(|c| u128::from(c.mass)).sum::<u128>();
            let end = (u128::from(SPACE) * below / total.max(1)) as u64;
            let able: Vec<&Candidate> = group
                .into_iter()
                .filter(|c| self.has(c.vip, family))
                .collect();
            for (offset, set) in sample(&able, k, end - start) {
                let from = vips.len() as u32;
                let len = set.len() as u32;
                vips.extend(set);
                arcs.push(((start + offset) as u32, Set { start: from, len }));
            }
            start = end;
        }
        Wheel::Arcs(arcs, vips)
    }

    /// Weighted rendezvous: the winner over all decides the group, the best of the family in it are the answer.
    fn slots(&self, candidates: &[Candidate], k: usize) -> (Wheel, Wheel) {
        let mut wheels = (Slots::default(), Slots::default());
        let mut scored: Vec<Score<'_>> = Vec::with_capacity(candidates.len());
        let ranks: Vec<(u64, &[u64])> = candidates.iter().map(|c| self.ranks.of(c.vip)).collect();
        for slot in 0..draw::SLOTS {
            let score = |(c, (hash, ranks)): (_, &(u64, &[u64]))| {
                let rank = ranks.get(slot as usize).copied().unwrap_or(u64::MAX);
                Score {
                    rank,
                    hash: *hash,
                    candidate: c,
                }
            };
            scored.clear();
            scored.extend(candidates.iter().zip(&ranks).map(score));
            // The first of equals wins: candidates stand in one order on all nodes.
            let Some(winner) = scored
                .iter()
                .min_by(|a, b| a.against(b))
                .map(|s| s.candidate)
            else {
                continue;
            };
            scored.retain(|s| s.candidate.group == winner.group);
            scored.sort_by(Score::against);
            for (wheel, family) in [(&mut wheels.0, Family::V4), (&mut wheels.1, Family::V6)] {
                let able = scored
                    .iter()
                    .map(|s| s.candidate.vip)
                    .filter(|vip| self.has(*vip, family));
                wheel.push(able.take(k).collect());
            }
        }
        (wheels.0.into(), wheels.1.into())
    }
}

/// How a candidate fares in a slot.
struct Score<'a> {
    rank: u64,
    hash: u64,
    candidate: &'a Candidate,
}

impl Score<'_> {
    /// By rank over mass, without dividing.
    fn against(&self, other: &Score<'_>) -> Ordering {
        let left = u128::from(self.rank) * u128::from(other.candidate.mass);
        let right = u128::from(other.rank) * u128::from(self.candidate.mass);
        left.cmp(&right)
            .then(self.hash.cmp(&other.hash))
            .then(self.candidate.vip.cmp(&other.candidate.vip))
    }
}

/// A table of slots being filled; equal sets are stored once.
#[derive(Default)]
struct Slots {
    sets: HashMap<Vec<VipId>, Set>,
    slots: Vec<Set>,
    vips: Vec<VipId>,
}

impl Slots {
    fn push(&mut self, set: Vec<VipId>) {
        let vips = &mut self.vips;
        let set = *self.sets.entry(set).or_insert_with_key(|set| {
            let start = vips.len() as u32;
            vips.extend(set);
            Set {
                start,
                len: set.len() as u32,
            }
        });
        self.slots.push(set);
    }
}

impl From<Slots> for Wheel {
    fn from(slots: Slots) -> Wheel {
        Wheel::Slots(slots.slots.into(), slots.vips)
    }
}

/// For every VIP that a sticky pool reaches, how it fares in each slot. The same for the life of an estate, so that a
/// change of health costs comparisons only.
#[derive(Debug, Default)]
pub struct Ranks(Vec<(u64, Box<[u64]>)>);

impl Ranks {
    /// For the VIPs of an estate, by their names; `wanted` says which of them need it.
    pub fn new<'a>(names: impl Iterator<Item = &'a str>, wanted: impl Fn(VipId) -> bool) -> Ranks {
        let rank = |(id, name): (usize, &str)| {
            let hash = draw::vip_hash(name);
            let slots = if wanted(VipId(id as u16)) {
                0..draw::SLOTS
            } else {
                0..0
            };
            (hash, slots.map(|slot| draw::rank(slot, hash)).collect())
        };
        Ranks(names.enumerate().map(rank).collect())
    }

    fn of(&self, vip: VipId) -> (u64, &[u64]) {
        self.0
            .get(usize::from(vip.0))
            .map_or((0, &[]), |(hash, ranks)| (*hash, ranks))
    }
}

/// Systematic sampling: parts a stretch of `width` points into arcs, each a set of `k` of the candidates, so that each is
/// in as many points as its mass says. Pairs of where an arc begins within the stretch, and its set.
fn sample(able: &[&Candidate], k: usize, width: u64) -> Vec<(u64, Vec<VipId>)> {
    if width == 0 {
        return Vec::new();
    }
    if able.len() <= k {
        return vec![(0, able.iter().map(|c| c.vip).collect())];
    }
    let mut always = vec![false; able.len()];
    let mut left = k as u128;
    let mut mass: u128 = able.iter().map(|c| u128::from(c.mass)).sum();
    loop {
        // Whoever would have to be in more than all points is in all of them, and the others share what remains.
        let rest = able.iter().enumerate().filter(|(n, _)| !always[*n]);
        let heavy = rest.rev().max_by_key(|(_, c)| c.mass);
        match heavy.filter(|(_, c)| left > 0 && u128::from(c.mass) * left > mass) {
            Some((n, c)) => {
                always[n] = true;
                left -= 1;
                mass -= u128::from(c.mass);
            }
            None => break,
        }
    }
    let wide = u128::from(width);
    let mut below = 0u128;
    let mut bounds: Vec<(u128, u128)> = Vec::with_capacity(able.len()); // of those that are sampled: from, to
    for (n, c) in able.iter().enumerate() {
        let from = left * wide * below / mass.max(1);
        if !always[n] {
            below += u128::from(c.mass);
        }
        bounds.push((
            from,
            if always[n] {
                from
            } else {
                left * wide * below / mass.max(1)
            },
        ));
    }
    let mut starts: Vec<u128> = bounds
        .iter()
        .flat_map(|(a, b)| [a % wide, b % wide])
        .collect();
    starts.push(0);
    starts.sort_unstable();
    starts.dedup();
    let at = |point: u128| {
        let inside = |(from, to): &(u128, u128)| {
            (0..left).any(|j| (*from..*to).contains(&(point + j * wide)))
        };
        let chosen = able
            .iter()
            .enumerate()
            .filter(|(n, _)| always[*n] || inside(&bounds[*n]));
        chosen.map(|(_, c)| c.vip).collect()
    };
    starts
        .into_iter()
        .map(|start| (start as u64, at(start)))
        .collect()
}
