//! A zone after a small change of its file, made of the zone before and of the lines that changed.
//!
//! Only what is plainly local is done here. The records of each owner that may have changed are all read again, and those
//! whose records are others now are held against the rules. Whatever these rules cannot judge by one owner alone, and
//! whatever would have to be told, is left to a reading of the whole file.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use super::build::sets;
use super::check;
use super::order::{self, Order};
use super::parser::Parser;
use super::report::{Findings, Report};
use super::sources::Sources;
use super::state::{State, Tally};
use super::stretch::{Before, Piece, Stretch, Stretches, owners};
use super::text::{Part, Text};
use super::tree::{NodeRef, Zone};
use crate::diagnostic::Source;
use crate::limits;
use crate::wire::asked::{Asked, Seed};
use crate::wire::kind::Kind;
use crate::wire::name::Name;

/// What a changed text is beside a zone that was read before.
#[derive(Debug)]
pub enum Edited {
    /// Not a single octet is another.
    Same,
    /// Another zone, the one that reading the whole text gives, without anything to tell; and what is kept of the text.
    Zone(Box<Zone>, Stretches),
    /// The whole text must be read.
    Unclear,
}

/// What became of an owner.
pub(super) struct Change {
    /// Its place in canonical order.
    pub key: Vec<u8>,
    pub wire: Vec<u8>,
    /// Its sets in the order of their types; none: it is gone.
    pub sets: Vec<Fresh>,
}

/// A set of records.
pub(super) struct Fresh {
    pub kind: Kind,
    pub count: usize,
    pub ttl: u32,
    /// As in an answer.
    pub block: Vec<u8>,
}

/// Reads what changed of a file: `before` is the zone that `kept` was kept with, whatever is steered in it, and `digest`
/// what it was kept by.
pub fn edit(
    source: &Arc<Source>,
    origin: &Name,
    before: &Zone,
    kept: &Stretches,
    digest: &dyn Fn(&[u8]) -> u64,
) -> Edited {
    let Some(pieces) = kept.compare(&source.text, digest) else {
        return Edited::Unclear;
    };
    let new = pieces.iter().any(|piece| matches!(piece, Piece::New(..)));
    if !new && pieces.len() == kept.list.len() {
        return Edited::Same;
    }
    let mut reader = Reader::new(source, origin, before, kept);
    let edited = reader.read(&pieces, digest);
    edited.map_or(Edited::Unclear, |(zone, kept)| {
        Edited::Zone(Box::new(zone), kept)
    })
}

struct Reader<'a> {
    source: &'a Arc<Source>,
    /// The origin as text without its final dot.
    apex: Vec<u8>,
    before: &'a Zone,
    kept: &'a Stretches,
    /// Octets that may still be read: beyond, reading all is not dearer.
    left: usize,
}

