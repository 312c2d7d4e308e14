//! The prefix table against a look at every range.

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use crate::geo::range::Word;
use crate::geo::table::Table;
use crate::prefix::{mask32, mask128};

/// Borders that cluster, so that ranges of one address and deep prefixes come up.
fn borders4() -> impl Strategy<Value = Vec<u32>> {
    let near = prop_oneof![
        any::<u32>(),
        0u32..40,
        (0u32..40).prop_map(|x| u32::MAX - x),
        (0u32..40).prop_map(|x| 0xC000_0200 + x),
        (0u32..=16).prop_map(|x| x << 28 >> 1),
    ];
    proptest::collection::vec(near, 0..24)
}

fn borders6() -> impl Strategy<Value = Vec<u128>> {
    let base = 0x2001_0db8_u128 << 96;
    let near = prop_oneof![
        any::<u128>(),
        0u128..20,
        (0u128..20).prop_map(|x| u128::MAX - x),
        (0u128..20).prop_map(move |x| base + x),
        any::<u64>().prop_map(|x| u128::from(x) << 64),
        (0u128..64).prop_map(move |x| base + (x << 76)),
        any::<u16>().prop_map(|x| (1 << 125) | u128::from(x) << 109),
    ];
    let any_depth = proptest::collection::vec(near, 0..24);
    let halves = any_depth
        .clone()
        .prop_map(|l| l.into_iter().map(|x| x >> 64 << 64).collect());
    prop_oneof![any_depth, halves]
}

/// Ranges from borders, with few classes so that neighbours are often equal.
fn ranges<W: Word>(mut borders: Vec<W>, classes: &[u32]) -> Vec<(W, u32)> {
    borders.push(W::ZERO);
    borders.sort();
    borders.dedup();
    borders
        .into_iter()
        .zip(classes.iter().copied().cycle())
        .collect()
}

/// With this class in the networks that hold IPv4 addresses.
fn folded(list: Vec<(u128, u32)>, class: u32) -> Vec<(u128, u32)> {
    let mut borders: Vec<u128> = list.iter().map(|(start, _)| *start).collect();
    let forms = [
        (0xffff_u128 << 32, 96),
        (0x0064_ff9b << 96, 96),
        (0x2001 << 112, 32),
        (0x2002 << 112, 16),
    ];
    for (start, length) in forms {
        borders.extend([start, (start | !mask128(length)) + 1]);
    }
    borders.sort();
    let one = |start: u128| {
        let inside = |(first, length): &(u128, u8)| start & mask128(*length) == *first;
        let class = if forms.iter().any(inside) {
            class
        } else {
            slow(&list, start)
        };
        (start, class)
    };
    borders.into_iter().map(one).collect()
}

fn classes() -> impl Strategy<Value = Vec<u32>> {
    proptest::collection::vec(0u32..3, 1..9)
}

/// The class by looking at every range.
fn slow<W: Word>(ranges: &[(W, u32)], word: W) -> u32 {
    ranges
        .iter()
        .rev()
        .find(|(start, _)| *start <= word)
        .unwrap()
        .1
}

/// Whether a stretch of addresses is of one class.
fn alone<W: Word>(ranges: &[(W, u32)], first: W, last: W) -> bool {
    let class = slow(ranges, first);
    ranges
        .iter()
        .all(|(start, c)| *start <= first || *start > last || *c == class)
}

fn stretch4(addr: u32, len: u8) -> (u32, u32) {
    let mask = mask32(len);
    (addr & mask, addr | !mask)
}

