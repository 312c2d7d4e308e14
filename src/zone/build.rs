//! Records into a zone that can be asked: one walk in canonical order, so ancestors always come first.

use std::iter::Peekable;
use std::sync::Arc;
use std::vec::IntoIter;

use super::check::Checked;
use super::chunk::{Chunk, Chunks, place};
use super::denial::Denial;
use super::kept::Apart;
use super::order;
use super::servers::Servers;
use super::stretch::Draft;
use super::text::Record;
use super::tree::Zone;
use crate::wire::asked::{Asked, Seed};
use crate::wire::kind::{Kind, class};
use crate::wire::name::Name;
use crate::wire::slots::Slots;

/// Where records come from.
enum Source<'a> {
    Text(&'a Checked),
    Zone(&'a Zone),
}

/// A zone but for the tables that are made of all its chunks.
pub(super) struct Built {
    apex: Name,
    seed: Seed,
    chunks: Vec<Chunk>,
    steered: Arc<[Name]>,
    kept: Arc<[Name]>,
    reading: Arc<()>,
}

/// The zone of a text that breaks no rule, with the steered names of the zone before.
pub(super) fn build(
    checked: &Checked,
    before: Option<&Zone>,
    seed: Seed,
    draft: Option<&mut Draft>,
) -> Built {
    let source = Source::Text(checked);
    let steered: Arc<[Name]> = before.map_or_else(Arc::default, |zone| zone.steered.clone());
    let kept = before.map_or_else(Arc::default, |zone| zone.kept.clone());
    let before = before.filter(|before| before.seed == seed);
    let before = before.map_or(&[][..], |before| &before.chunks);
    let chunks = Walk::chunks(&source, &checked.apex, seed, &steered, before, draft);
    Built {
        apex: checked.apex.clone(),
        seed,
        chunks,
        steered,
        kept,
        reading: Arc::new(()),
    }
}

impl Zone {
    /// The same records with other names steered: absolute names in it (perhaps wildcards), which exist, with the names
    /// between them and the apex, even if the file has no record there. Names outside of the zone are passed over; of two
    /// equal ones the first counts. What stays equal is shared.
    #[must_use]
    pub fn steer(&self, names: &[Name]) -> Zone {
        self.steer_except(names, &[])
    }

    /// The same, but for the names of `kept`: for them there is what the zone file by itself has, also where a steered
    /// wildcard would stand for them.
    #[must_use]
    pub fn steer_except(&self, names: &[Name], kept: &[Name]) -> Zone {
        // All empty lists are one: ten thousand zones that steer nothing ask for no memory here.
        let list = |names: &[Name]| match names {
            [] => Arc::default(),
            names => Arc::from(names),
        };
        let (steered, kept) = (list(names), list(kept));
        let source = Source::Zone(self);
        let chunks = Walk::chunks(&source, &self.apex, self.seed, &steered, &self.chunks, None);
        let built = Built {
            apex: self.apex.clone(),
            seed: self.seed,
            chunks,
            steered,
            kept,
            reading: self.reading.clone(),
        };
        built.finish()
    }
}

impl Zone {
    /// The table of all names of these chunks.
    pub(super) fn slots(chunks: &[Chunk], seed: Seed, names: usize) -> Slots {
        let mut asked = Asked::new(seed);
        let each = chunks.iter().enumerate().flat_map(|(at, chunk)| {
            let nodes = chunk.nodes.iter().enumerate();
            nodes.map(move |(index, node)| (chunk, node, place(at, index)))
        });
        let things = each.map(|(chunk, node, place)| {
            // Names in a chunk are always readable.
            let name = chunk.arena.get(node.name as usize..);
            let _ = asked.read(name.unwrap_or_default());
            (asked.hash(asked.labels()), place)
        });
        Slots::collect(names, place(chunks.len(), 0), things)
    }

    /// Makes ready what follows from the SOA.
    pub(super) fn start(&mut self) {
        let Some(soa) = self.soa().records().next().map(<[u8]>::to_vec) else {
            return;
        };
        let numbers = soa.last_chunk::<20>().and_then(|n| n.first_chunk());
        self.serial = numbers.map_or(0, |serial| u32::from_be_bytes(*serial));
        self.denial = Denial::new(&self.apex, &soa, self.negative_ttl());
    }

    /// Makes ready what steering leaves alone.
    pub(super) fn part(&mut self) {
        self.apart = Apart::of(self).map(Arc::new);
    }
}

impl Built {
    /// With its tables. What it was built from is not needed any more.
    pub(super) fn finish(self) -> Zone {
        let names = self.chunks.iter().map(|chunk| chunk.nodes.len()).sum();
        let slots = Zone::slots(&self.chunks, self.seed, names);
        let apex = Asked::of(&self.apex, Seed::default());
        let mut zone = Zone {
            apex_labels: apex.labels(),
            lower: Arc::from(apex.wire()),
            hash: apex.hash(apex.labels()),
            apex: self.apex,
            serial: 0,
            seed: self.seed,
            deepest: self.chunks.iter().map(Chunk::deepest).max().unwrap_or(0),
            names,
            records: self.chunks.iter().map(Chunk::records).sum(),
            chunks: self.chunks.into(),
            slots,
            denial: Denial::default(),
            servers: Servers::default(),
            steered: self.steered,
            kept: self.kept,
            apart: None,
            reading: self.reading,
        };
        zone.start();
        zone.servers = Servers::of(&zone);
        zone.part();
        zone
    }
}

/// The keys of the steered names within the apex, with their indices, in canonical order.
fn sorted(steered: &[Name], apex: &Name) -> Vec<(Vec<u8>, usize)> {
    let all = steered.iter().enumerate();
    let inside = all.filter(|(_, name)| name.is_within(apex));
    let mut list: Vec<(Vec<u8>, usize)> = inside
        .map(|(index, name)| {
            let mut key = Vec::new();
            order::key(name.wire(), apex.wire().len(), &mut key);
            (key, index)
        })
        .collect();
    list.sort();
    list
}

/// Notes the names above wildcards.
struct Stars {
    asked: Asked,
    hashes: Vec<u64>,
}

impl Stars {
    /// The hashes of all names directly below which a wildcard stands, sorted.
    fn of(source: &Source<'_>, steered: &[Name], seed: Seed) -> Vec<u64> {
        let mut stars = Stars {
            asked: Asked::new(seed),
            hashes: Vec::new(),
        };
        match source {
            Source::Text(checked) => {
                let mut wire = Vec::new();
                let mut last: &[u8] = &[];
                for record in checked.text.iter() {
                    if !std::ptr::eq(last, record.labels) {
                        last = record.labels;
                        wire.clear();
                        record.wire(&mut wire);
                        stars.name(&wire);
                    }
                }
            }
            Source::Zone(zone) => {
                let full = zone.nodes().filter(|node| node.rrsets().len() > 0);
                full.for_each(|node| stars.name(node.wire()));
            }
        }
        steered.iter().for_each(|name| stars.name(name.wire()));
        stars.hashes.sort_unstable();
        stars.hashes.dedup();
        stars.hashes
    }

    fn name(&mut self, wire: &[u8]) {
        let (mut at, mut index) = (0, 0);
        while let Some(&length) = wire.get(at).filter(|length| **length != 0) {
            index += 1;
            if length == 1 && wire.get(at + 1) == Some(&b'*') && self.asked.read(wire).is_ok() {
                let above = self.asked.labels().saturating_sub(index);
                self.hashes.push(self.asked.hash(above));
            }
            at += 1 + usize::from(length);
        }
    }
}

/// The walk through a source, and through the steered names beside it.
struct Walk<'a> {
    apex: &'a Name,
    steered: &'a [Name],
    /// Those that are not reached yet.
    pending: Peekable<IntoIter<(Vec<u8>, usize)>>,
    chunks: Chunks<'a>,
}

