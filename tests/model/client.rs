//! From a client's address to what steering sees of it: facts, matched rules, steps of sites (SPEC "Client to class").

use std::net::IpAddr;

use super::estate::{Estate, Facts, Place, Point, Pool, RuleSet, Trip};
use super::form;
use super::judge;

/// Sites of a nearest pool that are ordered one by one (SPEC: NEAREST).
const NEAREST: usize = 3;

/// Who is asking, as far as the model is concerned.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) addr: IpAddr,
    pub(crate) facts: Facts,
}

impl Client {
    /// The longest network of the databases around the address tells the facts. An IPv4 address inside an IPv6 one is
    /// the client.
    pub(crate) fn at(estate: &Estate, addr: IpAddr) -> Client {
        let addr = form::fold(addr);
        let around = estate
            .networks
            .iter()
            .filter(|(network, _)| network.contains(addr));
        let longest = around.max_by_key(|(network, _)| network.len);
        let mut facts = longest.map_or_else(Facts::default, |(_, facts)| facts.clone());
        // "It replaces that fact; the longest network counts": so the widest is laid on first.
        let mut corrections: Vec<_> = (estate.corrections.iter())
            .filter(|one| one.network.contains(addr))
            .collect();
        corrections.sort_by_key(|one| one.network.len);
        for one in corrections {
            if let Some((place, continent)) = &one.place {
                // Coordinates of another place go with it.
                facts = Facts {
                    continent: Some(continent.clone()),
                    system: facts.system,
                    ..where_is(place)
                };
            }
            if one.location.is_some() {
                // What the operator has measured is exact.
                (facts.location, facts.radius) = (one.location, None);
            }
        }
        Client { addr, facts }
    }

    /// "facts.location, else centroid(country), else centroid(continent), else none."
    pub(crate) fn position(&self, estate: &Estate) -> Option<Point> {
        let middle = |code: &Option<String>| {
            let code = code.as_ref()?;
            estate
                .centroids
                .iter()
                .find(|(known, _)| known == code)
                .map(|(_, point)| *point)
        };
        self.facts
            .location
            .or_else(|| middle(&self.facts.country))
            .or_else(|| middle(&self.facts.continent))
    }

    /// The index of the subdivision among the facts, if this `CC-SUB` fits; the narrowest is last.
    fn subdivision(&self, code: &str) -> Option<usize> {
        let (country, part) = code.split_once('-')?;
        let here = self.facts.country.as_deref() == Some(country);
        self.facts
            .subdivisions
            .iter()
            .position(|known| here && known == part)
    }

    /// How specific a place is for this client, larger first; none if it does not fit. The order is
    /// Network > System > City > Subdivision > Country > Continent > Unknown, "among networks the
    /// longest, among subdivisions the narrowest"; a city's subdivision form beats its country form.
    fn fit(&self, place: &Place) -> Option<(u8, usize)> {
        let facts = &self.facts;
        let yes = |fits: bool, rank: u8| fits.then_some((rank, 0));
        match place {
            Place::Network(net) => net.contains(self.addr).then_some((6, net.len.into())),
            Place::System(number) => yes(facts.system == Some(*number), 5),
            Place::City(area, name) if facts.city.as_ref() == Some(name) => {
                if area.contains('-') {
                    self.subdivision(area).map(|at| (4, 1 + at))
                } else {
                    yes(facts.country.as_ref() == Some(area), 4)
                }
            }
            Place::City(..) => None,
            Place::Subdivision(code) => self.subdivision(code).map(|at| (3, at)),
            Place::Country(code) => yes(facts.country.as_ref() == Some(code), 2),
            Place::Continent(word) => yes(facts.continent.as_ref() == Some(word), 1),
            Place::Unknown => yes(facts.country.is_none(), 0),
        }
    }

    /// The matched rule of a set: the most specific that fits.
    pub(crate) fn matched(&self, set: &RuleSet) -> Option<usize> {
        let fitting = set.rules.iter().enumerate();
        let ranked = fitting.filter_map(|(i, rule)| Some((self.fit(&rule.place)?, i)));
        ranked.max().map(|(_, i)| i)
    }

