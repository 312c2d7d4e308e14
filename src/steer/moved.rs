//! How much of the address space a new map treats otherwise than the old one.

use std::collections::HashMap;
use std::iter::Peekable;

use crate::geo::atlas::{Atlas, Facts};
use crate::steer::class::{Class, Map};

/// A part of one family's addresses: of IPv4 in addresses, of IPv6 in networks of /104.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// What the databases know something of.
    pub known: u128,
    /// What of that has another class than before.
    pub moved: u128,
}

impl Share {
    /// The moved part in parts of a million, rounded up: what is more than a share is so by any little.
    pub fn parts(self) -> u32 {
        // There are at most 2^104, so this does not overflow.
        let parts = (self.moved * 1_000_000).div_ceil(self.known.max(1));
        parts.min(1_000_000) as u32
    }
}

/// Of IPv4 and of IPv6, between maps of the same needs; classes are compared by what they say, not by their numbers.
/// `atlas` is the one of the old map.
pub fn between(old: &Map, new: &Map, atlas: &Atlas) -> [Share; 2] {
    let numbers: HashMap<&Class, u32> = (0..).zip(old.classes()).map(|(n, c)| (c, n)).collect();
    // The old number of each new class, if it had one.
    let before: Vec<Option<u32>> = new
        .classes()
        .iter()
        .map(|class| numbers.get(class).copied())
        .collect();
    let nothing = Facts::default();
    let known: Vec<bool> = atlas.distinct().iter().map(|f| *f != nothing).collect();
    let moved = |old: u32, new: u32| before.get(new as usize).copied().flatten() != Some(old);
    let known = |facts: u32| known.get(facts as usize).copied().unwrap_or(false);
    let four = |(start, value): (u32, u32)| (u128::from(start), value);
    let six = |(start, value): (u128, u32)| (start >> 24, value);
    let (a, b) = (old.table(), new.table());
    let v4 = [
        cover(a.ranges4().map(four)),
        cover(b.ranges4().map(four)),
        cover(atlas.ranges4().map(four)),
    ];
    let v6 = [
        cover(a.ranges6().map(six)),
        cover(b.ranges6().map(six)),
        cover(atlas.ranges6().map(six)),
    ];
    [
        walk(v4, 1 << 32, moved, known),
        walk(v6, 1 << 104, moved, known),
    ]
}

/// Ranges that are walked along, with the value of the one that was reached.
struct Walked<'a> {
    ranges: Peekable<Box<dyn Iterator<Item = (u128, u32)> + 'a>>,
    value: u32,
}

fn cover<'a>(ranges: impl Iterator<Item = (u128, u32)> + 'a) -> Walked<'a> {
    let ranges: Box<dyn Iterator<Item = (u128, u32)> + 'a> = Box::new(ranges);
    Walked {
        ranges: ranges.peekable(),
        value: 0,
    }
}

/// Walks along both maps and the atlas at once, from border to border.
fn walk(
    mut covers: [Walked<'_>; 3],
    end: u128,
    moved: impl Fn(u32, u32) -> bool,
    known: impl Fn(u32) -> bool,
) -> Share {
    let mut share = Share::default();
    let mut at = 0;
    while at < end {
        let mut next = end;
        for cover in &mut covers {
            while let Some((_, value)) = cover.ranges.next_if(|range| range.0 <= at) {
                cover.value = value;
            }
            next = cover.ranges.peek().map_or(next, |range| next.min(range.0));
        }
        let [old, new, facts] = [&covers[0], &covers[1], &covers[2]].map(|cover| cover.value);
        if known(facts) {
            share.known += next - at;
            share.moved += if moved(old, new) { next - at } else { 0 };
        }
        at = next;
    }
    share
}
