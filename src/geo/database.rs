//! One MMDB file, read whole into ranges of facts.
//!
//! maxminddb checks the file's frame and decodes its records. The search tree is walked here, since a broken tree may
//! hold more paths than can ever be followed, and the walk must see that; and each record is weighed before it is decoded,
//! since a few octets may point to a great many others.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use maxminddb::Reader;

use super::cover::Cover;
use super::facts::{Facts, Ledger};
use super::record::{Record, Scale};
use crate::limits;

/// What a file says.
#[derive(Debug)]
pub(super) struct Database {
    pub(super) facts: Vec<Facts>,
    pub(super) v4: Cover<u32>,
    pub(super) v6: Cover<u128>,
    pub(super) kind: String,
    pub(super) build: u64,
    pub(super) networks: usize,
    /// Records that were decoded: each one once, however many networks point to it.
    pub(super) records: usize,
}

/// Reads a file; an error says in a line what is wrong with it.
pub(super) fn read(bytes: &[u8]) -> Result<Database, String> {
    if bytes.is_empty() {
        return Err("the file is empty".into());
    }
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return Err("the file is compressed; unpack it".into());
    }
    let reader = Reader::from_source(bytes).map_err(|e| format!("not a whole MMDB file: {e}"))?;
    let metadata = reader.metadata();
    let tree = Tree::new(
        bytes,
        metadata.node_count,
        metadata.record_size,
        metadata.ip_version,
    );
    let mut harvest = Harvest {
        reader: &reader,
        nodes: tree.nodes,
        scale: Scale::new(bytes, tree.end()),
        records: 0,
        ledger: Ledger::new(),
        known: HashMap::new(),
        networks: 0,
        v4: Cover::whole(0),
        v6: Cover::whole(0),
    };
    tree.walk(|leaf| harvest.take(tree.family, leaf))?;
    if harvest.networks == 0 {
        return Err("it has no networks".into());
    }
    let plain = metadata.database_type.chars().filter(|c| !c.is_control());
    let (kind, build) = (
        plain.take(limits::DATABASE_TYPE).collect(),
        metadata.build_epoch,
    );
    let Harvest {
        ledger,
        networks,
        records,
        mut v4,
        mut v6,
        ..
    } = harvest;
    v4.shrink();
    v6.shrink();
    let facts = ledger.into_facts();
    if facts.len() == 1 {
        return Err(format!(
            "a `{kind}` says nothing of continents, countries, places or AS numbers"
        ));
    }
    Ok(Database {
        facts,
        v4,
        v6,
        kind,
        build,
        networks,
        records,
    })
}

/// Which addresses the tree is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    /// IPv4 alone.
    Four,
    /// IPv6, with IPv4 at ::/96.
    Six,
}

/// The binary search tree at the beginning of the file.
struct Tree<'a> {
    bytes: &'a [u8],
    nodes: u32,
    record_size: u16,
    family: Family,
    /// The node of ::/96. Trees point to it from the other prefixes that hold IPv4 addresses (::ffff:0:0/96, 2002::/16,
    /// 2001::/32), where it is not followed.
    four: Option<u32>,
}

/// An end of the tree: a network, and the record it points to if there is one.
struct Leaf {
    /// The first address; in a tree of IPv4, the number of the IPv4 address.
    start: u128,
    length: u32,
    record: Option<u32>,
}

