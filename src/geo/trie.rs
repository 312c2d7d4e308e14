//! The classes of one family of addresses: ranges in blocks that share their first bits, found in two steps or three.
//!
//! The first bits of an address lead to a slot; there are the more slots the denser the ranges are. If borders lie inside
//! of it, it has a block: where ranges begin as the next 16 bits, ascending, and the class of each. Such a list is short,
//! and most fit into one line of the processor's memory or two. A cell of 16 bits with borders inside of it has a block of
//! its own, which is seldom in IPv4 and goes down to the last bit in IPv6.

use super::range::{self, Word};

/// An address of one family as a number.
pub(super) trait Bits: Word {
    /// How many first bits the slots are divided by before they are divided by density: none in IPv4, which is full; the
    /// 12 of IPv6 that are given to the five registries, for almost all addresses are in a few of these.
    const TOP: u32;
    /// How many bits tell a slot, at most, below those.
    const SLOT: u32;
    /// So many bits from this one on, at most 31; 0 beyond the end.
    fn bits(self, from: u32, count: u32) -> u32;
    /// The number that begins with these bits.
    fn of(bits: u32, count: u32) -> Self;
    /// Whether no bit is set from this one on.
    fn ends(self, from: u32) -> bool;
    /// The first number behind the network that begins here and has this length; none at the end.
    fn after(self, length: u8) -> Option<Self>;
}

impl Bits for u32 {
    const TOP: u32 = 0;
    const SLOT: u32 = 16;

    #[inline]
    fn bits(self, from: u32, count: u32) -> u32 {
        // In two steps, since no bits at all would be a shift by all of them.
        self.wrapping_shl(from) >> 1 >> (31 - count)
    }

    fn of(bits: u32, count: u32) -> u32 {
        bits.checked_shl(32 - count).unwrap_or(0)
    }

    fn ends(self, from: u32) -> bool {
        self.checked_shl(from).is_none_or(|rest| rest == 0)
    }

    fn after(self, length: u8) -> Option<Self> {
        self.checked_add(1_u32.checked_shl(Self::BITS - u32::from(length))?)
    }
}

impl Bits for u128 {
    const TOP: u32 = 12;
    const SLOT: u32 = 20;

    #[inline]
    fn bits(self, from: u32, count: u32) -> u32 {
        (self.wrapping_shl(from) >> 96) as u32 >> 1 >> (31 - count)
    }

    fn of(bits: u32, count: u32) -> u128 {
        u128::from(bits).checked_shl(128 - count).unwrap_or(0)
    }

    fn ends(self, from: u32) -> bool {
        self.checked_shl(from).is_none_or(|rest| rest == 0)
    }

    fn after(self, length: u8) -> Option<Self> {
        self.checked_add(1_u128.checked_shl(Self::BITS - u32::from(length))?)
    }
}

/// Ranges for a slot, on average: fewer make the index large, more make blocks long.
const DENSITY: usize = 8;
/// Bits of a cell of a block.
const CELL: u32 = 16;
/// The classes of one family.
#[derive(Clone, Debug)]
pub(super) struct Trie {
    tops: Vec<Top>,
    slots: Vec<Slot>,
    /// Blocks: the borders, the values, and where the blocks of cells are.
    words: Vec<u16>,
    /// A value below is a class, and from here on the place of a cell's block in the list.
    classes: u32,
    width: Width,
    /// How many ranges there are.
    ranges: usize,
    /// The class of the whole family, if it has just one.
    one: Option<u32>,
}

/// Where the slots of some first bits stand.
#[derive(Clone, Copy, Debug)]
struct Top {
    first: u32,
    /// How many bits tell the slot.
    bits: u32,
}

/// Addresses with the same first bits.
#[derive(Clone, Copy, Debug)]
struct Slot {
    /// Where its block begins, or the class of all of them.
    at: u32,
    /// How many borders the block has; 0 if there is none.
    borders: u16,
    /// Without a block the length of the shortest prefix around each address: all have the same.
    length: u8,
}

/// How many words a value takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Width {
    One,
    Two,
}

/// Words that say where the block of a cell is: its place in two, and its borders.
const LINK: usize = 3;

impl Trie {
    /// From where ranges begin, ascending from zero, neighbours of different classes.
    pub(super) fn new<W: Bits>(ranges: &[(W, u32)]) -> Trie {
        // Seldom are there so many classes, or cells in a block, that they do not fit into one word.
        match Maker::make(ranges, Width::One) {
            (trie, Fit::All) => trie,
            _ => Maker::make(ranges, Width::Two).0,
        }
    }

