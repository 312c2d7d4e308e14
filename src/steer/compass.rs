//! The order of sites by distance, for each place where clients are.

use std::collections::HashMap;

use crate::config::estate::{SiteId, Steering};
use crate::geo::atlas::Facts;
use crate::limits;
use crate::place::Point;
use crate::steer::class::Steps;
use crate::steer::distance::{Globe, Vector};
use crate::steer::fence::Fence;
use crate::steer::reach::Order;

/// Where a client is, as far as is known: its network, else the middle of its country, else of its continent.
pub fn position(facts: &Facts) -> Option<Point> {
    let country = || facts.country.map(|c| c.centroid());
    facts
        .location
        .or_else(country)
        .or_else(|| facts.continent.map(|c| c.centroid()))
}

/// Where a client is, and the fence around it.
type Whence = (Option<Point>, Option<Fence>);

/// Orders sites by distance, once for each position and fence.
pub(super) struct Compass<'a> {
    orders: &'a [Order],
    sites: Vec<(Option<Vector>, i32)>,
    globe: &'a Globe,
    known: HashMap<Whence, Box<[Steps]>>,
    shared: HashMap<Vec<Vec<SiteId>>, Steps>,
}

impl<'a> Compass<'a> {
    pub(super) fn new(steering: &Steering, orders: &'a [Order], globe: &'a Globe) -> Compass<'a> {
        let sites = steering
            .sites
            .iter()
            .map(|s| (s.location.map(Vector::of), s.bias))
            .collect();
        Compass {
            orders,
            sites,
            globe,
            known: HashMap::new(),
            shared: HashMap::new(),
        }
    }

    /// For each order the steps from a position, over the sites that the fence holds: the others are not there at all.
    pub(super) fn steps(&mut self, position: Option<Point>, fence: Option<&Fence>) -> Box<[Steps]> {
        if self.orders.is_empty() {
            return Box::new([]);
        }
        let key = (position, fence.cloned());
        if let Some(steps) = self.known.get(&key) {
            return steps.clone();
        }
        let here = position.map(Vector::of);
        let steps: Vec<Steps> = self
            .orders
            .iter()
            .map(|order| self.order(order, here, fence))
            .collect();
        self.known.insert(key, steps.clone().into());
        steps.into()
    }

    fn order(&mut self, order: &Order, here: Option<Vector>, fence: Option<&Fence>) -> Steps {
        let mut list: Vec<(i64, SiteId)> = Vec::with_capacity(order.sites.len());
        let inside = |site: &&SiteId| fence.is_none_or(|fence| fence.holds(Some(**site)));
        for site in order.sites.iter().filter(inside) {
            let (vector, bias) = self
                .sites
                .get(usize::from(site.0))
                .copied()
                .unwrap_or((None, 0));
            let distance = match (here, vector) {
                (Some(a), Some(b)) => i64::from(self.globe.kilometres(a, b)) - i64::from(bias),
                _ => 0,
            };
            list.push((distance, *site));
        }
        if here.is_none() {
            // Of clients at an unknown place the order of members decides; they are one class anyhow.
            let steps: Vec<Vec<SiteId>> = list.into_iter().map(|(_, site)| vec![site]).collect();
            return self
                .shared
                .entry(steps)
                .or_insert_with_key(|steps| steps.clone().into())
                .clone();
        }
        list.sort_by_key(|(distance, _)| *distance); // stable: equals keep the members' order
        let near = list
            .first()
            .map_or(0, |(distance, _)| distance + i64::from(order.tie));
        // Without a tie only the first counts, be the second ever so equal.
        let tied = if order.tie == 0 {
            1
        } else {
            list.iter().filter(|(d, _)| *d <= near).count()
        };
        let sites: Vec<SiteId> = list.into_iter().map(|(_, site)| site).collect();
        let (first, rest) = sites.split_at(tied.min(sites.len()));
        // Sites that share a step are a set, so they stand by their names, as sites are numbered: an order of members
        // would only make classes of its own.
        let set = |step: &[SiteId]| {
            let mut step = step.to_vec();
            step.sort_unstable();
            step
        };
        let mut steps: Vec<Vec<SiteId>> = vec![set(first)];
        let single = limits::NEAREST.saturating_sub(tied).min(rest.len());
        steps.extend(rest[..single].iter().map(|site| vec![*site]));
        if rest.len() > single {
            steps.push(set(&rest[single..]));
        }
        steps.retain(|step| !step.is_empty());
        self.shared
            .entry(steps)
            .or_insert_with_key(|steps| steps.clone().into())
            .clone()
    }
}
