//! Classes and maps: what of a client matters to a pool, worked out for every address when the estate is compiled.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::config::estate::{PoolId, RulesId, SiteId, Steering};
use crate::digest::{Digest, Writer};
use crate::geo::atlas::Atlas;
use crate::geo::table::Table;
use crate::steer::compass::Compass;
use crate::steer::distance::Globe;
use crate::steer::fence::{Fence, Fences};
use crate::steer::matcher::{Family, Matcher, flatten};
use crate::steer::reach::Needs;

mod causes;

pub use causes::Causes;

/// The order in which a `nearest` pool tries its sites: each step is one site, the ones in the tie, or all that are far.
pub type Steps = Arc<[Vec<SiteId>]>;

/// What of a client matters: two addresses of one class are treated alike whatever the health.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Class {
    rules: Box<[Option<u32>]>,
    fence: Option<Fence>,
    steps: Box<[Steps]>,
}

/// The classes of all addresses, for the pools whose rules and distances are the same.
#[derive(Debug)]
pub struct Map {
    table: Table,
    classes: Vec<Class>,
    needs: Needs,
    digest: Digest,
}

impl Map {
    /// Works out the class of every address.
    pub fn compile(steering: &Steering, atlas: &Atlas, needs: Needs, globe: &Globe) -> Map {
        // Where no distance counts, no round trip does.
        let measured = needs.measures().then(|| Matcher::rows(&steering.latency));
        let mut maker = Maker {
            matchers: (needs.rules.iter().chain(&needs.fences))
                .map(|id| Matcher::new(&steering.rules[usize::from(id.0)]))
                .chain(measured)
                .collect(),
            preferred: needs.rules.len(),
            fenced: needs.fences.len(),
            fences: Fences::new(steering, &needs.fences),
            compass: Compass::new(steering, &needs.orders, globe),
            atlas,
            plain: vec![None; atlas.len()],
            classes: Vec::new(),
            ids: HashMap::new(),
        };
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        let facts = atlas.ranges4().map(|(start, facts)| (start.into(), facts));
        // Borders of IPv4 are numbers of 32 bits.
        maker.ranges(facts, Family::V4, |start, class| {
            v4.push((start as u32, class))
        });
        maker.ranges(atlas.ranges6(), Family::V6, |start, class| {
            v6.push((start, class))
        });
        let mut all = Writer::new(32);
        all.count(v4.len());
        for (start, class) in &v4 {
            all.number(*start).number(*class);
        }
        for (start, class) in &v6 {
            all.digest(Digest(*start)).number(*class);
        }
        Map {
            digest: all.end(),
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

    /// Of which address is of which class, by number.
    pub fn digest(&self) -> Digest {
        self.digest
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
    /// The class of a client whom no rule fits and no fence holds, and who tries all sites one by one: what stands in a pool
    /// whoever asks.
    pub(super) fn anyone(needs: &Needs) -> Class {
        let each = |order: &crate::steer::reach::Order| {
            let steps = order.sites.iter().map(|site| vec![*site]);
            steps.collect::<Vec<Vec<SiteId>>>().into()
        };
        Class {
            rules: vec![None; needs.rules.len()].into(),
            fence: None,
            steps: needs.orders.iter().map(each).collect(),
        }
    }

    /// The rule of this set that fits, or the first one there with the same targets, by its number. `needs` are the
    /// asking pool's own.
    pub fn rule(&self, needs: &Needs, set: RulesId) -> Option<usize> {
        let at = needs.rules.iter().position(|r| *r == set)?;
        self.rules.get(at).copied().flatten().map(|n| n as usize)
    }

    /// What the asking pool's fences leave of the sites; none: its clients are not fenced.
    pub fn fence(&self) -> Option<&Fence> {
        self.fence.as_ref()
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
    /// Of the rule sets that pools prefer by, then of the fences, then of the measured round trips.
    matchers: Vec<Matcher<'a>>,
    /// How many of the first.
    preferred: usize,
    /// How many of the second.
    fenced: usize,
    fences: Fences<'a>,
    compass: Compass<'a>,
    atlas: &'a Atlas,
    /// The class of facts where no rule or measurement for a network covers the address.
    plain: Vec<Option<u32>>,
    classes: Vec<Class>,
    ids: HashMap<Class, u32>,
}

impl Maker<'_> {
    /// Walks the ranges of the databases and those of all rules and measurements for networks together, and puts where
    /// classes begin.
    fn ranges(
        &mut self,
        facts: impl Iterator<Item = (u128, u32)>,
        family: Family,
        mut put: impl FnMut(u128, u32),
    ) {
        let overlays: Vec<Vec<(u128, Option<u32>)>> = self
            .matchers
            .iter()
            .map(|m| flatten(&m.networks, family))
            .collect();
        let mut cursors = vec![0usize; overlays.len()];
        let mut facts = facts.peekable();
        let Some((mut start, mut fact)) = facts.next() else {
            return;
        };
        let mut last = None;
        loop {
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
                self.plain(fact)
            };
            if last != Some(class) {
                put(start, class);
                last = Some(class);
            }
            // On to the next border of any of them.
            let mut next = facts.peek().map(|r| r.0);
            for (overlay, cursor) in overlays.iter().zip(&cursors) {
                let border = overlay.get(cursor + 1).map(|r| r.0);
                next = [next, border].into_iter().flatten().min();
            }
            let Some(next) = next else { break };
            start = next;
            if let Some(range) = facts.next_if(|range| range.0 == next) {
                fact = range.1;
            }
            for (overlay, cursor) in overlays.iter().zip(&mut cursors) {
                if overlay.get(*cursor + 1).is_some_and(|r| r.0 == next) {
                    *cursor += 1;
                }
            }
        }
    }

    /// The class of facts where no rule for a network covers the address.
    fn plain(&mut self, fact: u32) -> u32 {
        if let Some(class) = self.plain.get(fact as usize).copied().flatten() {
            return class;
        }
        let class = self.class(fact, &[]);
        if let Some(slot) = self.plain.get_mut(fact as usize) {
            *slot = Some(class);
        }
        class
    }

    /// The number of a class, new or known. `networks`: for each matcher what it has for the longest network, if any.
    fn class(&mut self, fact: u32, networks: &[Option<u32>]) -> u32 {
        let facts = self.atlas.facts(fact);
        let network = |n: usize| networks.get(n).copied().flatten();
        let rules = self
            .matchers
            .iter()
            .enumerate()
            .map(|(n, m)| network(n).or_else(|| m.find(facts)));
        let rules: Vec<Option<u32>> = rules.collect();
        let (rules, others) = rules.split_at(self.preferred.min(rules.len()));
        let (fences, measured) = others.split_at(self.fenced.min(others.len()));
        let row = measured.first().copied().flatten();
        let fence = self.fences.inside(fences);
        let class = Class {
            rules: rules.into(),
            steps: self.compass.steps(facts, row, fence.as_ref()),
            fence,
        };
        let next = self.classes.len() as u32;
        *self.ids.entry(class.clone()).or_insert_with(|| {
            self.classes.push(class);
            next
        })
    }
}
