//! One record of a database, in whatever shape its maker gives it; and what it costs to read.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::facts::Facts;
use crate::limits;
use crate::place::{Continent, Country, Point};

/// A record, as far as it matters. Of all shapes at once: what a file does not have is not there.
///
/// Nested, as MaxMind's City, Country, Enterprise, ASN and ISP have it, and DB-IP Lite; or flat, as IPinfo Lite has it
/// (`country_code`, `continent_code`, `asn`), and its older files (`country` and `continent` hold the codes).
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Record<'a> {
    #[serde(borrow)]
    continent: Either<'a>,
    #[serde(borrow)]
    continent_code: Option<&'a str>,
    #[serde(borrow)]
    country: Either<'a>,
    #[serde(borrow)]
    country_code: Option<&'a str>,
    /// Where the network is registered: of use where nothing else is known. Where its users are said to belong to
    /// (`represented_country`: a military base) does not count: packets come from where it stands.
    #[serde(borrow)]
    registered_country: Either<'a>,
    #[serde(borrow, deserialize_with = "few")]
    subdivisions: Vec<Either<'a>>,
    #[serde(borrow)]
    city: Either<'a>,
    location: Location,
    autonomous_system_number: Option<Number>,
    /// `AS64500`.
    #[serde(borrow)]
    asn: Option<&'a str>,
    /// Where Enterprise has the AS number.
    traits: Traits,
}

/// A place with codes and names; of a flat record, the text that stands in its stead.
#[derive(Default)]
struct Either<'a> {
    text: Option<&'a str>,
    place: Coded<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Coded<'a> {
    /// Of continents.
    #[serde(borrow)]
    code: Option<&'a str>,
    #[serde(borrow)]
    iso_code: Option<&'a str>,
    #[serde(borrow)]
    names: Names<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Names<'a> {
    #[serde(borrow)]
    en: Option<&'a str>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Location {
    latitude: Option<Number>,
    longitude: Option<Number>,
    accuracy_radius: Option<Number>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Traits {
    autonomous_system_number: Option<Number>,
}

/// A number of any type: makers differ, as in that of coordinates (double in MaxMind's files, float in DB-IP's).
#[derive(Clone, Copy)]
struct Number(f64);

impl Number {
    /// As a whole number; none if it is not, or too large.
    fn whole(self) -> Option<u32> {
        let fits = self.0.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&self.0);
        fits.then_some(self.0 as u32)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Number, D::Error> {
        struct Any;

        impl Visitor<'_> for Any {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Number, E> {
                Ok(Number(number))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Number, E> {
                Ok(Number(number as f64))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Number, E> {
                Ok(Number(number as f64))
            }
        }

        deserializer.deserialize_any(Any)
    }
}

impl Record<'_> {
    /// What cannot be meant (an unknown code, a place off the globe, a name of kilobytes) is taken as not said.
    pub(super) fn facts(&self) -> Facts {
        let registered = self.registered_country.place.iso_code;
        let country = [self.country_code, self.country.code(), registered];
        let country = country.into_iter().flatten().find_map(Country::from_code);
        let continent = [self.continent_code, self.continent.code()];
        let continent = continent.into_iter().flatten().find_map(|code| {
            let code = code.as_bytes().try_into().ok()?;
            Continent::from_code(code)
        });
        let parts = self.subdivisions.iter().filter_map(|s| s.place.iso_code);
        let city = self.city.place.names.en.or(self.city.text);
        let location = self.location.latitude.zip(self.location.longitude);
        let location = location.and_then(|(north, east)| Point::from_degrees(north.0, east.0));
        let radius = self.location.accuracy_radius.and_then(Number::whole);
        let system = self
            .autonomous_system_number
            .or(self.traits.autonomous_system_number)
            .and_then(Number::whole)
            .or(self.asn.and_then(system));
        Facts {
            continent: continent.or(country.map(Country::continent)),
            country,
            subdivisions: parts.filter(|p| is_part(p)).map(String::from).collect(),
            city: city.filter(|n| is_name(n)).map(String::from),
            location,
            radius: location.and(radius).and_then(|km| u16::try_from(km).ok()),
            system: system.filter(|number| *number > 0),
        }
    }
}

impl Either<'_> {
    fn code(&self) -> Option<&str> {
        self.place.code.or(self.place.iso_code).or(self.text)
    }
}

/// The number in `AS64500`.
fn system(text: &str) -> Option<u32> {
    text.strip_prefix("AS")?.parse().ok()
}

/// Whether a text can be the second part of an ISO 3166-2 code.
fn is_part(text: &str) -> bool {
    (1..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn is_name(text: &str) -> bool {
    (1..=limits::CITY_NAME).contains(&text.len())
}

impl<'de: 'a, 'a> Deserialize<'de> for Either<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Either<'a>, D::Error> {
        struct Shape;

        impl<'de> Visitor<'de> for Shape {
            type Value = Either<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a place, or its code or name")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Either<'de>, E> {
                let place = Coded::default();
                Ok(Either {
                    text: Some(text),
                    place,
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Either<'de>, A::Error> {
                let place = Coded::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Either { text: None, place })
            }
        }

        deserializer.deserialize_any(Shape)
    }
}

