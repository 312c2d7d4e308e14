//! Slots: for clients and names that keep their VIPs, each slot a set chosen by weighted rendezvous.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::config::estate::VipId;
use crate::steer::draw;
use crate::steer::outcome::Candidate;
use crate::steer::wheel::{Cutter, Family, Set, Wheel};

impl Cutter<'_> {
    /// Weighted rendezvous: the winner over all decides the group, the best of the family in it are the answer, of different
    /// failure domains as far as there are any. A lost VIP takes one place with it in the sets that held it, and changes no
    /// other set: who stands before whom does not depend on it.
    pub(super) fn slots(
        &self,
        candidates: &[Candidate],
        domains: &[usize],
        k: usize,
    ) -> (Wheel, Wheel) {
        let mut wheels = (Slots::default(), Slots::default());
        let mut scored: Vec<Score<'_>> = Vec::with_capacity(candidates.len());
        let ranks: Vec<(u64, &[u64])> = candidates.iter().map(|c| self.ranks.of(c.vip)).collect();
        for slot in 0..draw::SLOTS {
            let score = |((c, domain), (hash, ranks)): ((_, &usize), &(u64, &[u64]))| {
                let rank = ranks.get(slot as usize).copied().unwrap_or(u64::MAX);
                Score {
                    rank,
                    hash: *hash,
                    candidate: c,
                    domain: *domain,
                }
            };
            scored.clear();
            scored.extend(candidates.iter().zip(domains).zip(&ranks).map(score));
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
                let able = scored.iter().filter(|s| self.has(s.candidate.vip, family));
                wheel.push(best(able, k));
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
    domain: usize,
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

/// The best of each failure domain and, if there are too few, the best of the others.
fn best<'a>(able: impl Iterator<Item = &'a Score<'a>>, k: usize) -> Vec<VipId> {
    let (mut set, mut spare, mut seen) = (Vec::with_capacity(k), Vec::new(), Vec::new());
    for score in able {
        if set.len() == k {
            break;
        }
        if seen.contains(&score.domain) {
            spare.push(score.candidate.vip);
        } else {
            seen.push(score.domain);
            set.push(score.candidate.vip);
        }
    }
    let left = k - set.len();
    set.extend(spare.into_iter().take(left));
    set
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

    pub(super) fn of(&self, vip: VipId) -> (u64, &[u64]) {
        self.0
            .get(usize::from(vip.0))
            .map_or((0, &[]), |(hash, ranks)| (*hash, ranks))
    }
}
