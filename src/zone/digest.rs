//! Whether two zones say the same, and what they share.

use std::collections::HashSet;

use super::chunk::Chunk;
use super::tree::Zone;
use crate::digest::Writer;
use crate::wire::asked::{Asked, Seed};

impl Zone {
    /// A digest of owners, types, TTLs and data, whatever the order within a set, and whatever is steered: two zones with
    /// equal ones say the same.
    pub fn digest(&self) -> u128 {
        let sums = self.chunks.iter().map(chunk);
        sums.fold(0, u128::wrapping_add)
    }

    /// Whether both have equal digests. What they share is not looked at.
    pub fn says_the_same(&self, other: &Zone) -> bool {
        if self.same_reading(other) {
            return true;
        }
        own(self, other) == own(other, self)
    }

    /// [`Zone::digest`], from that of another zone. What they share is not looked at.
    pub fn digest_beside(&self, other: &Zone, digest: u128) -> u128 {
        let gone = own(other, self);
        digest.wrapping_sub(gone).wrapping_add(own(self, other))
    }

    /// Octets of memory that the zone does not share with another.
    #[cfg(test)]
    pub(super) fn memory_beside(&self, other: &Zone) -> usize {
        let shared: HashSet<usize> = other.chunks.iter().map(Chunk::id).collect();
        let own = |chunk: &&Chunk| !shared.contains(&chunk.id());
        let chunks = self.chunks.iter().filter(own).map(Chunk::memory);
        chunks.sum::<usize>() + self.slots.memory() + self.servers.memory()
    }
}

/// The sum over the chunks of a zone that another does not share.
fn own(zone: &Zone, other: &Zone) -> u128 {
    let theirs: HashSet<usize> = other.chunks.iter().map(Chunk::id).collect();
    let own = zone
        .chunks
        .iter()
        .filter(|chunk| !theirs.contains(&chunk.id()));
    own.map(chunk).fold(0, u128::wrapping_add)
}

/// The sum over the records of a chunk, so their order says nothing.
fn chunk(chunk: &Chunk) -> u128 {
    let mut asked = Asked::new(Seed::default());
    let mut sum = 0u128;
    for node in chunk.nodes.iter().filter(|node| node.count > 0) {
        let name = chunk.arena.get(node.name as usize..).unwrap_or_default();
        // Names in a chunk are always readable.
        let _ = asked.read(name);
        let owner = asked.hash(asked.labels());
        for set in chunk.sets_of(node) {
            let mut rest = chunk.block(set);
            // A record as it is answered has type, TTL and length in it.
            while let Some([high, low]) = rest.get(10..).and_then(|rest| rest.first_chunk()) {
                let length = 12 + usize::from(u16::from_be_bytes([*high, *low]));
                let Some((record, after)) = rest.split_at_checked(length) else {
                    break;
                };
                rest = after;
                let mut writer = Writer::new(owner);
                writer.octets(record);
                sum = sum.wrapping_add(writer.end().0);
            }
        }
    }
    sum
}
