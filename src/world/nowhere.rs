//! Places of rules that no network of the loaded databases has: such a rule fits nobody.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::config::estate::Steering;
use crate::config::suggest;
use crate::diagnostic::{Diagnostic, Spot};
use crate::geo::atlas::{Atlas, Facts};
use crate::limits;
use crate::place::{Place, Subdivision};

/// What databases may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Sort {
    System,
    City,
    Subdivision,
    Country,
    Continent,
}

impl Sort {
    fn of(place: &Place) -> Option<Sort> {
        match place {
            Place::System(_) => Some(Sort::System),
            Place::City(..) => Some(Sort::City),
            Place::Subdivision(_) => Some(Sort::Subdivision),
            Place::Country(_) => Some(Sort::Country),
            Place::Continent(_) => Some(Sort::Continent),
            Place::Network(_) | Place::Unknown => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Sort::System => "autonomous systems",
            Sort::City => "cities",
            Sort::Subdivision => "subdivisions",
            Sort::Country => "countries",
            Sort::Continent => "continents",
        }
    }

    fn known(self, facts: &Facts) -> bool {
        match self {
            Sort::System => facts.system.is_some(),
            Sort::City => facts.city.is_some(),
            Sort::Subdivision => !facts.subdivisions.is_empty(),
            Sort::Country => facts.country.is_some(),
            Sort::Continent => facts.continent.is_some(),
        }
    }
}

/// Warns of such places. Of the built-in map it is known that it has continents only, and where a `check` runs without the
/// databases of the servers, a warning for each country would say nothing of the estate: so there is none.
pub(super) fn check(steering: &Steering, atlas: &Atlas, found: &mut Vec<Diagnostic>) {
    if atlas.coarse {
        return;
    }
    let missing = missing(steering, atlas.distinct());
    let mut guesses = limits::NOWHERE_GUESSES;
    let mut blind: HashMap<Sort, Vec<&(Place, Spot)>> = HashMap::new();
    for named in missing {
        let Some(sort) = Sort::of(&named.0) else {
            continue;
        };
        if !atlas.distinct().iter().any(|facts| sort.known(facts)) {
            blind.entry(sort).or_default().push(named);
            continue;
        }
        let message = format!("no network of the loaded databases is in `{}`", named.0);
        let meant = match guesses.checked_sub(1) {
            Some(left) => {
                guesses = left;
                meant(&named.0, atlas.distinct())
            }
            None => None,
        };
        let advice = match (meant, sort) {
            (Some(meant), _) => format!("the rule fits nobody; did you mean `{meant}`?"),
            (None, Sort::City | Sort::Subdivision) => {
                "the rule fits nobody; see how the databases spell it".to_owned()
            }
            (None, Sort::System | Sort::Country | Sort::Continent) => {
                "the rule fits nobody".to_owned()
            }
        };
        found.push(Diagnostic::warning(named.1.clone(), message, advice));
    }
    let mut blind: Vec<(Sort, Vec<&(Place, Spot)>)> = blind.into_iter().collect();
    blind.sort_by_key(|(sort, _)| *sort);
    for (sort, list) in blind {
        let Some((place, spot)) = list.first() else {
            continue;
        };
        let message = format!("no loaded database knows of {}", sort.word());
        let advice = match list.len() - 1 {
            0 => format!("the rule for `{place}` fits nobody"),
            1 => format!("the rules for `{place}` and one more place fit nobody"),
            more => format!("the rules for `{place}` and {more} more places fit nobody"),
        };
        found.push(Diagnostic::warning(spot.clone(), message, advice));
    }
}

/// The subdivision or city of the same country that is spelled most like it.
fn meant(place: &Place, facts: &[Facts]) -> Option<String> {
    let (Place::Subdivision(Subdivision(area)) | Place::City(area, _)) = place else {
        return None;
    };
    let (country, part) = area.split_once('-').unwrap_or((area, ""));
    let there = facts
        .iter()
        .filter(|facts| facts.country.is_some_and(|c| c.code() == country));
    match place {
        Place::City(_, name) => {
            let inside =
                |facts: &&Facts| part.is_empty() || facts.subdivisions.iter().any(|p| p == part);
            let cities: BTreeSet<&str> = there
                .filter(inside)
                .filter_map(|f| f.city.as_deref())
                .collect();
            let name = suggest::nearest(name, cities)?;
            Some(Place::City(area.clone(), name.to_owned()).to_string())
        }
        _ => {
            let parts: BTreeSet<&str> = there
                .flat_map(|f| &f.subdivisions)
                .map(String::as_str)
                .collect();
            let part = suggest::nearest(part, parts)?;
            Some(format!("{country}-{part}"))
        }
    }
}

/// The places of rules that none of the facts has, in their order.
fn missing<'a>(steering: &'a Steering, facts: &[Facts]) -> Vec<&'a (Place, Spot)> {
    let mut plain: HashSet<Place> = HashSet::new();
    let mut parts: HashSet<&str> = HashSet::new();
    // By the name alone, so that the many networks without a wanted city cost one probe.
    let mut cities: HashMap<&str, Vec<&str>> = HashMap::new();
    for (place, _) in &steering.places {
        match place {
            Place::City(within, name) => cities.entry(name).or_default().push(within),
            Place::Subdivision(part) => drop(parts.insert(&part.0)),
            Place::Network(_) | Place::Unknown => {}
            other => drop(plain.insert(other.clone())),
        }
    }
    let mut code = String::new();
    for facts in facts {
        let system = facts.system.map(Place::System);
        let country = facts.country.map(Place::Country);
        let continent = facts.continent.map(Place::Continent);
        for place in [system, country, continent].into_iter().flatten() {
            plain.remove(&place);
        }
        let Some(country) = facts.country else {
            continue;
        };
        let city = facts
            .city
            .as_deref()
            .filter(|city| cities.contains_key(city));
        let mut within = |within: &str| {
            if let Some(list) = city.and_then(|city| cities.get_mut(city)) {
                list.retain(|wanted| *wanted != within);
            }
        };
        within(country.code());
        if parts.is_empty() && city.is_none() {
            continue;
        }
        for part in &facts.subdivisions {
            code.clear();
            code.push_str(country.code());
            code.push('-');
            code.push_str(part);
            parts.remove(code.as_str());
            within(&code);
        }
    }
    let is_missing = |place: &Place| match place {
        Place::City(within, name) => cities
            .get(name.as_str())
            .is_some_and(|list| list.contains(&within.as_str())),
        Place::Subdivision(part) => parts.contains(part.0.as_str()),
        other => plain.contains(other),
    };
    let places = steering.places.iter();
    places.filter(|(place, _)| is_missing(place)).collect()
}
