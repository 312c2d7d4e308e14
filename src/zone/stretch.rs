//! What is kept of a zone's text beside the zone, so that a changed file need not be read whole: where it can be cut, a
//! digest of each stretch, and whose records stand there. No text and no record.
//!
//! Where a stretch ends is said by the line that follows, so a change moves no other end but those near it. A stretch of
//! records begins with an owner, outside of parentheses, and what it must know of the text before is an origin and a TTL;
//! directives stand in stretches of their own. So a stretch of the same octets in the same state has the same records.

use std::ops::Range;
use std::sync::Arc;

use super::report::Findings;
use super::scanner::{Entry, Scanner};
use super::text::{Place, Record};
use super::tree::Zone;
use super::walk::{Sort, Walk};
use crate::limits;
use crate::wire::asked::{Asked, Seed};
use crate::wire::kind::Kind;
use crate::wire::name::Name;

/// Octets of a stretch before which none ends, and from which on it ends in any case.
const LEAST: usize = if cfg!(test) { 20 } else { 1 << 10 };
const MOST: usize = if cfg!(test) { 200 } else { 1 << 14 };
/// Bits of a line's hash that are zero where a stretch ends: one line of 64, which is a few thousand octets.
const BOUNDARY: u64 = if cfg!(test) { 0x3 } else { 0x3f } << 40;

/// What the text before says to a stretch: the origin, and the TTL of `$TTL`.
pub(super) type Before = (Arc<Name>, u32);

/// The stretches of a text in which nothing was found wrong.
#[derive(Clone, Debug)]
pub struct Stretches {
    pub(super) list: Vec<Stretch>,
    /// The hashes of all names that NS and MX records point to, sorted: what these have matters to the rules.
    pub(super) targets: Arc<[u32]>,
    /// Octets of names and data, no less than there are.
    pub(super) octets: usize,
}

/// A part of a text.
#[derive(Clone, Debug)]
pub(super) struct Stretch {
    pub digest: u64,
    pub length: usize,
    pub directive: bool,
    /// None if there is no `$TTL` before it.
    pub before: Option<Before>,
    /// The lower half of the hash of each owner, in some order.
    pub owners: Arc<[u32]>,
}

/// Where a stretch begins.
#[derive(Debug)]
pub(super) struct Cut {
    start: usize,
    directive: bool,
    /// Whether an owner was met in it.
    owned: bool,
    before: Option<Before>,
}

/// Finds the ends of stretches, from entry to entry.
#[derive(Debug, Default)]
pub(super) struct Cutter {
    cuts: Vec<Cut>,
}

impl Cutter {
    /// One entry more, in this state. False if the text cannot be cut: a line without an owner stands directly behind a
    /// directive, so its owner is that of another stretch.
    pub(super) fn entry(
        &mut self,
        text: &[u8],
        (span, sort): (&Range<usize>, Sort),
        (origin, ttl): (&Arc<Name>, Option<u32>),
    ) -> bool {
        let directive = sort == Sort::Directive;
        let ends = match self.cuts.last() {
            None => true,
            Some(last) if last.directive || directive => true,
            Some(last) => {
                sort == Sort::Owned && last.owned && ends(text, span, span.start - last.start)
            }
        };
        if ends {
            let shared = self.cuts.last().and_then(|last| last.before.as_ref());
            let shared =
                shared.filter(|(known, old)| Arc::ptr_eq(known, origin) && Some(*old) == ttl);
            let before = shared.cloned().or_else(|| Some((origin.clone(), ttl?)));
            self.cuts.push(Cut {
                start: span.start,
                directive,
                owned: false,
                before,
            });
        }
        let Some(open) = self.cuts.last_mut() else {
            return false;
        };
        match sort {
            Sort::Owned => open.owned = true,
            Sort::Blank if !open.owned => {
                let line = text.get(..span.end).unwrap_or_default();
                let mut entry = Entry::default();
                return !Scanner::new(line, span.start).next(&mut entry, &mut Findings::default());
            }
            Sort::Blank | Sort::Directive => {}
            Sort::Open => return false,
        }
        true
    }
}

