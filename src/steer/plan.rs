//! Plans: for a pool and a class, which VIPs each point of the draw gets. Flat tables; a query does one pick.

use std::collections::HashMap;
use std::sync::Arc;

use crate::config::estate::{AllDown, Draw, PoolId, Steering, VipId};
use crate::digest::{Digest, Writer};
use crate::health::verdict::{Family, State, Verdict, Verdicts};
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
    four: Side,
    /// Where the verdicts on IPv6 addresses lead to something else than those on IPv4.
    six: Option<Arc<Side>>,
    /// Until this second (of the Unix epoch) something that was looked at is in transition, and the short TTL holds.
    pub quiet_at: u64,
    /// Which list of VIPs it looked at: its place in [`Plans`].
    looked: u32,
}

/// What a class gets in one family of addresses.
#[derive(Clone, Debug)]
pub struct Side {
    /// Who gets which VIPs; if none is up, what would be if all were.
    pub choice: Arc<Choice>,
    /// What answers.
    pub stand: Stand,
}

impl Plan {
    /// What questions for addresses of a family get.
    #[inline]
    pub fn side(&self, family: Family) -> &Side {
        match (family, &self.six) {
            (Family::V6, Some(side)) => side,
            _ => &self.four,
        }
    }

    /// One side, or both where they differ.
    pub fn sides(&self) -> impl Iterator<Item = &Side> {
        std::iter::once(&self.four).chain(self.six.as_deref())
    }
}

/// The plans of a pool for all classes of its map.
#[derive(Clone, Debug, Default)]
pub struct Plans {
    list: Vec<Plan>,
    /// The VIPs whose verdicts classes looked at, each list once. Only a change of one of them can change a plan.
    looked: Vec<Arc<[VipId]>>,
    digest: Digest,
}

impl Plans {
    /// The plan of a class.
    #[inline]
    pub fn get(&self, class: u32) -> Option<&Plan> {
        self.list.get(class as usize)
    }

    /// All of them, by the number of their class.
    pub fn all(&self) -> &[Plan] {
        &self.list
    }

    /// Of which VIPs each class gets, and of what answers where none is up. Times are no part of it, for the clocks of two
    /// servers may differ.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// For each list of VIPs that were looked at whether one of them is among the changed.
    fn stale(&self, changed: &[bool]) -> Vec<bool> {
        let is = |vip: &VipId| {
            changed
                .get(usize::from(vip.0))
                .is_none_or(|changed| *changed)
        };
        self.looked.iter().map(|list| list.iter().any(is)).collect()
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
    /// What is in force for each VIP.
    pub verdicts: &'a Verdicts,
    /// What moves in the choice of each pool.
    pub motion: &'a Motion,
}

/// What plans are made for.
#[derive(Clone, Copy)]
pub struct Purpose<'a> {
    /// The pool.
    pub pool: PoolId,
    /// The pools that it can come to, itself among them.
    pub within: &'a [PoolId],
    /// What it must know of clients.
    pub needs: &'a Needs,
    /// The classes.
    pub map: &'a Map,
}

/// What a pool's plans were before, and what has changed since: nothing but the verdicts on these VIPs.
#[derive(Clone, Copy)]
pub struct Before<'a> {
    /// Made for the same pool, members and map.
    pub plans: &'a Arc<Plans>,
    /// By the numbers of the VIPs.
    pub changed: &'a [bool],
}

/// Choices that were made already: pools that choose alike among the same share them.
#[derive(Default)]
pub struct Made(HashMap<(u8, Table, Vec<Candidate>), Arc<Choice>>);

/// How points are parted.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Table {
    Arcs,
    Slots,
}

