//! Countries: their codes, names, continents and middles, from `geoip/countries.csv`.

use std::fmt;

use super::error;
use super::{Continent, PlaceError, Point};

/// An ISO 3166-1 alpha-2 code, two capital letters. Made by [`Country::parse`] or [`Country::from_code`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Country(pub [u8; 2]);

/// One line of the file.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub(super) code: [u8; 2],
    pub(super) alpha3: [u8; 3],
    pub(super) name: &'static str,
    continent: Continent,
    middle: Point,
}

/// What a code that no country has comes to: it is nowhere near anybody.
const NOWHERE: Entry = Entry {
    code: *b"  ",
    alpha3: *b"   ",
    name: "no country",
    continent: Continent::Antarctica,
    middle: Point {
        latitude: -90_000_000,
        longitude: 0,
    },
};

const TEXT: &str = include_str!("../../geoip/countries.csv");

/// All countries by ascending code. Read while compiling: a line out of order or form does not compile.
pub(super) static COUNTRIES: [Entry; 250] = read(TEXT);

impl Country {
    /// As the configuration writes it: two letters, and three for the four whose two letters are also a continent or
    /// the mark of an autonomous system (`AFG`, `ASM`, `NAM`, `SAU`).
    pub fn parse(text: &str) -> Result<Country, PlaceError> {
        match (Country::from_code(text), Country::from_alpha3(text)) {
            (Some(country), _) if country.two_readings() => Err(PlaceError::TwoReadings(country)),
            (_, Some(country)) if !country.two_readings() => Err(PlaceError::Long(country)),
            (Some(country), _) | (None, Some(country)) => Ok(country),
            (None, None) => Err(error::unknown(text)),
        }
    }

    /// From ISO 3166-1 alpha-2, as the databases write it; `NA` is Namibia here.
    pub fn from_code(code: &str) -> Option<Country> {
        let country = Country(code.as_bytes().try_into().ok()?);
        country.entry().map(|_| country)
    }

    /// From ISO 3166-1 alpha-3.
    pub(super) fn from_alpha3(text: &str) -> Option<Country> {
        let entry = COUNTRIES.iter().find(|e| e.alpha3 == text.as_bytes())?;
        Some(Country(entry.code))
    }

    /// The two letters: `NA` for Namibia.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The short English name.
    pub fn name(self) -> &'static str {
        self.entry().unwrap_or(&NOWHERE).name
    }

    /// Where the databases put it: Turkey in Asia, Russia and Cyprus in Europe.
    pub fn continent(self) -> Continent {
        self.entry().unwrap_or(&NOWHERE).continent
    }

    /// The middle of its main part.
    pub fn centroid(self) -> Point {
        self.entry().unwrap_or(&NOWHERE).middle
    }

    pub(super) fn two_readings(self) -> bool {
        matches!(&self.0, b"AF" | b"AS" | b"NA" | b"SA")
    }

    fn entry(self) -> Option<&'static Entry> {
        let index = COUNTRIES.binary_search_by_key(&self.0, |e| e.code).ok()?;
        COUNTRIES.get(index)
    }
}

/// As [`Country::parse`] reads it.
impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.entry().filter(|_| self.two_readings()) {
            Some(entry) => f.write_str(&String::from_utf8_lossy(&entry.alpha3)),
            None => f.write_str(self.code()),
        }
    }
}

const fn read<const N: usize>(text: &'static str) -> [Entry; N] {
    let mut list = [NOWHERE; N];
    let (_remark, rest) = cut(text, b'\n');
    let (_header, mut rest) = cut(rest, b'\n');
    let mut count = 0;
    while !rest.is_empty() {
        let (line, more) = cut(rest, b'\n');
        list[count] = entry(line);
        assert!(
            count == 0 || before(list[count - 1].code, list[count].code),
            "not in order"
        );
        count += 1;
        rest = more;
    }
    assert!(count == N, "another number of countries");
    list
}

const fn entry(line: &'static str) -> Entry {
    let (code, rest) = cut(line, b',');
    let (alpha3, rest) = cut(rest, b',');
    let (continent, rest) = cut(rest, b',');
    let (latitude, rest) = cut(rest, b',');
    let (longitude, name) = cut(rest, b',');
    let continent = match Continent::from_code(letters(continent)) {
        Some(continent) => continent,
        None => unreachable!(),
    };
    let middle = Point {
        latitude: degrees(latitude),
        longitude: degrees(longitude),
    };
    Entry {
        code: letters(code),
        alpha3: letters(alpha3),
        name,
        continent,
        middle,
    }
}

const fn before(a: [u8; 2], b: [u8; 2]) -> bool {
    a[0] < b[0] || a[0] == b[0] && a[1] < b[1]
}

/// The text up to `mark`, and what follows it.
const fn cut(text: &'static str, mark: u8) -> (&'static str, &'static str) {
    let bytes = text.as_bytes();
    let mut i = 0;
    while bytes[i] != mark {
        i += 1;
    }
    (text.split_at(i).0, text.split_at(i + 1).1)
}

const fn letters<const N: usize>(text: &str) -> [u8; N] {
    let bytes = text.as_bytes();
    assert!(bytes.len() == N, "a code of another length");
    let mut code = [0; N];
    let mut i = 0;
    while i < N {
        assert!(bytes[i].is_ascii_uppercase(), "a code is capital letters");
        code[i] = bytes[i];
        i += 1;
    }
    code
}

/// Micro-degrees of `-12.34`, always with two decimals.
const fn degrees(text: &str) -> i32 {
    let bytes = text.as_bytes();
    let sign = if bytes[0] == b'-' { -1 } else { 1 };
    let mut value: i32 = 0;
    let mut i = if sign < 0 { 1 } else { 0 };
    while i < bytes.len() {
        if bytes[i] == b'.' {
            assert!(i + 3 == bytes.len(), "two decimals");
        } else {
            assert!(bytes[i].is_ascii_digit(), "a digit");
            value = value * 10 + (bytes[i] - b'0') as i32;
        }
        i += 1;
    }
    sign * value * 10_000
}