impl<'a> Tree<'a> {
    fn new(bytes: &'a [u8], nodes: u32, record_size: u16, version: u16) -> Tree<'a> {
        let family = if version == 4 {
            Family::Four
        } else {
            Family::Six
        };
        let mut tree = Tree {
            bytes,
            nodes,
            record_size,
            family,
            four: None,
        };
        if family == Family::Six {
            let mut node = Some(0);
            for _ in 0..96 {
                node = node
                    .filter(|n| *n < nodes)
                    .and_then(|n| tree.children(n))
                    .map(|c| c.0);
            }
            tree.four = node.filter(|n| *n < nodes);
        }
        tree
    }

    /// Where the data section begins: behind the tree and 16 octets of zeros.
    fn end(&self) -> usize {
        let size = usize::from(self.record_size / 4);
        let tree = (self.nodes as usize).saturating_mul(size);
        tree.saturating_add(16)
    }

    /// The two records of a node.
    fn children(&self, node: u32) -> Option<(u32, u32)> {
        let size = usize::from(self.record_size / 4);
        let at = (node as usize).checked_mul(size)?;
        let bytes = self.bytes.get(at..at.checked_add(size)?)?;
        Some(match *bytes {
            [a, b, c, d, e, f] => (
                u32::from_be_bytes([0, a, b, c]),
                u32::from_be_bytes([0, d, e, f]),
            ),
            // The middle octet holds the highest four bits of both.
            [a, b, c, m, d, e, f] => (
                u32::from_be_bytes([m >> 4, a, b, c]),
                u32::from_be_bytes([m & 0x0f, d, e, f]),
            ),
            [a, b, c, d, e, f, g, h] => (
                u32::from_be_bytes([a, b, c, d]),
                u32::from_be_bytes([e, f, g, h]),
            ),
            _ => return None,
        })
    }

    /// Every end, by ascending address; together they are the whole family.
    fn walk(&self, mut end: impl FnMut(Leaf) -> Result<(), String>) -> Result<(), String> {
        let bits = if self.family == Family::Four { 32 } else { 128 };
        let mut stack = vec![(0, 0u128, 0)];
        let mut visits = 0;
        while let Some((node, start, length)) = stack.pop() {
            let elsewhere = self.four == Some(node) && start >> 32 != 0;
            if node >= self.nodes || elsewhere {
                let record = Some(node).filter(|n| *n > self.nodes);
                end(Leaf {
                    start,
                    length,
                    record,
                })?;
                continue;
            }
            // No path is longer than an address. Equal parts of a tree may stand once, and then are met more often.
            visits += 1;
            if visits > u64::from(self.nodes) * limits::MMDB_SHARED || length >= bits {
                return Err("its search tree runs in a circle".into());
            }
            let (left, right) = self.children(node).ok_or("its search tree is cut short")?;
            stack.push((right, start | 1 << (bits - 1 - length), length + 1));
            stack.push((left, start, length + 1));
        }
        Ok(())
    }
}

/// What the walk has brought in so far.
struct Harvest<'a> {
    reader: &'a Reader<&'a [u8]>,
    nodes: u32,
    scale: Scale<'a>,
    records: usize,
    ledger: Ledger,
    /// The facts of each record already decoded: most are met many times.
    known: HashMap<u32, u32>,
    networks: usize,
    v4: Cover<u32>,
    v6: Cover<u128>,
}

impl Harvest<'_> {
    fn take(&mut self, family: Family, leaf: Leaf) -> Result<(), String> {
        let four = Ipv4Addr::from(leaf.start as u32);
        let addr = match family {
            Family::Four => IpAddr::V4(four),
            Family::Six => IpAddr::V6(Ipv6Addr::from(leaf.start)),
        };
        let facts = match leaf.record {
            Some(record) => self.facts(record, addr)?,
            None => 0,
        };
        let within = family == Family::Four || (leaf.length >= 96 && leaf.start >> 32 == 0);
        if within {
            self.v4.push(u32::from(four), facts);
            return Ok(());
        }
        if leaf.start == 0 {
            // A network that holds all of ::/96, and so all of IPv4.
            self.v4.push(0, facts);
        }
        self.v6.push(leaf.start, facts);
        Ok(())
    }

    /// The facts of a record, which the look-up of an address in it leads to.
    fn facts(&mut self, record: u32, addr: IpAddr) -> Result<u32, String> {
        self.networks += 1;
        if let Some(number) = self.known.get(&record) {
            return Ok(*number);
        }
        self.records += 1;
        let broken = |e: &dyn std::fmt::Display| format!("the record of {addr} is broken: {e}");
        // A record is numbered from the end of the tree on; the first 16 are the zeros behind it.
        let offset = (record - self.nodes).checked_sub(16);
        let offset = offset.ok_or_else(|| broken(&"it lies between tree and data"))?;
        self.scale.weigh(offset as usize).map_err(|e| broken(&e))?;
        let found = self.reader.lookup(addr).map_err(|e| broken(&e))?;
        let facts = match found.decode::<Record<'_>>().map_err(|e| broken(&e))? {
            Some(record) => record.facts(),
            None => Facts::default(),
        };
        let number = self.ledger.number(facts);
        self.known.insert(record, number);
        Ok(number)
    }
}
