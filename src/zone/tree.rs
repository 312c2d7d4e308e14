//! A zone as it is asked: names, sets of records and their bytes in flat tables, never changed.
//!
//! A name costs 16 bytes and its text, a set 16, a record its bytes as they are answered. The tables are cut into chunks
//! at names that their hashes choose, so that after a change most chunks are what they were, and are shared.

use std::fmt;
use std::sync::Arc;

use super::chunk::{CUT, Chunk, DNAME, EMPTY, NODE_BITS, NOTHING, Node, Set};
use super::denial::Denial;
use super::kept::Apart;
use super::rdata::target;
use super::servers::Servers;
use crate::wire::asked::{Asked, Seed};
use crate::wire::kind::Kind;
use crate::wire::name::{Name, same};
use crate::wire::slots::Slots;

/// One zone, ready to be asked.
#[derive(Clone)]
pub struct Zone {
    pub(super) apex: Name,
    pub(super) apex_labels: usize,
    pub(super) lower: Arc<[u8]>,
    pub(super) hash: u64,
    pub(super) serial: u32,
    pub(super) seed: Seed,
    /// Labels of its deepest name.
    pub(super) deepest: usize,
    pub(super) names: usize,
    pub(super) records: usize,
    /// In canonical order; the first node of the first is the apex.
    pub(super) chunks: Box<[Chunk]>,
    /// Which node of which chunk: see [`place`].
    pub(super) slots: Slots,
    pub(super) denial: Denial,
    pub(super) servers: Servers,
    pub(super) steered: Arc<[Name]>,
    pub(super) kept: Arc<[Name]>,
    /// What those have that a steered name would take.
    pub(super) apart: Option<Arc<Apart>>,
    /// Shared by all that were made of one reading of the file.
    pub(super) reading: Arc<()>,
}

/// Octets of a prebuilt record before its data.
const HEAD: usize = 12;

impl Zone {
    /// The topmost name.
    pub fn apex(&self) -> &Name {
        &self.apex
    }

    /// The apex in small letters and wire form.
    pub fn lower(&self) -> &Arc<[u8]> {
        &self.lower
    }

    /// The hash of the apex (with the usual seed) and how many labels it has, as tables of zones need them.
    pub fn key(&self) -> (u64, usize) {
        (self.hash, self.apex_labels)
    }

    /// The SOA's serial.
    pub fn serial(&self) -> u32 {
        self.serial
    }

