//! What a line says of a network, and its record in the database.

use super::super::mmdb::Value;
use crate::place::{Continent, Country, Point};

/// What is said of a network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Said {
    pub(super) continent: Option<Continent>,
    pub(super) country: Option<Country>,
    /// The second part of an ISO 3166-2 code.
    pub(super) subdivision: Option<String>,
    pub(super) city: Option<String>,
    pub(super) location: Option<Point>,
    /// Kilometres around the location.
    pub(super) radius: Option<u16>,
    pub(super) system: Option<u32>,
}

/// What a code of a public list says: a country, or for some codes that are none at least a continent. The second is
/// whether the code is a country's.
pub(super) fn coded(code: &str) -> (Said, Coded) {
    let continent = |continent| Said {
        continent: Some(continent),
        ..Said::default()
    };
    let country = match code {
        "" | "??" | "ZZ" => return (Said::default(), Coded::Nothing),
        // Europe as a whole; Asia and the Pacific, nearly all of it Asia; Serbia and Montenegro until 2006; the
        // Netherlands Antilles until 2010.
        "EU" | "CS" => return (continent(Continent::Europe), Coded::Odd),
        "AP" => return (continent(Continent::Asia), Coded::Odd),
        "AN" => return (continent(Continent::NorthAmerica), Coded::Odd),
        "UK" => Country::from_code("GB"),
        code => Country::from_code(code),
    };
    let coded = match country {
        Some(_) => Coded::Country,
        None => Coded::Odd,
    };
    (Said::of(country), coded)
}

/// What a code was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coded {
    /// One of ISO 3166-1.
    Country,
    /// One that says that nothing is known.
    Nothing,
    /// Any other.
    Odd,
}

impl Said {
    pub(super) fn of(country: Option<Country>) -> Said {
        Said {
            country,
            ..Said::default()
        }
    }

    /// Its record in the form of MaxMind's City, with the AS number at the top; none if nothing is said.
    pub(super) fn value(&self) -> Option<Value> {
        if *self == Said::default() {
            return None;
        }
        let text = |text: &str| Value::Text(text.into());
        let map = |entries: Vec<(&str, Value)>| {
            Value::Map(entries.into_iter().map(|(k, v)| (k.into(), v)).collect())
        };
        let english = |name: &str| map(vec![("en", text(name))]);
        let mut record = Vec::new();
        if let Some(city) = &self.city {
            record.push(("city", map(vec![("names", english(city))])));
        }
        let continent = self.continent.or(self.country.map(Country::continent));
        if let Some(continent) = continent {
            record.push(("continent", map(vec![("code", text(continent.code()))])));
        }
        if let Some(country) = self.country {
            let names = english(country.name());
            let entries = vec![("iso_code", text(country.code())), ("names", names)];
            record.push(("country", map(entries)));
        }
        if let Some(point) = self.location {
            let degrees = |micro: i32| Value::Double(f64::from(micro) / 1e6);
            let mut entries = vec![
                ("latitude", degrees(point.latitude)),
                ("longitude", degrees(point.longitude)),
            ];
            if let Some(radius) = self.radius {
                entries.insert(0, ("accuracy_radius", Value::Small(radius)));
            }
            record.push(("location", map(entries)));
        }
        if let Some(part) = &self.subdivision {
            let list = vec![map(vec![("iso_code", text(part))])];
            record.push(("subdivisions", Value::List(list)));
        }
        if let Some(system) = self.system {
            record.push(("autonomous_system_number", Value::Unsigned(system)));
        }
        Some(map(record))
    }
}

/// The type of a database that says all this.
pub(super) fn kind(all: &[Said]) -> &'static str {
    let city =
        |said: &Said| said.city.is_some() || said.location.is_some() || said.subdivision.is_some();
    let country = |said: &Said| said.country.is_some() || said.continent.is_some();
    if all.iter().any(city) {
        "Meridian-City"
    } else if all.iter().any(country) {
        "Meridian-Country"
    } else {
        "Meridian-ASN"
    }
}
