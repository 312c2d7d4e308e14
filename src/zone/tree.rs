//! A zone as it is asked: names, sets of records and their bytes in four flat tables, never changed.
//!
//! A name costs 20 bytes and its text, a set 16, a record its bytes as they are answered. Nothing is a box of its own, so
//! a million names are some 100 MB and one look-up is two or three cache misses.

use std::fmt;

use super::denial::Denial;
use crate::wire::asked::{Asked, Seed};
use crate::wire::kind::Kind;
use crate::wire::name::Name;
use crate::wire::slots::Slots;

/// One zone, ready to be asked.
#[derive(Clone)]
pub struct Zone {
    pub(super) apex: Name,
    pub(super) apex_labels: usize,
    pub(super) serial: u32,
    pub(super) seed: Seed,
    /// Labels of its deepest name.
    pub(super) deepest: usize,
    pub(super) records: usize,
    /// Names in small letters and blocks of records.
    pub(super) arena: Box<[u8]>,
    /// In canonical order; the apex is the first.
    pub(super) nodes: Box<[Node]>,
    /// By node, then by type.
    pub(super) sets: Box<[Set]>,
    pub(super) slots: Slots,
    pub(super) denial: Denial,
}

/// A name that exists.
#[derive(Clone, Copy, Default)]
pub(super) struct Node {
    /// Where its name is in the arena.
    pub name: u32,
    /// Its first set.
    pub sets: u32,
    /// One more than the index of the steered name; zero: not steered.
    pub steer: u32,
    /// One more than the node of the topmost cut at or above it, or DNAME above it; zero: none.
    pub cover: u32,
    /// How many sets.
    pub count: u16,
    pub labels: u8,
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
#[derive(Clone, Copy, Default)]
pub(super) struct Set {
    pub kind: u16,
    pub count: u16,
    pub ttl: u32,
    pub offset: u32,
    pub length: u32,
}

/// Octets of a prebuilt record before its data.
const HEAD: usize = 12;

impl Zone {
    /// The topmost name.
    pub fn apex(&self) -> &Name {
        &self.apex
    }

    /// The SOA's serial.
    pub fn serial(&self) -> u32 {
        self.serial
    }

    /// The SOA.
    pub fn soa(&self) -> Rrset<'_> {
        self.top().rrset(Kind::SOA).unwrap_or(Rrset {
            arena: &self.arena,
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
        self.nodes.len()
    }

    /// How many records.
    pub fn records(&self) -> usize {
        self.records
    }

    /// Octets of memory that the zone holds.
    pub fn memory(&self) -> usize {
        self.arena.len()
            + size_of_val(&*self.nodes)
            + size_of_val(&*self.sets)
            + self.slots.memory()
    }

    /// The apex as a node.
    pub fn top(&self) -> NodeRef<'_> {
        NodeRef {
            zone: self,
            index: 0,
        }
    }

    /// A name of the zone, whatever covers it: for glue and additional records. Wire form, uncompressed.
    pub fn node(&self, wire: &[u8]) -> Option<NodeRef<'_>> {
        let mut asked = Asked::new(self.seed);
        asked.read(wire).ok()?;
        self.node_at(&asked, asked.labels())
    }

    /// The same for the rightmost `labels` labels of a name that is prepared already.
    #[inline]
    pub fn node_at(&self, asked: &Asked, labels: usize) -> Option<NodeRef<'_>> {
        debug_assert_eq!(asked.seed(), self.seed);
        let wire = asked.suffix(labels);
        self.probe(asked.hash(labels), |name| name.starts_with(wire))
    }

    /// The node with this hash whose name, with what follows it in the arena, is the one meant.
    #[inline]
    pub(super) fn probe(&self, hash: u64, is: impl Fn(&[u8]) -> bool) -> Option<NodeRef<'_>> {
        let found = self.slots.find(hash, |index| {
            let node = self.nodes.get(index as usize);
            let name = node.and_then(|node| self.arena.get(node.name as usize..));
            name.is_some_and(&is)
        });
        found.map(|index| NodeRef { zone: self, index })
    }

    /// All names in canonical order.
    pub fn nodes(&self) -> impl Iterator<Item = NodeRef<'_>> {
        (0..self.nodes.len()).map(|index| NodeRef {
            zone: self,
            index: index as u32,
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

const EMPTY: Node = Node {
    name: 0,
    sets: 0,
    steer: 0,
    cover: 0,
    count: 0,
    labels: 0,
    flags: 0,
};
const NOTHING: Set = Set {
    kind: 6,
    count: 0,
    ttl: 0,
    offset: 0,
    length: 0,
};

/// A name that exists in a zone.
#[derive(Clone, Copy)]
pub struct NodeRef<'a> {
    pub(super) zone: &'a Zone,
    pub(super) index: u32,
}

impl<'a> NodeRef<'a> {
    #[inline]
    pub(super) fn node(self) -> &'a Node {
        self.zone.nodes.get(self.index as usize).unwrap_or(&EMPTY)
    }

    pub(super) fn has(self, flag: u8) -> bool {
        self.node().flags & flag != 0
    }

    /// The index of the steered name, if it is one.
    pub fn steer(self) -> Option<u32> {
        self.node().steer.checked_sub(1)
    }

    /// How many labels its name has, without the root.
    pub fn labels(self) -> usize {
        usize::from(self.node().labels)
    }

    /// Its name in small letters, uncompressed.
    pub fn wire(self) -> &'a [u8] {
        let name = self
            .zone
            .arena
            .get(self.node().name as usize..)
            .unwrap_or_default();
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
        let index = self.node().cover.checked_sub(1)?;
        Some(NodeRef {
            zone: self.zone,
            index,
        })
    }

    fn sets(self) -> &'a [Set] {
        let node = self.node();
        let start = node.sets as usize;
        self.zone
            .sets
            .get(start..start + usize::from(node.count))
            .unwrap_or_default()
    }

    /// Its records of a type.
    #[inline]
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
            arena: &self.zone.arena,
            set,
        })
    }

    /// All its records by type, in the order of the types' numbers.
    pub fn rrsets(self) -> impl ExactSizeIterator<Item = Rrset<'a>> {
        self.sets().iter().map(move |set| Rrset {
            arena: &self.zone.arena,
            set,
        })
    }
}

impl PartialEq for NodeRef<'_> {
    /// The same name of the same zone.
    fn eq(&self, other: &NodeRef<'_>) -> bool {
        std::ptr::eq(self.zone, other.zone) && self.index == other.index
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

    /// The names that the records point to, uncompressed and as written: NS, CNAME, DNAME, PTR, MX, SRV, SVCB and HTTPS
    /// (there the root means the owner in ServiceMode, RFC 9460 §2.5). Empty for other types.
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

/// The name that a record points to.
pub(super) fn target(kind: Kind, rdata: &[u8]) -> Option<&[u8]> {
    let before = match kind {
        Kind::NS | Kind::CNAME | Kind::DNAME | Kind::PTR => 0,
        Kind::MX | Kind::SVCB | Kind::HTTPS => 2,
        Kind::SRV => 6,
        _ => return None,
    };
    let rest = rdata.get(before..)?;
    let mut at = 0;
    loop {
        match usize::from(*rest.get(at)?) {
            0 => return rest.get(..=at),
            length => at += 1 + length,
        }
    }
}
