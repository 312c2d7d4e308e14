//! Which rule of a set fits a client: networks as ranges, all other places by the facts.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::config::estate::{Measured, Row, Rule, RuleSet, Target};
use crate::geo::atlas::Facts;
use crate::place::{Place, Subdivision};
use crate::prefix::{Prefix, mask32, mask128};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    V4,
    V6,
}

/// Ranges of the longest network at each address; the networks of one rule set never overlap but by nesting.
pub(super) fn flatten(networks: &[(Prefix, u32)], family: Family) -> Vec<(u128, Option<u32>)> {
    let mut list: Vec<(u128, u128, u32)> = Vec::new();
    for (prefix, rule) in networks {
        let (start, end) = match (prefix.addr(), family) {
            (IpAddr::V4(a), Family::V4) => {
                let start = u32::from(a);
                (u128::from(start), u128::from(start | !mask32(prefix.len())))
            }
            (IpAddr::V6(a), Family::V6) => {
                let start = u128::from(a);
                (start, start | !mask128(prefix.len()))
            }
            _ => continue,
        };
        list.push((start, end, *rule));
    }
    // The wider of two that begin alike comes first, so that the narrower is laid upon it.
    list.sort_by_key(|(start, end, _)| (*start, std::cmp::Reverse(*end)));
    let mut out: Vec<(u128, Option<u32>)> = vec![(0, None)];
    let mut open: Vec<(u128, u32)> = Vec::new();
    let mut put = |start: u128, rule: Option<u32>| {
        if out.last().is_some_and(|last| last.0 == start) {
            out.pop();
        }
        out.push((start, rule));
    };
    for (start, end, rule) in list {
        while let Some(&(last, _)) = open.last().filter(|(last, _)| *last < start) {
            open.pop();
            put(last + 1, open.last().map(|(_, rule)| *rule));
        }
        put(start, Some(rule));
        open.push((end, rule));
    }
    while let Some((last, _)) = open.pop() {
        if let Some(next) = last.checked_add(1) {
            put(next, open.last().map(|(_, rule)| *rule));
        }
    }
    if family == Family::V4 {
        out.retain(|(start, _)| *start <= u128::from(u32::MAX));
    }
    out
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
