//! IPv4 addresses within IPv6 ones: which they are, and how far the prefixes around them reach.

use std::net::{IpAddr, Ipv6Addr};

use proptest::prelude::*;

use crate::geo::table::Table;
use crate::geo::{embedded, fold, global};
use crate::prefix::mask128;

#[test]
fn every_form_folds() {
    let table = [
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("64:ff9b::c000:201", "192.0.2.1"),
        ("2002:c000:201::", "192.0.2.1"),
        ("2002:c000:201:ffff::1", "192.0.2.1"),
        ("2001:0:4136:e378:8000:63bf:3fff:fdfe", "192.0.2.1"),
        // Neighbours of the forms, and a form that is no longer used.
        ("::fffe:c000:201", "::fffe:c000:201"),
        ("::1:0:c000:201", "::1:0:c000:201"),
        ("64:ff9b:1::c000:201", "64:ff9b:1::c000:201"),
        ("64:ff9b::1:c000:201", "64:ff9b::1:c000:201"),
        ("2001:1::3fff:fdfe", "2001:1::3fff:fdfe"),
        ("2003:c000:201::", "2003:c000:201::"),
        ("::192.0.2.1", "::c000:201"),
        ("2001:db8::1", "2001:db8::1"),
        ("192.0.2.1", "192.0.2.1"),
    ];
    for (written, meant) in table {
        let addr: IpAddr = written.parse().unwrap();
        assert_eq!(fold(addr).to_string(), meant, "{written}");
    }
}

#[test]
fn a_form_is_as_global_as_what_it_holds() {
    for addr in [
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:a9fe:1::",
        "2002:6440:1::1",
        "2002:c000:201::",
        "2002:e000:1::",
        "2001:0:1::f5ff:fffe",
        "2001::",
    ] {
        assert!(!global(addr.parse().unwrap()), "{addr}");
    }
    for addr in [
        "::ffff:193.0.6.9",
        "64:ff9b::c100:609",
        "2002:c100:609::",
        "2001:0:1::3eff:f9f6",
    ] {
        assert!(global(addr.parse().unwrap()), "{addr}");
    }
}

/// Where ranges begin, with their classes.
type Ranges<W> = Vec<(W, u32)>;

/// A few classes by the first bits of each family, so that forms and their neighbours are often alike.
fn covers() -> impl Strategy<Value = (Ranges<u32>, Ranges<u128>)> {
    let v4 = proptest::collection::vec((0u32..64, 0u32..2), 0..4);
    let near = prop_oneof![
        (0u128..64).prop_map(|x| x << 122),
        (0x2000u128..0x2004).prop_map(|x| x << 112),
        (0u128..4).prop_map(|x| 0x2001 << 112 | x << 96),
        (0u128..4).prop_map(|x| 0x0064_ff9b << 96 | x << 30),
        (0u128..4).prop_map(|x| 0xffff << 32 | x << 31),
    ];
    let v6 = proptest::collection::vec((near, 0u32..2), 0..6);
    let v4 = v4.prop_map(|list| list.into_iter().map(|(x, class)| (x << 26, class)));
    let v4 = v4.prop_map(|list| [(0, 1)].into_iter().chain(list).collect::<Vec<_>>());
    let v6 = v6.prop_map(|list| [(0, 1)].into_iter().chain(list).collect::<Vec<_>>());
    (v4, v6).prop_map(|(mut v4, mut v6)| {
        v4.sort();
        v6.sort();
        v4.dedup_by_key(|range| range.0);
        v6.dedup_by_key(|range| range.0);
        (v4, v6)
    })
}

/// The class of an address, in the plainest words.
fn class(v4: &[(u32, u32)], v6: &[(u128, u32)], addr: u128) -> u32 {
    match embedded(Ipv6Addr::from(addr)) {
        Some((four, _)) => {
            let around = v4.iter().rev().find(|range| range.0 <= u32::from(four));
            around.unwrap().1
        }
        None => v6.iter().rev().find(|range| range.0 <= addr).unwrap().1,
    }
}

/// Every address of IPv6 at which the class may change; in Teredo beside `addr`.
fn borders(v4: &[(u32, u32)], v6: &[(u128, u32)], addr: u128) -> Vec<u128> {
    let mut all: Vec<u128> = v6.iter().map(|range| range.0).collect();
    for (start, length) in [
        (0xffff << 32, 96),
        (0x0064_ff9b << 96, 96),
        (0x2001 << 112, 32),
        (0x2002 << 112, 16),
    ] {
        let inside = addr & mask128(length) == start;
        let server = if inside && length == 32 {
            addr & mask128(96)
        } else {
            start
        };
        all.extend([start, (start | !mask128(length)) + 1]);
        for (first, _) in v4 {
            let last = first.wrapping_sub(1);
            all.extend(match length {
                16 => [
                    start | u128::from(*first) << 80,
                    start | u128::from(last) << 80,
                ],
                32 => [server | u128::from(!first), server | u128::from(!last)],
                _ => [start | u128::from(*first), start | u128::from(last)],
            });
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Forms and all else: the class is right, the whole prefix has it, and one bit less would not do.
    #[test]
    fn prefixes_are_exact_in_every_form((v4, v6) in covers(), four in any::<u32>(), six in any::<u128>(), server in any::<u64>()) {
        let table = Table::new(v4.clone(), v6.clone());
        let asked = [
            six,
            six >> 3 | 1 << 125,
            0x2000 << 112 | six >> 14,
            0xffff << 32 | u128::from(four),
            0x0064_ff9b << 96 | u128::from(four),
            0x2002 << 112 | u128::from(four) << 80 | u128::from(server),
            0x2001 << 112 | u128::from(server) << 32 | u128::from(four),
        ];
        for addr in asked {
            let (found, length) = table.find(Ipv6Addr::from(addr).into());
            let right = |addr| class(&v4, &v6, addr);
            prop_assert_eq!(found, right(addr));
            let borders = borders(&v4, &v6, addr);
            let alone = |length: u8| {
                let mask = mask128(length);
                let inside = |border: &&u128| **border & mask == addr & mask;
                right(addr & mask) == found && borders.iter().filter(inside).all(|b| right(*b) == found)
            };
            let all = v4.iter().all(|range| range.1 == found) && alone(0);
            prop_assert_eq!(length == 0, all, "{}", Ipv6Addr::from(addr));
            if length > 0 {
                prop_assert!(alone(length), "{}/{}", Ipv6Addr::from(addr), length);
                prop_assert!(length == 1 || !alone(length - 1), "{}/{}", Ipv6Addr::from(addr), length);
            }
        }
    }
}

/// The lengths that a public resolver sees, in words.
#[test]
fn lengths_count_in_the_form() {
    let table = Table::new(
        vec![(0, 1), (0xC100_0600, 2), (0xC100_0700, 1)],
        vec![(0, 1)],
    );
    let find = |addr: &str| table.find(addr.parse().unwrap());
    assert_eq!(find("193.0.6.9"), (2, 24));
    assert_eq!(find("::ffff:193.0.6.9"), (2, 120));
    assert_eq!(find("64:ff9b::193.0.6.9"), (2, 120));
    assert_eq!(find("2002:c100:609:1::1"), (2, 40));
    assert_eq!(find("2001:0:1234:5678:9abc:def0:3eff:f9f6"), (2, 120));
    // Beside the forms: no prefix reaches into them.
    assert_eq!(find("2003::1"), (1, 16));
    assert_eq!(find("2001:1::1"), (1, 32));
    assert_eq!(find("2a00::1"), (1, 5));
}
