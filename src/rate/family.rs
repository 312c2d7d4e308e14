//! The networks around a client that are held to a rate each: their lengths, rates, and places in the tables.

use std::net::IpAddr;

use super::{mix, table};

/// Lengths of prefixes of each family.
pub(super) const LEVELS: usize = 3;

/// Lengths of prefixes and how much more than one address they may be sent, from the longest. The figures are Knot DNS's;
/// of its lengths these tell one host, one customer and one operator apart. Each a power of two: so one price does for all.
const V4: [(u8, u32); LEVELS] = [(32, 1), (24, 32), (20, 256)];
const V6: [(u8, u32); LEVELS] = [(64, 2), (48, 4), (32, 64)];

/// What is known of the networks of one family, whose keys have so many bits: an IPv4 address, or the upper half of an IPv6
/// one. The number is one that the compiler knows, for this is done for each answer that is not small.
#[derive(Debug)]
pub(super) struct Family<const BITS: u8> {
    /// Of the hashes, and other ones for each length: that one key can be chosen does not help to choose the others.
    seeds: [[u64; 2]; LEVELS],
    /// Ticks of the table's clock that one octet costs one address, times 2³².
    price: u64,
}

/// The lengths for keys of so many bits.
pub(super) const fn lengths(bits: u8) -> [(u8, u32); LEVELS] {
    match bits {
        32 => V4,
        _ => V6,
    }
}

/// The lengths around this client.
pub(super) fn around(client: IpAddr) -> [(u8, u32); LEVELS] {
    match client {
        IpAddr::V4(_) => V4,
        IpAddr::V6(_) => V6,
    }
}

impl<const BITS: u8> Family<BITS> {
    /// Of one address so many octets a second, and of others in proportion.
    pub(super) fn new(octets: u64, state: &mut [u64; 2]) -> Family<BITS> {
        let mut seed = || {
            *state = [mix(state[0] ^ 1), mix(state[1] ^ 2)];
            [state[0], state[1] | 1]
        };
        Family {
            seeds: [seed(), seed(), seed()],
            price: (table::SECOND << 32) / octets,
        }
    }

    /// The number of a client's network.
    #[inline]
    pub(super) fn network(level: usize, key: u64) -> u64 {
        key & (u64::MAX << (BITS - lengths(BITS)[level].0))
    }

    #[inline]
    pub(super) fn hash(&self, level: usize, key: u64) -> u64 {
        let [one, other] = self.seeds[level];
        let key = u128::from(Self::network(level, key) ^ one);
        let product = key.wrapping_mul(u128::from(other));
        (product >> 64) as u64 ^ product as u64
    }

    /// What so many octets cost one address, in ticks times 2³². An octet costs 12,500 ticks at most.
    #[inline]
    pub(super) fn price(&self, octets: u64) -> u64 {
        octets.wrapping_mul(self.price)
    }

    /// The ticks that this price is to a network. Rounded up, so that the smallest answer costs something.
    #[inline]
    pub(super) fn cost(level: usize, price: u64) -> u32 {
        let times = lengths(BITS)[level].1;
        (price >> (32 + times.trailing_zeros())) as u32 | 1
    }
}
