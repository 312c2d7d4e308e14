//! A zone with some owners changed: the chunks around them are made anew, all others and most of the table taken over.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::chunk::{Chunk, Chunks, DNAME, NODE_BITS, Node, STAR, place};
use super::edit::Change;
use super::order;
use super::tree::{NodeRef, Zone};
use crate::wire::asked::Asked;
use crate::wire::kind::Kind;
use crate::wire::slots::Slots;

/// No place.
const NOWHERE: u32 = u32::MAX;

impl Zone {
    /// The zone with these owners changed, in canonical order. None of them is or was a wildcard, a delegation or a DNAME,
    /// or lies below one, and NS records are what they were.
    pub(super) fn changed(&self, changes: &[Change]) -> Zone {
        let chunks = Weave::chunks(self, changes);
        let moves = Moves::new(self, &chunks);
        let sum = |chunks: &[&Chunk], of: fn(&Chunk) -> usize| {
            chunks.iter().map(|c| of(c)).sum::<usize>()
        };
        let (gone, new) = moves.others(self, &chunks);
        let names = self.names + sum(&new, |c| c.nodes.len()) - sum(&gone, |c| c.nodes.len());
        let records = self.records + sum(&new, Chunk::records) - sum(&gone, Chunk::records);
        let most = |chunks: &mut dyn Iterator<Item = &Chunk>| {
            chunks.map(Chunk::deepest).max().unwrap_or(0)
        };
        let deepest = if most(&mut gone.iter().copied()) < self.deepest {
            self.deepest.max(most(&mut new.iter().copied()))
        } else {
            most(&mut chunks.iter())
        };
        let slots = moves.slots(self, &chunks, names);
        let mut zone = Zone {
            names,
            records,
            deepest,
            servers: self.servers.moved(|place| moves.to(place)),
            slots: slots.unwrap_or_else(|| Zone::slots(&chunks, self.seed, names)),
            chunks: chunks.into(),
            apex: self.apex.clone(),
            lower: self.lower.clone(),
            steered: self.steered.clone(),
            kept: self.kept.clone(),
            denial: self.denial.clone(),
            apart: None,
            reading: Arc::new(()),
            ..*self
        };
        zone.start();
        zone.part();
        zone
    }

    /// The names whose hashes end in these bits.
    pub(super) fn near(&self, low: u32) -> impl Iterator<Item = NodeRef<'_>> {
        let mut asked = Asked::new(self.seed);
        let is = move |node: &NodeRef<'_>| {
            asked.read(node.wire()).is_ok() && asked.hash(asked.labels()) as u32 == low
        };
        self.slots.near(low).map(|place| self.at(place)).filter(is)
    }
}

/// What puts the chunks together.
struct Weave<'a> {
    zone: &'a Zone,
    out: Chunks<'a>,
    /// Whether the open chunk is empty, and all before it as the zone has it.
    level: bool,
}

impl<'a> Weave<'a> {
    fn chunks(zone: &'a Zone, changes: &[Change]) -> Vec<Chunk> {
        let key = |chunk: &Chunk| {
            let mut key = Vec::new();
            let first = chunk.nodes.first().map_or(&[][..], |node| chunk.name(node));
            order::key(first, zone.apex.wire().len(), &mut key);
            key
        };
        let firsts: Vec<Vec<u8>> = zone.chunks.iter().map(key).collect();
        let home = |change: &Change| {
            firsts
                .partition_point(|first| *first <= change.key)
                .saturating_sub(1)
        };
        let homes: Vec<usize> = changes.iter().map(home).collect();
        // Whether a chunk ends is said by the name that follows, so the one before is made anew as well.
        let dirty: BTreeSet<usize> = homes
            .iter()
            .flat_map(|at| [at.saturating_sub(1), *at])
            .collect();
        let mut weave = Weave {
            zone,
            out: Chunks::new(zone.apex.depth(), zone.seed, stars(zone), &zone.chunks),
            level: true,
        };
        let mut rest = changes.iter().zip(homes).peekable();
        for (at, chunk) in zone.chunks.iter().enumerate() {
            if weave.level && !dirty.contains(&at) {
                weave.out.take(chunk);
                continue;
            }
            let mut mine = Vec::new();
            while let Some((change, _)) = rest.next_if(|(_, home)| *home == at) {
                mine.push(change);
            }
            weave.chunk(at, chunk, &mine);
            weave.level = !dirty.contains(&(at + 1)) && weave.joins(at + 1);
        }
        weave.out.finish()
    }