/// Whether a stretch of so many octets ends before this entry.
fn ends(text: &[u8], span: &Range<usize>, size: usize) -> bool {
    if size < LEAST {
        return false;
    }
    let mut hash = 0x243f_6a88_85a3_08d3_u64;
    for lane in text.get(span.clone()).unwrap_or_default().chunks(8) {
        let mut octets = [0; 8];
        octets
            .iter_mut()
            .zip(lane)
            .for_each(|(to, from)| *to = *from);
        hash = (hash ^ u64::from_le_bytes(octets)).wrapping_mul(0x9fb2_1c65_1e98_df25);
        hash ^= hash >> 29;
    }
    hash & BOUNDARY == 0 || size >= MOST
}

/// The stretches of a text in which nothing was found wrong, before they have digests.
#[derive(Debug)]
pub struct Draft {
    cuts: Vec<Cut>,
    owners: Vec<Vec<u32>>,
    last: usize,
    octets: usize,
}

impl Draft {
    pub(super) fn new(cutter: Cutter, octets: usize) -> Draft {
        let owners = cutter.cuts.iter().map(|_| Vec::new());
        Draft {
            owners: owners.collect(),
            cuts: cutter.cuts,
            last: 0,
            octets,
        }
    }

    /// Notes that a record at this place has an owner of this hash.
    pub(super) fn note(&mut self, place: Place, hash: u64) {
        let place = place as usize;
        let start = |at: usize| self.cuts.get(at).map_or(usize::MAX, |cut| cut.start);
        if start(self.last) > place || start(self.last + 1) <= place {
            let behind = self.cuts.partition_point(|cut| cut.start <= place);
            self.last = behind.saturating_sub(1);
        }
        if let Some(owners) = self.owners.get_mut(self.last)
            && owners.last() != Some(&(hash as u32))
        {
            owners.push(hash as u32);
        }
    }

    /// What is kept of this text, which became this zone. `digest` makes digests that nobody can foresee.
    pub fn finish(self, text: &[u8], zone: &Zone, digest: &dyn Fn(&[u8]) -> u64) -> Stretches {
        let starts: Vec<usize> = self.cuts.iter().map(|cut| cut.start).collect();
        let ends = starts.into_iter().skip(1).chain([text.len()]);
        let all = self.cuts.into_iter().zip(ends).zip(self.owners);
        let list = all.map(|((cut, end), owners)| Stretch {
            digest: digest(text.get(cut.start..end).unwrap_or_default()),
            length: end - cut.start,
            directive: cut.directive,
            before: cut.before,
            owners: owners.into(),
        });
        Stretches {
            list: list.collect(),
            targets: targets(zone),
            octets: self.octets,
        }
    }
}

/// The hashes of all names that NS and MX records of a zone point to.
fn targets(zone: &Zone) -> Arc<[u32]> {
    let mut asked = Asked::new(Seed::default());
    let mut list = Vec::new();
    let sets = zone.nodes().flat_map(|node| node.rrsets());
    for set in sets.filter(|set| matches!(set.kind(), Kind::NS | Kind::MX)) {
        for target in set.targets() {
            if asked.read(target).is_ok() {
                list.push(asked.hash(asked.labels()) as u32);
            }
        }
    }
    list.sort_unstable();
    list.dedup();
    list.into()
}

/// Part of a new text.
pub(super) enum Piece {
    /// The stretch of this number.
    Kept(usize),
    /// Other records.
    New(Range<usize>, Before),
}

