//! The records of a zone's text before they are a zone: packed, since a million of them stand beside the zone in force.
//!
//! An owner is kept as it is written, relative to an origin, and once for records that follow each other. What is
//! compared, sorted or shown is made of it when it is needed.

use std::ops::Range;

use crate::limits;
use crate::wire::kind::Kind;
use crate::wire::name::Name;

/// Where a record was written: an octet of all texts of the zone one behind the other. See `Sources`.
pub(super) type Place = u32;

/// Records of one stretch of text, in its order.
///
/// The arena holds owners and records as they came. An owner is a zero, its origin's number, its labels, a zero. A record
/// is how far back its owner stands (never zero), type, TTL, how far its place is behind the one before, the length of
/// its data, and the data; all numbers in groups of seven bits.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// What owners are relative to.
    origins: Vec<Name>,
    arena: Vec<u8>,
    /// Every [`STRIDE`]th record: where it stands in the arena, and its place.
    marks: Vec<(u32, Place)>,
    count: usize,
    /// The place of the last record.
    last: Place,
}

/// Records from one mark to the next: what finding one of them costs, against eight octets for a mark.
const STRIDE: usize = 8;

/// Origins that a new one is compared with.
const RECENT: usize = 16;

/// The owner of records that follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owner(u32);

/// One record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'a> {
    /// Which of the text.
    pub number: u32,
    /// The owner's labels in front of the origin, as written, without the root.
    pub labels: &'a [u8],
    /// What follows them.
    pub origin: &'a Name,
    /// Its type; the class is always IN.
    pub kind: Kind,
    /// Seconds.
    pub ttl: u32,
    /// Wire form, names uncompressed.
    pub rdata: &'a [u8],
    /// Its first word.
    pub place: Place,
}

impl Record<'_> {
    /// The owner in wire form, uncompressed, put behind what `out` holds.
    pub(super) fn wire(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.labels);
        out.extend_from_slice(self.origin.wire());
    }

    /// The owner, for people and maps.
    pub(super) fn owner(&self) -> Name {
        let mut wire = Vec::with_capacity(limits::NAME);
        self.wire(&mut wire);
        // The reader of the text has seen that labels and origin are a name together.
        Name::read(&wire).map_or_else(|_| Name::root(), |(name, _)| name)
    }
}

impl Part {
    /// How many records.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Octets of names and data.
    pub(super) fn size(&self) -> usize {
        self.arena.len()
    }

    /// Octets of memory.
    #[cfg(test)]
    fn memory(&self) -> usize {
        self.arena.capacity() + self.marks.capacity() * size_of::<(u32, Place)>()
    }

    /// The number of an origin, for [`Part::owner`]. `None` if there are too many of them.
    pub(super) fn origin(&mut self, name: &Name) -> Option<u16> {
        // A text goes back to one of its last origins; looking for it among all of a hostile file's would take long.
        let recent = self.origins.len().saturating_sub(RECENT);
        let known = self.origins.get(recent..).unwrap_or_default();
        let known = known.iter().rposition(|known| known.wire() == name.wire());
        let index = known.map_or(self.origins.len(), |at| recent + at);
        let index = u16::try_from(index).ok()?;
        if known.is_none() {
            self.origins.push(name.clone());
        }
        Some(index)
    }

    /// An owner: labels without the root, which are a name together with that origin.
    pub(super) fn owner(&mut self, labels: &[u8], origin: u16) -> Owner {
        let owner = Owner(self.arena.len() as u32);
        self.arena.push(0);
        put(&mut self.arena, u32::from(origin));
        self.arena.extend_from_slice(labels);
        self.arena.push(0);
        owner
    }

    /// A record. `data` writes its data; if it cannot, there is no record. At most 65,535 octets of it are kept.
    pub(super) fn record<E>(
        &mut self,
        owner: Owner,
        kind: Kind,
        ttl: u32,
        place: Place,
        data: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let at = self.arena.len();
        put(&mut self.arena, (at as u32).wrapping_sub(owner.0));
        put(&mut self.arena, u32::from(kind.0));
        put(&mut self.arena, ttl);
        put(&mut self.arena, place.wrapping_sub(self.last));
        // Most lengths have one octet; a longer one pushes the data back.
        let start = self.arena.len() + 1;
        self.arena.push(0);
        if let Err(error) = data(&mut self.arena) {
            self.arena.truncate(at);
            return Err(error);
        }
        let length = (self.arena.len() - start).min(usize::from(u16::MAX));
        self.arena.truncate(start + length);
        let mut octets = Vec::new();
        if let Ok(short @ 0..=0x7f) = u8::try_from(length) {
            self.arena[start - 1] = short;
        } else {
            put(&mut octets, length as u32);
            self.arena.splice(start - 1..start, octets);
        }
        if self.count.is_multiple_of(STRIDE) {
            self.marks.push((at as u32, place));
        }
        self.count += 1;
        self.last = place;
        Ok(())
    }
}

