//! The mover: the courses of all pools of an estate that take their time, stepped together.

use std::collections::BTreeMap;

use crate::config::estate::{PoolId, Steering};
use crate::steer::motion::course::{Course, Keys, Sight};
use crate::steer::motion::{Motion, Moving};

/// What is remembered of all pools that have `failback` or `ramp`, by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mover {
    /// The courses.
    pub courses: BTreeMap<String, Course>,
}

impl Mover {
    /// Takes in how things stand, and says what moves. What is remembered of other pools is forgotten.
    pub fn step(&mut self, sight: &Sight<'_>) -> Motion {
        let mut old = std::mem::take(&mut self.courses);
        let mut pools = vec![Moving::default(); sight.steering.pools.len()];
        for (at, (pool, moving)) in sight.steering.pools.iter().zip(&mut pools).enumerate() {
            if let Some(keys) = Keys::of(pool) {
                let mut course = old.remove(&pool.name).unwrap_or_default();
                *moving = course.step(sight, PoolId(at as u16), keys);
                self.courses.insert(pool.name.clone(), course);
            }
        }
        Motion::new(pools)
    }

    /// Before a reload: pools that get such a key only now are looked at as they were, so that what the reload changes of
    /// them is no jump.
    pub fn meet(&mut self, sight: &Sight<'_>, new: &Steering) {
        for pool in &new.pools {
            let was = sight
                .steering
                .pools
                .iter()
                .position(|p| p.name == pool.name);
            if let (Some(keys), Some(at)) = (Keys::of(pool), was)
                && !self.courses.contains_key(&pool.name)
            {
                let mut course = Course::default();
                course.step(sight, PoolId(at as u16), keys);
                self.courses.insert(pool.name.clone(), course);
            }
        }
    }

    /// When it must step again, though nothing happens.
    pub fn next(&self, steering: &Steering, now: u64) -> Option<u64> {
        let next = |pool: &crate::config::estate::Pool| {
            let course = self.courses.get(&pool.name)?;
            course.next(pool.failback, now)
        };
        steering.pools.iter().filter_map(next).min()
    }
}
