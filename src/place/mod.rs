//! Places: the words for where clients are, as the configuration and the databases share them.

use std::fmt;

use crate::prefix::{Prefix, PrefixError};

mod country;
mod error;
#[cfg(test)]
mod tests;

pub use country::Country;
pub use error::{PlaceError, suggest};

/// One of the seven continents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Continent {
    /// `africa`, AF in the databases
    Africa,
    /// `antarctica`, AN
    Antarctica,
    /// `asia`, AS
    Asia,
    /// `europe`, EU
    Europe,
    /// `north-america`, NA
    NorthAmerica,
    /// `oceania`, OC
    Oceania,
    /// `south-america`, SA
    SouthAmerica,
}

impl Continent {
    /// All of them, in the order of their words.
    pub const ALL: [Continent; 7] = [
        Continent::Africa,
        Continent::Antarctica,
        Continent::Asia,
        Continent::Europe,
        Continent::NorthAmerica,
        Continent::Oceania,
        Continent::SouthAmerica,
    ];

    /// From its word: `north-america`.
    pub fn parse(word: &str) -> Option<Continent> {
        Continent::ALL.into_iter().find(|c| c.word() == word)
    }

    /// From the two letters of the databases: `NA`.
    pub const fn from_code(code: [u8; 2]) -> Option<Continent> {
        match &code {
            b"AF" => Some(Continent::Africa),
            b"AN" => Some(Continent::Antarctica),
            b"AS" => Some(Continent::Asia),
            b"EU" => Some(Continent::Europe),
            b"NA" => Some(Continent::NorthAmerica),
            b"OC" => Some(Continent::Oceania),
            b"SA" => Some(Continent::SouthAmerica),
            _ => None,
        }
    }

    /// As the configuration says it.
    pub fn word(self) -> &'static str {
        match self {
            Continent::Africa => "africa",
            Continent::Antarctica => "antarctica",
            Continent::Asia => "asia",
            Continent::Europe => "europe",
            Continent::NorthAmerica => "north-america",
            Continent::Oceania => "oceania",
            Continent::SouthAmerica => "south-america",
        }
    }

    /// As the databases say it.
    pub fn code(self) -> &'static str {
        match self {
            Continent::Africa => "AF",
            Continent::Antarctica => "AN",
            Continent::Asia => "AS",
            Continent::Europe => "EU",
            Continent::NorthAmerica => "NA",
            Continent::Oceania => "OC",
            Continent::SouthAmerica => "SA",
        }
    }

    /// The middle of its countries' middles, each by its area; Russia, which would pull both Europe and Asia, left out.
    pub fn centroid(self) -> Point {
        let (latitude, longitude) = match self {
            Continent::Africa => (6_500_000, 18_570_000),
            Continent::Antarctica => (-84_670_000, 82_930_000),
            Continent::Asia => (33_560_000, 84_740_000),
            Continent::Europe => (51_470_000, 13_480_000),
            Continent::NorthAmerica => (49_210_000, -96_570_000),
            Continent::Oceania => (-25_150_000, 136_130_000),
            Continent::SouthAmerica => (-14_000_000, -60_440_000),
        };
        Point {
            latitude,
            longitude,
        }
    }
}

impl fmt::Display for Continent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A part of a country: an ISO 3166-2 code as written, `US-CA`, `GB-SCT`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subdivision(pub String);

impl Subdivision {
    /// A country and up to three capital letters or digits. Whether the country has such a part is not known here.
    pub fn parse(text: &str) -> Result<Subdivision, PlaceError> {
        let form = || PlaceError::Subdivision(text.into());
        let (country, part) = text.split_once('-').ok_or_else(form)?;
        // With a part behind it no code has two readings: `NA-KH` is as ISO 3166-2 writes it.
        if Country::from_code(country).is_none() {
            let long = Country::from_alpha3(country).is_some();
            return Err(if long {
                form()
            } else {
                error::unknown(country)
            });
        }
        let plain = part
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if plain && (1..=3).contains(&part.len()) {
            Ok(Subdivision(text.into()))
        } else {
            Err(form())
        }
    }
}

