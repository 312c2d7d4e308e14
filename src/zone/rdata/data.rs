//! Record data taken apart from the front, and the line of text that is made of them.

use std::fmt::{self, Write as _};

use super::base::{self, Base};
use crate::wire::name::{Name, show};
use crate::zone::words::is_address;

/// Why data are malformed.
pub(super) type Why = String;

/// What is left of a record's data.
pub(super) struct Data<'a>(pub &'a [u8]);

impl<'a> Data<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// So many octets; `what` they are is said if there are fewer.
    pub(super) fn take(&mut self, count: usize, what: &str) -> Result<&'a [u8], Why> {
        let cut = || format!("{what} is cut short");
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(cut)?;
        self.0 = rest;
        Ok(taken)
    }

    /// An array of octets.
    pub(super) fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N], Why> {
        let cut = || format!("{what} is cut short");
        let (taken, rest) = self.0.split_first_chunk().ok_or_else(cut)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(super) fn octet(&mut self, what: &str) -> Result<u8, Why> {
        self.array(what).map(|[octet]| octet)
    }

    pub(super) fn short(&mut self, what: &str) -> Result<u16, Why> {
        self.array(what).map(u16::from_be_bytes)
    }

    pub(super) fn long(&mut self, what: &str) -> Result<u32, Why> {
        self.array(what).map(u32::from_be_bytes)
    }

    /// An uncompressed name in wire form.
    pub(super) fn name(&mut self, what: &str) -> Result<&'a [u8], Why> {
        match Name::measure(self.0) {
            Ok(length) => self.take(length, what),
            Err(_) => Err(format!("{what} is cut short or compressed")),
        }
    }

    /// A character-string without its length.
    pub(super) fn string(&mut self, what: &str) -> Result<&'a [u8], Why> {
        let length = self.octet(what)?;
        self.take(usize::from(length), what)
    }

    /// All that is left, at least so many octets.
    pub(super) fn rest(&mut self, least: usize, what: &str) -> Result<&'a [u8], Why> {
        if self.0.len() < least {
            return Err(format!("{what} is missing"));
        }
        Ok(std::mem::take(&mut self.0))
    }
}

/// Words with a blank between them, behind what a text holds.
pub(super) struct Line<'a> {
    out: &'a mut String,
    start: usize,
    /// The data are well formed, but no text says them, or none that all servers read.
    pub unsaid: bool,
}

impl<'a> Line<'a> {
    pub(super) fn new(out: &'a mut String) -> Line<'a> {
        let start = out.len();
        Line {
            out,
            start,
            unsaid: false,
        }
    }

    /// Begins the next word.
    pub(super) fn word(&mut self) -> &mut String {
        if self.out.len() > self.start {
            self.out.push(' ');
        }
        self.out
    }

    /// Goes on with the last word.
    pub(super) fn same(&mut self) -> &mut String {
        self.out
    }

    /// The next word.
    pub(super) fn next(&mut self, word: impl fmt::Display) {
        // Writing to a string cannot fail.
        let _ = write!(self.word(), "{word}");
    }

    /// A name, absolute.
    pub(super) fn name(&mut self, wire: &[u8]) {
        let out = self.word();
        let start = out.len();
        let _ = show(wire, out);
        // Labels that look like an address are names only with an escape.
        if let Some(first) = out.get(start..).filter(|text| is_address(text.as_bytes())) {
            let first = first.bytes().next().unwrap_or_default();
            out.replace_range(start..=start, &format!("\\{first:03}"));
        }
    }

    /// Octets as digits.
    pub(super) fn digits(&mut self, base: Base, octets: &[u8]) {
        self.unsaid |= octets.is_empty();
        base::encode(base, octets, self.word());
    }

    /// Octets in quotes (RFC 1035 §5.1).
    pub(super) fn quoted(&mut self, octets: &[u8]) {
        let out = self.word();
        out.push('"');
        escaped(octets, out);
        out.push('"');
    }
}

/// Octets as they stand between quotes.
pub(super) fn escaped(octets: &[u8], out: &mut String) {
    for &octet in octets {
        match octet {
            b'"' | b'\\' => {
                out.push('\\');
                out.push(char::from(octet));
            }
            0x20..=0x7e => out.push(char::from(octet)),
            _ => drop(write!(out, "\\{octet:03}")),
        }
    }
}