    /// The sites of a nearest pool in the steps in which this client tries them. Inside a step the
    /// sites stand by their names: a step is a set.
    /// A fence leaves the sites inside, as if there were no others.
    pub(crate) fn steps(
        &self,
        estate: &Estate,
        pool: &Pool,
        inside: Option<&[usize]>,
    ) -> Vec<Vec<usize>> {
        let mut sites = sites_of_members(estate, pool);
        sites.retain(|site| inside.is_none_or(|inside| inside.contains(site)));
        let (here, trips) = (self.position(estate), self.measured(estate));
        let trip = |site: usize| trips.iter().find(|trip| trip.site == site);
        // "rtt_geo = 5 ms + 0.015 ms/km * D; blended = (n*m + n0*rtt_geo)/(n+n0)", in microseconds; "client of unknown
        // position: measured value alone".
        let round = |site: usize| {
            let location = estate.sites[site].location.expect("nearest needs places");
            let geo = here.map(|here| 5_000 + 15 * kilometres(here, location));
            match (trip(site), geo) {
                (Some(trip), Some(geo)) => {
                    Some((trip.samples * trip.micros + 20 * geo) / (trip.samples + 20))
                }
                (Some(trip), None) => Some(trip.micros),
                (None, geo) => geo,
            }
        };
        // "cost = (blended - 5)/0.015 km (not below 0), then bias"; what lies below tells equals apart.
        let cost = |site: usize| {
            let beyond = round(site).expect("known") - 5_000;
            (beyond.max(0) - 15 * estate.sites[site].bias, beyond.min(0))
        };
        // "Sites without a measured value then come after, in the order of members": one site per step, no ties.
        let (mut order, blind): (Vec<usize>, Vec<usize>) = sites
            .iter()
            .copied()
            .partition(|site| round(*site).is_some());
        // "Ascending (kilometres - bias), ties by first appearance": the sort is stable.
        order.sort_by_key(|site| cost(*site));
        // "Inside a step they stand in the order of their names."
        let by_name = |mut step: Vec<usize>| {
            step.sort_by(|a, b| estate.sites[*a].name.cmp(&estate.sites[*b].name));
            step
        };
        // "The accuracy radius widens the tie band", unless something was measured.
        let radius = match sites.iter().any(|site| trip(*site).is_some()) {
            true => 0,
            false => self.facts.radius.unwrap_or(0).min(1_000),
        };
        let band = 15 * pool.tie.max(radius);
        // "The first step = every site whose cost <= the smallest cost + tie", if tie > 0.
        let within = |site: &usize| cost(*site).0 <= cost(order[0]).0 + band;
        let first = if pool.tie > 0 {
            order.iter().filter(|s| within(s)).count()
        } else {
            1.min(order.len())
        };
        let mut steps = vec![by_name(order.drain(..first).collect())];
        // "Then the next sites singly until NEAREST = 3 sites are named; all further are one step."
        let singly = NEAREST.saturating_sub(first).min(order.len());
        steps.extend(order.drain(..singly).map(|site| vec![site]));
        steps.push(by_name(order));
        steps.extend(blind.into_iter().map(|site| vec![site]));
        steps.retain(|step| !step.is_empty());
        steps
    }

    /// What was measured from the most specific place that has any line.
    pub(crate) fn measured<'a>(&self, estate: &'a Estate) -> Vec<&'a Trip> {
        let trips = || estate.latency.iter();
        let best = trips().filter_map(|trip| self.fit(&trip.place)).max();
        trips()
            .filter(|trip| best.is_some() && self.fit(&trip.place) == best)
            .collect()
    }
}

/// What a place of a correction says.
fn where_is(place: &Place) -> Facts {
    let (area, city) = match place {
        Place::City(area, name) => (area, Some(name.clone())),
        Place::Subdivision(area) | Place::Country(area) => (area, None),
        other => panic!("{other:?} is no place of a correction"),
    };
    let mut parts = area.split('-').map(str::to_string);
    Facts {
        country: parts.next(),
        subdivisions: parts.collect(),
        city,
        ..Facts::default()
    }
}

/// The sites of a nearest pool's members, by first appearance. A pool that is a member lies at one.
pub(crate) fn sites_of_members(estate: &Estate, pool: &Pool) -> Vec<usize> {
    let mut sites = Vec::new();
    for member in pool.members.targets() {
        let site = judge::site_of_member(estate, member);
        if !sites.contains(&site) {
            sites.push(site);
        }
    }
    sites
}

/// Whole kilometres on a sphere of radius 6371 km. The server counts in integers; cases are made
/// so that no order hangs on less than [`super::cases::MARGIN`] km.
pub(crate) fn kilometres(a: Point, b: Point) -> i64 {
    let radians = |micro: i32| (f64::from(micro) / 1e6).to_radians();
    let (lat_a, lat_b) = (radians(a.latitude), radians(b.latitude));
    let half_lat = (lat_b - lat_a) / 2.0;
    let half_lon = (radians(b.longitude) - radians(a.longitude)) / 2.0;
    let h = half_lat.sin().powi(2) + lat_a.cos() * lat_b.cos() * half_lon.sin().powi(2);
    (2.0 * 6371.0 * h.sqrt().min(1.0).asin()).round() as i64
}
