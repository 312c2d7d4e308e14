//! Networks that are never limited, as ranges of addresses to search in.

use std::net::IpAddr;

use crate::prefix::{Prefix, mask128};

/// First and last addresses, apart and in order.
#[derive(Debug)]
pub(super) struct Allow(Box<[(u128, u128)]>);

/// Both families in one order: IPv4 where IPv6 maps it.
fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(a) => a.to_ipv6_mapped().into(),
        IpAddr::V6(a) => a.into(),
    }
}

impl Allow {
    pub(super) fn new(networks: &[Prefix]) -> Allow {
        let range = |network: &Prefix| {
            let first = number(network.addr());
            let length = match network.addr() {
                IpAddr::V4(_) => network.len() + 96,
                IpAddr::V6(_) => network.len(),
            };
            (first, first | !mask128(length))
        };
        let mut ranges: Vec<(u128, u128)> = networks.iter().map(range).collect();
        ranges.sort_unstable();
        // Two networks are apart, or one holds the other: then it stands first.
        ranges.dedup_by(|later, first| later.1 <= first.1);
        Allow(ranges.into())
    }

    pub(super) fn contains(&self, address: IpAddr) -> bool {
        let address = number(address);
        let before = self.0.partition_point(|(first, _)| *first <= address);
        let last = before.checked_sub(1).and_then(|at| self.0.get(at));
        last.is_some_and(|(_, last)| address <= *last)
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
                let base = networks.get(at).map_or(0, |n| number(n.addr()) as u32);
                let address = IpAddr::from((i64::from(base) + step).rem_euclid(1 << 32).to_be_bytes()[4..].first_chunk::<4>().copied().unwrap());
                prop_assert_eq!(allow.contains(address), networks.iter().any(|n| n.contains(address)));
            }
        }
    }
}
