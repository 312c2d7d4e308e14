//! Writes MMDB files: networks and what is said of them, as every reader of MaxMind's format takes them.
//!
//! The form is MaxMind DB 2.0: a binary search tree over the bits of addresses, sixteen zero octets, the records, and
//! metadata. Equal records stand once, and so do equal parts of the tree. The same input makes the same octets.

mod tree;
mod value;

use std::collections::HashMap;

pub use tree::{Network, flatten};
use tree::{Slot, Tree};
pub use value::{Value, control, encode};

/// What a file says of itself.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    /// The type that readers see: `Meridian-Country`.
    pub kind: &'a str,
    /// In a few English words.
    pub description: &'a str,
    /// When it was built, in seconds of the Unix epoch.
    pub build: u64,
    /// Whose addresses the tree is of.
    pub family: Family,
    /// How many bits a pointer of the tree has.
    pub pointers: Pointers,
}

/// Whose addresses a tree is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// IPv4 alone: the addresses are the highest 32 bits of the numbers.
    Four,
    /// IPv6, with IPv4 at ::/96 and nowhere else.
    Six,
    /// The same, and ::ffff:0:0/96, 2001::/32 and 2002::/16 lead to the IPv4 tree, as in MaxMind's own files.
    Aliased,
}

/// How many bits a pointer of the tree has: 24, 28 or 32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pointers {
    /// The fewest that suffice.
    Fewest,
    /// 24, 28 or else 32.
    Of(u16),
}

/// The prefixes of [`Family::Aliased`], each with its length.
pub const ALIASES: [(u128, u8); 3] = [(0xffff << 32, 96), (0x2001 << 112, 32), (0x2002 << 112, 16)];

/// The records of a file.
#[derive(Debug, Default)]
pub struct Records {
    data: Vec<u8>,
    /// Where each record begins.
    offsets: Vec<u32>,
    known: HashMap<Vec<u8>, u32>,
    /// Where the parts of records stand that others can point to.
    parts: HashMap<Vec<u8>, u32>,
}

impl Records {
    /// Takes a record in; equal ones get the same number. Numbers begin with 1, for 0 is a network without a record.
    pub fn number(&mut self, record: &Value) -> u32 {
        let mut plain = Vec::new();
        encode(&mut plain, record);
        if let Some(number) = self.known.get(&plain) {
            return *number;
        }
        let at = self.data.len() as u32;
        match record {
            Value::Map(entries) => {
                control(&mut self.data, value::MAP, entries.len());
                for (key, value) in entries {
                    self.part(&Value::Text(key.clone()));
                    self.part(value);
                }
            }
            _ => self.data.extend(&plain),
        }
        self.offsets.push(at);
        let number = self.offsets.len() as u32;
        self.known.insert(plain, number);
        number
    }

    /// A key or a value of a record: most are those of others, which a pointer of two to five octets leads to.
    fn part(&mut self, value: &Value) {
        let mut bytes = Vec::new();
        encode(&mut bytes, value);
        if bytes.len() <= value::POINTER {
            self.data.extend(bytes);
        } else if let Some(at) = self.parts.get(&bytes) {
            value::pointer(&mut self.data, *at);
        } else {
            let at = self.data.len() as u32;
            self.data.extend(&bytes);
            self.parts.insert(bytes, at);
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.offsets.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.offsets.is_empty()
    }

    /// The file in which `ranges` have these records. They begin where they say, ascending from 0, and go on to the next;
    /// the number is that of a record, or 0 for none. See [`flatten`].
    ///
    /// # Errors
    ///
    /// In words, if it is more than the format can hold, or the pointers asked for are too short.
    pub fn file(&self, header: &Header<'_>, ranges: &[(u128, u32)]) -> Result<Vec<u8>, String> {
        let tree = Tree::grow(ranges, header.family);
        let nodes = tree.nodes.len() as u64;
        let largest = nodes + 16 + self.data.len() as u64;
        let size = match header.pointers {
            Pointers::Of(size) => u32::from(size),
            Pointers::Fewest if largest < 1 << 24 => 24,
            Pointers::Fewest if largest < 1 << 28 => 28,
            Pointers::Fewest => 32,
        };
        if largest >= 1 << size {
            return Err(format!(
                "{nodes} nodes and {} octets of records are more than pointers of {size} bits reach",
                self.data.len()
            ));
        }
        let mut file = Vec::with_capacity(tree.nodes.len() * size as usize / 4 + self.data.len());
        for (left, right) in &tree.nodes {
            let [left, right] = [left, right].map(|slot| self.pointed(*slot, nodes as u32));
            let ([a, b, c, d], [e, f, g, h]) = (left.to_be_bytes(), right.to_be_bytes());
            match size {
                24 => file.extend([b, c, d, f, g, h]),
                // The middle octet holds the highest four bits of both.
                28 => file.extend([b, c, d, a << 4 | e, f, g, h]),
                _ => file.extend([a, b, c, d, e, f, g, h]),
            }
        }
        file.extend([0; 16]);
        file.extend(&self.data);
        file.extend(b"\xab\xcd\xefMaxMind.com");
        encode(&mut file, &metadata(header, nodes as u32, size as u16));
        Ok(file)
    }

    /// What a node says of one of its sides.
    fn pointed(&self, slot: Slot, nodes: u32) -> u32 {
        match slot {
            Slot::Node(node) => node,
            Slot::Record(number) => {
                let at = (number as usize).checked_sub(1);
                let offset = at.and_then(|at| self.offsets.get(at));
                offset.map_or(nodes, |offset| nodes + 16 + offset)
            }
        }
    }
}

fn metadata(header: &Header<'_>, nodes: u32, size: u16) -> Value {
    let text = |text: &str| Value::Text(text.into());
    let version = if header.family == Family::Four { 4 } else { 6 };
    let description = Value::Map(vec![("en".into(), text(header.description))]);
    let entries = [
        ("binary_format_major_version", Value::Small(2)),
        ("binary_format_minor_version", Value::Small(0)),
        ("build_epoch", Value::Large(header.build)),
        ("database_type", text(header.kind)),
        ("description", description),
        ("ip_version", Value::Small(version)),
        ("languages", Value::List(vec![text("en")])),
        ("node_count", Value::Unsigned(nodes)),
        ("record_size", Value::Small(size)),
    ];
    let owned = entries.map(|(key, value)| (key.to_owned(), value));
    Value::Map(owned.into())
}

#[cfg(test)]
mod tests;