impl Planner<'_> {
    /// Plans for all classes of a pool. Those that looked at no VIP that has changed are taken over; if that are all, so
    /// is the whole.
    pub fn plans(
        &self,
        what: Purpose<'_>,
        before: Option<Before<'_>>,
        made: &mut Made,
    ) -> Arc<Plans> {
        let stale = before.map(|before| before.plans.stale(before.changed));
        let stale = stale.unwrap_or_default();
        if let Some(before) = before.filter(|_| !stale.contains(&true)) {
            return before.plans.clone();
        }
        let Some(keys) = self.steering.pools.get(usize::from(what.pool.0)) else {
            return Arc::default();
        };
        let table = match keys.draw {
            Draw::Query | Draw::Client => Table::Arcs,
            Draw::Sticky | Draw::Name => Table::Slots,
        };
        let cutter = Cutter {
            steering: self.steering,
            ranks: self.ranks,
            pool: keys,
        };
        let mut looks = Looks::default();
        // Where lists of before stand now.
        let mut moved: Vec<Option<u32>> = vec![None; stale.len()];
        let until = what.within.iter().map(|pool| self.motion.of(*pool).until);
        let until = until.max().unwrap_or(0);
        let classes = what.map.classes();
        let mut list = Vec::with_capacity(classes.len());
        for (number, class) in (0..).zip(classes) {
            let old = before.and_then(|before| {
                let plan = before.plans.get(number)?;
                let at = plan.looked as usize;
                let fresh = stale.get(at) == Some(&false);
                fresh.then_some((plan, before.plans.looked.get(at)?, moved.get_mut(at)?))
            });
            if let Some((plan, looked, place)) = old {
                let looked = *place.get_or_insert_with(|| looks.number(looked));
                list.push(Plan {
                    looked,
                    ..plan.clone()
                });
                continue;
            }
            let found = self.find(what, class);
            let mut side = |(candidates, stand): Given| {
                let choice = made.0.entry((keys.answers, table, candidates));
                let choice =
                    choice.or_insert_with_key(|key| Arc::new(cutter.choice(key.2.clone())));
                Side {
                    choice: choice.clone(),
                    stand,
                }
            };
            list.push(Plan {
                four: side(found.four),
                six: found.six.map(|six| Arc::new(side(six))),
                quiet_at: found.quiet_at.max(until),
                looked: looks.number(&found.looked),
            });
        }
        Arc::new(Plans {
            digest: digest(&list),
            list,
            looked: looks.lists,
        })
    }

    /// What a class gets. It is judged once more for IPv6 only if it looked at a VIP of which the families have two verdicts.
    fn find(&self, what: Purpose<'_>, class: &Class) -> Found {
        let (four, mut looked) = self.judged(what, class, Family::V4);
        let alike = |vip: &VipId| {
            let both = self.verdicts.at(usize::from(vip.0));
            both.v4 == both.v6
        };
        let mut six = None;
        if !looked.iter().all(alike) {
            let (given, more) = self.judged(what, class, Family::V6);
            six = Some(given).filter(|six| *six != four);
            looked.extend(more);
            looked.sort_unstable();
            looked.dedup();
        }
        let quiet_at = looked.iter().map(|vip| self.quiet_at(*vip)).max();
        Found {
            four,
            six,
            quiet_at: quiet_at.unwrap_or(0),
            looked,
        }
    }

    /// What a class gets in a family, and the VIPs that were looked at.
    fn judged(&self, what: Purpose<'_>, class: &Class, family: Family) -> (Given, Vec<VipId>) {
        let pool = what.pool;
        let judge = |verdicts, motion| Judge {
            steering: self.steering,
            reach: self.reach,
            needs: what.needs,
            class,
            verdicts,
            motion,
        };
        let verdicts = self.verdicts.of(family);
        let mut outcome = judge(verdicts, self.motion).pool(pool);
        let looked = std::mem::take(&mut outcome.looked);
        let mut candidates = tier(outcome);
        let mut stand = Stand::Up;
        if candidates.is_empty() {
            let up = Verdict {
                state: State::Up,
                since: 0,
            };
            let all_up = vec![up; verdicts.len()];
            candidates = tier(judge(&all_up, &Motion::default()).pool(pool));
            let on_all_down = self.steering.pools.get(usize::from(pool.0));
            let on_all_down = on_all_down.map_or(AllDown::All, |pool| pool.on_all_down);
            // The zone file's records stand at no site, so no fence holds them.
            stand = match (on_all_down, class.fence()) {
                (_, Some(_)) if candidates.is_empty() => Stand::Closed,
                (AllDown::NoData, _) => Stand::NoData,
                (AllDown::Zone, None) => Stand::Zone,
                (AllDown::Zone | AllDown::All, _) => Stand::All,
            };
        }
        ((candidates, stand), looked)
    }

    /// A verdict that never changed is quiet for ever.
    fn quiet_at(&self, vip: VipId) -> u64 {
        let both = self.verdicts.at(usize::from(vip.0));
        match both.v4.since.max(both.v6.since) {
            0 => 0,
            since => since.saturating_add(limits::TRANSITION),
        }
    }
}

/// The candidates in a family, and what answers.
type Given = (Vec<Candidate>, Stand);

/// What was found for a class.
struct Found {
    four: Given,
    six: Option<Given>,
    quiet_at: u64,
    looked: Vec<VipId>,
}

/// Lists of VIPs, each once.
#[derive(Default)]
struct Looks {
    numbers: HashMap<Arc<[VipId]>, u32>,
    lists: Vec<Arc<[VipId]>>,
}

impl Looks {
    fn number(&mut self, vips: &[VipId]) -> u32 {
        if let Some(number) = self.numbers.get(vips) {
            return *number;
        }
        // There are no more than classes.
        let number = self.lists.len() as u32;
        let vips: Arc<[VipId]> = vips.into();
        self.lists.push(vips.clone());
        self.numbers.insert(vips, number);
        number
    }
}

fn digest(list: &[Plan]) -> Digest {
    let mut all = Writer::new(31);
    let mut side = |side: &Side| {
        all.number(match side.stand {
            Stand::Up => 0_u8,
            Stand::Zone => 1,
            Stand::All => 2,
            Stand::NoData => 3,
            Stand::Closed => 4,
        });
        all.digest(side.choice.digest());
    };
    for plan in list {
        side(plan.side(Family::V4));
        side(plan.side(Family::V6));
    }
    all.end()
}