    /// Whether what follows is what the zone has from this chunk on.
    fn joins(&mut self, at: usize) -> bool {
        let Some(next) = self.zone.chunks.get(at) else {
            return false;
        };
        let owner = next
            .nodes
            .iter()
            .find(|node| node.count > 0 || node.steer > 0);
        let both = next.nodes.first().zip(owner);
        both.is_some_and(|(first, owner)| {
            self.out.joins(next.name(owner), usize::from(first.labels))
        })
    }

    /// The names of a chunk with the changes among them.
    fn chunk(&mut self, at: usize, chunk: &Chunk, changes: &[&Change]) {
        let zone = self.zone;
        if self.level
            && let Some(last) = at.checked_sub(1).and_then(|at| zone.chunks.get(at))
        {
            let name = last.nodes.last().map_or(&[][..], |node| last.name(node));
            self.out.resume(name, |asked, depth| {
                let node = zone.node_at(asked, depth);
                node.map_or((0, false), |node| (node.cover_octet(), node.has(DNAME)))
            });
        }
        self.level = false;
        if at == 0 {
            self.out.reach(zone.apex.wire());
        }
        let mut changes = changes.iter().peekable();
        for node in chunk
            .nodes
            .iter()
            .filter(|node| node.count > 0 || node.steer > 0)
        {
            let wire = chunk.name(node);
            let mut key = Vec::new();
            if changes.peek().is_some() {
                order::key(wire, zone.apex.wire().len(), &mut key);
            }
            while let Some(change) = changes.next_if(|change| change.key < key) {
                self.change(change);
            }
            match changes.next_if(|change| change.key == key) {
                Some(change) => self.change(change),
                None => self.owner(chunk, node),
            }
            if let Some(index) = node.steer.checked_sub(1) {
                self.out.reach(wire);
                self.out.steer(index as usize);
            }
        }
        changes.for_each(|change| self.change(change));
    }

    fn owner(&mut self, chunk: &Chunk, node: &Node) {
        if node.count == 0 {
            return;
        }
        self.out.reach(chunk.name(node));
        let start = self.out.sets();
        for set in chunk.sets_of(node) {
            let block = |arena: &mut Vec<u8>| arena.extend_from_slice(chunk.block(set));
            self.out
                .set(Kind(set.kind), usize::from(set.count), set.ttl, block);
        }
        self.out.own(start);
    }

    fn change(&mut self, change: &Change) {
        if change.sets.is_empty() {
            return;
        }
        self.out.reach(&change.wire);
        let start = self.out.sets();
        for set in &change.sets {
            let block = |arena: &mut Vec<u8>| arena.extend_from_slice(&set.block);
            self.out.set(set.kind, set.count, set.ttl, block);
        }
        self.out.own(start);
    }
}

/// The hashes of the names directly below which a wildcard stands, sorted.
fn stars(zone: &Zone) -> Vec<u64> {
    let mut asked = Asked::new(zone.seed);
    let mut hashes = Vec::new();
    for node in zone.nodes().filter(|node| node.has(STAR)) {
        // Names in a chunk are always readable.
        let _ = asked.read(node.wire());
        hashes.push(asked.hash(asked.labels()));
    }
    hashes.sort_unstable();
    hashes
}

/// Where the names of a zone are in another list of chunks.
struct Moves {
    /// For each chunk its new number, or [`NOWHERE`].
    chunks: Vec<u32>,
    /// For each of the latter where its nodes are, if they still are anywhere.
    nodes: HashMap<usize, Vec<u32>>,
    /// The places of names that were not there before.
    new: Vec<u32>,
}