    /// The SOA.
    pub fn soa(&self) -> Rrset<'_> {
        self.top().rrset(Kind::SOA).unwrap_or(Rrset {
            arena: &[],
            set: &NOTHING,
        })
    }

    /// The TTL of negative answers: the lesser of the SOA's own and its minimum (RFC 2308 §5).
    pub fn negative_ttl(&self) -> u32 {
        let soa = self.soa();
        let minimum = soa
            .records()
            .next()
            .and_then(|rdata| rdata.last_chunk().copied());
        minimum.map_or(0, u32::from_be_bytes).min(soa.ttl())
    }

    /// The SOA as negative answers carry it.
    pub fn denial(&self) -> &Denial {
        &self.denial
    }

    /// How many names exist, those without records included.
    pub fn names(&self) -> usize {
        self.names
    }

    /// How many records.
    pub fn records(&self) -> usize {
        self.records
    }

    /// The names that steering answers, in the order of [`NodeRef::steer`].
    pub fn steered(&self) -> &Arc<[Name]> {
        &self.steered
    }

    /// The names that steering leaves alone.
    pub fn kept(&self) -> &Arc<[Name]> {
        &self.kept
    }

    /// Whether both were made of one reading of a file: they have the same records.
    pub fn same_reading(&self, other: &Zone) -> bool {
        Arc::ptr_eq(&self.reading, &other.reading)
    }

    /// Octets of memory that the zone holds.
    pub fn memory(&self) -> usize {
        let chunks = self.chunks.iter().map(Chunk::memory);
        let apart = self.apart.as_ref().map_or(0, |apart| apart.memory());
        chunks.sum::<usize>() + self.slots.memory() + self.servers.memory() + apart
    }

    /// The apex as a node.
    pub fn top(&self) -> NodeRef<'_> {
        self.at(0)
    }

    /// The node at a place.
    pub(super) fn at(&self, place: u32) -> NodeRef<'_> {
        let chunk = self.chunks.get((place >> NODE_BITS) as usize);
        let node = (place & ((1 << NODE_BITS) - 1)) as usize;
        let node = chunk.and_then(|chunk| Some((chunk, chunk.nodes.get(node)?)));
        let nothing = NodeRef {
            zone: self,
            arena: &[],
            sets: &[],
            node: &EMPTY,
        };
        node.map_or(nothing, |(chunk, node)| self.node_of(chunk, node))
    }

    fn node_of<'a>(&'a self, chunk: &'a Chunk, node: &'a Node) -> NodeRef<'a> {
        NodeRef {
            zone: self,
            arena: &chunk.arena,
            sets: &chunk.sets,
            node,
        }
    }

    /// A name of the zone, whatever covers it: for glue and additional records. Wire form, uncompressed.
    pub fn node(&self, wire: &[u8]) -> Option<NodeRef<'_>> {
        let mut asked = Asked::new(self.seed);
        asked.read(wire).ok()?;
        self.node_at(&asked, asked.labels())
    }

    /// The same for the rightmost `labels` labels of a name that is prepared already.
    #[inline(always)]
    pub fn node_at(&self, asked: &Asked, labels: usize) -> Option<NodeRef<'_>> {
        debug_assert_eq!(asked.seed(), self.seed);
        let wire = asked.suffix(labels);
        self.probe(asked.hash(labels), |name| {
            name.get(..wire.len()).is_some_and(|name| same(name, wire))
        })
    }

    /// The node with this hash whose name, with what follows it in the arena, is the one meant.
    #[inline(always)]
    pub(super) fn probe(&self, hash: u64, is: impl Fn(&[u8]) -> bool) -> Option<NodeRef<'_>> {
        let mut found = None;
        self.slots.find(hash, |place| {
            let Some(chunk) = self.chunks.get((place >> NODE_BITS) as usize) else {
                return false;
            };
            let node = (place & ((1 << NODE_BITS) - 1)) as usize;
            let Some(node) = chunk.nodes.get(node) else {
                return false;
            };
            let name = chunk.arena.get(node.name as usize..);
            let hit = name.is_some_and(&is);
            if hit {
                found = Some((chunk, node));
            }
            hit
        });
        found.map(|(chunk, node)| self.node_of(chunk, node))
    }

    /// All names in canonical order.
    pub fn nodes(&self) -> impl Iterator<Item = NodeRef<'_>> {
        self.chunks.iter().flat_map(move |chunk| {
            let nodes = chunk.nodes.iter();
            nodes.map(move |node| self.node_of(chunk, node))
        })
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Zone({} {}, {} records)",
            self.apex, self.serial, self.records
        )
    }
}

/// A name that exists in a zone.
#[derive(Clone, Copy)]
pub struct NodeRef<'a> {
    zone: &'a Zone,
    arena: &'a [u8],
    sets: &'a [Set],
    node: &'a Node,
}

impl<'a> NodeRef<'a> {
    pub(super) fn has(self, flag: u8) -> bool {
        self.node.flags & flag != 0
    }

    /// The index of the steered name, if it is one.
    pub fn steer(self) -> Option<u32> {
        self.node.steer.checked_sub(1)
    }

    /// How many labels its name has, without the root.
    pub fn labels(self) -> usize {
        usize::from(self.node.labels)
    }

