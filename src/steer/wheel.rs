//! Choices: the points of the draw parted among sets of VIPs, as arcs or as slots.

use std::collections::HashMap;

use crate::config::estate::{Draw, Pool, Steering, VipId};
use crate::config::inclusion::{self, Unit};
use crate::digest::Digest;
pub use crate::health::verdict::Family;
use crate::steer::draw;
use crate::steer::outcome::Candidate;

mod arcs;
mod digest;
mod slots;
#[cfg(test)]
mod tests;

use arcs::Arcs;
pub use slots::Ranks;

/// Points of the draw.
const SPACE: u64 = 1 << 32;

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
    /// Stretches of the points, each with its set.
    Arcs(Arcs, Vec<VipId>),
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
            Wheel::Arcs(arcs, vips) => (arcs.at(point), vips),
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
                let arcs = arcs.list();
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

/// A candidate with the number of its failure domain.
type Apart<'a> = (&'a Candidate, usize);

impl Cutter<'_> {
    pub(super) fn choice(&self, candidates: Vec<Candidate>) -> Choice {
        let k = usize::from(self.pool.answers);
        let domains = self.domains(&candidates);
        let (v4, v6) = match self.pool.draw {
            Draw::Query | Draw::Client => (
                self.arcs(&candidates, &domains, k, Family::V4),
                self.arcs(&candidates, &domains, k, Family::V6),
            ),
            Draw::Sticky | Draw::Name => self.slots(&candidates, &domains, k),
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
                // A CNAME stands for both.
                _ if v.cname.is_some() => true,
                Family::V4 => v.address.is_some(),
                Family::V6 => v.address6.is_some(),
            })
    }

    /// A number for the failure domain of each candidate. A word means something within a site only, but so does a group:
    /// the same number in two groups is never looked at.
    fn domains(&self, candidates: &[Candidate]) -> Vec<usize> {
        let mut words: HashMap<&str, usize> = HashMap::new();
        let number = |(n, candidate): (usize, &Candidate)| {
            let vip = self.steering.vips.get(usize::from(candidate.vip.0));
            let word = vip.and_then(|vip| vip.failure_domain.as_deref());
            word.map_or(n, |word| *words.entry(word).or_insert(n))
        };
        candidates.iter().enumerate().map(number).collect()
    }

    /// Each group gets its stretch of the points whatever the family, so that A and AAAA of one point agree on the site;
    /// in it the VIPs of the family share. A group has no more arcs than VIPs, each with at most `k` of them.
    fn arcs(&self, candidates: &[Candidate], domains: &[usize], k: usize, family: Family) -> Wheel {
        let mut groups: Vec<(&[u16], Vec<Apart<'_>>)> = Vec::new();
        for one in candidates.iter().zip(domains.iter().copied()) {
            match groups.iter_mut().find(|(group, _)| *group == one.0.group) {
                Some((_, list)) => list.push(one),
                None => groups.push((&one.0.group, vec![one])),
            }
        }
        let total: u128 = candidates.iter().map(|c| u128::from(c.mass)).sum();
        let (mut arcs, mut vips) = (Vec::new(), Vec::new());
        let (mut below, mut start) = (0u128, 0u64);
        for (_, group) in groups {
            below += group.iter().map(|(c, _)| u128::from(c.mass)).sum::<u128>();
            let end = (u128::from(SPACE) * below / total.max(1)) as u64;
            let able: Vec<(&Candidate, usize)> = group
                .into_iter()
                .filter(|(c, _)| self.has(c.vip, family))
                .collect();
            for (offset, set) in sample(&able, k, end - start) {
                let from = vips.len() as u32;
                let len = set.len() as u32;
                vips.extend(set);
                arcs.push(((start + offset) as u32, Set { start: from, len }));
            }
            start = end;
        }
        Wheel::Arcs(Arcs::new(arcs), vips)
    }
}

/// Parts a stretch of `width` points into arcs, each a set of `k` of the candidates, so that each is in as many points as
/// its mass says, and none beside another of its failure domain as long as there are others: see [`inclusion`]. Pairs of
/// where an arc begins within the stretch, and its set.
fn sample(able: &[(&Candidate, usize)], k: usize, width: u64) -> Vec<(u64, Vec<VipId>)> {
    if width == 0 {
        return Vec::new();
    }
    if able.len() <= k {
        return vec![(0, able.iter().map(|(c, _)| c.vip).collect())];
    }
    let unit = |&(c, domain): &(&Candidate, usize)| Unit {
        mass: c.mass,
        domain,
    };
    let units: Vec<Unit> = able.iter().map(unit).collect();
    let line = inclusion::line(&units, k, width);
    // The last stretch ends with a whole width, so one arc begins at 0.
    let mut starts: Vec<u64> = line.iter().map(|s| s.end % width).collect();
    starts.sort_unstable();
    starts.dedup();
    let at = |point: u64| {
        let stretch = line.partition_point(|s| s.end <= point);
        let unit = line.get(stretch).map(|s| s.unit);
        unit.and_then(|unit| able.get(unit)).map(|(c, _)| c.vip)
    };
    let set = |start: u64| (0..k as u64).filter_map(move |nth| at(start + nth * width));
    let arc = |start: u64| (start, set(start).collect());
    starts.into_iter().map(arc).collect()
}
