//! What is wrong with the words for a place, and what was probably meant.

use std::fmt;
use std::net::IpAddr;

use super::country::COUNTRIES;
use super::{Continent, Country};
use crate::prefix::PrefixError;

/// Why a text is not a place. Its `Display` says what is wrong, [`PlaceError::advice`] what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlaceError {
    /// It has the looks of no form of place; it may be the name of a region. See [`suggest`].
    NotAPlace,
    /// `EU` and the other codes that are just a continent's.
    ContinentCode(Continent),
    /// Two letters that are a country and a continent, or that begin an autonomous system.
    TwoReadings(Country),
    /// The three letters of a country that is written in two.
    Long(Country),
    /// Looks like a country, and none is called so; which one was probably meant.
    NoCountry(String, Option<Country>),
    /// Looks like a subdivision, with something else than up to three capital letters or digits after the hyphen.
    Subdivision(String),
    /// Looks like a city, but the name is missing or has space around it.
    City(String),
    /// Looks like an autonomous system, but its number is not 1 to 4294967295.
    System(String),
    /// An address without a length.
    Address(IpAddr),
    /// Looks like a network, but is none.
    Network(String, PrefixError),
}

impl fmt::Display for PlaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlaceError::NotAPlace => f.write_str("not a place"),
            PlaceError::ContinentCode(continent) => {
                write!(f, "`{}` is not a place", continent.code())
            }
            PlaceError::TwoReadings(country) => match &country.0 {
                b"AF" => f.write_str("`AF` is Africa or Afghanistan"),
                b"AS" => f.write_str("`AS` is Asia, American Samoa or an autonomous system"),
                b"NA" => f.write_str("`NA` is North America or Namibia"),
                _ => f.write_str("`SA` is South America or Saudi Arabia"),
            },
            PlaceError::Long(country) => {
                write!(f, "{} is written in two letters", country.name())
            }
            PlaceError::NoCountry(text, _) => write!(f, "no country has the code `{text}`"),
            PlaceError::Subdivision(text) => write!(f, "`{text}` is not an ISO 3166-2 code"),
            PlaceError::City(text) => write!(f, "`{text}` is not a country and the name of a city"),
            PlaceError::System(text) => write!(f, "`{text}` is not an autonomous system"),
            PlaceError::Address(address) => write!(f, "`{address}` has no length"),
            PlaceError::Network(text, error) => match error {
                PrefixError::Form => write!(f, "`{text}` is not a network"),
                PrefixError::Length => {
                    let most = if text.contains(':') { 128 } else { 32 };
                    write!(f, "the length of `{text}` is beyond {most}")
                }
                PrefixError::Bits(prefix) => write!(f, "bits are set beyond /{}", prefix.len()),
            },
        }
    }
}

impl std::error::Error for PlaceError {}

impl PlaceError {
    /// What to write instead.
    pub fn advice(&self) -> String {
        match self {
            PlaceError::NotAPlace => {
                "a place is a network, `AS64500`, `DE/Hamburg`, `US-CA`, `DE`, a continent or `unknown`".into()
            }
            PlaceError::ContinentCode(Continent::Europe) => {
                "the continent is `europe`; for the Union write a region".into()
            }
            PlaceError::ContinentCode(continent) => format!("the continent is `{continent}`"),
            PlaceError::TwoReadings(country) => match Continent::from_code(country.0) {
                Some(continent) if &country.0 == b"AS" => {
                    format!("write `{continent}`, `{country}` or `AS` with a number")
                }
                Some(continent) => format!("write `{continent}` or `{country}`"),
                None => format!("write `{country}`"),
            },
            PlaceError::Long(country) => format!("write `{country}`"),
            PlaceError::NoCountry(_, Some(country)) => format!("did you mean `{country}`?"),
            PlaceError::NoCountry(_, None) => {
                "countries are the two capital letters of ISO 3166-1, like `DE`".into()
            }
            PlaceError::Subdivision(_) => {
                "write the country, a hyphen and the part, in capital letters, like `US-CA`".into()
            }
            PlaceError::City(_) => "write it like `\"DE/Hamburg\"`".into(),
            PlaceError::System(_) => "write `AS` and a number from 1 to 4294967295".into(),
            PlaceError::Address(address) => {
                let length = if address.is_ipv4() { 32 } else { 128 };
                format!("write `\"{address}/{length}\"` for the one address")
            }
            PlaceError::Network(_, PrefixError::Bits(prefix)) => format!("write `\"{prefix}\"`"),
            PlaceError::Network(..) => {
                "write an address, a slash and the length, like `\"203.0.113.0/24\"`".into()
            }
        }
    }
}

/// Codes that are often written and stand for no country today.
const MISTAKEN: [(&str, &str); 8] = [
    ("UK", "GB"),
    ("EL", "GR"),
    ("SF", "FI"),
    ("SU", "RU"),
    ("YU", "RS"),
    ("TP", "TL"),
    ("ZR", "CD"),
    ("BU", "MM"),
];

/// The error for a text that stands where a country should and is none.
pub(super) fn unknown(text: &str) -> PlaceError {
    let code = <[u8; 2]>::try_from(text.as_bytes()).ok();
    if let Some(continent) = code.and_then(Continent::from_code) {
        return PlaceError::ContinentCode(continent);
    }
    let mistaken = MISTAKEN.iter().find(|(wrong, _)| *wrong == text);
    let meant = mistaken
        .and_then(|(_, right)| Country::from_code(right))
        .or_else(|| country(text));
    PlaceError::NoCountry(text.into(), meant)
}

/// What was probably meant by a text that is neither a place nor the name of a region: a continent or a country by
/// its name or code in another case (`Europe`, `germany`, `usa`), with a slip of the pen allowed in long words.
pub fn suggest(text: &str) -> Option<String> {
    let word: String = text.trim().to_lowercase().replace([' ', '_'], "-");
    let continents = Continent::ALL
        .into_iter()
        .map(|c| (distance(&word, c.word()), c));
    let nearest = continents
        .min_by_key(|(d, _)| *d)
        .filter(|(d, _)| *d <= slips(&word));
    let code = || Continent::from_code(word.to_uppercase().as_bytes().try_into().ok()?);
    if let Some(continent) = nearest.map(|(_, continent)| continent).or_else(code) {
        return Some(continent.to_string());
    }
    if let Some(country) = country(text) {
        return Some(country.to_string());
    }
    let capitals = text.trim().to_uppercase();
    super::Place::parse(&capitals)
        .ok()
        .map(|place| place.to_string())
}

/// The country of this name or code, in whatever case.
fn country(text: &str) -> Option<Country> {
    let text = text.trim();
    let capitals = text.to_uppercase();
    if let Some(found) = Country::from_code(&capitals).or_else(|| Country::from_alpha3(&capitals)) {
        return Some(found);
    }
    let word = text.to_lowercase().replace(['-', '_'], " ");
    let names = COUNTRIES
        .iter()
        .map(|e| (distance(&word, &e.name.to_lowercase()), e.code));
    let (far, code) = names.min()?;
    (far <= slips(&word)).then_some(Country(code))
}

/// How many letters may be wrong before a word is another: none in short ones.
fn slips(word: &str) -> usize {
    word.chars().count() / 5
}

/// How many letters must be changed, put in, taken out or swapped with their neighbour to make one word the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    // No word of ours is so long, and the work grows with the square.
    if a.len() > 64 || b.len() > 64 {
        return usize::MAX;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut least = (row[j] + usize::from(x != y))
                .min(row[j + 1] + 1)
                .min(next[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                least = least.min(before[j - 1] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or_default()
}
