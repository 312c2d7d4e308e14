//! Corrections: what an operator knows better than the databases, laid over them network by network.

use std::collections::HashMap;
use std::sync::Arc;

use super::atlas::{Atlas, Facts};
use super::layers::Layers;
use super::range;
use crate::place::{Country, Place, Point};
use crate::prefix::Prefix;

/// What is said of a network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Change {
    /// A country, subdivision or city. It takes the place of all that the databases say of where the network is: their
    /// coordinates are of another place, so without others the middle of the country counts.
    pub place: Option<Arc<Place>>,
    /// Where the network is.
    pub location: Option<Point>,
}

impl Change {
    /// Both, this one upon the other.
    fn over(&self, under: &Change) -> Change {
        match self.place {
            Some(_) => self.clone(),
            None => Change {
                place: under.place.clone(),
                location: self.location.or(under.location),
            },
        }
    }

    fn apply(&self, facts: &Facts) -> Facts {
        let mut facts = facts.clone();
        if let Some(place) = &self.place {
            let (code, city) = match &**place {
                Place::City(area, name) => (area.as_str(), Some(name.clone())),
                Place::Subdivision(part) => (part.0.as_str(), None),
                Place::Country(country) => (country.code(), None),
                Place::Network(_) | Place::System(_) | Place::Continent(_) | Place::Unknown => {
                    return facts;
                }
            };
            let (country, part) = code.split_once('-').unwrap_or((code, ""));
            facts.country = Country::from_code(country);
            facts.continent = facts.country.map(Country::continent);
            let parts = Some(part.to_owned()).filter(|part| !part.is_empty());
            facts.subdivisions = parts.into_iter().collect();
            facts.city = city;
            (facts.location, facts.radius) = (None, None);
        }
        if self.location.is_some() {
            // What was measured by the operator is exact.
            (facts.location, facts.radius) = (self.location, None);
        }
        facts
    }
}

/// Corrections of all addresses, flattened: networks inside others are laid upon them.
#[derive(Clone, Debug)]
pub struct Corrections {
    /// The first is "nothing".
    changes: Vec<Change>,
    layers: Layers,
}

impl Corrections {
    /// Of networks in any order, each at most once.
    pub fn new(list: impl IntoIterator<Item = (Prefix, Change)>) -> Corrections {
        let mut changes = Changes::default();
        let list = list.into_iter();
        let numbered = list.map(|(prefix, change)| (prefix, changes.number(change)));
        let numbered: Vec<(Prefix, u32)> = numbered.collect();
        let layers = Layers::new(numbered, |over, under| changes.both(over, under));
        Corrections {
            changes: changes.list,
            layers,
        }
    }
}

/// Distinct changes by number; 0 is "nothing".
struct Changes {
    list: Vec<Change>,
    numbers: HashMap<Change, u32>,
    pairs: HashMap<(u32, u32), u32>,
}

impl Default for Changes {
    fn default() -> Changes {
        Changes {
            list: vec![Change::default()],
            numbers: HashMap::from([(Change::default(), 0)]),
            pairs: HashMap::new(),
        }
    }
}

impl Changes {
    fn number(&mut self, change: Change) -> u32 {
        // There are at most as many as corrections, and twice that after those inside of others.
        let next = self.list.len() as u32;
        *self.numbers.entry(change).or_insert_with_key(|change| {
            self.list.push(change.clone());
            next
        })
    }

    fn both(&mut self, over: u32, under: u32) -> u32 {
        if under == 0 {
            return over;
        }
        if let Some(known) = self.pairs.get(&(over, under)) {
            return *known;
        }
        let change = |number: u32| self.list.get(number as usize).cloned().unwrap_or_default();
        let both = change(over).over(&change(under));
        let number = self.number(both);
        self.pairs.insert((over, under), number);
        number
    }
}

impl Atlas {
    /// The same with the corrections laid over it.
    pub fn corrected(&self, corrections: &Corrections) -> Atlas {
        let mut facts = self.facts.clone();
        let known: HashMap<&Facts, u32> = (self.facts.iter()).zip(0..).collect();
        let mut fresh: HashMap<Facts, u32> = HashMap::new();
        let mut pairs: HashMap<(u32, u32), u32> = HashMap::new();
        let mut pair = |change: u32, fact: u32| {
            if change == 0 {
                return fact;
            }
            *pairs.entry((change, fact)).or_insert_with(|| {
                let change = corrections.changes.get(change as usize);
                let before = self.facts.get(fact as usize);
                let Some((change, before)) = change.zip(before) else {
                    return fact;
                };
                let after = change.apply(before);
                if let Some(number) = known.get(&after) {
                    return *number;
                }
                *fresh.entry(after).or_insert_with_key(|after| {
                    facts.push(after.clone());
                    facts.len() as u32 - 1
                })
            })
        };
        let v4 = range::overlay(corrections.layers.ranges4(), self.v4.iter(), &mut pair);
        let v6 = range::overlay(corrections.layers.ranges6(), self.v6.iter(), &mut pair);
        Atlas {
            facts,
            v4,
            v6,
            origins: self.origins.clone(),
            coarse: self.coarse,
        }
    }
}