/// A number in groups of seven bits, the lowest first, each but the last with the high bit set.
fn put(out: &mut Vec<u8>, mut number: u32) {
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// The number at the front of the octets, and what follows it.
#[inline]
fn take(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (&first, mut rest) = bytes.split_first()?;
    let mut number = u32::from(first & 0x7f);
    let (mut octet, mut shift) = (first, 7);
    while octet > 0x7f {
        let (&next, after) = rest.split_first()?;
        (octet, rest) = (next, after);
        number |= u32::from(octet & 0x7f).checked_shl(shift).unwrap_or(0);
        shift += 7;
    }
    Some((number, rest))
}

/// Octets of the labels at the front, without the root.
fn labels(bytes: &[u8]) -> usize {
    let mut end = 0;
    while let Some(&length) = bytes.get(end).filter(|length| **length != 0) {
        end += 1 + usize::from(length);
    }
    end
}

/// All records of a zone, in the order of its files.
#[derive(Debug, Default)]
pub(super) struct Text {
    parts: Vec<Part>,
    /// For each part how many records stand before it.
    starts: Vec<usize>,
    /// Whether a `$ORIGIN` came before the SOA (or at all).
    pub origin_stated: bool,
}

impl Text {
    /// The text of these parts.
    pub(super) fn new(mut parts: Vec<Part>, origin_stated: bool) -> Text {
        for part in &mut parts {
            part.arena.shrink_to_fit();
            part.marks.shrink_to_fit();
        }
        let mut next = 0;
        let starts = parts.iter().map(|part| {
            let start = next;
            next += part.len();
            start
        });
        Text {
            starts: starts.collect(),
            parts,
            origin_stated,
        }
    }

    /// Its parts again.
    pub(super) fn into_parts(self) -> Vec<Part> {
        self.parts
    }

    /// Octets of names and data.
    pub(super) fn octets(&self) -> usize {
        self.parts.iter().map(Part::size).sum()
    }

    /// How many records.
    pub(super) fn len(&self) -> usize {
        let last = self.starts.last().zip(self.parts.last());
        last.map_or(0, |(start, part)| start + part.len())
    }

    /// Octets of memory.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        self.parts.iter().map(Part::memory).sum()
    }

    /// The record of this number.
    pub(super) fn get(&self, number: usize) -> Option<Record<'_>> {
        Cursor::new(self).get(number)
    }

    /// All records in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Record<'_>> {
        let mut cursor = Cursor::new(self);
        (0..self.len()).map_while(move |number| cursor.get(number))
    }
}

/// Reads records: one directly behind the last costs least.
pub(super) struct Cursor<'a> {
    text: &'a Text,
    part: Option<&'a Part>,
    /// The numbers of the part's records.
    range: Range<usize>,
    /// The next record.
    next: usize,
    /// Where it stands, perhaps behind an owner.
    rest: &'a [u8],
    /// The place of the one before.
    place: Place,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a Text) -> Cursor<'a> {
        Cursor {
            text,
            part: None,
            range: 0..0,
            next: 0,
            rest: &[],
            place: 0,
        }
    }

    /// What it reads.
    pub(super) fn text(&self) -> &'a Text {
        self.text
    }

    /// The record of this number.
    #[inline]
    pub(super) fn get(&mut self, number: usize) -> Option<Record<'a>> {
        if number != self.next || !self.range.contains(&number) {
            self.seek(number)?;
        }
        let part = self.part?;
        while let Some((0, after)) = self.rest.split_first() {
            let (_, after) = take(after)?;
            self.rest = after.get(labels(after) + 1..)?;
        }
        let at = part.arena.len() - self.rest.len();
        let (back, rest) = take(self.rest)?;
        let (kind, rest) = take(rest)?;
        let (ttl, rest) = take(rest)?;
        let (further, rest) = take(rest)?;
        let (length, rest) = take(rest)?;
        let (rdata, rest) = rest.split_at_checked(length as usize)?;
        self.rest = rest;
        self.next += 1;
        self.place = self.place.wrapping_add(further);
        let owner = part.arena.get(at.checked_sub(back as usize)? + 1..)?;
        let (origin, owner) = take(owner)?;
        Some(Record {
            number: number as u32,
            labels: owner.get(..labels(owner))?,
            origin: part.origins.get(origin as usize)?,
            kind: Kind(kind as u16),
            ttl,
            rdata,
            place: self.place,
        })
    }

    fn seek(&mut self, number: usize) -> Option<()> {
        if !self.range.contains(&number) {
            let index = self.text.starts.partition_point(|start| *start <= number);
            let index = index.checked_sub(1)?;
            let (part, start) = self
                .text
                .parts
                .get(index)
                .zip(self.text.starts.get(index))?;
            self.part = Some(part);
            self.range = *start..start + part.len();
        }
        let part = self.part?;
        let inside = number.checked_sub(self.range.start)?;
        let (at, place) = *part.marks.get(inside / STRIDE)?;
        self.rest = part.arena.get(at as usize..)?;
        let (_, kind) = take(self.rest)?;
        let (_, ttl) = take(kind)?;
        let (_, further) = take(ttl)?;
        let (further, _) = take(further)?;
        self.place = place.wrapping_sub(further);
        self.next = number - inside % STRIDE;
        while self.next < number {
            self.get(self.next)?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests;