fn stretch6(addr: u128, len: u8) -> (u128, u128) {
    let mask = mask128(len);
    (addr & mask, addr | !mask)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// The class is right, all of the prefix has it, one bit less would not do, and every other address of the
    /// prefix is given the same prefix: scopes never overlap.
    #[test]
    fn prefixes_are_exact4(
        borders in borders4(), classes in classes(), asked in any::<u32>(), at in 0usize..30,
        off in -1i64..=1,
    ) {
        let list = ranges(borders, &classes);
        let table = Table::new(list.clone(), vec![(0, 9)]);
        let near = list[at % list.len()].0.wrapping_add_signed(off as i32);
        for addr in [asked, near, 0, u32::MAX] {
            let (class, len) = table.find(Ipv4Addr::from(addr).into());
            prop_assert_eq!(class, slow(&list, addr));
            let (first, last) = stretch4(addr, len);
            prop_assert!(len >= 1 && alone(&list, first, last));
            if len > 1 {
                let (first, last) = stretch4(addr, len - 1);
                prop_assert!(!alone(&list, first, last), "{}/{}", Ipv4Addr::from(addr), len);
            }
            for other in [first, last, first + (last - first) / 2] {
                prop_assert_eq!(table.find(Ipv4Addr::from(other).into()), (class, len));
            }
        }
    }

    #[test]
    fn prefixes_are_exact6(
        borders in borders6(), classes in classes(), asked in any::<u128>(), at in 0usize..30,
        off in -1i64..=1,
    ) {
        let list = folded(ranges(borders, &classes), 9);
        let table = Table::new(vec![(0, 9)], list.clone());
        let near = list[at % list.len()].0.wrapping_add_signed(i128::from(off));
        for addr in [asked, near, 0, u128::MAX, asked >> 3 | 1 << 125] {
            let (class, len) = table.find(Ipv6Addr::from(addr).into());
            prop_assert_eq!(class, slow(&list, addr));
            let (first, last) = stretch6(addr, len);
            prop_assert!(len >= 1 && alone(&list, first, last));
            if len > 1 {
                let (first, last) = stretch6(addr, len - 1);
                prop_assert!(!alone(&list, first, last), "{}/{}", Ipv6Addr::from(addr), len);
            }
            for other in [first, last, first + (last - first) / 2] {
                prop_assert_eq!(table.find(Ipv6Addr::from(other).into()), (class, len));
            }
        }
    }
}

fn find(table: &Table, addr: &str) -> (u32, u8) {
    table.find(addr.parse().unwrap())
}

#[test]
fn zero_only_if_all_is_one() {
    let all = |v4, v6| Table::new(vec![(0, v4), (77, v4)], vec![(0, v6)]);
    for addr in ["0.0.0.0", "255.255.255.255", "::", "2001:db8::1"] {
        assert_eq!(find(&all(5, 5), addr), (5, 0));
        // Of another class than IPv4, addresses of IPv6 keep apart from those that hold one of IPv4.
        let length = find(&all(5, 6), addr).1;
        assert!(if addr.contains(':') {
            length > 1
        } else {
            length == 1
        });
        assert_eq!(find(&Table::new(vec![], vec![]), addr), (0, 0));
    }
    let table = Table::new(vec![(0, 5)], vec![(0, 5), (1 << 127, 6)]);
    assert_eq!(find(&table, "192.0.2.1"), (5, 1));
    assert_eq!(find(&table, "2001:db8::1"), (5, 1));
    assert_eq!(find(&table, "ff02::1"), (6, 1));
}

#[test]
fn prefixes_by_hand() {
    let start = u32::from(Ipv4Addr::new(192, 0, 2, 0));
    let table = Table::new(vec![(0, 1), (start, 2), (start + 192, 1)], vec![(0, 1)]);
    assert_eq!(find(&table, "192.0.2.1"), (2, 25));
    assert_eq!(find(&table, "192.0.2.129"), (2, 26));
    assert_eq!(find(&table, "192.0.2.192"), (1, 26));
    assert_eq!(find(&table, "192.0.1.255"), (1, 23));
    assert_eq!(find(&table, "10.0.0.1"), (1, 1));
    assert_eq!(table.ranges(), (3, 1));
    assert_eq!(table.len(), 4);
}

