//! Which rule of a set fits a client: networks as ranges, all other places by the facts.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::config::estate::{Measured, Row, Rule, RuleSet, Target};
use crate::geo::atlas::Facts;
use crate::geo::layers::Layers;
use crate::place::{Place, Subdivision};
use crate::prefix::Prefix;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    V4,
    V6,
}

/// Ranges of the longest network at each address; the networks of one rule set never overlap but by nesting.
pub(super) fn flatten(networks: &[(Prefix, u32)], family: Family) -> Vec<(u128, Option<u32>)> {
    let four = family == Family::V4;
    let own = networks.iter();
    let own = own.filter(|(prefix, _)| prefix.addr().is_ipv4() == four);
    // Zero is where no rule is.
    let numbered = own.map(|(prefix, rule)| (*prefix, rule.saturating_add(1)));
    let layers = Layers::new(numbered, |rule, _| rule);
    let rule = |number: u32| number.checked_sub(1);
    match family {
        Family::V4 => {
            let ranges = layers.ranges4();
            ranges
                .map(|(start, n)| (u128::from(start), rule(n)))
                .collect()
        }
        Family::V6 => layers
            .ranges6()
            .map(|(start, n)| (start, rule(n)))
            .collect(),
    }
}

/// The very rule of a set that fits an address with these facts, by its number there.
pub fn fitting(set: &RuleSet, addr: IpAddr, facts: &Facts) -> Option<usize> {
    let matcher = Matcher::numbered(set, |n, _| n);
    let around = matcher.networks.iter().filter(|(p, _)| p.contains(addr));
    let longest = around.max_by_key(|(p, _)| p.len()).map(|(_, n)| *n);
    longest.or_else(|| matcher.find(facts)).map(|n| n as usize)
}

/// The row of measured round trips that fits an address with these facts. The rows are sorted by place.
pub fn row<'a>(rows: &'a [Row], addr: IpAddr, facts: &Facts) -> Option<&'a Row> {
    let get = |place: Place| {
        let at = rows.binary_search_by(|row| row.place.cmp(&place)).ok()?;
        rows.get(at)
    };
    let width = if addr.is_ipv4() { 32 } else { 128 };
    let mut around = (0..=width).rev().map(|len| Prefix::around(addr, len));
    let longest = around.find_map(|prefix| get(Place::Network(prefix)));
    longest.or_else(|| specific(facts, true, get))
}

/// A rule set or a table, arranged by kind of place.
pub(super) struct Matcher<'a> {
    pub(super) networks: Vec<(Prefix, u32)>,
    others: HashMap<&'a Place, u32>,
    cities: bool,
}

impl<'a> Matcher<'a> {
    /// For classes: rules with the same targets go by the number of the first of them, since nobody could tell their
    /// clients apart. Neighbours of different rules then share a scope.
    pub(super) fn new(set: &'a RuleSet) -> Matcher<'a> {
        let mut alike: HashMap<&[Target], u32> = HashMap::new();
        Matcher::numbered(set, |n, rule| *alike.entry(&rule.targets).or_insert(n))
    }

    /// For classes: rows that say the same go by the number of the first of them.
    pub(super) fn rows(rows: &'a [Row]) -> Matcher<'a> {
        let mut alike: HashMap<&[Measured], u32> = HashMap::new();
        let numbers = (0..).zip(rows).map(|(n, row)| {
            let number = *alike.entry(&row.sites).or_insert(n);
            (&row.place, number)
        });
        Matcher::of(numbers)
    }

    fn numbered(set: &'a RuleSet, mut number: impl FnMut(u32, &'a Rule) -> u32) -> Matcher<'a> {
        let rules = (0..).zip(&set.rules);
        Matcher::of(rules.map(|(n, rule)| (&rule.place, number(n, rule))))
    }

    fn of(places: impl Iterator<Item = (&'a Place, u32)>) -> Matcher<'a> {
        let mut matcher = Matcher {
            networks: Vec::new(),
            others: HashMap::new(),
            cities: false,
        };
        for (place, n) in places {
            match place {
                Place::Network(prefix) => matcher.networks.push((*prefix, n)),
                place => {
                    matcher.cities |= matches!(place, Place::City(..));
                    matcher.others.insert(place, n);
                }
            }
        }
        matcher
    }

    /// The most specific place that fits; networks come before all of these.
    pub(super) fn find(&self, facts: &Facts) -> Option<u32> {
        specific(facts, self.cities, |place| self.others.get(&place).copied())
    }
}

/// What `get` has for the most specific place that fits, in the order of the language's table, without networks. `cities`:
/// whether it may have any for cities.
fn specific<T>(facts: &Facts, cities: bool, get: impl Fn(Place) -> Option<T>) -> Option<T> {
    if let Some(found) = facts.system.and_then(|n| get(Place::System(n))) {
        return Some(found);
    }
    let Some(country) = facts.country else {
        return facts
            .continent
            .and_then(|c| get(Place::Continent(c)))
            .or_else(|| get(Place::Unknown));
    };
    let subdivision = |code: &String| format!("{}-{code}", country.code());
    if let Some(city) = facts.city.as_ref().filter(|_| cities) {
        let narrow = facts.subdivisions.iter().rev();
        let in_part = narrow
            .map(|code| Place::City(subdivision(code), city.clone()))
            .find_map(&get);
        let in_country = || get(Place::City(country.code().to_string(), city.clone()));
        if let Some(found) = in_part.or_else(in_country) {
            return Some(found);
        }
    }
    let part = |code: &String| get(Place::Subdivision(Subdivision(subdivision(code))));
    let parts = facts.subdivisions.iter().rev().find_map(part);
    parts
        .or_else(|| get(Place::Country(country)))
        .or_else(|| facts.continent.and_then(|c| get(Place::Continent(c))))
}
