//! Who counted as the client of a steered answer, which rules fit, and what the fence leaves.

use super::reasons::Decided;
use super::{Client, Correction, Measured, Rule};
use crate::answer::choose::Basis;
use crate::config::estate::{PoolId, Row, RulesId, Target, VipId};
use crate::geo::atlas::Facts;
use crate::place::Point;
use crate::prefix::Prefix;
use crate::steer::{compass, matcher};

/// Degrees have so many parts.
const MILLION: f64 = 1e6;

fn degrees(point: Point) -> [f64; 2] {
    [point.latitude, point.longitude].map(|micro| f64::from(micro) / MILLION)
}

impl Decided<'_> {
    /// The measured round trips of the client's place, if any pool of the answer asks for such.
    pub(super) fn row(&self, facts: &Facts) -> Option<&Row> {
        let asks = self.decision.root.needs.measures();
        let rows = asks.then_some(&*self.steering().latency)?;
        matcher::row(rows, self.decision.client, facts)
    }

    pub(super) fn client(&self, facts: &Facts, network: Prefix) -> Client {
        let atlas = &self.world.estate.atlas;
        let corrections = self.steering().corrections(self.decision.client);
        Client {
            address: self.decision.client,
            why: match self.decision.basis {
                Basis::Subnet => "the client subnet of the query",
                Basis::Sender => "the resolver: the query has no client subnet",
                Basis::Opted => "the resolver: a client subnet of length 0 asks for no tailoring",
                Basis::Pool => "the resolver: the pool says `ecs = false`",
                Basis::Local => "the resolver: the client subnet is not of the public Internet",
            }
            .into(),
            network: network.to_string(),
            country: facts.country.map(|c| c.to_string()),
            country_name: facts.country.map(|c| c.name().into()),
            continent: facts.continent.map(|c| c.word().into()),
            subdivisions: facts
                .subdivisions
                .iter()
                .map(|part| {
                    facts
                        .country
                        .map_or_else(|| part.clone(), |c| format!("{c}-{part}"))
                })
                .collect(),
            city: facts.city.clone(),
            system: facts.system,
            position: compass::position(facts).map(degrees),
            radius: facts.radius.filter(|_| facts.location.is_some()),
            measured: self.row(facts).map(|row| Measured {
                place: row.place.to_string(),
                written: row.written(),
            }),
            coarse: atlas.coarse,
            databases: atlas.origins.iter().map(|o| o.label.clone()).collect(),
            corrections: corrections
                .into_iter()
                .map(|one| Correction {
                    network: one.network.to_string(),
                    place: one.place.as_ref().map(|place| place.to_string()),
                    location: one.location.map(degrees),
                    written: one.written(),
                })
                .collect(),
        }
    }

    pub(super) fn rules(&self, below: &[PoolId], facts: &Facts) -> Vec<Rule> {
        let pools = below
            .iter()
            .filter_map(|id| self.steering().pools.get(usize::from(id.0)));
        let mut sets: Vec<_> = pools.filter_map(|pool| pool.prefer).collect();
        sets.sort_unstable();
        sets.dedup();
        let rule = |id: RulesId| self.rule(id, facts);
        sets.into_iter().filter_map(rule).collect()
    }

    /// The rule of a set that fits. The class has only what rules come to, so it is looked up again.
    fn rule(&self, id: RulesId, facts: &Facts) -> Option<Rule> {
        let set = self.steering().rules.get(usize::from(id.0))?;
        let fits = matcher::fitting(set, self.decision.client, facts);
        let fits = fits.and_then(|n| set.rules.get(n));
        Some(Rule {
            set: set.name.clone(),
            place: fits.map(|r| r.place.to_string()),
            region: fits.and_then(|r| r.region.clone()),
            prefers: fits
                .iter()
                .flat_map(|r| &r.targets)
                .map(|t| self.target(*t))
                .collect(),
        })
    }

    pub(super) fn fences(&self, facts: &Facts) -> Vec<Rule> {
        let rule = |id: &RulesId| self.rule(*id, facts);
        self.decision.pool.fence.iter().filter_map(rule).collect()
    }

    pub(super) fn outside(&self) -> Vec<String> {
        let Some(fence) = self.decision.fence() else {
            return Vec::new();
        };
        let vips = &self.steering().vips;
        let site = |vip: &VipId| vips.get(usize::from(vip.0)).and_then(|vip| vip.site);
        let involved = self.decision.root.involved.iter();
        let outside = involved.filter(|vip| !fence.holds(site(vip)));
        outside.map(|vip| self.target(Target::Vip(*vip))).collect()
    }
}
