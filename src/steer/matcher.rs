//! Which rule of a set fits a client: networks as ranges, all other places by the facts.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::config::estate::{Rule, RuleSet, Target};
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

/// A rule set, arranged by kind of place.
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

    fn numbered(set: &'a RuleSet, mut number: impl FnMut(u32, &'a Rule) -> u32) -> Matcher<'a> {
        let mut matcher = Matcher {
            networks: Vec::new(),
            others: HashMap::new(),
            cities: false,
        };
        for (n, rule) in set.rules.iter().enumerate() {
            let n = number(n as u32, rule);
            match &rule.place {
                Place::Network(prefix) => matcher.networks.push((*prefix, n)),
                place => {
                    matcher.cities |= matches!(place, Place::City(..));
                    matcher.others.insert(place, n);
                }
            }
        }
        matcher
    }

    /// The most specific place that fits, in the order of the language's table; networks come before all of these.
    pub(super) fn find(&self, facts: &Facts) -> Option<u32> {
        let get = |place: Place| self.others.get(&place).copied();
        if let Some(rule) = facts.system.and_then(|n| get(Place::System(n))) {
            return Some(rule);
        }
        let Some(country) = facts.country else {
            return facts
                .continent
                .and_then(|c| get(Place::Continent(c)))
                .or_else(|| get(Place::Unknown));
        };
        let subdivision = |code: &String| format!("{}-{code}", country.code());
        if let Some(city) = facts.city.as_ref().filter(|_| self.cities) {
            let narrow = facts.subdivisions.iter().rev();
            let in_part = narrow
                .map(|code| Place::City(subdivision(code), city.clone()))
                .find_map(get);
            if let Some(rule) =
                in_part.or_else(|| get(Place::City(country.code().to_string(), city.clone())))
            {
                return Some(rule);
            }
        }
        let part = |code: &String| get(Place::Subdivision(Subdivision(subdivision(code))));
        let parts = facts.subdivisions.iter().rev().find_map(part);
        parts
            .or_else(|| get(Place::Country(country)))
            .or_else(|| facts.continent.and_then(|c| get(Place::Continent(c))))
    }
}