    /// The class, and the length of the shortest prefix around the word that holds no other.
    #[inline]
    pub(super) fn find<W: Bits>(&self, word: W) -> (u32, u8) {
        let top = self.tops[word.bits(0, W::TOP) as usize];
        let slot = self.slots[(top.first + word.bits(W::TOP, top.bits)) as usize];
        if slot.borders == 0 {
            return (slot.at, slot.length);
        }
        let mut from = W::TOP + top.bits;
        let (mut at, mut count) = (slot.at as usize, usize::from(slot.borders));
        loop {
            let cell = word.bits(from, CELL) as u16;
            let borders = &self.words[at..at + count];
            let run = borders.partition_point(|border| *border <= cell);
            let value = self.value(at + count, run);
            if value < self.classes {
                // A neighbour inside of the block shares more bits than any outside. Where it is a cell with a block of
                // its own, the range may go on into that, but not through.
                let below = run
                    .checked_sub(1)
                    .map_or(0, |n| (cell ^ (borders[n] - 1)).leading_zeros());
                let above = borders
                    .get(run)
                    .map_or(0, |next| (cell ^ next).leading_zeros());
                return (value, (from + below.max(above) + 1) as u8);
            }
            let values = (count + 1) * self.width.words();
            let link = at + count + values + (value - self.classes) as usize * LINK;
            at = join(self.words[link], self.words[link + 1]) as usize;
            count = usize::from(self.words[link + 2]);
            from += CELL;
        }
    }

    #[inline]
    fn value(&self, values: usize, run: usize) -> u32 {
        match self.width {
            Width::One => u32::from(self.words[values + run]),
            Width::Two => join(
                self.words[values + 2 * run],
                self.words[values + 2 * run + 1],
            ),
        }
    }

    /// Where networks of one class begin, ascending from zero; neighbours may be equal.
    pub(super) fn iter<W: Bits>(&self) -> impl Iterator<Item = (W, u32)> + '_ {
        let starts = std::iter::successors(Some(W::ZERO), |at| at.after(self.find(*at).1));
        starts.map(|start| (start, self.find(start).0))
    }

    /// How many ranges it was made of.
    pub(super) fn ranges(&self) -> usize {
        self.ranges
    }

    /// The class of the whole family, if it has just one.
    pub(super) fn one(&self) -> Option<u32> {
        self.one
    }

    /// What it takes of memory, in octets.
    pub(super) fn memory(&self) -> usize {
        size_of_val(&self.tops[..]) + size_of_val(&self.slots[..]) + size_of_val(&self.words[..])
    }
}

impl Width {
    #[inline]
    fn words(self) -> usize {
        match self {
            Width::One => 1,
            Width::Two => 2,
        }
    }
}

fn part(value: u32) -> [u16; 2] {
    [value as u16, (value >> 16) as u16]
}

#[inline]
fn join(low: u16, high: u16) -> u32 {
    u32::from(high) << 16 | u32::from(low)
}

/// Puts a trie together.
struct Maker {
    trie: Trie,
    fit: Fit,
}

/// Whether values fitted into their words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    All,
    Some,
}

/// What a run of cells in a block is.
#[derive(Clone, Copy)]
enum Run<'a, W> {
    Class(u32),
    /// One cell, by the class that it begins with and the ranges that begin inside of it.
    Cell(u32, &'a [(W, u32)]),
}

impl Maker {
    fn make<W: Bits>(ranges: &[(W, u32)], width: Width) -> (Trie, Fit) {
        let most = ranges.iter().map(|range| range.1).max().unwrap_or(0);
        let one = ranges.first().filter(|_| ranges.len() == 1);
        let trie = Trie {
            tops: Vec::new(),
            slots: Vec::new(),
            words: Vec::new(),
            classes: most.saturating_add(1),
            width,
            ranges: ranges.len(),
            one: one.map(|range| range.1),
        };
        let fit = Fit::All;
        let mut maker = Maker { trie, fit };
        let mut rest = ranges;
        for top in 0..1u32 << W::TOP {
            let many = match W::of(top + 1, W::TOP) {
                end if end > W::ZERO => rest.partition_point(|range| range.0 < end),
                _ => rest.len(),
            };
            let mut bits = 0;
            while bits < W::SLOT && DENSITY << bits < many {
                bits += 1;
            }
            let first = maker.trie.slots.len() as u32;
            maker.trie.tops.push(Top { first, bits });
            for slot in 0..1u32 << bits {
                rest = maker.slot(ranges, rest, (top << bits) + slot, W::TOP + bits);
            }
        }
        maker.trie.slots.shrink_to_fit();
        maker.trie.words.shrink_to_fit();
        (maker.trie, maker.fit)
    }