impl<'a> Walk<'a> {
    fn chunks(
        source: &Source<'_>,
        apex: &'a Name,
        seed: Seed,
        steered: &'a [Name],
        before: &'a [Chunk],
        mut draft: Option<&mut Draft>,
    ) -> Vec<Chunk> {
        let stars = Stars::of(source, steered, seed);
        let mut walk = Walk {
            apex,
            steered,
            pending: sorted(steered, apex).into_iter().peekable(),
            chunks: Chunks::new(apex.depth(), seed, stars, before),
        };
        walk.chunks.reach(apex.wire());
        match source {
            Source::Text(checked) => {
                let mut wire = Vec::new();
                let mut families = checked.order.families(&checked.text);
                while let Some(family) = families.advance() {
                    wire.clear();
                    family
                        .iter()
                        .take(1)
                        .for_each(|first| first.wire(&mut wire));
                    let doubles = &checked.doubles;
                    walk.owner(&wire, |out| {
                        sets(family, doubles, |kind, count, ttl, block| {
                            out.set(kind, count, ttl, block)
                        });
                        if let Some(draft) = &mut draft {
                            family
                                .iter()
                                .for_each(|record| draft.note(record.place, out.hash()));
                        }
                    });
                }
            }
            Source::Zone(zone) => {
                for node in zone.nodes().filter(|node| node.rrsets().len() > 0) {
                    walk.owner(node.wire(), |out| {
                        for set in node.rrsets() {
                            let block = |arena: &mut Vec<u8>| arena.extend_from_slice(set.block());
                            out.set(set.kind(), set.count(), set.ttl(), block);
                        }
                    });
                }
            }
        }
        while let Some((_, index)) = walk.pending.next() {
            walk.steer(index);
        }
        walk.chunks.finish()
    }