impl Stretches {
    /// What a new text is made of; None if only reading it tells.
    pub(super) fn compare(&self, text: &[u8], digest: &dyn Fn(&[u8]) -> u64) -> Option<Vec<Piece>> {
        let mut pieces = Vec::with_capacity(self.list.len());
        let (mut at, mut next) = (0_usize, 0_usize);
        let mut known = Vec::new();
        while at < text.len() {
            let here = self
                .list
                .get(next)
                .and_then(|old| Some((old, text.get(at..at + old.length)?)));
            if let Some((old, part)) = here
                && whole(part, at + part.len() == text.len())
                && digest(part) == old.digest
            {
                pieces.push(Piece::Kept(next));
                (at, next) = (at + part.len(), next + 1);
                continue;
            }
            if known.is_empty() {
                let all = self.list.iter().enumerate();
                known.extend(all.map(|(number, old)| (old.digest, number)));
                known.sort_unstable();
            }
            (at, next) = self.search(text, (at, next), &known, digest, &mut pieces)?;
        }
        Some(pieces)
    }

    /// Reads on to the end of a stretch that is known: where it begins, and its number; or to the end of the text.
    fn search(
        &self,
        text: &[u8],
        (at, next): (usize, usize),
        known: &[(u64, usize)],
        digest: &dyn Fn(&[u8]) -> u64,
        pieces: &mut Vec<Piece>,
    ) -> Option<(usize, usize)> {
        let before = match self.list.get(next) {
            Some(old) => old.before.clone(),
            None => self
                .list
                .last()
                .filter(|last| !last.directive)?
                .before
                .clone(),
        }?;
        let mut walk = Walk::from(text, at);
        let mut cutter = Cutter::default();
        let mut start = at;
        loop {
            let entry = walk.next();
            if let Some((span, sort)) = &entry
                && !cutter.entry(text, (span, *sort), (&before.0, Some(before.1)))
            {
                return None;
            }
            let (open, end) = match cutter.cuts.as_slice() {
                [.., one, two] if two.start > start && entry.is_some() => (one, two.start),
                [.., one] if entry.is_none() => (one, text.len()),
                _ => continue,
            };
            let part = text.get(start..end)?;
            let hash = digest(part);
            let from = known.partition_point(|one| *one < (hash, next));
            let same = known
                .get(from)
                .filter(|(one, _)| *one == hash && whole(part, entry.is_none()));
            if let Some((_, number)) = same {
                // What begins here is read once more, in its own state.
                pieces.push(Piece::Kept(*number));
                return Some((end, number + 1));
            }
            if open.directive {
                return None;
            }
            pieces.push(Piece::New(start..end, before.clone()));
            if entry.is_none() {
                return Some((end, self.list.len()));
            }
            start = end;
        }
    }

    /// Where stretches begin and end that have an owner of this hash, and what the text before says to them.
    pub(super) fn having(&self, hash: u32) -> impl Iterator<Item = (Range<usize>, &Stretch)> {
        let mut end = 0;
        let spans = self.list.iter().map(move |one| {
            let start = end;
            end += one.length;
            (start..end, one)
        });
        spans.filter(move |(_, one)| one.owners.contains(&hash))
    }

    /// Octets of memory.
    pub fn memory(&self) -> usize {
        let owners = self.list.iter().map(|one| size_of_val(&*one.owners));
        let list = self.list.capacity() * size_of::<Stretch>();
        owners.sum::<usize>() + list + size_of_val(&*self.targets)
    }
}

/// Whether nothing that follows can belong to the last line of a part.
fn whole(part: &[u8], last: bool) -> bool {
    last || part.ends_with(b"\n")
}

/// The owners of records, each once for records that follow each other.
pub(super) fn owners<'a>(records: impl Iterator<Item = Record<'a>>) -> Arc<[u32]> {
    let mut asked = Asked::new(Seed::default());
    let (mut wire, mut list): (Vec<u8>, Vec<u32>) = (Vec::new(), Vec::new());
    for record in records {
        wire.clear();
        record.wire(&mut wire);
        if asked.read(&wire).is_ok() {
            let hash = asked.hash(asked.labels()) as u32;
            if list.last() != Some(&hash) {
                list.push(hash);
            }
        }
    }
    list.into()
}

/// Whether a text is worth it: smaller ones are read as quickly.
pub(super) fn worth(octets: usize) -> bool {
    cfg!(test) || octets >= limits::STRETCHED
}
