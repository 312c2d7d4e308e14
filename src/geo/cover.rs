//! A whole family of addresses as ranges with a number each, packed: millions of them stay in memory.

use std::fmt::Debug;

use super::range::{self, Word};

/// Ranges that each begin where they say and go on to the next; neighbours differ. 8 octets for one of IPv4, 12 for one of
/// IPv6, and 16 more for each of IPv6 that begins below a /64.
#[derive(Clone, Debug, Default)]
pub(super) struct Cover<W: Word> {
    starts: W::Starts,
    values: Vec<u32>,
}

/// Where ranges begin, ascending.
pub(super) trait Starts<W>: Clone + Debug + Default {
    fn put(&mut self, start: W);
    fn cut(&mut self);
    fn at(&self, at: usize) -> Option<W>;
    fn end(&self) -> Option<W>;
    fn each(&self) -> impl Iterator<Item = W> + '_;
    /// How many begin at `word` or before.
    fn until(&self, word: W) -> usize;
    fn trim(&mut self);
    fn octets(&self) -> usize;
}

impl<W: Word> Cover<W> {
    /// One range of everything.
    pub(super) fn whole(value: u32) -> Cover<W> {
        let mut cover = Cover::default();
        cover.push(W::ZERO, value);
        cover
    }

    /// Puts a range behind the others. One that begins where the last does replaces it; one with the same value goes on.
    pub(super) fn push(&mut self, start: W, value: u32) {
        if self.starts.end() == Some(start) {
            self.starts.cut();
            self.values.pop();
        }
        if self.values.last() != Some(&value) {
            self.starts.put(start);
            self.values.push(value);
        }
    }

    /// Gives back what was set aside for more.
    pub(super) fn shrink(&mut self) {
        self.starts.trim();
        self.values.shrink_to_fit();
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (W, u32)> + '_ {
        self.starts.each().zip(self.values.iter().copied())
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// The value at `word`, and the length of the shortest prefix around it that lies inside its range; none if there
    /// are no ranges.
    pub(super) fn find(&self, word: W) -> Option<(u32, u8)> {
        let next = self.starts.until(word);
        let at = next.checked_sub(1)?;
        let length = range::shortest(word, self.starts.at(at)?, self.starts.at(next));
        Some((*self.values.get(at)?, length))
    }

    /// What it takes of memory, in octets.
    pub(super) fn memory(&self) -> usize {
        self.starts.octets() + self.values.capacity() * size_of::<u32>()
    }
}

impl<W: Word> FromIterator<(W, u32)> for Cover<W> {
    fn from_iter<I: IntoIterator<Item = (W, u32)>>(ranges: I) -> Cover<W> {
        let mut cover = Cover::default();
        for (start, value) in ranges {
            cover.push(start, value);
        }
        cover.shrink();
        cover
    }
}

impl Starts<u32> for Vec<u32> {
    fn put(&mut self, start: u32) {
        self.push(start);
    }

    fn cut(&mut self) {
        self.pop();
    }

    fn at(&self, at: usize) -> Option<u32> {
        self.get(at).copied()
    }

    fn end(&self) -> Option<u32> {
        self.last().copied()
    }

    fn each(&self) -> impl Iterator<Item = u32> + '_ {
        self.iter().copied()
    }

    fn until(&self, word: u32) -> usize {
        self.partition_point(|start| *start <= word)
    }

    fn trim(&mut self) {
        self.shrink_to_fit();
    }

    fn octets(&self) -> usize {
        self.capacity() * size_of::<u32>()
    }
}

/// Where ranges of IPv6 begin: the upper halves, and the lower ones of the few that have any.
#[derive(Clone, Debug, Default)]
pub(super) struct Wide {
    halves: Vec<u64>,
    /// By ascending place in `halves`.
    lows: Vec<(u32, u64)>,
}

impl Wide {
    fn low(&self, at: usize) -> u64 {
        let found = self.lows.binary_search_by_key(&at, |low| low.0 as usize);
        found
            .ok()
            .and_then(|n| self.lows.get(n))
            .map_or(0, |low| low.1)
    }
}

fn join(half: u64, low: u64) -> u128 {
    u128::from(half) << 64 | u128::from(low)
}

impl Starts<u128> for Wide {
    fn put(&mut self, start: u128) {
        if start as u64 != 0 {
            // There are fewer ranges than twice the nodes of a search tree, and those are counted in 32 bits.
            self.lows.push((self.halves.len() as u32, start as u64));
        }
        self.halves.push((start >> 64) as u64);
    }

    fn cut(&mut self) {
        self.halves.pop();
        self.lows.pop_if(|low| low.0 as usize == self.halves.len());
    }

    fn at(&self, at: usize) -> Option<u128> {
        let half = *self.halves.get(at)?;
        Some(join(half, self.low(at)))
    }

    fn end(&self) -> Option<u128> {
        let at = self.halves.len().checked_sub(1)?;
        let low = self.lows.last().filter(|low| low.0 as usize == at);
        Some(join(*self.halves.get(at)?, low.map_or(0, |low| low.1)))
    }

    fn each(&self) -> impl Iterator<Item = u128> + '_ {
        let mut lows = self.lows.iter().peekable();
        self.halves.iter().enumerate().map(move |(at, half)| {
            let low = lows.next_if(|low| low.0 as usize == at);
            join(*half, low.map_or(0, |low| low.1))
        })
    }

    fn until(&self, word: u128) -> usize {
        let half = (word >> 64) as u64;
        // Those of the same half stand together.
        let (mut low, mut high) = (
            self.halves.partition_point(|start| *start < half),
            self.halves.partition_point(|start| *start <= half),
        );
        while low < high {
            let middle = low + (high - low) / 2;
            if self.low(middle) <= word as u64 {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    fn trim(&mut self) {
        self.halves.shrink_to_fit();
        self.lows.shrink_to_fit();
    }

    fn octets(&self) -> usize {
        self.halves.capacity() * size_of::<u64>() + self.lows.capacity() * size_of::<(u32, u64)>()
    }
}
