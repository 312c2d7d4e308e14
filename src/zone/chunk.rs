//! Names and their sets into chunks.
//!
//! A chunk ends before a name whose hash says so: an insertion moves no other boundary but its own, and the chunks behind
//! it are found again in the zone of before.

use std::collections::HashMap;
use std::sync::Arc;

use crate::limits;
use crate::wire::asked::{Asked, Seed};
use crate::wire::kind::Kind;

/// Nodes of a chunk before which none ends, so that there are never more chunks than a place can say.
const LEAST: usize = if cfg!(test) { 2 } else { 128 };
/// Nodes of a chunk before it ends in any case; the labels of one more name still fit.
const MOST: usize = (1 << NODE_BITS) - limits::LABELS - 1;
/// Sets and octets before it ends in any case.
const MOST_SETS: usize = 4 * MOST;
const MOST_OCTETS: usize = 1 << 20;
/// Bits of a hash that are zero where a chunk ends: one name of 512. Tests have small zones, and want many chunks.
const BOUNDARY: u64 = if cfg!(test) { 0x7 } else { 0x1ff } << 40;

/// Names that follow each other in canonical order, with all they have. What is within points only within, so equal
/// content has equal bytes wherever it stands.
#[derive(Clone)]
pub(super) struct Chunk {
    pub nodes: Arc<[Node]>,
    /// By node, then by type.
    pub sets: Arc<[Set]>,
    /// Names in small letters and blocks of records.
    pub arena: Arc<[u8]>,
}

/// Bits of a place that say which node of its chunk.
pub(super) const NODE_BITS: u32 = 11;

/// The place of a node, as slots keep it.
pub(super) fn place(chunk: usize, node: usize) -> u32 {
    (chunk as u32) << NODE_BITS | node as u32
}

impl Chunk {
    pub(super) fn memory(&self) -> usize {
        size_of::<Chunk>() + size_of_val(&*self.nodes) + size_of_val(&*self.sets) + self.arena.len()
    }

    /// Which in memory: chunks of two zones with one id are shared.
    pub(super) fn id(&self) -> usize {
        Arc::as_ptr(&self.nodes).addr()
    }

    pub(super) fn sets_of(&self, node: &Node) -> &[Set] {
        let start = usize::from(node.sets);
        let sets = self.sets.get(start..start + usize::from(node.count));
        sets.unwrap_or_default()
    }

    pub(super) fn block(&self, set: &Set) -> &[u8] {
        let start = set.offset as usize;
        let block = self.arena.get(start..start + set.length as usize);
        block.unwrap_or_default()
    }
}

/// A name that exists.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Node {
    /// Where its name is in the arena.
    pub name: u32,
    /// One more than the index of the steered name; zero: not steered.
    pub steer: u32,
    /// Its first set.
    pub sets: u16,
    /// How many sets.
    pub count: u16,
    pub labels: u8,
    /// One more than the labels of the topmost cut at or above it, or DNAME above it; zero: none.
    pub cover: u8,
    pub flags: u8,
}

/// There is a CNAME.
pub(super) const ALIAS: u8 = 1;
/// There is a DNAME.
pub(super) const DNAME: u8 = 2;
/// There are NS records, and it is not the apex.
pub(super) const CUT: u8 = 4;
/// A wildcard stands directly below.
pub(super) const STAR: u8 = 8;

/// The records of one type.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Set {
    pub kind: u16,
    pub count: u16,
    pub ttl: u32,
    pub offset: u32,
    pub length: u32,
}

/// Where there is none.
pub(super) const EMPTY: Node = Node {
    name: 0,
    steer: 0,
    sets: 0,
    count: 0,
    labels: 0,
    cover: 0,
    flags: 0,
};
/// A SOA without records.
pub(super) const NOTHING: Set = Set {
    kind: 6,
    count: 0,
    ttl: 0,
    offset: 0,
    length: 0,
};

/// A name on the way from the apex to the last node made.
#[derive(Clone, Copy)]
struct Step {
    cover: u8,
    dname: bool,
}

