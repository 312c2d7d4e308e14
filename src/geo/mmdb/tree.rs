//! The search tree of an MMDB file, grown from ranges; equal parts of it stand once.

use std::collections::HashMap;

use super::super::range;
use super::{ALIASES, Family};
use crate::limits;
use crate::prefix::mask128;

/// Where a side of a node leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Slot {
    /// To another node.
    Node(u32),
    /// To a record, or with 0 to none.
    Record(u32),
}

/// A network and the number of its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// Its first address. IPv4 stands at ::/96, or where [`Family`] says.
    pub bits: u128,
    /// How many bits of 128 it has in common.
    pub length: u8,
    /// See [`super::Records::number`].
    pub record: u32,
}

/// Networks as ranges of all addresses, ascending from 0: in each the longest network counts, and of equal ones the last.
/// Neighbours differ; what is in no network has 0.
pub fn flatten(networks: impl Iterator<Item = Network>) -> Vec<(u128, u32)> {
    let ends = |network: Network| {
        let last = network.bits | !mask128(network.length);
        (network.bits, last, network.record)
    };
    let ranges = range::nested(networks.map(ends).collect(), |record, _| record);
    ranges.iter().collect()
}

/// A tree with its root first.
pub(super) struct Tree {
    pub(super) nodes: Vec<(Slot, Slot)>,
}

impl Tree {
    /// From ranges of the whole space. A tree so alike in all its parts that a reader would walk it far more often than
    /// it has nodes is written with each part by itself.
    pub(super) fn grow(ranges: &[(u128, u32)], family: Family) -> Tree {
        let mut garden = Garden::new(Equal::Once);
        let root = garden.root(ranges, family);
        if garden.walk(root) <= garden.reached(root).saturating_mul(limits::MMDB_SHARED) {
            return garden.tree(root);
        }
        let mut garden = Garden::new(Equal::Each);
        let root = garden.root(ranges, family);
        garden.tree(root)
    }
}

/// Whether equal parts stand once.
#[derive(Clone, Copy, PartialEq)]
enum Equal {
    Once,
    Each,
}

/// Where trees grow: children come before their parents, and some are left behind by what replaced them.
struct Garden {
    nodes: Vec<(Slot, Slot)>,
    known: HashMap<(Slot, Slot), u32>,
    equal: Equal,
}

impl Garden {
    fn new(equal: Equal) -> Garden {
        Garden {
            nodes: Vec::new(),
            known: HashMap::new(),
            equal,
        }
    }

    /// A node that nothing else leads to.
    fn own(&mut self, left: Slot, right: Slot) -> Slot {
        self.nodes.push((left, right));
        Slot::Node(self.nodes.len() as u32 - 1)
    }

    fn node(&mut self, left: Slot, right: Slot) -> Slot {
        if self.equal == Equal::Each {
            return self.own(left, right);
        }
        let next = self.nodes.len() as u32;
        let node = *self.known.entry((left, right)).or_insert(next);
        if node == next {
            self.nodes.push((left, right));
        }
        Slot::Node(node)
    }

    fn root(&mut self, ranges: &[(u128, u32)], family: Family) -> Slot {
        let root = self.part(ranges, 0, 0);
        let Slot::Node(_) = root else {
            // A tree has a node, even if one record is all there is.
            return self.own(root, root);
        };
        if family == Family::Four {
            return root;
        }
        // Readers know the IPv4 tree by its node, so no other part may be that node.
        let Slot::Node(four) = self.side(root, 96) else {
            return root;
        };
        let (left, right) = self.sides(four);
        let four = self.own(left, right);
        let mut root = self.put(root, 0, 96, four);
        if family == Family::Aliased {
            for (bits, length) in ALIASES {
                root = self.put(root, bits, length, four);
            }
        }
        root
    }

    /// The part of the tree for the addresses from `start` that have `depth` bits in common. The first of the ranges
    /// begins there or before, all others inside.
    fn part(&mut self, ranges: &[(u128, u32)], start: u128, depth: u8) -> Slot {
        let (Some((_, record)), true) = (ranges.first(), ranges.len() < 2 || depth > 127) else {
            let middle = start | 1 << (127 - u32::from(depth.min(127)));
            let at = ranges.partition_point(|(begin, _)| *begin < middle);
            let before = match ranges.get(at) {
                Some((begin, _)) if *begin == middle => at,
                _ => at.saturating_sub(1),
            };
            let (left, right) = (ranges.get(..at), ranges.get(before..));
            let left = self.part(left.unwrap_or_default(), start, depth + 1);
            let right = self.part(right.unwrap_or_default(), middle, depth + 1);
            return self.node(left, right);
        };
        Slot::Record(*record)
    }

    fn sides(&self, node: u32) -> (Slot, Slot) {
        let none = (Slot::Record(0), Slot::Record(0));
        self.nodes.get(node as usize).copied().unwrap_or(none)
    }

    /// What lies `depth` steps to the left.
    fn side(&self, root: Slot, depth: u8) -> Slot {
        (0..depth).fold(root, |slot, _| match slot {
            Slot::Node(node) => self.sides(node).0,
            record => record,
        })
    }

    /// The tree with another part in the place of a network. The way there is made anew, for others may lead along it.
    fn put(&mut self, slot: Slot, bits: u128, length: u8, part: Slot) -> Slot {
        let Some(rest) = length.checked_sub(1) else {
            return part;
        };
        let (left, right) = match slot {
            Slot::Node(node) => self.sides(node),
            record => (record, record),
        };
        if bits >> 127 == 0 {
            let left = self.put(left, bits << 1, rest, part);
            self.own(left, right)
        } else {
            let right = self.put(right, bits << 1, rest, part);
            self.own(left, right)
        }
    }

    /// How many nodes someone meets who follows every path.
    fn walk(&self, root: Slot) -> u64 {
        let mut paths: Vec<u64> = Vec::with_capacity(self.nodes.len());
        for (left, right) in &self.nodes {
            let of = |slot: &Slot| match slot {
                Slot::Node(node) => paths.get(*node as usize).copied().unwrap_or(0),
                Slot::Record(_) => 0,
            };
            paths.push(of(left).saturating_add(of(right)).saturating_add(1));
        }
        match root {
            Slot::Node(node) => paths.get(node as usize).copied().unwrap_or(0),
            Slot::Record(_) => 0,
        }
    }

    fn reached(&self, root: Slot) -> u64 {
        self.order(root).0.len() as u64
    }

    /// The nodes that the root leads to, in the order in which they are met, and the place of each therein.
    fn order(&self, root: Slot) -> (Vec<u32>, Vec<u32>) {
        const UNMET: u32 = u32::MAX;
        let (mut order, mut places) = (Vec::new(), vec![UNMET; self.nodes.len()]);
        let mut ahead = vec![root];
        while let Some(slot) = ahead.pop() {
            let Slot::Node(node) = slot else { continue };
            if let Some(place) = places.get_mut(node as usize).filter(|at| **at == UNMET) {
                *place = order.len() as u32;
                order.push(node);
                let (left, right) = self.sides(node);
                ahead.extend([right, left]);
            }
        }
        (order, places)
    }

    fn tree(&self, root: Slot) -> Tree {
        let (order, places) = self.order(root);
        let place = |slot: Slot| match slot {
            Slot::Node(node) => Slot::Node(places.get(node as usize).copied().unwrap_or(0)),
            record => record,
        };
        let nodes = order.into_iter().map(|node| {
            let (left, right) = self.sides(node);
            (place(left), place(right))
        });
        Tree {
            nodes: nodes.collect(),
        }
    }
}
