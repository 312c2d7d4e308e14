//! Address space as ranges: each begins where it says and goes on to the next.

/// An address of one family as a number, or the upper half of an IPv6 address.
pub(super) trait Word: Copy + Ord {
    /// The lowest.
    const ZERO: Self;
    /// How many leading bits two have in common.
    fn common(self, other: Self) -> u32;
    /// One less; 0 stays.
    fn before(self) -> Self;
    /// Which of 2^`bits` equal slots of the indexed space it lies in; none if outside of that. `bits` is 1 to 32.
    fn slot(self, bits: u32) -> Option<usize>;
    /// The lowest of a slot; none if beyond the last of the family.
    fn first(slot: usize, bits: u32) -> Option<Self>;
}

impl Word for u32 {
    const ZERO: u32 = 0;

    fn common(self, other: u32) -> u32 {
        (self ^ other).leading_zeros()
    }

    fn before(self) -> u32 {
        self.saturating_sub(1)
    }

    fn slot(self, bits: u32) -> Option<usize> {
        Some((self >> (32 - bits)) as usize)
    }

    fn first(slot: usize, bits: u32) -> Option<u32> {
        u32::try_from((slot as u64) << (32 - bits)).ok()
    }
}

/// The upper half. Slots divide 2000::/3, where all clients are.
impl Word for u64 {
    const ZERO: u64 = 0;

    fn common(self, other: u64) -> u32 {
        (self ^ other).leading_zeros()
    }

    fn before(self) -> u64 {
        self.saturating_sub(1)
    }

    fn slot(self, bits: u32) -> Option<usize> {
        (self >> 61 == 1).then(|| ((self << 3) >> (64 - bits)) as usize)
    }

    fn first(slot: usize, bits: u32) -> Option<u64> {
        Some((1 << 61) + ((slot as u64) << (61 - bits)))
    }
}

impl Word for u128 {
    const ZERO: u128 = 0;

    fn common(self, other: u128) -> u32 {
        (self ^ other).leading_zeros()
    }

    fn before(self) -> u128 {
        self.saturating_sub(1)
    }

    fn slot(self, bits: u32) -> Option<usize> {
        ((self >> 64) as u64).slot(bits)
    }

    fn first(slot: usize, bits: u32) -> Option<u128> {
        u64::first(slot, bits).map(|half| u128::from(half) << 64)
    }
}

/// The length of the shortest prefix around `word` that lies inside the range from `start` up to before `next`: one
/// bit more than it shares with either neighbour. 0 if the range is all there is.
pub(super) fn shortest<W: Word>(word: W, start: W, next: Option<W>) -> u8 {
    let below = (start > W::ZERO).then(|| word.common(start.before()));
    let above = next.map(|next| word.common(next));
    // Two different words share at most 127 bits.
    below.max(above).map_or(0, |common| (common + 1) as u8)
}

/// Puts a range behind the others. One that begins where the last does replaces it; one with the same value goes on.
pub(super) fn push<W: Word>(ranges: &mut Vec<(W, u32)>, start: W, value: u32) {
    ranges.pop_if(|last| last.0 == start);
    if ranges.last().is_none_or(|last| last.1 != value) {
        ranges.push((start, value));
    }
}

/// Two covers of the address space laid over each other; `pair` gives the value where both are.
pub(super) fn overlay<W: Word>(
    over: &[(W, u32)],
    under: &[(W, u32)],
    mut pair: impl FnMut(u32, u32) -> u32,
) -> Vec<(W, u32)> {
    let mut both = Vec::with_capacity(over.len().max(under.len()));
    let (mut i, mut j) = (0, 0);
    while let (Some(a), Some(b)) = (over.get(i), under.get(j)) {
        push(&mut both, a.0.max(b.0), pair(a.1, b.1));
        let (next_a, next_b) = (over.get(i + 1).map(|r| r.0), under.get(j + 1).map(|r| r.0));
        // The cover that ends first moves on; the one without a next goes to the end of the space.
        let order = match (next_a, next_b) {
            (Some(a), Some(b)) => a.cmp(&b),
            (a, b) => a.is_none().cmp(&b.is_none()),
        };
        i += usize::from(order.is_le());
        j += usize::from(order.is_ge());
    }
    both
}

/// The range that holds `word`, and the length of the shortest prefix around it that lies inside; none if there are no
/// ranges.
pub(super) fn find<W: Word>(ranges: &[(W, u32)], word: W) -> Option<(u32, u8)> {
    let next = ranges.partition_point(|range| range.0 <= word);
    let (start, value) = *ranges.get(next.checked_sub(1)?)?;
    Some((
        value,
        shortest(word, start, ranges.get(next).map(|range| range.0)),
    ))
}