    /// Its name in small letters, uncompressed.
    pub fn wire(self) -> &'a [u8] {
        NodeRef::name(self.arena, self.node)
    }

    /// The name of a node of the chunk with this arena.
    pub(super) fn name(arena: &'a [u8], node: &Node) -> &'a [u8] {
        let name = arena.get(node.name as usize..).unwrap_or_default();
        let mut at = 0;
        while let Some(&length) = name.get(at).filter(|length| **length != 0) {
            at += 1 + usize::from(length);
        }
        name.get(..=at).unwrap_or_default()
    }

    /// Its name, for people.
    pub fn owner(self) -> Name {
        Name::read(self.wire()).map_or_else(|_| Name::root(), |(name, _)| name)
    }

    /// Whether its first label is `*`.
    pub fn is_wildcard(self) -> bool {
        self.wire().starts_with(b"\x01*")
    }

    /// Whether it is delegated: it has NS records and is not the apex.
    pub fn is_cut(self) -> bool {
        self.has(CUT)
    }

    /// The topmost delegation at or above it, or DNAME above it: the name is not answered from here if there is one.
    pub fn cover(self) -> Option<NodeRef<'a>> {
        let depth = self.covered()?;
        let mut asked = Asked::new(self.zone.seed);
        asked.read(self.wire()).ok()?;
        self.zone.node_at(&asked, depth)
    }

    /// How many labels the node of [`NodeRef::cover`] has.
    #[inline]
    pub(super) fn covered(self) -> Option<usize> {
        self.node.cover.checked_sub(1).map(usize::from)
    }

    /// Whether anything below it, or it itself, is not answered from here.
    pub(super) fn covers(self) -> bool {
        self.node.cover > 0 || self.has(CUT | DNAME)
    }

    /// One more than [`NodeRef::covered`]; zero: none.
    pub(super) fn cover_octet(self) -> u8 {
        self.node.cover
    }

    fn sets(self) -> &'a [Set] {
        let start = usize::from(self.node.sets);
        self.sets
            .get(start..start + usize::from(self.node.count))
            .unwrap_or_default()
    }

    /// Its records of a type.
    #[inline(always)]
    pub fn rrset(self, kind: Kind) -> Option<Rrset<'a>> {
        let sets = self.sets();
        let found = if sets.len() <= 8 {
            sets.iter().find(|set| set.kind == kind.0)
        } else {
            sets.binary_search_by_key(&kind.0, |set| set.kind)
                .ok()
                .and_then(|at| sets.get(at))
        };
        found.map(|set| Rrset {
            arena: self.arena,
            set,
        })
    }

    /// All its records by type, in the order of the types' numbers.
    pub fn rrsets(self) -> impl ExactSizeIterator<Item = Rrset<'a>> {
        self.sets().iter().map(move |set| Rrset {
            arena: self.arena,
            set,
        })
    }
}

impl PartialEq for NodeRef<'_> {
    /// The same name of the same zone.
    fn eq(&self, other: &NodeRef<'_>) -> bool {
        std::ptr::eq(self.zone, other.zone) && std::ptr::eq(self.node, other.node)
    }
}

impl fmt::Debug for NodeRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.owner())
    }
}

/// The records of one name and type; never empty.
#[derive(Clone, Copy)]
pub struct Rrset<'a> {
    arena: &'a [u8],
    set: &'a Set,
}

impl<'a> Rrset<'a> {
    /// Their type.
    pub fn kind(self) -> Kind {
        Kind(self.set.kind)
    }

    /// Their TTL: one for all (RFC 2181 §5.2).
    pub fn ttl(self) -> u32 {
        self.set.ttl
    }

    /// How many.
    pub fn count(self) -> usize {
        usize::from(self.set.count)
    }

    /// All as they stand in an answer: for each `C0 0C`, type, class, TTL, length and data. The owner is the pointer to
    /// the question's name.
    pub fn block(self) -> &'a [u8] {
        let start = self.set.offset as usize;
        self.arena
            .get(start..start + self.set.length as usize)
            .unwrap_or_default()
    }

    /// Each of [`Rrset::block`] by itself, in the order of the file.
    pub fn whole(self) -> impl Iterator<Item = &'a [u8]> {
        let mut rest = self.block();
        std::iter::from_fn(move || {
            let [high, low] = *rest.get(HEAD - 2..)?.first_chunk()?;
            let length = HEAD + usize::from(u16::from_be_bytes([high, low]));
            let (one, after) = rest.split_at_checked(length)?;
            rest = after;
            Some(one)
        })
    }

    /// The data of each, uncompressed.
    pub fn records(self) -> impl Iterator<Item = &'a [u8]> {
        self.whole().filter_map(|record| record.get(HEAD..))
    }

    /// The names that the records point to, uncompressed and as written; in SVCB and HTTPS the root means the owner in
    /// ServiceMode (RFC 9460 §2.5). Empty for types that point to none.
    pub fn targets(self) -> impl Iterator<Item = &'a [u8]> {
        self.records()
            .filter_map(move |rdata| target(self.kind(), rdata))
    }
}

impl fmt::Debug for Rrset<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.count(), self.kind())
    }
}