impl Moves {
    fn new(zone: &Zone, chunks: &[Chunk]) -> Moves {
        let new = chunks
            .iter()
            .zip(0_u32..)
            .map(|(chunk, at)| (chunk.id(), at));
        let mut new: HashMap<usize, u32> = new.collect();
        let to = zone
            .chunks
            .iter()
            .map(|chunk| new.remove(&chunk.id()).unwrap_or(NOWHERE));
        let to: Vec<u32> = to.collect();
        let mut names: HashMap<&[u8], u32> = HashMap::new();
        for &at in new.values() {
            if let Some(chunk) = chunks.get(at as usize) {
                let nodes = chunk.nodes.iter().enumerate();
                names.extend(
                    nodes.map(|(index, node)| (chunk.name(node), place(at as usize, index))),
                );
            }
        }
        let mut nodes = HashMap::new();
        for (at, chunk) in zone
            .chunks
            .iter()
            .enumerate()
            .filter(|(at, _)| to.get(*at) == Some(&NOWHERE))
        {
            let places = chunk
                .nodes
                .iter()
                .map(|node| names.remove(chunk.name(node)).unwrap_or(NOWHERE));
            nodes.insert(at, places.collect());
        }
        let mut new: Vec<u32> = names.into_values().collect();
        new.sort_unstable();
        Moves {
            chunks: to,
            nodes,
            new,
        }
    }

    /// The chunks of the zone that are gone, and those that are new.
    fn others<'c>(&self, zone: &'c Zone, chunks: &'c [Chunk]) -> (Vec<&'c Chunk>, Vec<&'c Chunk>) {
        let gone = self
            .nodes
            .keys()
            .filter_map(|at| zone.chunks.get(*at))
            .collect();
        let kept: BTreeSet<u32> = self.chunks.iter().copied().collect();
        let new = chunks
            .iter()
            .zip(0_u32..)
            .filter(|(_, at)| !kept.contains(at));
        (gone, new.map(|(chunk, _)| chunk).collect())
    }

    /// Where the node of a place is now.
    fn to(&self, place: u32) -> u32 {
        let (chunk, node) = (
            (place >> NODE_BITS) as usize,
            place & ((1 << NODE_BITS) - 1),
        );
        match self.chunks.get(chunk) {
            Some(&to) if to != NOWHERE => to << NODE_BITS | node,
            _ => {
                let places = self.nodes.get(&chunk);
                places
                    .and_then(|all| all.get(node as usize))
                    .map_or(NOWHERE, |place| *place)
            }
        }
    }

    /// The table of the new chunks, if it can be made of the old one.
    fn slots(&self, zone: &Zone, chunks: &[Chunk], names: usize) -> Option<Slots> {
        let mut gone = Vec::new();
        for (at, places) in &self.nodes {
            let without = places.iter().enumerate().filter(|(_, to)| **to == NOWHERE);
            gone.extend(without.map(|(index, _)| place(*at, index)));
        }
        let mut asked = Asked::new(zone.seed);
        let mut hash = |chunks: &[Chunk], place: u32| {
            let chunk = chunks.get((place >> NODE_BITS) as usize);
            let node = chunk
                .and_then(|c| Some((c, c.nodes.get((place & ((1 << NODE_BITS) - 1)) as usize)?)));
            // Names in a chunk are always readable.
            let _ = asked.read(node.map_or(&[0], |(chunk, node)| chunk.name(node)));
            asked.hash(asked.labels())
        };
        let new: Vec<(u64, u32)> = self
            .new
            .iter()
            .map(|place| (hash(chunks, *place), *place))
            .collect();
        let form = (names, place(chunks.len(), 0));
        zone.slots.changed(
            form,
            &gone,
            |place| hash(&zone.chunks, place),
            |place| self.to(place),
            &new,
        )
    }
}

impl Chunk {
    /// The name of one of its nodes.
    pub(super) fn name(&self, node: &Node) -> &[u8] {
        NodeRef::name(&self.arena, node)
    }

    /// How many records.
    pub(super) fn records(&self) -> usize {
        let counts = self.sets.iter().map(|set| usize::from(set.count));
        counts.sum()
    }

    /// Labels of its deepest name.
    pub(super) fn deepest(&self) -> usize {
        let labels = self.nodes.iter().map(|node| usize::from(node.labels));
        labels.max().unwrap_or(0)
    }
}