impl fmt::Display for Subdivision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A point on the globe in micro-degrees: north and east positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Point {
    /// Latitude, -90 000 000 to 90 000 000.
    pub latitude: i32,
    /// Longitude, -180 000 000 to 180 000 000.
    pub longitude: i32,
}

impl Point {
    /// From degrees, rounded to micro-degrees; none if beyond the poles or 180 degrees, or not a number.
    pub fn from_degrees(latitude: f64, longitude: f64) -> Option<Point> {
        let on_globe = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
        let micro = |degrees: f64| (degrees * 1e6).round() as i32;
        on_globe.then(|| Point {
            latitude: micro(latitude),
            longitude: micro(longitude),
        })
    }
}

/// Where a client is, as a rule says it (the configuration's table of places, in its order of precedence).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// `"203.0.113.0/24"`
    Network(Prefix),
    /// `AS64500`
    System(u32),
    /// `"DE/Hamburg"`: the ISO code of the country or subdivision before the slash (`NA`, where the configuration
    /// writes `NAM`), and the English name after it.
    City(String, String),
    /// `US-CA`
    Subdivision(Subdivision),
    /// `DE`
    Country(Country),
    /// `europe`
    Continent(Continent),
    /// `unknown`: no database gives a country.
    Unknown,
}

impl Place {
    /// From the form that the configuration gives it, which its looks decide. [`PlaceError::NotAPlace`] says that it
    /// looks like none of them, so that it may be the name of a region.
    pub fn parse(text: &str) -> Result<Place, PlaceError> {
        if text == "unknown" {
            return Ok(Place::Unknown);
        }
        if let Some(continent) = Continent::parse(text) {
            return Ok(Place::Continent(continent));
        }
        if looks_like_network(text) {
            return text
                .parse()
                .map(Place::Network)
                .map_err(|e| network_error(text, e));
        }
        if let Some((before, name)) = text.split_once('/') {
            return city(text, before, name);
        }
        if let Some(number) = text.strip_prefix("AS").filter(|n| n.starts_with(digit)) {
            let plain = number.bytes().all(|b| b.is_ascii_digit()) && !number.starts_with('0');
            let number = number.parse().ok().filter(|_| plain);
            return number
                .map(Place::System)
                .ok_or_else(|| PlaceError::System(text.into()));
        }
        let capitals = text.bytes().take_while(u8::is_ascii_uppercase).count();
        match (capitals, text.as_bytes().get(capitals)) {
            (2 | 3, None) => Country::parse(text).map(Place::Country),
            (2 | 3, Some(b'-')) => Subdivision::parse(text).map(Place::Subdivision),
            _ => Err(PlaceError::NotAPlace),
        }
    }
}

fn digit(c: char) -> bool {
    c.is_ascii_digit()
}

/// Before any slash there is a colon, or nothing but digits and dots.
fn looks_like_network(text: &str) -> bool {
    let address = text.split('/').next().unwrap_or_default();
    let v4 = address.starts_with(digit) && address.chars().all(|c| digit(c) || c == '.');
    (v4 && text.contains(['.', '/'])) || address.contains(':')
}

fn network_error(text: &str, error: PrefixError) -> PlaceError {
    match (error, text.parse()) {
        (_, Ok(address)) => PlaceError::Address(address),
        (error, Err(_)) => PlaceError::Network(text.into(), error),
    }
}

fn city(text: &str, before: &str, name: &str) -> Result<Place, PlaceError> {
    let code = if before.contains('-') {
        Subdivision::parse(before)?.0
    } else {
        Country::parse(before)?.code().into()
    };
    if name.is_empty() || name.trim() != name || name.chars().any(char::is_control) {
        return Err(PlaceError::City(text.into()));
    }
    Ok(Place::City(code, name.into()))
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Network(prefix) => prefix.fmt(f),
            Place::System(number) => write!(f, "AS{number}"),
            Place::City(code, name) => match Country::from_code(code) {
                Some(country) => write!(f, "{country}/{name}"),
                None => write!(f, "{code}/{name}"),
            },
            Place::Subdivision(subdivision) => subdivision.fmt(f),
            Place::Country(country) => country.fmt(f),
            Place::Continent(continent) => continent.fmt(f),
            Place::Unknown => f.write_str("unknown"),
        }
    }
}
