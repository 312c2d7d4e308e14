//! The order of sites by distance and measured round trips, for each place where clients are.

use std::collections::HashMap;

use crate::config::estate::{Row, SiteId, Steering};
use crate::geo::atlas::Facts;
use crate::limits;
use crate::place::Point;
use crate::steer::class::Steps;
use crate::steer::distance::{Globe, Vector};
use crate::steer::fence::Fence;
use crate::steer::latency::{self, Cost};
use crate::steer::reach::Order;

/// Where a client is, as far as is known: its network, else the middle of its country, else of its continent.
pub fn position(facts: &Facts) -> Option<Point> {
    let country = || facts.country.map(|c| c.centroid());
    facts
        .location
        .or_else(country)
        .or_else(|| facts.continent.map(|c| c.centroid()))
}

/// Kilometres by which sites may be farther than the nearest and still count as near as it: 0 means that just the nearest
/// does. `radius`: how far a client may be from where the databases have it.
pub fn band(tie: u32, radius: Option<u16>) -> u32 {
    let astray = radius.map_or(0, u32::from).min(limits::RADIUS);
    if tie == 0 { 0 } else { tie.max(astray) }
}

/// What of a client makes the order of sites.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Whence {
    point: Option<Point>,
    /// Only where a tie is wider for it.
    radius: Option<u16>,
    /// Which row of measured round trips fits.
    row: Option<u32>,
    fence: Option<Fence>,
}

/// Orders sites, once for each whence.
pub(super) struct Compass<'a> {
    orders: &'a [Order],
    sites: Vec<(Option<Vector>, i32)>,
    rows: &'a [Row],
    globe: &'a Globe,
    known: HashMap<Whence, Box<[Steps]>>,
    shared: HashMap<Vec<Vec<SiteId>>, Steps>,
}

impl<'a> Compass<'a> {
    pub(super) fn new(
        steering: &'a Steering,
        orders: &'a [Order],
        globe: &'a Globe,
    ) -> Compass<'a> {
        let sites = steering
            .sites
            .iter()
            .map(|s| (s.location.map(Vector::of), s.bias))
            .collect();
        Compass {
            orders,
            sites,
            rows: &steering.latency,
            globe,
            known: HashMap::new(),
            shared: HashMap::new(),
        }
    }

    /// For each order the steps of clients of these facts, by the measured row of this number, if one fits, over the sites
    /// that the fence holds: the others are not there at all.
    pub(super) fn steps(
        &mut self,
        facts: &Facts,
        row: Option<u32>,
        fence: Option<&Fence>,
    ) -> Box<[Steps]> {
        if self.orders.is_empty() {
            return Box::new([]);
        }
        let wider = |order: &Order| band(order.tie, facts.radius) > order.tie;
        let whence = Whence {
            point: position(facts),
            // Most databases tell networks apart by it that no tie does.
            radius: facts.radius.filter(|_| self.orders.iter().any(wider)),
            row,
            fence: fence.cloned(),
        };
        if let Some(steps) = self.known.get(&whence) {
            return steps.clone();
        }
        let here = whence.point.map(Vector::of);
        let steps: Vec<Steps> = self
            .orders
            .iter()
            .map(|order| self.order(order, here, &whence))
            .collect();
        self.known.insert(whence, steps.clone().into());
        steps.into()
    }

    fn order(&mut self, order: &Order, here: Option<Vector>, whence: &Whence) -> Steps {
        let row = whence.row.and_then(|row| self.rows.get(row as usize));
        let fence = whence.fence.as_ref();
        let inside = |site: &&SiteId| fence.is_none_or(|fence| fence.holds(Some(**site)));
        let mut list: Vec<(Cost, SiteId)> = Vec::with_capacity(order.sites.len());
        // Sites of which neither a distance nor a round trip is known.
        let mut blind: Vec<SiteId> = Vec::new();
        let mut measured = false;
        for site in order.sites.iter().filter(inside) {
            let known = self.sites.get(usize::from(site.0)).copied();
            let (there, bias) = known.unwrap_or((None, 0));
            let km = here.zip(there).map(|(a, b)| self.globe.kilometres(a, b));
            let round = row.and_then(|row| row.to(*site));
            measured |= round.is_some();
            match latency::blend(round, km) {
                Some(micros) => list.push((latency::cost(micros, bias), *site)),
                None => blind.push(*site),
            }
        }
        // How far off the databases may be says nothing against what was measured.
        let radius = whence.radius.filter(|_| !measured);
        let mut steps = steps(list, band(order.tie, radius));
        // Among these the order of members decides; clients differ in it by what was measured alone.
        steps.extend(blind.into_iter().map(|site| vec![site]));
        self.shared
            .entry(steps)
            .or_insert_with_key(|steps| steps.clone().into())
            .clone()
    }
}

/// Sites by cost: those within the band of the nearest, then singly as many as are ordered, then all others.
fn steps(mut list: Vec<(Cost, SiteId)>, band: u32) -> Vec<Vec<SiteId>> {
    list.sort_by_key(|(cost, _)| *cost); // stable: equals keep the members' order
    let near = latency::far(band.into()) + list.first().map_or(0, |(cost, _)| cost.0);
    // Without a tie only the first counts, be the second ever so equal.
    let tied = if band == 0 {
        1
    } else {
        list.iter().filter(|(cost, _)| cost.0 <= near).count()
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
    steps
}
