//! Packed ranges against a plain list.

use proptest::prelude::*;

use crate::geo::cover::Cover;
use crate::geo::range::{self, Word};

/// The same ranges, as a list of pairs.
fn plain<W: Word>(pushed: &[(W, u32)]) -> Vec<(W, u32)> {
    let mut list: Vec<(W, u32)> = Vec::new();
    for (start, value) in pushed {
        list.pop_if(|last| last.0 == *start);
        if list.last().is_none_or(|last| last.1 != *value) {
            list.push((*start, *value));
        }
    }
    list
}

fn holds<W: Word>(pushed: &[(W, u32)], asked: &[W]) -> Result<Cover<W>, TestCaseError> {
    let list = plain(pushed);
    let cover: Cover<W> = pushed.iter().copied().collect();
    prop_assert_eq!(cover.iter().collect::<Vec<_>>(), &list[..]);
    prop_assert_eq!(cover.len(), list.len());
    for word in asked {
        let next = list.partition_point(|range| range.0 <= *word);
        let around = next.checked_sub(1).map(|at| list[at]);
        let next = list.get(next).map(|range| range.0);
        let wanted = around.map(|(start, value)| (value, range::shortest(*word, start, next)));
        prop_assert_eq!(cover.find(*word), wanted);
    }
    Ok(cover)
}

proptest! {
    /// Starts that come again, are taken back, and share their upper halves.
    #[test]
    fn covers_are_lists(mut pushed in proptest::collection::vec((0u32..6, 0u32..4, 0u32..3), 0..24)) {
        pushed.sort_by_key(|push| (push.0, push.1));
        let six = |(high, low, value): &(u32, u32, u32)| (u128::from(*high) << 64 | u128::from(*low), *value);
        let six: Vec<(u128, u32)> = pushed.iter().map(six).collect();
        let asked: Vec<u128> = (0..7 << 2).map(|n: u128| n >> 2 << 64 | n & 3).collect();
        let cover = holds(&six, &asked)?;
        let deep = cover.iter().filter(|range| range.0 as u64 != 0).count();
        prop_assert_eq!(cover.memory(), 12 * cover.len() + 16 * deep);
        let four: Vec<(u32, u32)> = pushed.iter().map(|(high, low, value)| (high << 2 | low, *value)).collect();
        let cover = holds(&four, &(0..28).collect::<Vec<u32>>())?;
        prop_assert_eq!(cover.memory(), 8 * cover.len());
    }
}
