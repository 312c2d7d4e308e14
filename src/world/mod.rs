//! Everything that a query may read, as one value that never changes, and the cell that holds it.

mod alias;
pub mod badge;
pub mod cell;
pub mod conflict;
pub mod estate;
pub mod link;
mod lots;
pub mod moved;
mod nowhere;

use std::sync::Arc;

use crate::health::board::Verdict;
use crate::steer::plan::{Planner, Plans};
use badge::Badge;
use estate::Estate;

/// The estate, the verdicts, and the plans that follow from both. A change makes a new one.
#[derive(Debug)]
pub struct World {
    /// New on reload.
    pub estate: Arc<Estate>,
    /// What the server says of itself.
    pub badge: Arc<Badge>,
    /// One per VIP of the estate, in its order.
    pub verdicts: Vec<Verdict>,
    /// For every root pool of the estate its plans.
    pub plans: Vec<Arc<Plans>>,
    /// Counts up with every new world.
    pub generation: u64,
}

impl World {
    /// The world of an estate; `verdict` tells what is believed of a VIP by its name.
    pub fn new(
        estate: Arc<Estate>,
        badge: Arc<Badge>,
        verdict: impl Fn(&str) -> Verdict,
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
            .map(|root| plans(&estate, &verdicts, root))
            .collect();
        World {
            estate,
            badge,
            verdicts,
            plans,
            generation,
        }
    }

    /// The same estate with other verdicts: only the pools that a changed VIP can matter to are planned anew.
    pub fn with(&self, verdict: impl Fn(&str) -> Verdict, generation: u64) -> World {
        let vips = &self.estate.steering.vips;
        let verdicts: Vec<Verdict> = vips.iter().map(|v| verdict(&v.name)).collect();
        let changed = |id: usize| self.verdicts.get(id) != verdicts.get(id);
        let plan = |(root, old): (&estate::Root, &Arc<Plans>)| {
            if root.involved.iter().any(|vip| changed(usize::from(vip.0))) {
                plans(&self.estate, &verdicts, root)
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
            plans,
            generation,
        }
    }
}

fn plans(estate: &Estate, verdicts: &[Verdict], root: &estate::Root) -> Arc<Plans> {
    let planner = Planner {
        steering: &estate.steering,
        reach: &estate.reach,
        ranks: &estate.ranks,
        verdicts,
    };
    Arc::new(planner.plans(root.pool, &root.needs, &root.map))
}
