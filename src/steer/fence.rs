//! Fences: which sites the clients of a class may get VIPs of, and no others.

use std::collections::HashMap;
use std::sync::Arc;

use crate::config::estate::{RulesId, SiteId, Steering, Target};

/// The sites inside, ascending. Without any, there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fence(Arc<[SiteId]>);

impl Fence {
    /// Of these sites.
    pub fn of(mut sites: Vec<SiteId>) -> Fence {
        sites.sort_unstable();
        sites.dedup();
        Fence(sites.into())
    }

    /// The sites inside.
    pub fn sites(&self) -> &[SiteId] {
        &self.0
    }

    /// Whether what stands there is inside. What stands at no site never is.
    pub fn holds(&self, site: Option<SiteId>) -> bool {
        site.is_some_and(|site| self.0.binary_search(&site).is_ok())
    }
}

/// The fences of a pool, worked out once for each of the rules that may fit.
pub(super) struct Fences<'a> {
    steering: &'a Steering,
    sets: &'a [RulesId],
    known: HashMap<Box<[Option<u32>]>, Option<Fence>>,
}

impl<'a> Fences<'a> {
    pub(super) fn new(steering: &'a Steering, sets: &'a [RulesId]) -> Fences<'a> {
        Fences {
            steering,
            sets,
            known: HashMap::new(),
        }
    }

    /// What the rules that fit leave: what all of them list. None fits: the client is not fenced.
    pub(super) fn inside(&mut self, rules: &[Option<u32>]) -> Option<Fence> {
        if rules.iter().all(Option::is_none) {
            return None;
        }
        if let Some(known) = self.known.get(rules) {
            return known.clone();
        }
        let mut inside: Option<Vec<SiteId>> = None;
        for (set, rule) in self.sets.iter().zip(rules) {
            let Some(rule) = rule else { continue };
            let set = self.steering.rules.get(usize::from(set.0));
            let rule = set.and_then(|set| set.rules.get(*rule as usize));
            // What cannot be looked up lets nobody out.
            let sites: Vec<SiteId> = rule
                .map_or(&[][..], |rule| &rule.targets)
                .iter()
                .filter_map(|target| match target {
                    Target::Site(site) => Some(*site),
                    Target::Vip(_) | Target::Pool(_) => None,
                })
                .collect();
            inside = Some(match inside {
                None => sites,
                Some(before) => before.into_iter().filter(|s| sites.contains(s)).collect(),
            });
        }
        let fence = inside.map(Fence::of);
        self.known.insert(rules.into(), fence.clone());
        fence
    }
}
