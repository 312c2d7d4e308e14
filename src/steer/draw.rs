//! The draw: from a query or a client to a point in [0, 2³²), by integers only, so that all nodes agree.

use std::net::IpAddr;

use crate::prefix::Prefix;

/// The golden ratio's fraction in 2⁻³²: its multiples spread evenly over the points, however many are taken.
const PHI: u32 = 0x9E37_79B9;

/// The second generator of the plastic number's sequence in 2⁻³²: even by itself, and beside [`PHI`].
const TURN: u32 = 0xC13F_A9A9;

/// Slots of a sticky table: a power of two, some sixty for each VIP of the largest sensible pool.
pub const SLOTS: u32 = 4_096;

/// Client keys are addresses cut to this length: what public resolvers send, and what a household has (RFC 7871 §11.1).
pub const KEY_V4: u8 = 24;
/// The same for IPv6.
pub const KEY_V6: u8 = 56;

/// Spreads the bits of a number (the finaliser of splitmix64): every input bit moves half of the output bits.
#[inline]
pub fn mix(mut x: u64) -> u64 {
    x ^= x >> 30;
    x = x.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x ^= x >> 27;
    x = x.wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Hash of some bytes, eight at a time, little-endian and padded with zeros.
#[inline]
pub fn hash(seed: u64, bytes: &[u8]) -> u64 {
    let mut h = mix(seed ^ bytes.len() as u64);
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let mut lane = [0; 8];
        lane.copy_from_slice(chunk);
        h = mix(h ^ u64::from_le_bytes(lane));
    }
    let rest = chunks.remainder();
    if !rest.is_empty() {
        let mut lane = [0; 8];
        lane[..rest.len()].copy_from_slice(rest);
        h = mix(h ^ u64::from_le_bytes(lane));
    }
    h
}

/// What a pool's draws begin with.
pub fn pool_hash(name: &str) -> u64 {
    hash(0, name.as_bytes())
}

/// What a VIP's scores begin with: its name, so that no number of its place in a list matters.
pub fn vip_hash(name: &str) -> u64 {
    hash(1, name.as_bytes())
}

/// The network that stands for a client in the draws `client` and `sticky`.
#[inline]
pub fn key(addr: IpAddr) -> Prefix {
    Prefix::around(addr, if addr.is_ipv4() { KEY_V4 } else { KEY_V6 })
}

/// The hash of a client key for a pool.
#[inline]
pub fn key_hash(pool: u64, addr: IpAddr) -> u64 {
    match key(addr).addr() {
        IpAddr::V4(a) => hash(pool, &a.octets()),
        IpAddr::V6(a) => hash(pool, &a.octets()),
    }
}

/// `query`: the next of an even sequence. In a chain of steered names only the first draws from it: those that it leads to
/// are asked for some points of it only, so that each of them needs a draw that does not hang on the one before.
#[inline]
pub fn query(counter: u32, hop: u32) -> u32 {
    match hop {
        0 => counter.wrapping_mul(PHI),
        hop => (mix(mix(u64::from(hop)) ^ u64::from(counter)) >> 32) as u32,
    }
}

/// Where the order of an answer of `count` addresses begins. A sequence of its own: the mere count would give a client that
/// asks for A and AAAA in turn one order for ever, and the sequence of [`query`] one order for each set.
#[inline]
pub fn start(counter: u32, count: usize) -> usize {
    ((u64::from(counter.wrapping_mul(TURN)) * count as u64) >> 32) as usize
}

/// `client`: the client key, moved once a TTL. Each client walks through all VIPs in time.
#[inline]
pub fn client(pool: u64, addr: IpAddr, now: u64, ttl: u32) -> u32 {
    let slot = (now / u64::from(ttl.max(1))) as u32;
    sticky(pool, addr).wrapping_add(slot.wrapping_mul(PHI))
}

/// `sticky`: the client key alone.
#[inline]
pub fn sticky(pool: u64, addr: IpAddr) -> u32 {
    (key_hash(pool, addr) >> 32) as u32
}

/// `name`: the queried name alone, as small letters in wire form.
#[inline]
pub fn name(pool: u64, lower: &[u8]) -> u32 {
    (hash(pool, lower) >> 32) as u32
}

/// How a VIP fares in a slot of the sticky table; with its mass it makes a score, and the least score wins
/// (weighted rendezvous). This is -log₂((h+1)/2⁶⁴) in units of 2⁻³², at least 1.
pub fn rank(slot: u32, vip: u64) -> u64 {
    neglog(mix(mix(u64::from(slot)) ^ vip))
}

fn neglog(h: u64) -> u64 {
    let Some(x) = h.checked_add(1) else { return 1 };
    let whole = 63 - x.leading_zeros(); // floor(log₂ x)
    let mut m = u128::from(x) << (63 - whole); // in [2⁶³, 2⁶⁴)
    let mut fraction = 0u64;
    for bit in (0..32).rev() {
        m = (m * m) >> 63;
        if m >= 1 << 64 {
            m >>= 1;
            fraction |= 1 << bit;
        }
    }
    ((u64::from(64 - whole) << 32) - fraction).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_right() {
        for h in [
            0,
            1,
            2,
            1 << 31,
            u64::MAX / 3,
            u64::MAX - 1,
            u64::MAX,
            0x1234_5678_9abc_def0,
        ] {
            let real = -(((h as f64) + 1.0) / 2f64.powi(64)).log2() * 2f64.powi(32);
            let ours = neglog(h) as f64;
            assert!((ours - real.max(1.0)).abs() < 4.0, "{h}: {ours} {real}");
        }
    }

    #[test]
    fn a_run_of_queries_is_even() {
        let mut seen = [0; 4];
        for counter in 0..4096 {
            seen[(query(counter, 0) >> 30) as usize] += 1;
        }
        assert!(seen.iter().all(|n| (1023..=1025).contains(n)), "{seen:?}");
    }

    /// What a steered name leads to is asked for some points only, and must still be parted evenly.
    #[test]
    fn a_name_that_another_leads_to_draws_by_itself() {
        for part in 0..5 {
            let led = (0..100_000u32).filter(|c| (u64::from(query(*c, 0)) * 5) >> 32 == part);
            let draws: Vec<[u32; 2]> = led.map(|c| [query(c, 1), query(c, 2)]).collect();
            let low = |hop: usize| draws.iter().filter(|d| d[hop] >> 31 == 0).count();
            for count in [low(0), low(1)] {
                assert!((9_600..=10_400).contains(&count), "{part}: {count}");
            }
            let both = draws.iter().filter(|d| (d[0] ^ d[1]) >> 31 == 0).count();
            assert!((9_600..=10_400).contains(&both), "{part}: {both}");
        }
    }

    /// Every second draw, and those of one half of the points alone: each still begins with either address as often.
    #[test]
    fn orders_are_even_whoever_asks() {
        for (step, half) in [(1, None), (2, None), (3, None), (1, Some(0)), (1, Some(1))] {
            let counters = (0..8_000u32).map(|n| n * step);
            let counters = counters.filter(|c| half.is_none_or(|half| query(*c, 0) >> 31 == half));
            let starts: Vec<usize> = counters.map(|c| start(c, 2)).collect();
            let first = starts.iter().filter(|s| **s == 0).count() * 1_000 / starts.len();
            assert!((490..=510).contains(&first), "{step} {half:?}: {first}");
        }
        assert_eq!(start(7, 0), 0);
    }
}