/// Where ranges begin: in bunches, as deep as the address goes, and all over one network.
fn bunches() -> impl Strategy<Value = Vec<u128>> {
    let bunch = (any::<u128>(), 0u32..128, 1usize..60);
    let bunch = (bunch, any::<u64>()).prop_map(|((base, depth, many), seed)| {
        // Beyond `depth` bits they differ.
        let next = move |n: usize| {
            let mixed = (seed ^ n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            base ^ (u128::from(mixed) << 64 | u128::from(mixed.swap_bytes())) >> depth
        };
        (0..many).map(next).collect::<Vec<u128>>()
    });
    let bunches = proptest::collection::vec(bunch, 1..40);
    let cut = proptest::sample::select(vec![128u32, 128, 64, 48, 24]);
    (bunches, cut).prop_map(|(bunches, cut)| {
        let starts = bunches.concat().into_iter();
        starts.map(|start| start & mask128(cut as u8)).collect()
    })
}

/// The class and the length by the ranges around, found by halving.
fn plain<W: Word>(ranges: &[(W, u32)], word: W) -> (u32, u8) {
    let next = ranges.partition_point(|range| range.0 <= word);
    let (mut first, class) = (next - 1, ranges[next - 1].1);
    while first > 0 && ranges[first - 1].1 == class {
        first -= 1;
    }
    let end = ranges[next..].iter().find(|range| range.1 != class);
    let length = crate::geo::range::shortest(word, ranges[first].0, end.map(|range| range.0));
    (class, length.max(1))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// As many ranges as make slots, blocks and blocks inside of blocks; classes of one word and of two.
    #[test]
    fn large_tables_are_exact(
        starts in bunches(), classes in classes(), wide in proptest::bool::ANY, seed in any::<u128>(),
    ) {
        let more = if wide { 70_000 } else { 0 };
        let classes: Vec<u32> = classes.iter().map(|class| class * 20_000 + more).collect();
        let mut v4 = ranges(starts.iter().map(|s| (s >> 96) as u32).collect(), &classes);
        let mut v6 = ranges(starts.clone(), &classes);
        // So that no family is one class.
        v4.retain(|range| range.0 < u32::MAX);
        v4.push((u32::MAX, 3));
        v6.retain(|range| range.0 < u128::MAX);
        v6.push((u128::MAX, 3));
        let table = Table::new(v4.clone(), v6.clone());
        let near = starts.iter().flat_map(|s| [*s, s.wrapping_sub(1), s ^ seed >> 90, s ^ seed >> 20]);
        for addr in near.chain([seed, 0, u128::MAX]) {
            let six = Ipv6Addr::from(addr);
            if crate::geo::embedded(six).is_none() {
                let (class, length) = plain(&v6, addr);
                let length = length.max(crate::geo::form::apart(six));
                prop_assert_eq!(table.find(six.into()), (class, length), "{}", six);
            }
            let addr = (addr >> 96) as u32;
            let found = table.find(Ipv4Addr::from(addr).into());
            prop_assert_eq!(found, plain(&v4, addr), "{}", Ipv4Addr::from(addr));
        }
    }
}

/// So many classes that a block's cells do not fit into a word beside them.
#[test]
fn values_of_two_words() {
    let start = |n: u32| (u128::from(n) << 80) + 1;
    let v6: Vec<_> = (0..70_000).map(|n| (start(n), n)).collect();
    let table = Table::new(vec![(0, 65_535)], v6);
    for n in [1, 2, 40_000, 65_535, 65_536, 69_999] {
        let addr = |start: u128| Ipv6Addr::from(start).into();
        assert_eq!(table.find(addr(start(n))).0, n);
        assert_eq!(table.find(addr(start(n) - 1)), (n - 1, 128));
    }
    assert_eq!(find(&table, "192.0.2.1"), (65_535, 1));
}

/// What a range costs where they are dense: less than 6 octets, and one that is deeper than all others changes nothing.
#[test]
fn dense() {
    let count = 1u32 << 18;
    let v4: Vec<_> = (0..count).map(|i| (i << 14, i % 7)).collect();
    let top = 1u128 << 125;
    let six = |shift: u32| (0..u128::from(count)).map(move |i| (top + (i << shift), i as u32 % 7));
    let mut v6: Vec<_> = six(80).collect();
    v6.insert(0, (0, 8));
    let table = Table::new(v4.clone(), v6.clone());
    // The beginnings of blocks of IPv6, by 12 bits.
    let fixed = 8 << 12;
    assert!(table.memory() <= 11 * count as usize + fixed);
    for i in (0..count).step_by(97) {
        let addr = Ipv4Addr::from((i << 14) + i % 16_000);
        assert_eq!(table.find(addr.into()), (i % 7, 18));
        let addr = Ipv6Addr::from(top + (u128::from(i) << 80) + 5);
        assert_eq!(table.find(addr.into()).0, i % 7);
    }
    v6.push((u128::MAX, 9));
    let table = Table::new(v4, v6);
    assert!(table.memory() <= 11 * count as usize + fixed);
    assert_eq!(
        find(&table, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        (9, 128)
    );
}
