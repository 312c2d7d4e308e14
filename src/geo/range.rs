//! Address space as ranges: each begins where it says and goes on to the next.

use std::fmt::Debug;

use super::cover::{Cover, Starts, Wide};

/// An address of one family as a number.
pub(super) trait Word: Copy + Debug + Default + Ord + 'static {
    /// The lowest.
    const ZERO: Self;
    /// How many of them are kept.
    type Starts: Starts<Self>;
    /// How many leading bits two have in common.
    fn common(self, other: Self) -> u32;
    /// One less; 0 stays.
    fn before(self) -> Self;
    /// One more; none at the end.
    fn next(self) -> Option<Self>;
}

impl Word for u32 {
    const ZERO: u32 = 0;
    type Starts = Vec<u32>;

    fn common(self, other: u32) -> u32 {
        (self ^ other).leading_zeros()
    }

    fn before(self) -> u32 {
        self.saturating_sub(1)
    }

    fn next(self) -> Option<u32> {
        self.checked_add(1)
    }
}

impl Word for u128 {
    const ZERO: u128 = 0;
    type Starts = Wide;

    fn common(self, other: u128) -> u32 {
        (self ^ other).leading_zeros()
    }

    fn before(self) -> u128 {
        self.saturating_sub(1)
    }

    fn next(self) -> Option<u128> {
        self.checked_add(1)
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

/// Two covers of the address space laid over each other; `pair` gives the value where both are.
pub(super) fn overlay<W: Word>(
    over: impl IntoIterator<Item = (W, u32)>,
    under: impl IntoIterator<Item = (W, u32)>,
    mut pair: impl FnMut(u32, u32) -> u32,
) -> Cover<W> {
    let mut both = Cover::default();
    let (mut over, mut under) = (over.into_iter().peekable(), under.into_iter().peekable());
    let (mut a, mut b) = (over.next(), under.next());
    while let (Some(one), Some(other)) = (a, b) {
        both.push(one.0.max(other.0), pair(one.1, other.1));
        // The cover that ends first moves on; the one without a next goes to the end of the space.
        let order = match (over.peek(), under.peek()) {
            (Some(next), Some(other)) => next.0.cmp(&other.0),
            (next, other) => next.is_none().cmp(&other.is_none()),
        };
        if order.is_le() {
            a = over.next();
        }
        if order.is_ge() {
            b = under.next();
        }
    }
    both.shrink();
    both
}

/// Networks by their first and last addresses, which never overlap but by nesting, as ranges of what holds at each address:
/// of `inside`, given the value of a network and what holds around it. Of equal networks the last counts; outside of all it
/// is 0.
pub(super) fn nested<W: Word>(
    mut networks: Vec<(W, W, u32)>,
    mut inside: impl FnMut(u32, u32) -> u32,
) -> Cover<W> {
    // The wider of two that begin alike comes first, so that the narrower is laid upon it.
    networks.sort_by_key(|(first, last, _)| (*first, std::cmp::Reverse(*last)));
    let mut ranges = Cover::whole(0);
    // Those around the place where it is, with their last addresses.
    let mut open: Vec<(W, u32)> = Vec::new();
    let around = |open: &[(W, u32)]| open.last().map_or(0, |(_, value)| *value);
    for (first, last, value) in networks {
        while let Some((end, _)) = open.pop_if(|(end, _)| *end < first) {
            if let Some(next) = end.next() {
                ranges.push(next, around(&open));
            }
        }
        let value = inside(value, around(&open));
        ranges.push(first, value);
        open.push((last, value));
    }
    while let Some((end, _)) = open.pop() {
        if let Some(next) = end.next() {
            ranges.push(next, around(&open));
        }
    }
    ranges.shrink();
    ranges
}