    /// One owner with its sets, and the steered names up to it.
    fn owner(&mut self, wire: &[u8], sets: impl FnOnce(&mut Chunks<'a>)) {
        let mut key = Vec::new();
        if self.pending.peek().is_some() {
            order::key(wire, self.apex.wire().len(), &mut key);
        }
        while let Some((_, index)) = self.pending.next_if(|(steered, _)| *steered < key) {
            self.steer(index);
        }
        self.chunks.reach(wire);
        let start = self.chunks.sets();
        sets(&mut self.chunks);
        self.chunks.own(start);
        while let Some((_, index)) = self.pending.next_if(|(steered, _)| *steered == key) {
            self.steer(index);
        }
    }

    fn steer(&mut self, index: usize) {
        if let Some(name) = self.steered.get(index) {
            self.chunks.reach(name.wire());
            self.chunks.steer(index);
        }
    }
}

/// The sets of one owner: type, how many, TTL, and what writes them; without those that say what another one says.
pub(super) fn sets(
    family: &[Record<'_>],
    doubles: &[u32],
    mut out: impl FnMut(Kind, usize, u32, &dyn Fn(&mut Vec<u8>)),
) {
    for all in family.chunk_by(|a, b| a.kind == b.kind) {
        let Some(first) = all.first() else { continue };
        let kept = || {
            let single = all.len() == 1 || doubles.is_empty();
            let kept = move |r: &&Record<'_>| single || doubles.binary_search(&r.number).is_err();
            all.iter().filter(kept)
        };
        let ttl = kept().map(|record| record.ttl).min().unwrap_or_default();
        out(first.kind, kept().count(), ttl, &|arena| {
            kept().for_each(|record| append(arena, record, ttl));
        });
    }
}

/// A record as it stands in an answer, its owner the pointer to the question's name at offset 12 (RFC 1035 §4.1.4).
fn append(out: &mut Vec<u8>, record: &Record<'_>, ttl: u32) {
    out.extend([0xc0, 12]);
    out.extend(record.kind.0.to_be_bytes());
    out.extend(class::IN.to_be_bytes());
    out.extend(ttl.to_be_bytes());
    // At most `limits::RRSET` since the set was checked.
    out.extend((record.rdata.len() as u16).to_be_bytes());
    out.extend_from_slice(record.rdata);
}
