//! Everything that a query may read, as one value that never changes, and the cell that holds it.

mod alias;
pub mod badge;
pub mod cell;
pub mod clear;
pub mod conflict;
pub mod digest;
pub mod estate;
pub mod link;
pub mod lint;
mod lots;
pub mod moved;
mod nowhere;
pub mod ordered;
pub mod situation;
pub mod told;

use std::collections::HashMap;
use std::sync::Arc;

use crate::config::estate::PoolId;
use crate::health::verdict::Verdicts;
use crate::steer::motion::Motion;
use crate::steer::plan::{Before, Made, Planner, Plans, Purpose};
use badge::Badge;
use estate::Estate;
use situation::Standing;

/// The estate, the verdicts, what moves, and the plans that follow from all of them. A change makes a new one.
#[derive(Debug)]
pub struct World {
    /// New on reload.
    pub estate: Arc<Estate>,
    /// What the server says of itself.
    pub badge: Arc<Badge>,
    /// What is in force for each VIP of the estate.
    pub verdicts: Verdicts,
    /// What time and load change in the choices of its pools.
    pub motion: Arc<Motion>,
    /// For every root pool of the estate its plans.
    pub plans: Vec<Arc<Plans>>,
    /// Counts up with every new world.
    pub generation: u64,
}

impl World {
    /// The world of an estate as things stand.
    pub fn new(
        estate: Arc<Estate>,
        badge: Arc<Badge>,
        standing: Standing,
        generation: u64,
    ) -> World {
        let plans = plans(&estate, &standing, |_| None);
        World::of(estate, badge, standing, plans, generation)
    }

    fn of(
        estate: Arc<Estate>,
        badge: Arc<Badge>,
        standing: Standing,
        plans: Vec<Arc<Plans>>,
        generation: u64,
    ) -> World {
        World {
            estate,
            badge,
            verdicts: standing.verdicts,
            motion: standing.motion,
            plans,
            generation,
        }
    }

    /// The same for an estate that comes after this one's: a pool of which neither itself nor anything below it has changed
    /// keeps its plans.
    pub fn follow(
        &self,
        estate: Arc<Estate>,
        badge: Arc<Badge>,
        standing: Standing,
        generation: u64,
    ) -> World {
        let changed = self.changed(&standing.verdicts);
        let old = self.estate.roots.iter().zip(&self.plans);
        let old: HashMap<u64, _> = old.map(|pair| (pair.0.hash, pair)).collect();
        let plans = plans(&estate, &standing, |root| {
            let (before, plans) = old.get(&root.hash)?;
            let same = before.basis == root.basis && Arc::ptr_eq(&before.map, &root.map);
            let calm = same && !self.moved(root, &standing.motion);
            calm.then_some(Before {
                plans,
                changed: &changed,
            })
        });
        World::of(estate, badge, standing, plans, generation)
    }

    /// The same estate as things stand now: only what looked at a changed VIP, and the pools within which something moves
    /// otherwise, are planned anew.
    pub fn with(&self, standing: Standing, generation: u64) -> World {
        let changed = self.changed(&standing.verdicts);
        let mut old = self.plans.iter();
        let plans = plans(&self.estate, &standing, |root| {
            let plans = old.next()?;
            let calm = !self.moved(root, &standing.motion);
            calm.then_some(Before {
                plans,
                changed: &changed,
            })
        });
        let (estate, badge) = (self.estate.clone(), self.badge.clone());
        World::of(estate, badge, standing, plans, generation)
    }

    /// Whether anything that answers depend on is another than here.
    pub fn differs(&self, standing: &Standing) -> bool {
        self.motion != standing.motion || self.verdicts != standing.verdicts
    }

    /// Whether in any pool within a root something moves otherwise than here.
    fn moved(&self, root: &estate::Root, motion: &Arc<Motion>) -> bool {
        let other = |pool: &PoolId| self.motion.of(*pool) != motion.of(*pool);
        !Arc::ptr_eq(&self.motion, motion) && root.within.iter().any(other)
    }

    /// For each VIP, by its number, whether something else is believed of it now.
    fn changed(&self, verdicts: &Verdicts) -> Vec<bool> {
        let before = self.verdicts.iter().map(Some);
        let before = before.chain(std::iter::repeat(None));
        let pairs = verdicts.iter().zip(before);
        pairs.map(|(new, old)| Some(new) != old).collect()
    }
}

/// The plans of all roots; `before` has those that a root may take over, and is asked for each in turn.
fn plans<'a>(
    estate: &Estate,
    standing: &Standing,
    mut before: impl FnMut(&estate::Root) -> Option<Before<'a>>,
) -> Vec<Arc<Plans>> {
    let planner = Planner {
        steering: &estate.steering,
        reach: &estate.reach,
        ranks: &estate.ranks,
        verdicts: &standing.verdicts,
        motion: &standing.motion,
    };
    let mut made = Made::default();
    let roots = estate.roots.iter();
    roots
        .map(|root| {
            let before = before(root);
            let what = Purpose {
                pool: root.pool,
                within: &root.within,
                needs: &root.needs,
                map: &root.map,
            };
            planner.plans(what, before, &mut made)
        })
        .collect()
}

#[cfg(test)]
mod tests;
