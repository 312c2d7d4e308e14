//! Classes and maps: what of a client matters to a pool, worked out for every address when the estate is compiled.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::config::estate::{PoolId, RulesId, SiteId, Steering};
use crate::geo::atlas::{Atlas, Facts};
use crate::geo::table::Table;
use crate::steer::compass::{Compass, position};
use crate::steer::distance::Globe;
use crate::steer::matcher::{Family, Matcher, flatten};
use crate::steer::reach::Needs;

/// The order in which a `nearest` pool tries its sites: each step is one site, the ones in the tie, or all that are far.
pub type Steps = Arc<[Vec<SiteId>]>;

/// What of a client matters: two addresses of one class are treated alike whatever the health.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Class {
    rules: Box<[Option<u32>]>,
    steps: Box<[Steps]>,
}

/// The classes of all addresses, for the pools whose rules and distances are the same.
#[derive(Debug)]
pub struct Map {
    table: Table,
    classes: Vec<Class>,
    needs: Needs,
}

impl Map {
    /// Works out the class of every address.
    pub fn compile(steering: &Steering, atlas: &Atlas, needs: Needs, globe: &Globe) -> Map {
        let mut maker = Maker {
            matchers: needs
                .rules
                .iter()
                .map(|id| Matcher::new(&steering.rules[usize::from(id.0)]))
                .collect(),
            compass: Compass::new(steering, &needs.orders, globe),
            atlas,
            plain: vec![None; atlas.facts.len()],
            classes: Vec::new(),
            ids: HashMap::new(),
        };
        let v4: Vec<(u128, u32)> = atlas.v4.iter().map(|(s, f)| (u128::from(*s), *f)).collect();
        let v4 = maker.ranges(&v4, Family::V4);
        let v6 = maker.ranges(&atlas.v6, Family::V6);
        let v4 = v4
            .into_iter()
            .map(|(start, class)| (start as u32, class))
            .collect();
        Map {
            table: Table::new(v4, v6),
            classes: maker.classes,
            needs,
        }
    }

    /// The class of an address by number, and the length of the shortest prefix that holds it alone.
    #[inline]
    pub fn find(&self, addr: IpAddr) -> (u32, u8) {
        self.table.find(addr)
    }

    /// All classes; a class's number is its place here.
    pub fn classes(&self) -> &[Class] {
        &self.classes
    }

    /// The table, for its figures.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// What it was made for.
    pub fn needs(&self) -> &Needs {
        &self.needs
    }
}

impl Class {
    /// The rule of this set that fits, or the first one there with the same targets, by its number. `needs` are the
    /// asking pool's own.
    pub fn rule(&self, needs: &Needs, set: RulesId) -> Option<usize> {
        let at = needs.rules.iter().position(|r| *r == set)?;
        self.rules.get(at).copied().flatten().map(|n| n as usize)
    }

    /// The order of sites for this pool.
    pub fn steps(&self, needs: &Needs, pool: PoolId) -> Steps {
        let of_pool = needs
            .nearest
            .iter()
            .find(|(p, _)| *p == pool)
            .and_then(|(_, at)| self.steps.get(*at));
        of_pool.cloned().unwrap_or_else(|| Vec::new().into())
    }
}

/// Compiles one map.
struct Maker<'a> {
    matchers: Vec<Matcher<'a>>,
    compass: Compass<'a>,
    atlas: &'a Atlas,
    /// The class of facts where no rule for a network covers the address.
    plain: Vec<Option<u32>>,
    classes: Vec<Class>,
    ids: HashMap<Class, u32>,
}

impl Maker<'_> {
    /// Walks the ranges of the databases and those of all rules for networks together.
    fn ranges(&mut self, facts: &[(u128, u32)], family: Family) -> Vec<(u128, u32)> {
        let overlays: Vec<Vec<(u128, Option<u32>)>> = self
            .matchers
            .iter()
            .map(|m| flatten(&m.networks, family))
            .collect();
        let mut cursors = vec![0usize; overlays.len()];
        let mut out: Vec<(u128, u32)> = Vec::with_capacity(facts.len());
        let mut at = 0usize;
        let mut start = 0u128;
        while let Some(&(_, fact)) = facts.get(at) {
            let over = || {
                overlays
                    .iter()
                    .zip(&cursors)
                    .map(|(o, c)| o.get(*c).and_then(|r| r.1))
            };
            let class = if over().any(|rule| rule.is_some()) {
                let rules: Vec<Option<u32>> = over().collect();
                self.class(fact, &rules)
            } else {
                match self.plain.get(fact as usize).copied().flatten() {
                    Some(class) => class,
                    None => {
                        let class = self.class(fact, &[]);
                        if let Some(slot) = self.plain.get_mut(fact as usize) {
                            *slot = Some(class);
                        }
                        class
                    }
                }
            };
            if out.last().is_none_or(|last| last.1 != class) {
                out.push((start, class));
            }
            // On to the next border of any of them.
            let mut next = facts.get(at + 1).map(|r| r.0);
            for (overlay, cursor) in overlays.iter().zip(&cursors) {
                let border = overlay.get(cursor + 1).map(|r| r.0);
                next = [next, border].into_iter().flatten().min();
            }
            let Some(next) = next else { break };
            start = next;
            if facts.get(at + 1).is_some_and(|r| r.0 == next) {
                at += 1;
            }
            for (overlay, cursor) in overlays.iter().zip(&mut cursors) {
                if overlay.get(*cursor + 1).is_some_and(|r| r.0 == next) {
                    *cursor += 1;
                }
            }
        }
        out
    }

    /// The number of a class, new or known. `networks`: for each rule set the rule of the longest network, if any.
    fn class(&mut self, fact: u32, networks: &[Option<u32>]) -> u32 {
        let unknown = Facts::default();
        let facts = self.atlas.facts.get(fact as usize).unwrap_or(&unknown);
        let network = |n: usize| networks.get(n).copied().flatten();
        let rules = self
            .matchers
            .iter()
            .enumerate()
            .map(|(n, m)| network(n).or_else(|| m.find(facts)));
        let class = Class {
            rules: rules.collect(),
            steps: self.compass.steps(position(facts)),
        };
        let next = self.classes.len() as u32;
        *self.ids.entry(class.clone()).or_insert_with(|| {
            self.classes.push(class);
            next
        })
    }
}
