//! Imports: text files of networks and what is said of them, gathered into one MMDB file.
//!
//! Where networks lie in each other the longest counts, whole. A range that is no network counts as the fewest networks
//! that make it up. All mistakes are found, and with one of them there is no file.

mod csv;
mod fields;
mod imported;
mod libloc;
mod said;
mod tor;

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;
use std::sync::Arc;

use super::mmdb::{ALIASES, Network, flatten};
use crate::diagnostic::{Diagnostic, Severity, Source, Spot};
use crate::limits;
use crate::prefix::{Prefix, mask128};
pub use imported::Imported;
use said::Said;

/// The form of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Lines of fields between commas, below a header that names them.
    Csv,
    /// Tor's `geoip` and `geoip6`: first, last, country.
    Tor,
    /// What `location dump` writes.
    Libloc,
}

impl Format {
    /// The form that the first line of content has, if it has one.
    pub fn of(text: &[u8]) -> Option<Format> {
        let text = text.strip_prefix(csv::MARK).unwrap_or(text);
        let mut lines = text.split(|octet| *octet == b'\n').map(<[u8]>::trim_ascii);
        let first = lines.find(|line| !line.is_empty() && !line.starts_with(b"#"))?;
        let first = std::str::from_utf8(first).ok()?;
        if libloc::begins(first) {
            Some(Format::Libloc)
        } else if tor::is_line(first) {
            Some(Format::Tor)
        } else {
            csv::is_header(first).then_some(Format::Csv)
        }
    }
}

/// A line of a text, and where it is.
struct Line<'a> {
    source: &'a Arc<Source>,
    /// From 1.
    number: usize,
    /// Where in the source it begins.
    start: usize,
    text: &'a str,
}

impl Line<'_> {
    fn spot(&self, part: Range<usize>) -> Spot {
        let span = self.start + part.start..self.start + part.end;
        Spot::new(self.source, span).cut_in(self.number)
    }

    fn whole(&self) -> Range<usize> {
        0..self.text.len()
    }
}

/// A network that was read. IPv4 stands at ::/96.
#[derive(Clone, Copy)]
struct Read {
    bits: u128,
    /// Where its line begins, in octets of its text.
    at: u32,
    said: u32,
    text: u16,
    length: u8,
}

/// Texts are read into it, one after the other.
#[derive(Default)]
pub struct Import {
    networks: Vec<Read>,
    said: Vec<Said>,
    numbers: HashMap<Said, u32>,
    texts: Vec<Arc<Source>>,
    found: Vec<Diagnostic>,
    /// Errors that are only counted.
    more: usize,
    codes: BTreeMap<String, usize>,
    embedded: usize,
}

impl Import {
    /// Reads a text. `heard` is told now and then how many octets of it are done.
    pub fn read(&mut self, source: &Arc<Source>, format: Format, heard: &mut dyn FnMut(u64)) {
        let text = self.texts.len() as u16;
        self.texts.push(source.clone());
        let mut reader = match format {
            Format::Csv => Reader::Csv(csv::Reader::default()),
            Format::Tor => Reader::Tor,
            Format::Libloc => Reader::Libloc(libloc::Reader::default()),
        };
        let mut start = 0;
        for (at, line) in source.text.split_inclusive(|o| *o == b'\n').enumerate() {
            if at % limits::IMPORT_HEARD == 0 {
                heard(start as u64);
            }
            let from = start;
            start += line.len();
            let line = line.trim_ascii_end();
            let (cut, line) = match line.strip_prefix(csv::MARK) {
                Some(rest) if from == 0 => (csv::MARK.len(), rest),
                _ => (0, line),
            };
            let (source, number, from) = (source, at + 1, from + cut);
            let words = std::str::from_utf8(line);
            let text_of = words.unwrap_or_default();
            let line = Line {
                source,
                number,
                start: from,
                text: text_of,
            };
            if let Err(error) = words {
                let at = error.valid_up_to();
                self.wrong(
                    &line,
                    at..at + 1,
                    "it is not UTF-8",
                    "save the file as UTF-8",
                );
                continue;
            }
            if self.networks.len() > limits::IMPORT_NETWORKS {
                let most = format!("more than {} networks", limits::IMPORT_NETWORKS);
                self.wrong(&line, line.whole(), most, "merge those that say the same");
                return;
            }
            reader.line(self, text, &line);
        }
        reader.end(self, text, source);
        heard(source.text.len() as u64);
    }

