//! What makes the classes of a map: how much each rule set, the fences and each order of sites tell apart.

use std::collections::HashSet;
use std::hash::Hash;

use super::{Class, Map};
use crate::config::estate::RulesId;

/// How many ways of treating clients there are by each need alone; the classes are those combinations that occur.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Causes {
    /// By each rule set that is preferred by.
    pub rules: Vec<(RulesId, usize)>,
    /// By all fences together.
    pub fences: usize,
    /// By each order of sites.
    pub orders: Vec<usize>,
}

impl Map {
    /// See [`Causes`].
    pub fn causes(&self) -> Causes {
        let rules = self.needs.rules.iter().enumerate();
        let rules = rules.map(|(n, id)| (*id, self.distinct(|class| class.rules.get(n))));
        let orders = 0..self.needs.orders.len();
        Causes {
            rules: rules.collect(),
            fences: self.distinct(|class| &class.fence),
            orders: orders
                .map(|n| self.distinct(|class| class.steps.get(n)))
                .collect(),
        }
    }

    fn distinct<'a, T: Hash + Eq>(&'a self, part: impl Fn(&'a Class) -> T) -> usize {
        let parts: HashSet<T> = self.classes.iter().map(part).collect();
        parts.len()
    }
}
