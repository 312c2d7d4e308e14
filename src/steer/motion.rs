//! Motion: what time and load change in the choice of a pool, beside the verdicts. Flat numbers; whoever makes them keeps
//! the reasons.

pub mod adapt;
pub mod course;
pub mod failback;
pub mod follow;
pub mod layout;
pub mod mover;
pub mod ramp;
mod seen;
pub mod spill;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests may")]
mod tests;

use crate::config::estate::{PoolId, Target, VipId};
use crate::steer::motion::layout::Flow;

/// One whole: factors and shed parts count in parts of it.
pub const WHOLE: u32 = 1_000_000;

/// What moves in the choices of all pools. By default everything is at rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Motion {
    pools: Vec<Moving>,
    rest: Moving,
}

/// What moves in the choice of one pool. By default nothing does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moving {
    /// Parts of a million by which a VIP's mass counts in the sets that this pool itself judges, not in those of pools
    /// within it. Absent: a million. Above a million while a weight shrinks; [`u32::MAX`] is some 4 294 times.
    pub factors: Vec<(VipId, u32)>,
    /// The same for the number of a table's member.
    pub numbers: Vec<(Target, u32)>,
    /// Members of a failover pool that are kept out, well as they may be.
    pub held: Vec<Target>,
    /// Parts of a million of the clients of a site (`nearest`) or member (`failover`) that go on to the next alternative.
    pub shed: Vec<(Target, u32)>,
    /// In transition until this second of the Unix epoch: until then the TTL is short. [`u64::MAX`]: until something
    /// says otherwise. 0: at rest.
    pub until: u64,
}

impl Motion {
    /// By the number of the pool; those that are missing at the end are at rest.
    pub fn new(mut pools: Vec<Moving>) -> Motion {
        for pool in &mut pools {
            pool.factors.sort_unstable();
            pool.numbers.sort_unstable();
            pool.held.sort_unstable();
            pool.shed.sort_unstable();
        }
        let rest = Moving::default();
        while pools.last() == Some(&rest) {
            pools.pop();
        }
        Motion { pools, rest }
    }

    /// The same with what follows load laid over it.
    pub fn carrying(mut self, flows: &[Flow]) -> Motion {
        flows.iter().for_each(|flow| flow.lay(&mut self.pools));
        Motion::new(self.pools)
    }

    /// What moves in this pool.
    pub fn of(&self, pool: PoolId) -> &Moving {
        self.pools.get(usize::from(pool.0)).unwrap_or(&self.rest)
    }
}

impl Moving {
    /// Whether nothing moves.
    pub fn at_rest(&self) -> bool {
        *self == Moving::default()
    }

    /// By how much a VIP's mass counts, in parts of a million.
    pub fn factor(&self, vip: VipId) -> u32 {
        find(&self.factors, vip).unwrap_or(WHOLE)
    }

    /// By how much the number of a table's member counts, in parts of a million.
    pub fn number(&self, member: Target) -> u32 {
        find(&self.numbers, member).unwrap_or(WHOLE)
    }

    /// Whether this member is kept out.
    pub fn holds(&self, member: Target) -> bool {
        self.held.binary_search(&member).is_ok()
    }

    /// How much of the clients of a site or member go on, in parts of a million.
    pub fn sheds(&self, alternative: Target) -> u32 {
        find(&self.shed, alternative).unwrap_or(0).min(WHOLE)
    }
}

fn find<K: Ord + Copy>(list: &[(K, u32)], key: K) -> Option<u32> {
    let at = list.binary_search_by_key(&key, |(known, _)| *known).ok()?;
    list.get(at).map(|(_, parts)| *parts)
}
