//! Plans: for a pool and a class, which VIPs each point of the draw gets. Flat tables; a query does one pick.

use std::collections::HashMap;
use std::sync::Arc;

use crate::config::estate::{AllDown, PoolId, Steering, VipId};
use crate::health::board::{State, Verdict};
use crate::limits;
use crate::steer::class::{Class, Map};
use crate::steer::judge::Judge;
use crate::steer::motion::Motion;
use crate::steer::outcome::{Candidate, Outcome};
use crate::steer::reach::Needs;
use crate::steer::wheel::{Choice, Cutter, Ranks};

/// What answers a class, as things stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// The choice: some VIP is up.
    Up,
    /// All is down: the zone file's own records and, where it has none, the choice. Never for clients inside a fence.
    Zone,
    /// All is down: the choice.
    All,
    /// All is down: nothing.
    NoData,
    /// No VIP of the pool lies inside the fence: nothing, whatever the health.
    Closed,
}

impl Stand {
    /// Whether all is down.
    pub fn dead(self) -> bool {
        matches!(self, Stand::Zone | Stand::All | Stand::NoData)
    }
}

/// What a class gets from a pool, as things stand.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Who gets which VIPs; if none is up, what would be if all were.
    pub choice: Arc<Choice>,
    /// What answers.
    pub stand: Stand,
    /// Until this second (of the Unix epoch) something that was looked at is in transition, and the short TTL holds.
    pub quiet_at: u64,
}

/// The plans of a pool for all classes of its map.
#[derive(Clone, Debug)]
pub struct Plans(Vec<Plan>);

impl Plans {
    /// The plan of a class.
    #[inline]
    pub fn get(&self, class: u32) -> Option<&Plan> {
        self.0.get(class as usize)
    }

    /// All of them, by the number of their class.
    pub fn all(&self) -> &[Plan] {
        &self.0
    }
}

/// The candidates of the first tier that has any: up, last resort, drained; else none.
fn tier(outcome: Outcome) -> Vec<Candidate> {
    [outcome.up, outcome.reserve, outcome.drained]
        .into_iter()
        .find(|t| !t.is_empty())
        .unwrap_or_default()
}

/// What a compilation of plans begins with.
pub struct Planner<'a> {
    /// The estate's steering.
    pub steering: &'a Steering,
    /// For every pool the VIPs it reaches.
    pub reach: &'a [Vec<VipId>],
    /// How VIPs fare in the slots of sticky tables.
    pub ranks: &'a Ranks,
    /// One verdict per VIP.
    pub verdicts: &'a [Verdict],
    /// What moves in the choice of each pool.
    pub motion: &'a Motion,
}

impl Planner<'_> {
    /// Plans for all classes of a pool; `within` are the pools that it can come to, itself among them.
    pub fn plans(&self, pool: PoolId, within: &[PoolId], needs: &Needs, map: &Map) -> Plans {
        let mut known: HashMap<Vec<Candidate>, Arc<Choice>> = HashMap::new();
        let all_up = vec![
            Verdict {
                state: State::Up,
                since: 0
            };
            self.verdicts.len()
        ];
        let rest = Motion::default();
        let until = within.iter().map(|pool| self.motion.of(*pool).until);
        let until = until.max().unwrap_or(0);
        let Some(keys) = self.steering.pools.get(usize::from(pool.0)) else {
            return Plans(Vec::new());
        };
        let cutter = Cutter {
            steering: self.steering,
            ranks: self.ranks,
            pool: keys,
        };
        let plan = |class: &Class| {
            let judge = |verdicts, motion| Judge {
                steering: self.steering,
                reach: self.reach,
                needs,
                class,
                verdicts,
                motion,
            };
            let outcome = judge(self.verdicts, self.motion).pool(pool);
            let quiet_at = outcome
                .looked
                .iter()
                .map(|vip| self.quiet_at(*vip))
                .fold(until, u64::max);
            let mut candidates = tier(outcome);
            let mut stand = Stand::Up;
            if candidates.is_empty() {
                candidates = tier(judge(&all_up, &rest).pool(pool));
                // The zone file's records stand at no site, so no fence holds them.
                stand = match (keys.on_all_down, class.fence()) {
                    (_, Some(_)) if candidates.is_empty() => Stand::Closed,
                    (AllDown::NoData, _) => Stand::NoData,
                    (AllDown::Zone, None) => Stand::Zone,
                    (AllDown::Zone | AllDown::All, _) => Stand::All,
                };
            }
            let choice = known
                .entry(candidates)
                .or_insert_with_key(|c| Arc::new(cutter.choice(c.clone())));
            Plan {
                choice: choice.clone(),
                stand,
                quiet_at,
            }
        };
        Plans(map.classes().iter().map(plan).collect())
    }

    /// A verdict that never changed is quiet for ever.
    fn quiet_at(&self, vip: VipId) -> u64 {
        let since = self.verdicts.get(usize::from(vip.0)).map_or(0, |v| v.since);
        if since == 0 {
            0
        } else {
            since.saturating_add(limits::TRANSITION)
        }
    }
}