impl<'a> Reader<'a> {
    fn new(
        source: &'a Arc<Source>,
        origin: &Name,
        before: &'a Zone,
        kept: &'a Stretches,
    ) -> Reader<'a> {
        let mut apex = origin.to_string().into_bytes();
        apex.pop();
        Reader {
            source,
            apex,
            before,
            kept,
            left: (source.text.len() / limits::EDITED).max(limits::STRETCHED),
        }
    }

    fn read(
        &mut self,
        pieces: &[Piece],
        digest: &dyn Fn(&[u8]) -> u64,
    ) -> Option<(Zone, Stretches)> {
        let mut gone = vec![true; self.kept.list.len()];
        for piece in pieces {
            if let Piece::Kept(number) = piece {
                *gone.get_mut(*number)? = false;
            }
        }
        let all = self.kept.list.iter().zip(&gone);
        let gone: Vec<&Stretch> = all.filter(|(_, gone)| **gone).map(|(one, _)| one).collect();
        if gone.iter().any(|one| one.directive || one.before.is_none()) {
            return None;
        }
        let mut touched: Vec<u32> = gone
            .iter()
            .flat_map(|one| one.owners.iter().copied())
            .collect();
        let (parts, after) = self.stretches(pieces, digest, &mut touched)?;
        let text = self.text(pieces, parts, &touched)?;
        let changes = self.changes(&text, &touched)?;
        let local = |change: &Change| self.local(change);
        let zone = changes
            .iter()
            .all(local)
            .then(|| self.before.changed(&changes))?;
        Some((zone, after))
    }

    /// The new stretches' records, in their order, and what is kept of the new text. Whatever they have is `touched`.
    fn stretches(
        &mut self,
        pieces: &[Piece],
        digest: &dyn Fn(&[u8]) -> u64,
        touched: &mut Vec<u32>,
    ) -> Option<(Vec<Part>, Stretches)> {
        let mut parts = Vec::new();
        let mut after = Stretches {
            list: Vec::with_capacity(pieces.len()),
            targets: self.kept.targets.clone(),
            octets: self.kept.octets,
        };
        for piece in pieces {
            match piece {
                Piece::Kept(number) => after.list.push(self.kept.list.get(*number)?.clone()),
                Piece::New(span, before) => {
                    let part = self.part(span, before)?;
                    let text = Text::new(vec![part], false);
                    let owners = owners(text.iter());
                    touched.extend(owners.iter());
                    after.octets += text.octets();
                    after.list.push(Stretch {
                        digest: digest(self.source.text.get(span.clone())?),
                        length: span.len(),
                        directive: false,
                        before: Some(before.clone()),
                        owners,
                    });
                    parts.extend(text.into_parts());
                }
            }
        }
        touched.sort_unstable();
        touched.dedup();
        // The sizes of parts depend on where a text is cut; near the limit only a reading of the whole tells.
        (after.octets < limits::ZONE / 2).then_some((parts, after))
    }

    /// The records of a stretch, if nothing is wrong with it.
    fn part(&mut self, span: &Range<usize>, before: &Before) -> Option<Part> {
        self.left = self.left.checked_sub(span.len())?;
        part(&self.source.text, &self.apex, span, before)
    }

    /// All records of the touched owners, and some more, in the order of the file.
    fn text(&mut self, pieces: &[Piece], new: Vec<Part>, touched: &[u32]) -> Option<Text> {
        let mut bits = vec![0_u64; 1 << 10];
        for hash in touched {
            *bits.get_mut((hash >> 6 & 0x3ff) as usize)? |= 1 << (hash & 0x3f);
        }
        let is = |hash: &u32| {
            let some = bits.get((hash >> 6 & 0x3ff) as usize);
            some.is_some_and(|some| some >> (hash & 0x3f) & 1 != 0)
                && touched.binary_search(hash).is_ok()
        };
        let mut new = new.into_iter();
        let (mut parts, mut at) = (Vec::new(), 0);
        for piece in pieces {
            match piece {
                Piece::New(span, _) => {
                    at = span.end;
                    parts.push(new.next()?);
                }
                Piece::Kept(number) => {
                    let one = self.kept.list.get(*number)?;
                    let span = at..at + one.length;
                    at = span.end;
                    if one.owners.iter().any(is) {
                        parts.push(self.part(&span, one.before.as_ref()?)?);
                    }
                }
            }
        }
        Some(Text::new(parts, false))
    }

    /// The touched owners whose records are others now, in canonical order. None if a rule is broken, or a warning due.
    fn changes(&self, text: &Text, touched: &[u32]) -> Option<Vec<Change>> {
        let apex = self.before.apex();
        let mut sources = Sources::default();
        sources.add(self.source.clone(), None)?;
        let mut report = Report::new(&sources, Findings::default());
        if !check::outside(&mut report, text, apex).is_empty() {
            return None;
        }
        let order = Order::sort(text, apex, &[]);
        let mut asked = Asked::new(Seed::default());
        let (mut changes, mut seen) = (Vec::new(), HashSet::new());
        let mut families = order.families(text);
        while let Some(family) = families.advance() {
            let mut wire = Vec::new();
            family.first()?.wire(&mut wire);
            asked.read(&wire).ok()?;
            if touched
                .binary_search(&(asked.hash(asked.labels()) as u32))
                .is_err()
            {
                continue;
            }
            check::owner(&mut report, family, apex);
            if !report.clean() {
                return None;
            }
            let mut change = Change::of(asked.wire(), apex);
            sets(family, &[], |kind, count, ttl, block| {
                let mut octets = Vec::new();
                block(&mut octets);
                let block = octets;
                change.sets.push(Fresh {
                    kind,
                    count,
                    ttl,
                    block,
                });
            });
            let old = self.before.node_at(&asked, asked.labels());
            if !old.is_some_and(|old| change.same(old)) {
                changes.push(change);
            }
            seen.insert(asked.wire().to_vec());
        }
        for hash in touched {
            for old in self.before.near(*hash) {
                if old.rrsets().len() > 0 && !seen.contains(old.wire()) {
                    changes.push(Change::of(old.wire(), apex));
                }
            }
        }
        changes.sort_by(|a, b| a.key.cmp(&b.key));
        Some(changes)
    }

    /// Whether a change of one owner is nobody else's concern.
    fn local(&self, change: &Change) -> bool {
        let mut asked = Asked::new(Seed::default());
        if asked.read(&change.wire).is_err() {
            return false;
        }
        let labels = asked.labels();
        let wild = (0..=labels).any(|depth| asked.suffix(depth).starts_with(b"\x01*"));
        let target = self
            .kept
            .targets
            .binary_search(&(asked.hash(labels) as u32))
            .is_ok();
        if wild || target {
            return false;
        }
        let old = self.before.node_at(&asked, labels);
        // What covers the name, or would if it were there: the nearest name that is.
        let apex = self.before.apex().depth();
        let mut above = (apex..=labels)
            .rev()
            .filter_map(|depth| self.before.node_at(&asked, depth));
        if above.next().is_none_or(NodeRef::covers) {
            return false;
        }
        let block = |kind| old.and_then(|old| old.rrset(kind)).map(|set| set.block());
        let fresh = |kind| change.sets.iter().find(|set| set.kind == kind);
        let alike = |kind| block(kind) == fresh(kind).map(|set| set.block.as_slice());
        // These say something of other names.
        let others = [Kind::NS, Kind::MX, Kind::DNAME].into_iter().all(alike);
        let start = fresh(Kind::SOA).is_some_and(|soa| soa.count == 1);
        others && start == (labels == apex)
    }
}

/// The records of a stretch of a text, if nothing is wrong with it. `apex` is the origin that the file's name says, as text
/// without its final dot.
pub(super) fn part(text: &[u8], apex: &[u8], span: &Range<usize>, before: &Before) -> Option<Part> {
    let state = State {
        origin: before.0.clone(),
        default_ttl: Some(before.1),
        last_ttl: None,
        minimum: None,
        owner: None,
        made: Tally::default(),
    };
    let text = text.get(..span.end)?;
    let outcome = Parser::new(0, apex, state).read(text, span.start);
    outcome.findings.none().then_some(outcome.part)
}

impl Change {
    fn of(wire: &[u8], apex: &Name) -> Change {
        let mut key = Vec::new();
        order::key(wire, apex.wire().len(), &mut key);
        Change {
            key,
            wire: wire.to_vec(),
            sets: Vec::new(),
        }
    }

    /// Whether a name has just these sets.
    fn same(&self, old: NodeRef<'_>) -> bool {
        let one = |(new, old): (&Fresh, super::Rrset<'_>)| {
            new.kind == old.kind() && new.block == old.block()
        };
        old.rrsets().len() == self.sets.len() && self.sets.iter().zip(old.rrsets()).all(one)
    }
}
