//! Records in the canonical order of their owners: each name directly before all that lie below it (RFC 4034 §6.1).

use std::ops::Range;

use super::Record;
use crate::wire::name::Name;

/// The labels of `owner` in front of its last `above` octets (those of the apex), as bytes that compare in canonical
/// order: from the right, in small letters, each label with a zero behind it.
pub(super) fn key(owner: &[u8], above: usize, out: &mut Vec<u8>) {
    let end = owner.len().saturating_sub(above);
    let mut starts = [0u8; crate::limits::LABELS + 1];
    let (mut at, mut count) = (0, 0);
    while at < end {
        if let Some(start) = starts.get_mut(count) {
            *start = at as u8;
        }
        count += 1;
        at += 1 + owner.get(at).map_or(0, |length| usize::from(*length));
    }
    for &start in starts.get(..count).unwrap_or_default().iter().rev() {
        let at = usize::from(start);
        let length = owner.get(at).map_or(0, |length| usize::from(*length));
        for octet in owner.get(at + 1..at + 1 + length).unwrap_or_default() {
            match octet.to_ascii_lowercase() {
                // The zero that ends a label must be smaller than every octet in one.
                low @ 0..=1 => out.extend([1, 1 + low]),
                octet => out.push(octet),
            }
        }
        out.push(0);
    }
}

/// The records of one owner.
pub(super) struct Family {
    /// Which of the records.
    pub records: Range<usize>,
    key: Range<usize>,
}

/// Records sorted by owner, type and place in the file, and their owners.
pub(super) struct Order {
    keys: Vec<u8>,
    apex: Name,
    pub families: Vec<Family>,
}

impl Order {
    /// Sorts the records, all of which lie within `apex`.
    pub(super) fn sort(records: &mut [Record], apex: &Name) -> Order {
        let above = apex.wire().len();
        let mut keys = Vec::new();
        let mut places: Vec<(u64, Range<usize>, usize)> = Vec::with_capacity(records.len());
        for (at, record) in records.iter().enumerate() {
            let start = keys.len();
            key(record.owner.wire(), above, &mut keys);
            let bytes = &keys[start..];
            // Most comparisons end in the first octets.
            let mut front = [0; 8];
            front
                .iter_mut()
                .zip(bytes)
                .for_each(|(to, from)| *to = *from);
            places.push((u64::from_be_bytes(front), start..keys.len(), at));
        }
        places.sort_by(|a, b| {
            let kind = |at: usize| records[at].kind;
            let names = || keys[a.1.clone()].cmp(&keys[b.1.clone()]);
            a.0.cmp(&b.0)
                .then_with(names)
                .then_with(|| kind(a.2).cmp(&kind(b.2)))
        });
        let mut families: Vec<Family> = Vec::new();
        for (at, (_, key, _)) in places.iter().enumerate() {
            match families.last_mut() {
                Some(last) if keys[last.key.clone()] == keys[key.clone()] => {
                    last.records.end = at + 1
                }
                _ => families.push(Family {
                    records: at..at + 1,
                    key: key.clone(),
                }),
            }
        }
        permute(records, &places);
        Order {
            keys,
            apex: apex.clone(),
            families,
        }
    }

    /// The key of an owner's records.
    pub(super) fn key(&self, family: &Family) -> &[u8] {
        &self.keys[family.key.clone()]
    }

    /// The records of a name within the apex.
    pub(super) fn find(&self, name: &Name) -> Option<&Family> {
        let mut wanted = Vec::new();
        key(name.wire(), self.apex.wire().len(), &mut wanted);
        let found = self
            .families
            .binary_search_by(|family| self.key(family).cmp(&wanted));
        found.ok().and_then(|at| self.families.get(at))
    }

    /// Whether a name within the apex exists, be it only because of names below it.
    pub(super) fn exists(&self, name: &Name) -> bool {
        let mut wanted = Vec::new();
        key(name.wire(), self.apex.wire().len(), &mut wanted);
        let at = self
            .families
            .partition_point(|family| self.key(family) < wanted.as_slice());
        self.families
            .get(at)
            .is_some_and(|family| self.key(family).starts_with(&wanted))
    }
}

/// Puts each record where its place in the list says, by swaps.
fn permute(records: &mut [Record], places: &[(u64, Range<usize>, usize)]) {
    let mut target = vec![0; records.len()];
    for (to, (_, _, from)) in places.iter().enumerate() {
        target[*from] = to;
    }
    for at in 0..target.len() {
        while target[at] != at {
            let to = target[at];
            records.swap(at, to);
            target.swap(at, to);
        }
    }
}
