//! What can be known of a network, each distinct set of facts kept once.

use std::collections::HashMap;

use crate::place::{Continent, Country, Point};

/// What is known of a network. Equal facts are stored once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Facts {
    /// From the record, else from the country.
    pub continent: Option<Continent>,
    /// ISO 3166-1.
    pub country: Option<Country>,
    /// The second part of each ISO 3166-2 code, widest first: `CA` of `US-CA`.
    pub subdivisions: Vec<String>,
    /// English name.
    pub city: Option<String>,
    /// Where it is.
    pub location: Option<Point>,
    /// Autonomous system number.
    pub system: Option<u32>,
}

impl Facts {
    /// Each fact from these or, where they do not have it, from `under`.
    pub(super) fn over(&self, under: &Facts) -> Facts {
        let subdivisions = if self.subdivisions.is_empty() {
            &under.subdivisions
        } else {
            &self.subdivisions
        };
        Facts {
            continent: self.continent.or(under.continent),
            country: self.country.or(under.country),
            subdivisions: subdivisions.clone(),
            city: self.city.as_ref().or(under.city.as_ref()).cloned(),
            location: self.location.or(under.location),
            system: self.system.or(under.system),
        }
    }
}

/// Numbers for facts: equal ones get the same. 0 is "nothing known".
#[derive(Debug)]
pub(super) struct Ledger(HashMap<Facts, u32>);

impl Ledger {
    pub(super) fn new() -> Ledger {
        Ledger(HashMap::from([(Facts::default(), 0)]))
    }

    pub(super) fn number(&mut self, facts: Facts) -> u32 {
        // There are fewer facts than nodes in a search tree, and those are counted in 32 bits.
        let next = self.0.len() as u32;
        *self.0.entry(facts).or_insert(next)
    }

    /// All facts, each at its number.
    pub(super) fn into_facts(self) -> Vec<Facts> {
        let mut list: Vec<(u32, Facts)> =
            self.0.into_iter().map(|(f, number)| (number, f)).collect();
        list.sort_unstable_by_key(|(number, _)| *number);
        list.into_iter().map(|(_, facts)| facts).collect()
    }
}
