//! Everything that a query may read, as one value that never changes, and the cell that holds it.

pub mod badge;
pub mod cell;
pub mod conflict;
pub mod estate;
pub mod link;
pub mod moved;
mod nowhere;

use std::sync::Arc;

use crate::config::estate::PoolId;
use crate::health::board::Verdict;
use crate::steer::motion::Motion;
use crate::steer::plan::{Planner, Plans};
use badge::Badge;
use estate::Estate;

/// The estate, the verdicts, what moves, and the plans that follow from all of them. A change makes a new one.
#[derive(Debug)]
pub struct World {
    /// New on reload.
    pub estate: Arc<Estate>,
    /// What the server says of itself.
    pub badge: Arc<Badge>,
    /// One per VIP of the estate, in its order.
    pub verdicts: Vec<Verdict>,
    /// What time and load change in the choices of its pools.
    pub motion: Arc<Motion>,
    /// For every root pool of the estate its plans.
    pub plans: Vec<Arc<Plans>>,
    /// Counts up with every new world.
    pub generation: u64,
}

impl World {
    /// The world of an estate in which nothing moves; `verdict` tells what is believed of a VIP by its name.
    pub fn new(
        estate: Arc<Estate>,
        badge: Arc<Badge>,
        verdict: impl Fn(&str) -> Verdict,
        generation: u64,
    ) -> World {
        World::moving(estate, badge, verdict, Arc::default(), generation)
    }

    /// The world of an estate whose pools are in motion.
    pub fn moving(
        estate: Arc<Estate>,
        badge: Arc<Badge>,
        verdict: impl Fn(&str) -> Verdict,
        motion: Arc<Motion>,
        generation: u64,
    ) -> World {
        let verdicts: Vec<Verdict> = estate
            .steering
            .vips
            .iter()
            .map(|v| verdict(&v.name))
            .collect();
        let plans = estate
            .roots
            .iter()
            .map(|root| plans(&estate, &verdicts, &motion, root))
            .collect();
        World {
            estate,
            badge,
            verdicts,
            motion,
            plans,
            generation,
        }
    }

    /// The same estate with other verdicts and in other motion: only the pools that a changed VIP, or what moves in a pool
    /// within them, can matter to are planned anew.
    pub fn with(
        &self,
        verdict: impl Fn(&str) -> Verdict,
        motion: &Arc<Motion>,
        generation: u64,
    ) -> World {
        let vips = &self.estate.steering.vips;
        let verdicts: Vec<Verdict> = vips.iter().map(|v| verdict(&v.name)).collect();
        let changed = |id: usize| self.verdicts.get(id) != verdicts.get(id);
        let same = Arc::ptr_eq(&self.motion, motion);
        let moved = |pool: &PoolId| !same && self.motion.of(*pool) != motion.of(*pool);
        let plan = |(root, old): (&estate::Root, &Arc<Plans>)| {
            let touched = root.involved.iter().any(|vip| changed(usize::from(vip.0)));
            if touched || root.within.iter().any(moved) {
                plans(&self.estate, &verdicts, motion, root)
            } else {
                old.clone()
            }
        };
        let plans = self
            .estate
            .roots
            .iter()
            .zip(&self.plans)
            .map(plan)
            .collect();
        World {
            estate: self.estate.clone(),
            badge: self.badge.clone(),
            verdicts,
            motion: motion.clone(),
            plans,
            generation,
        }
    }
}

fn plans(
    estate: &Estate,
    verdicts: &[Verdict],
    motion: &Motion,
    root: &estate::Root,
) -> Arc<Plans> {
    let planner = Planner {
        steering: &estate.steering,
        reach: &estate.reach,
        ranks: &estate.ranks,
        verdicts,
        motion,
    };
    Arc::new(planner.plans(root.pool, &root.within, &root.needs, &root.map))
}