    /// All that was read, or everything that is wrong with it.
    ///
    /// # Errors
    ///
    /// Each mistake with its place, the first [`limits::IMPORT_MISTAKES`] of them, and how many more there are.
    pub fn finish(mut self) -> Result<Imported, Vec<Diagnostic>> {
        self.networks
            .sort_unstable_by_key(|n| (n.bits, n.length, n.text, n.at));
        self.disagreements();
        if self.networks.is_empty() && self.found.is_empty() {
            let advice = "name a CSV with `network,country`, Tor's geoip files, or what `location dump` writes";
            self.found
                .push(Diagnostic::whole("there are no networks", advice));
        }
        let last = self.found.last().and_then(|last| last.spot.clone());
        if let Some(spot) = last.filter(|_| self.more > 0) {
            let left = Diagnostic::left_out(Severity::Error, self.more, spot);
            self.found.push(left);
        }
        if !self.found.is_empty() {
            return Err(self.found);
        }
        let is_four = |read: &&Read| read.length >= 96 && read.bits >> 32 == 0;
        let four = self.networks.iter().filter(is_four).count();
        let networks = (four, self.networks.len() - four);
        let read = |read: &Read| Network {
            bits: read.bits,
            length: read.length,
            record: read.said,
        };
        // A wide network of IPv6, such as ::/0, says nothing of IPv4 although that stands within.
        let mut ranges = flatten(self.networks.iter().filter(is_four).map(read));
        ranges.retain(|(start, _)| start >> 32 == 0);
        let six = flatten(self.networks.iter().filter(|n| !is_four(n)).map(read));
        let end = six.partition_point(|(start, _)| start >> 32 == 0);
        let first = end.checked_sub(1).and_then(|at| six.get(at));
        ranges.extend(first.map(|(_, said)| (1 << 32, *said)));
        let rest = six.get(end..).unwrap_or_default();
        if rest.first().is_some_and(|(start, _)| *start == 1 << 32) {
            ranges.pop();
        }
        ranges.extend(rest);
        Ok(Imported {
            said: self.said,
            ranges,
            networks,
            codes: self.codes.into_iter().collect(),
            embedded: self.embedded,
        })
    }

    /// Networks that stand twice, and not the same is said of them. They are sorted; of equals one is kept.
    fn disagreements(&mut self) {
        let mut found = Vec::new();
        let same = |a: &Read, b: &Read| (a.bits, a.length) == (b.bits, b.length);
        for pair in self.networks.windows(2) {
            match pair {
                [first, second] if !same(first, second) || first.said == second.said => {}
                [first, second] if self.found.len() + found.len() < limits::IMPORT_MISTAKES => {
                    found.push((*first, *second));
                }
                _ => self.more += 1,
            }
        }
        for (first, second) in found {
            let (Some(here), Some(there)) = (self.place(&second), self.place(&first)) else {
                continue;
            };
            let message = format!("{} stands twice, and differs", shown(&second));
            let advice = "keep one of the two";
            self.push(|| Diagnostic::error(here, message, advice).and(there, "here first"));
        }
        self.networks.dedup_by(|b, a| same(a, b));
    }

    fn place(&self, read: &Read) -> Option<Spot> {
        let source = self.texts.get(usize::from(read.text))?;
        let at = read.at as usize;
        let rest = source.text.get(at..).unwrap_or_default();
        let end = rest.iter().position(|octet| *octet == b'\n');
        Some(Spot::new(source, at..at + end.unwrap_or(rest.len())).cut())
    }

    fn wrong(
        &mut self,
        line: &Line<'_>,
        part: Range<usize>,
        message: impl Into<String>,
        advice: impl Into<String>,
    ) {
        self.push(|| Diagnostic::error(line.spot(part), message, advice));
    }

    fn push(&mut self, diagnostic: impl FnOnce() -> Diagnostic) {
        if self.found.len() < limits::IMPORT_MISTAKES {
            self.found.push(diagnostic());
        } else {
            self.more += 1;
        }
    }

    /// Takes in what is said of a network.
    fn network(&mut self, text: u16, line: &Line<'_>, prefix: Prefix, said: Said) {
        let (bits, length) = match prefix.addr() {
            IpAddr::V4(addr) => (u128::from(u32::from(addr)), prefix.len() + 96),
            IpAddr::V6(addr) => (u128::from(addr), prefix.len()),
        };
        if prefix.addr().is_ipv6() && length >= 96 && bits >> 32 == 0 {
            let message = format!("{prefix} lies in ::/96, where a database has IPv4");
            self.wrong(line, line.whole(), message, "write IPv4 networks as such");
            return;
        }
        self.put(text, line, bits, length, said);
    }

