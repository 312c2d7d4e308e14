//! What was imported, and the database made of it.

use super::super::mmdb::{Family, Header, Pointers, Records};
use super::said::{self, Said};

/// What a reading came to.
pub struct Imported {
    pub(super) said: Vec<Said>,
    /// The numbers are those of what is said.
    pub(super) ranges: Vec<(u128, u32)>,
    /// How many networks of IPv4 and of IPv6 were read.
    pub networks: (usize, usize),
    /// How many of the lines had codes that no country has today, by code.
    pub codes: Vec<(String, usize)>,
    /// How many networks were left out, since IPv4 addresses written as IPv6 stand there.
    pub embedded: usize,
}

impl Imported {
    /// The file, of this type or the one that suits what is said, built at `build` in seconds of the Unix epoch. With the
    /// type that it has, and the number of its records.
    ///
    /// # Errors
    ///
    /// In words, if it is more than the format can hold.
    pub fn file(&self, kind: Option<&str>, build: u64) -> Result<(Vec<u8>, String, usize), String> {
        let mut records = Records::default();
        let of = |said: &Said| said.value().map_or(0, |value| records.number(&value));
        let numbers: Vec<u32> = self.said.iter().map(of).collect();
        let number = |said: u32| {
            let at = (said as usize).checked_sub(1);
            at.and_then(|at| numbers.get(at)).copied().unwrap_or(0)
        };
        let ranges = self
            .ranges
            .iter()
            .map(|(start, said)| (*start, number(*said)));
        let ranges: Vec<(u128, u32)> = ranges.collect();
        let kind = kind.unwrap_or_else(|| said::kind(&self.said));
        let header = Header {
            kind,
            description: "made by `meridian geoip import`",
            build,
            family: Family::Aliased,
            pointers: Pointers::Fewest,
        };
        let file = records.file(&header, &ranges)?;
        Ok((file, kind.to_owned(), records.len()))
    }

    /// How many countries are named.
    pub fn countries(&self) -> usize {
        let mut codes: Vec<_> = self.said.iter().filter_map(|said| said.country).collect();
        codes.sort_unstable();
        codes.dedup();
        codes.len()
    }
}