    /// One slot: that of the addresses which begin with these bits. `rest` are the ranges that begin in it or beyond; what
    /// is beyond is given back.
    fn slot<'a, W: Bits>(
        &mut self,
        ranges: &[(W, u32)],
        rest: &'a [(W, u32)],
        bits: u32,
        count: u32,
    ) -> &'a [(W, u32)] {
        let first = W::of(bits, count);
        let rest = match rest.split_first() {
            Some((range, beyond)) if range.0 == first => beyond,
            _ => rest,
        };
        let inside = rest.iter();
        let inside = inside.take_while(|range| range.0.bits(0, count) == bits);
        let (inside, beyond) = rest.split_at(inside.count());
        let around = ranges[..ranges.len() - rest.len()].last();
        let (start, class) = around.copied().unwrap_or((W::ZERO, 0));
        let (at, borders, length) = if inside.is_empty() {
            let next = beyond.first().map(|range| range.0);
            (class, 0, range::shortest(first, start, next))
        } else {
            let (at, borders) = self.block(inside, class, count);
            (at, borders, 0)
        };
        self.trie.slots.push(Slot {
            at,
            borders,
            length,
        });
        beyond
    }

    /// The block of these ranges, which share all bits before `from` but do not begin where their first cell does, where
    /// there is `class`: its place, and how many borders it has.
    fn block<W: Bits>(&mut self, ranges: &[(W, u32)], class: u32, from: u32) -> (u32, u16) {
        let runs = runs(ranges, class, from);
        let width = self.trie.width.words();
        let words = &mut self.trie.words;
        // Of a file of 4 GiB there would be less than 2^32 of them.
        let at = words.len() as u32;
        words.extend(runs.iter().skip(1).map(|run| run.0));
        let values = words.len();
        let cells = runs.iter().filter(|run| matches!(run.1, Run::Cell(..)));
        let links = values + runs.len() * width;
        words.resize(links + cells.count() * LINK, 0);
        let mut cells = 0;
        for (n, (_, run)) in runs.iter().enumerate() {
            let value = match run {
                Run::Class(class) => *class,
                Run::Cell(class, inside) => {
                    let (at, borders) = self.block(inside, *class, from + CELL);
                    let link = links + cells as usize * LINK;
                    let [low, high] = part(at);
                    self.trie.words[link..link + LINK].copy_from_slice(&[low, high, borders]);
                    cells += 1;
                    self.trie.classes.saturating_add(cells - 1)
                }
            };
            if width == 1 && value > u32::from(u16::MAX) {
                self.fit = Fit::Some;
            }
            let place = values + n * width;
            self.trie.words[place..place + width].copy_from_slice(&part(value)[..width]);
        }
        // A block has fewer borders than there are cells.
        (at, (runs.len() - 1) as u16)
    }
}

/// Where runs of cells begin, from cell 0 on.
fn runs<W: Bits>(mut ranges: &[(W, u32)], class: u32, from: u32) -> Vec<(u16, Run<'_, W>)> {
    let mut runs = vec![(0, Run::Class(class))];
    let mut put = |cell: u16, run| {
        runs.pop_if(|last| last.0 == cell);
        runs.push((cell, run));
    };
    let mut now = class;
    while let Some(first) = ranges.first() {
        let cell = first.0.bits(from, CELL);
        let same = ranges
            .iter()
            .take_while(|range| range.0.bits(from, CELL) == cell)
            .count();
        let (mut inside, rest) = ranges.split_at(same);
        ranges = rest;
        if first.0.ends(from + CELL) {
            (now, inside) = (first.1, &inside[1..]);
        }
        match inside.last() {
            None => put(cell as u16, Run::Class(now)),
            Some(last) => {
                put(cell as u16, Run::Cell(now, inside));
                now = last.1;
                if let Some(next) = (cell as u16).checked_add(1) {
                    put(next, Run::Class(now));
                }
            }
        }
    }
    runs
}
