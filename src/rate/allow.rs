//! Networks that are never limited, as ranges of addresses to search in.

use std::net::IpAddr;

use crate::prefix::{Prefix, mask32, mask128};

/// First and last addresses of each family, apart and in order.
#[derive(Debug)]
pub(super) struct Allow {
    v4: Box<[(u32, u32)]>,
    v6: Box<[(u128, u128)]>,
    /// By some bits of an address, whether a range has such: most addresses that are limited lie near none.
    near: Box<[u64; NEAR / 64]>,
}

/// A /16 of IPv4 is one bit.
const NEAR: usize = 1 << 16;

/// The bit for an address: a /16, or the second group of IPv6, in which the registries' blocks differ most.
fn block(address: IpAddr) -> u16 {
    match address {
        IpAddr::V4(a) => (u32::from(a) >> 16) as u16,
        IpAddr::V6(a) => (u128::from(a) >> 96) as u16,
    }
}

/// Sorted. Two networks are apart, or one holds the other: then only that one stays.
fn apart<T: Copy + Ord>(mut ranges: Vec<(T, T)>) -> Box<[(T, T)]> {
    ranges.sort_unstable();
    ranges.dedup_by(|later, first| later.1 <= first.1);
    ranges.into()
}

/// Whether one of the ranges has it.
fn within<T: Copy + Ord>(ranges: &[(T, T)], address: T) -> bool {
    let before = ranges.partition_point(|(first, _)| *first <= address);
    let last = before.checked_sub(1).and_then(|at| ranges.get(at));
    last.is_some_and(|(_, last)| address <= *last)
}

impl Allow {
    pub(super) fn new(networks: &[Prefix]) -> Allow {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        let mut near = Box::new([0_u64; NEAR / 64]);
        for network in networks {
            let length = network.len();
            let many = match network.addr() {
                IpAddr::V4(a) => {
                    let first = u32::from(a);
                    v4.push((first, first | !mask32(length)));
                    NEAR >> length.min(16)
                }
                IpAddr::V6(a) => {
                    let first = u128::from(a);
                    v6.push((first, first | !mask128(length)));
                    NEAR >> length.saturating_sub(16).min(16)
                }
            };
            let first = block(network.addr());
            for step in 0..many {
                let bit = usize::from(first.wrapping_add(step as u16));
                near[bit / 64] |= 1 << (bit % 64);
            }
        }
        Allow {
            v4: apart(v4),
            v6: apart(v6),
            near,
        }
    }

    #[inline]
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        let bit = usize::from(block(address));
        self.near[bit / 64] >> (bit % 64) & 1 != 0 && self.is_within(address)
    }

    #[inline(never)]
    fn is_within(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(a) => within(&self.v4, u32::from(a)),
            IpAddr::V6(a) => within(&self.v6, u128::from(a)),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn networks_in_networks_and_both_families() {
        let networks = ["192.0.2.0/25", "192.0.2.0/24", "2001:db8::/32", "0.0.0.0/8"];
        let allow = Allow::new(&networks.map(|n| n.parse().unwrap()));
        for (address, is) in [
            ("192.0.2.0", true),
            ("192.0.2.255", true),
            ("192.0.3.0", false),
            ("192.0.1.255", false),
            ("0.255.255.255", true),
            ("1.0.0.0", false),
            ("2001:db8:ffff::1", true),
            ("2001:db9::", false),
            ("::", false),
        ] {
            assert_eq!(allow.contains(address.parse().unwrap()), is, "{address}");
        }
        // Everything of a family, and one address of the other.
        let allow = Allow::new(&["::/0", "192.0.2.9/32"].map(|n| n.parse().unwrap()));
        for (address, is) in [
            ("::", true),
            ("ffff:ffff::1", true),
            ("192.0.2.9", true),
            ("192.0.2.8", false),
        ] {
            assert_eq!(allow.contains(address.parse().unwrap()), is, "{address}");
        }
        assert!(!Allow::new(&[]).contains("::".parse().unwrap()));
    }

    proptest! {
        #[test]
        fn as_the_networks_say(
            networks in proptest::collection::vec((any::<u32>(), 0u8..=32), 0..20),
            near in proptest::collection::vec((0usize..20, -2i64..3), 1..20),
        ) {
            let networks: Vec<Prefix> = networks
                .into_iter()
                .map(|(a, len)| Prefix::around(IpAddr::from(a.to_be_bytes()), len))
                .collect();
            let allow = Allow::new(&networks);
            for (at, step) in near {
                let base = networks.get(at).map_or(0, |n| match n.addr() {
                    IpAddr::V4(a) => u32::from(a),
                    IpAddr::V6(_) => 0,
                });
                let address = IpAddr::from((i64::from(base) + step).rem_euclid(1 << 32).to_be_bytes()[4..].first_chunk::<4>().copied().unwrap());
                prop_assert_eq!(allow.contains(address), networks.iter().any(|n| n.contains(address)));
            }
        }
    }
}