/// A list of subdivisions, refused when it is longer than there are levels of them.
fn few<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Either<'de>>, D::Error> {
    struct Few;

    impl<'de> Visitor<'de> for Few {
        type Value = Vec<Either<'de>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of subdivisions")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut few = Vec::new();
            while let Some(one) = list.next_element()? {
                if few.len() == limits::SUBDIVISIONS {
                    return Err(A::Error::custom("too many subdivisions"));
                }
                few.push(one);
            }
            Ok(few)
        }
    }

    deserializer.deserialize_seq(Few)
}

/// Weighs records before they are decoded, so that all of them together cost no more than the file is worth.
///
/// A pointer of two octets may stand for half the file, and each network may lead to a pointer of its own: a small file
/// could keep its reader busy for days.
pub(super) struct Scale<'a> {
    data: &'a [u8],
    /// What may still be spent, in values.
    left: u64,
}

impl<'a> Scale<'a> {
    /// For a file whose data section begins at `start`.
    pub(super) fn new(file: &'a [u8], start: usize) -> Scale<'a> {
        let worth = (file.len() as u64).saturating_mul(limits::DATABASE_VALUES);
        Scale {
            data: file.get(start..).unwrap_or_default(),
            left: worth.saturating_add(limits::DATABASE_GRACE),
        }
    }

    /// Takes what the record at this offset costs, with all that it points to; an error says what is wrong.
    pub(super) fn weigh(&mut self, offset: usize) -> Result<(), &'static str> {
        // Values that follow each other are one run, those in a container too: it is only a longer run.
        let mut runs: Vec<(usize, u64)> = vec![(offset, 1)];
        while let Some((at, values)) = runs.pop() {
            let Some(rest) = values.checked_sub(1) else {
                continue;
            };
            let value = self.value(at).ok_or("it is cut short")?;
            // Octets are cheap, but not free.
            let cost = 1 + (value.octets / 64) as u64;
            self.left = self
                .left
                .checked_sub(cost)
                .ok_or("there is more in it than the file is worth")?;
            runs.push((value.end, rest.saturating_add(value.children)));
            if let Some(target) = value.target {
                if runs.len() > limits::DATABASE_DEPTH {
                    return Err("its pointers run in a circle, or too deep");
                }
                runs.push((target, 1));
            }
        }
        Ok(())
    }

    /// The value at an offset (MaxMind DB format 2.0, "Output Data Section").
    fn value(&self, at: usize) -> Option<Value> {
        let octet = |at: usize| self.data.get(at).copied().map(usize::from);
        let control = octet(at)?;
        let mut at = at.checked_add(1)?;
        let number = |at: usize, octets: usize| {
            let octets = self.data.get(at..at.checked_add(octets)?)?;
            let number = octets
                .iter()
                .fold(0, |sum, octet| sum << 8 | usize::from(*octet));
            Some(number)
        };
        let plain = Value::default();
        let mut kind = control >> 5;
        if kind == 1 {
            let (octets, high) = ((control >> 3 & 3) + 1, control & 7);
            let base = [0, 2_048, 526_336, 0].get(octets - 1)?;
            let low = number(at, octets)?;
            let high = if octets == 4 { 0 } else { high << (8 * octets) };
            return Some(Value {
                target: Some((high | low).checked_add(*base)?),
                end: at.checked_add(octets)?,
                ..plain
            });
        }
        if kind == 0 {
            kind = octet(at)?.checked_add(7)?;
            at = at.checked_add(1)?;
        }
        let size = control & 31;
        let more = size.saturating_sub(28);
        let size = match more {
            0 => size,
            more => number(at, more)? + [29, 285, 65_821].get(more - 1)?,
        };
        at = at.checked_add(more)?;
        match kind {
            7 => Some(Value {
                end: at,
                children: (size as u64).saturating_mul(2),
                ..plain
            }),
            11 => Some(Value {
                end: at,
                children: size as u64,
                ..plain
            }),
            // The value of a boolean stands in its size.
            14 => Some(Value { end: at, ..plain }),
            _ => {
                let end = at.checked_add(size).filter(|end| *end <= self.data.len())?;
                Some(Value {
                    end,
                    octets: size,
                    ..plain
                })
            }
        }
    }
}

/// The frame of a value.
#[derive(Default)]
struct Value {
    /// Where the next one stands.
    end: usize,
    /// How many of those that follow are its own.
    children: u64,
    /// Octets of its own.
    octets: usize,
    /// Where it points to.
    target: Option<usize>,
}