/// Chunks that are being made, of names in canonical order.
pub(super) struct Chunks<'a> {
    /// Labels of the apex.
    above: usize,
    /// The name at hand and the one before, in turns: copying them would cost more than all else.
    asked: [Asked; 2],
    turn: usize,
    /// From the apex down to the last node.
    path: Vec<Step>,
    /// Hashes of the names directly below which a wildcard stands, sorted.
    stars: Vec<u64>,
    // The open chunk.
    nodes: Vec<Node>,
    sets: Vec<Set>,
    arena: Vec<u8>,
    done: Vec<Chunk>,
    /// The chunks of before by the hash of their first name.
    known: HashMap<u64, &'a Chunk>,
    first: u64,
}

impl<'a> Chunks<'a> {
    /// None yet. `stars` are the hashes of the names directly below which a wildcard stands, sorted: a node must know
    /// before its chunk is closed. What is equal to a chunk of `before` is that one.
    pub(super) fn new(
        above: usize,
        seed: Seed,
        stars: Vec<u64>,
        before: &'a [Chunk],
    ) -> Chunks<'a> {
        let mut asked = Asked::new(seed);
        let known = before.iter().map(|chunk| {
            let name = chunk.nodes.first().map_or(0, |node| node.name as usize);
            let _ = asked.read(chunk.arena.get(name..).unwrap_or_default());
            (asked.hash(asked.labels()), chunk)
        });
        Chunks {
            above,
            known: known.collect(),
            asked: [Asked::new(seed), Asked::new(seed)],
            turn: 0,
            path: Vec::new(),
            stars,
            nodes: Vec::new(),
            sets: Vec::new(),
            arena: Vec::new(),
            done: Vec::new(),
            first: 0,
        }
    }

    /// All of them.
    pub(super) fn finish(mut self) -> Vec<Chunk> {
        self.close();
        self.done
    }

    /// Makes the node of a name the last one, with those above it, unless it is.
    pub(super) fn reach(&mut self, wire: &[u8]) {
        self.turn ^= 1;
        let [one, other] = &mut self.asked;
        let (asked, last) = match self.turn {
            0 => (one, &*other),
            _ => (other, &*one),
        };
        // What is given is always a name.
        let _ = asked.read(wire);
        let labels = asked.labels();
        let known = shared(self.above, self.path.len(), asked, last);
        let hash = asked.hash(labels);
        self.path.truncate(known);
        let first = self.above + known;
        if first > labels {
            return;
        }
        if self.full(hash) {
            self.close();
        }
        // The names above a new one are the ends of its own.
        let start = self.arena.len();
        self.arena.extend_from_slice(self.asked[self.turn].wire());
        for depth in first..=labels {
            self.add(start, depth);
        }
    }

    /// Whether the open chunk ends before a new name of this hash.
    fn full(&self, hash: u64) -> bool {
        self.nodes.len() >= LEAST && hash & BOUNDARY == 0
            || self.nodes.len() >= MOST
            || self.sets.len() >= MOST_SETS
            || self.arena.len() >= MOST_OCTETS
    }

    /// Goes on behind a chunk of before whose last name is this, with all above it: `step` has for each number of labels
    /// what its node says of cover, and whether it has a DNAME.
    pub(super) fn resume(
        &mut self,
        wire: &[u8],
        mut step: impl FnMut(&Asked, usize) -> (u8, bool),
    ) {
        let asked = &mut self.asked[self.turn];
        // What is given is always a name.
        let _ = asked.read(wire);
        let asked = &self.asked[self.turn];
        let depths = self.above..=asked.labels();
        let steps = depths.map(|depth| step(asked, depth));
        self.path = steps.map(|(cover, dname)| Step { cover, dname }).collect();
    }

    /// Ends the open chunk if it ends before this name, and the first node that this name brings has so many labels: then
    /// what follows is what it was.
    pub(super) fn joins(&mut self, wire: &[u8], first: usize) -> bool {
        let mut asked = self.asked[self.turn].clone();
        let _ = asked.read(wire);
        let known = shared(self.above, self.path.len(), &asked, &self.asked[self.turn]);
        let joins = self.above + known == first && self.full(asked.hash(asked.labels()));
        if joins {
            self.close();
        }
        joins
    }

    /// A chunk of before, while none is open.
    pub(super) fn take(&mut self, chunk: &Chunk) {
        self.done.push(chunk.clone());
    }

    /// The hash of the name that was reached last.
    pub(super) fn hash(&self) -> u64 {
        let asked = &self.asked[self.turn];
        asked.hash(asked.labels())
    }

    /// A node below the last of the path, its name in the arena within the one at `start`.
    fn add(&mut self, start: usize, depth: usize) {
        let asked = &self.asked[self.turn];
        let hash = asked.hash(depth);
        if self.nodes.is_empty() {
            self.first = hash;
        }
        let cover = match self.path.last() {
            // One more than the labels of the name above this one.
            Some(Step {
                cover: 0,
                dname: true,
            }) => depth as u8,
            Some(above) => above.cover,
            None => 0,
        };
        let star = self.stars.binary_search(&hash).is_ok();
        self.nodes.push(Node {
            name: (start + asked.offset(depth)) as u32,
            sets: self.sets.len() as u16,
            labels: depth as u8,
            flags: if star { STAR } else { 0 },
            cover,
            ..Node::default()
        });
        self.path.push(Step {
            cover,
            dname: false,
        });
    }

    /// Marks the last node as the one of a steered name, unless it is another's.
    pub(super) fn steer(&mut self, index: usize) {
        if let Some(node) = self.nodes.last_mut().filter(|node| node.steer == 0) {
            node.steer = index as u32 + 1;
        }
    }

    /// How many sets the open chunk has, for [`Chunks::own`].
    pub(super) fn sets(&self) -> usize {
        self.sets.len()
    }

    /// A set of the last node.
    pub(super) fn set(
        &mut self,
        kind: Kind,
        count: usize,
        ttl: u32,
        block: impl FnOnce(&mut Vec<u8>),
    ) {
        let offset = self.arena.len();
        block(&mut self.arena);
        self.sets.push(Set {
            kind: kind.0,
            // What one message can hold: see `limits::RRSET`.
            count: count as u16,
            ttl,
            offset: offset as u32,
            length: (self.arena.len() - offset) as u32,
        });
    }

    /// Gives the last node the sets from there on.
    pub(super) fn own(&mut self, start: usize) {
        let sets = self.sets.get(start..).unwrap_or_default();
        let (Some(node), Some(step)) = (self.nodes.last_mut(), self.path.last_mut()) else {
            return;
        };
        node.sets = start as u16;
        node.count = sets.len() as u16;
        for set in sets {
            node.flags |= match Kind(set.kind) {
                Kind::CNAME => ALIAS,
                Kind::DNAME => DNAME,
                Kind::NS if usize::from(node.labels) != self.above => CUT,
                _ => 0,
            };
        }
        if node.cover == 0 && node.flags & CUT != 0 {
            node.cover = node.labels + 1;
        }
        step.cover = node.cover;
        step.dname = node.flags & DNAME != 0;
    }

    /// Ends the open chunk: one of before, if it is equal.
    fn close(&mut self) {
        if self.nodes.is_empty() {
            return;
        }
        let same = |chunk: &&&Chunk| {
            *chunk.nodes == *self.nodes && *chunk.sets == *self.sets && *chunk.arena == *self.arena
        };
        let known = self.known.get(&self.first).filter(same);
        let chunk = known.map_or_else(
            || Chunk {
                nodes: Arc::from(self.nodes.as_slice()),
                sets: Arc::from(self.sets.as_slice()),
                arena: Arc::from(self.arena.as_slice()),
            },
            |chunk| (*chunk).clone(),
        );
        self.done.push(chunk);
        self.nodes.clear();
        self.sets.clear();
        self.arena.clear();
    }
}

/// How many names of a path of this length, which leads to `last`, a name lies at or below.
fn shared(above: usize, path: usize, asked: &Asked, last: &Asked) -> usize {
    let mut known = 0;
    while known < path {
        let depth = above + known;
        if depth > asked.labels() || asked.hash(depth) != last.hash(depth) {
            break;
        }
        known += 1;
    }
    while known > 0 {
        let depth = above + known - 1;
        if asked.suffix(depth) == last.suffix(depth) {
            break;
        }
        known -= 1;
    }
    known
}
