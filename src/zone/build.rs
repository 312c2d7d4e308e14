//! Checked records into a zone that can be asked: one walk in canonical order, so ancestors always come first.

use super::denial::Denial;
use super::order;
use super::tree::{ALIAS, CUT, DNAME, Node, STAR, Set, Zone};
use super::{Parsed, Record};
use crate::wire::asked::{Asked, Seed};
use crate::wire::kind::{Kind, class};
use crate::wire::name::Name;
use crate::wire::slots::Slots;

struct Builder {
    above: usize,
    arena: Vec<u8>,
    nodes: Vec<Node>,
    sets: Vec<Set>,
    hashes: Vec<u64>,
    /// The nodes from the apex down to the last one made.
    path: Vec<u32>,
    asked: Asked,
    deepest: usize,
}

impl Zone {
    /// The zone of these records. `steered` are absolute names in it (perhaps wildcards) that steering answers: they
    /// exist, with the names between them and the apex, even if the file has no record there. Names outside of the zone
    /// are passed over; of two equal ones the first counts.
    pub fn build(parsed: &Parsed, steered: &[Name]) -> Zone {
        Zone::seeded(parsed, steered, Seed::default())
    }

    /// The same with hashes of another seed, which every name asked of it must have too.
    pub fn seeded(parsed: &Parsed, steered: &[Name], seed: Seed) -> Zone {
        let apex = &parsed.apex;
        let size: usize = parsed
            .records
            .iter()
            .map(|r| r.rdata.len() + 12 + r.owner.wire().len())
            .sum();
        let mut builder = Builder {
            above: apex.depth(),
            arena: Vec::with_capacity(size),
            nodes: Vec::with_capacity(parsed.records.len() / 2),
            sets: Vec::with_capacity(parsed.records.len()),
            hashes: Vec::new(),
            path: Vec::new(),
            asked: Asked::new(seed),
            deepest: 0,
        };
        builder.reach(apex);
        let mut pending = sorted(steered, apex).into_iter().peekable();
        let mut key = Vec::new();
        for family in parsed.records.chunk_by(|a, b| a.owner == b.owner) {
            let Some(first) = family.first() else {
                continue;
            };
            key.clear();
            order::key(first.owner.wire(), apex.wire().len(), &mut key);
            while let Some((_, index)) = pending.next_if(|(steered, _)| *steered < key) {
                builder.steer(steered, index);
            }
            let node = builder.reach(&first.owner);
            builder.family(node, family);
            while let Some((_, index)) = pending.next_if(|(steered, _)| *steered == key) {
                builder.steer(steered, index);
            }
        }
        pending.for_each(|(_, index)| builder.steer(steered, index));
        builder.finish(parsed, seed)
    }
}

/// The keys of the steered names within the apex, with their indices, in canonical order.
fn sorted(steered: &[Name], apex: &Name) -> Vec<(Vec<u8>, usize)> {
    let inside = steered
        .iter()
        .enumerate()
        .filter(|(_, name)| name.is_within(apex));
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

impl Builder {
    fn node(&mut self, index: u32) -> &mut Node {
        &mut self.nodes[index as usize]
    }

    /// The node of a name, made with those above it if they are not there.
    fn reach(&mut self, name: &Name) -> u32 {
        // A `Name` is always readable.
        let _ = self.asked.read(name.wire());
        let labels = self.asked.labels();
        let known = (self.above..=labels)
            .zip(&self.path)
            .take_while(|(depth, index)| {
                let start = self.nodes[**index as usize].name as usize;
                let hash = self.hashes[**index as usize];
                let wire = self.asked.suffix(*depth);
                hash == self.asked.hash(*depth) && self.arena[start..].starts_with(wire)
            })
            .count();
        self.path.truncate(known);
        let first = self.above + known;
        if first <= labels {
            // The names above a new one are the ends of its own.
            let start = self.arena.len();
            self.arena.extend_from_slice(self.asked.wire());
            for depth in first..=labels {
                self.add(start, depth);
            }
            self.deepest = self.deepest.max(labels);
        }
        self.path.last().copied().unwrap_or_default()
    }

    /// A node below the last of the path, its name in the arena within the one at `start`.
    fn add(&mut self, start: usize, depth: usize) {
        let index = self.nodes.len() as u32;
        let mut node = Node {
            name: (start + self.asked.offset(depth)) as u32,
            sets: self.sets.len() as u32,
            labels: depth as u8,
            ..Node::default()
        };
        if let Some(&parent) = self.path.last() {
            let wildcard = self.asked.suffix(depth).starts_with(b"\x01*");
            let above = self.node(parent);
            if wildcard {
                above.flags |= STAR;
            }
            node.cover = match above.cover {
                0 if above.flags & DNAME != 0 => parent + 1,
                cover => cover,
            };
        }
        self.nodes.push(node);
        self.hashes.push(self.asked.hash(depth));
        self.path.push(index);
    }

    fn steer(&mut self, steered: &[Name], index: usize) {
        let Some(name) = steered.get(index) else {
            return;
        };
        let node = self.reach(name);
        let node = self.node(node);
        if node.steer == 0 {
            node.steer = index as u32 + 1;
        }
    }

    /// The records of one owner.
    fn family(&mut self, index: u32, family: &[Record]) {
        self.node(index).sets = self.sets.len() as u32;
        let mut flags = 0;
        for records in family.chunk_by(|a, b| a.kind == b.kind) {
            let Some(first) = records.first() else {
                continue;
            };
            let offset = self.arena.len();
            for record in records {
                append(&mut self.arena, record, first.ttl);
            }
            flags |= match first.kind {
                Kind::CNAME => ALIAS,
                Kind::DNAME => DNAME,
                Kind::NS if index != 0 => CUT,
                _ => 0,
            };
            self.sets.push(Set {
                kind: first.kind.0,
                count: records.len() as u16,
                ttl: first.ttl,
                offset: offset as u32,
                length: (self.arena.len() - offset) as u32,
            });
        }
        let count = self.sets.len() as u32 - self.node(index).sets;
        let node = self.node(index);
        node.count = count as u16;
        node.flags |= flags;
        if node.cover == 0 && flags & CUT != 0 {
            node.cover = index + 1;
        }
    }

    fn finish(self, parsed: &Parsed, seed: Seed) -> Zone {
        let mut zone = Zone {
            apex: parsed.apex.clone(),
            apex_labels: self.above,
            serial: parsed.serial,
            seed,
            deepest: self.deepest,
            records: parsed.records.len(),
            arena: self.arena.into(),
            nodes: self.nodes.into(),
            sets: self.sets.into(),
            slots: Slots::build(&self.hashes),
            denial: Denial::default(),
        };
        let soa = parsed
            .records
            .iter()
            .find(|record| record.kind == Kind::SOA);
        if let Some(soa) = soa {
            zone.denial = Denial::new(&zone.apex, &soa.rdata, zone.negative_ttl());
        }
        zone
    }
}

/// A record as it stands in an answer, its owner the pointer to the question's name at offset 12 (RFC 1035 §4.1.4).
fn append(out: &mut Vec<u8>, record: &Record, ttl: u32) {
    out.extend([0xc0, 12]);
    out.extend(record.kind.0.to_be_bytes());
    out.extend(class::IN.to_be_bytes());
    out.extend(ttl.to_be_bytes());
    // At most `limits::RRSET` since the set was checked.
    out.extend((record.rdata.len() as u16).to_be_bytes());
    out.extend_from_slice(&record.rdata);
}
