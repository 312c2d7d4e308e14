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
    /// How far from there it may be, in kilometres; none: exact, or not said.
    pub radius: Option<u16>,
    /// Autonomous system number.
    pub system: Option<u32>,
}

impl Facts {
    /// These, and from `under` what they do not have. The AS number stands alone; all else is one place, and is added to
    /// only by a record that says the same of it: see [`Facts::confirm`].
    pub(super) fn over(&self, under: &Facts) -> Facts {
        let mut facts = self.clone();
        facts.system = facts.system.or(under.system);
        if !under.confirm(self) {
            return facts;
        }
        facts.continent = facts.continent.or(under.continent);
        facts.country = facts.country.or(under.country);
        if facts.subdivisions.len() < under.subdivisions.len() {
            facts.subdivisions.clone_from(&under.subdivisions);
        }
        if facts.city.is_none() {
            facts.city.clone_from(&under.city);
        }
        if facts.location.is_none() {
            (facts.location, facts.radius) = (under.location, under.radius);
        }
        facts
    }

    /// Whether these name everything that `known` names, and alike: its country (the continent, where no country is known),
    /// a subdivision, its city. Else a country of one file and a city of another could make a place that is nowhere.
    fn confirm(&self, known: &Facts) -> bool {
        fn alike<T: PartialEq>(own: &Option<T>, known: &Option<T>) -> bool {
            known.is_none() || own == known
        }
        let wide = match known.country {
            // Makers differ on the continent of a few countries.
            Some(_) => self.country == known.country,
            None => alike(&self.continent, &known.continent),
        };
        let mut parts = self.subdivisions.iter().zip(&known.subdivisions);
        let parted = !self.subdivisions.is_empty() || known.subdivisions.is_empty();
        wide && parted && parts.all(|(own, known)| own == known) && alike(&self.city, &known.city)
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