    /// The same for a range of one family, both ends inside.
    fn range(&mut self, text: u16, line: &Line<'_>, ends: (IpAddr, IpAddr), said: Said) {
        let (first, last) = match ends {
            (IpAddr::V4(first), IpAddr::V4(last)) => (number4(first), number4(last)),
            (IpAddr::V6(first), IpAddr::V6(last)) => (u128::from(first), u128::from(last)),
            _ => {
                let message = "the ends of the range are of different families";
                self.wrong(line, line.whole(), message, "write two addresses of one");
                return;
            }
        };
        if first > last {
            let message = "the range ends before it begins";
            self.wrong(line, line.whole(), message, "write the first address first");
            return;
        }
        if ends.0.is_ipv6() && last >> 32 == 0 {
            let message = "the range lies in ::/96, where a database has IPv4";
            self.wrong(line, line.whole(), message, "write IPv4 addresses as such");
            return;
        }
        for (bits, length) in networks(first, last) {
            // What a range of IPv6 has of ::/96 is no IPv4.
            if ends.0.is_ipv4() || length < 96 || bits >> 32 != 0 {
                self.put(text, line, bits, length, said.clone());
            }
        }
    }

    fn put(&mut self, text: u16, line: &Line<'_>, bits: u128, length: u8, said: Said) {
        let within =
            |(start, long): &(u128, u8)| length >= *long && bits & mask128(*long) == *start;
        if ALIASES.iter().any(within) {
            self.embedded += 1;
            return;
        }
        let next = self.said.len() as u32;
        let said = match self.numbers.get(&said) {
            Some(number) => *number,
            None => {
                self.said.push(said.clone());
                self.numbers.insert(said, next);
                next
            }
        };
        self.networks.push(Read {
            bits,
            at: line.start as u32,
            // 0 is what lies in no network.
            said: said + 1,
            text,
            length,
        });
    }

    /// Counts a code that no country has.
    fn odd(&mut self, code: &str) {
        if self.codes.len() < limits::IMPORT_CODES || self.codes.contains_key(code) {
            *self.codes.entry(code.into()).or_insert(0) += 1;
        }
    }
}

enum Reader {
    Csv(csv::Reader),
    Tor,
    Libloc(libloc::Reader),
}

impl Reader {
    fn line(&mut self, import: &mut Import, text: u16, line: &Line<'_>) {
        match self {
            Reader::Csv(reader) => reader.line(import, text, line),
            Reader::Tor => tor::line(import, text, line),
            Reader::Libloc(reader) => reader.line(import, text, line),
        }
    }

    fn end(&mut self, import: &mut Import, text: u16, source: &Arc<Source>) {
        match self {
            Reader::Csv(reader) => reader.end(import, source),
            Reader::Tor => {}
            Reader::Libloc(reader) => reader.end(import, text, source),
        }
    }
}

fn number4(addr: Ipv4Addr) -> u128 {
    u128::from(u32::from(addr))
}

/// A network as it was written.
fn shown(read: &Read) -> Prefix {
    if read.length >= 96 && read.bits >> 32 == 0 {
        let addr = Ipv4Addr::from(read.bits as u32);
        Prefix::around(addr.into(), read.length - 96)
    } else {
        Prefix::around(Ipv6Addr::from(read.bits).into(), read.length)
    }
}

/// The fewest networks that hold all from `first` to `last`, and nothing else, by first address and length of 128 bits.
fn networks(first: u128, last: u128) -> impl Iterator<Item = (u128, u8)> {
    let mut next = Some(first);
    std::iter::from_fn(move || {
        let first = next.filter(|first| *first <= last)?;
        // So many bits may vary: as many as are zero in the first, and as do not lead beyond the last.
        let room = match (last - first).checked_add(1) {
            Some(count) => count.ilog2(),
            None => 128,
        };
        let free = first.trailing_zeros().min(room);
        next = 1u128
            .checked_shl(free)
            .and_then(|count| first.checked_add(count));
        Some((first, 128 - free as u8))
    })
}

#[cfg(test)]
mod tests;
