//! Where addresses are: databases, layered and flattened, and the longest-prefix table made of them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub mod atlas;
pub mod corrections;
mod cover;
mod database;
mod digest;
mod facts;
mod form;
pub mod import;
pub mod layers;
pub mod mmdb;
mod range;
mod record;
pub mod table;
#[cfg(test)]
pub(crate) mod tests;
mod trie;

pub use form::{around, embedded, fold};

/// Whether an address can be that of a client on the Internet: only such an ECS address is used (RFC 7871 §11.1 and §11.2
/// leave the rest to the server). One that holds an IPv4 address counts as that.
///
/// Everything else of IANA's special-purpose registries that a client cannot come from counts as not global: private,
/// shared, loopback, link-local, documentation, benchmarks, protocol assignments, multicast and, in IPv6, all beyond
/// 2000::/3.
#[inline(always)]
pub fn global(addr: IpAddr) -> bool {
    match addr {
        // Nearly all that is asked for, told by the first bits alone.
        IpAddr::V4(addr) if plain(addr.octets()[0]) => true,
        IpAddr::V6(addr) if (0x2003..0x3fff).contains(&addr.segments()[0]) => true,
        _ => told(addr),
    }
}

/// Whether all addresses of IPv4 with this first octet are global.
#[inline(always)]
const fn plain(first: u8) -> bool {
    const APART: [u8; 9] = [0, 10, 100, 127, 169, 172, 192, 198, 203];
    const PLAIN: [u64; 4] = {
        let mut bits = [u64::MAX, u64::MAX, u64::MAX, 0x0000_0000_ffff_ffff];
        let mut n = 0;
        while n < APART.len() {
            bits[APART[n] as usize / 64] &= !(1 << (APART[n] % 64));
            n += 1;
        }
        bits
    };
    PLAIN[first as usize / 64] >> (first % 64) & 1 == 1
}

/// The same by the whole address.
fn told(addr: IpAddr) -> bool {
    match fold(addr) {
        IpAddr::V4(addr) => global4(addr),
        IpAddr::V6(addr) => global6(addr),
    }
}

fn global4(addr: Ipv4Addr) -> bool {
    !matches!(
        addr.octets(),
        [0 | 10 | 127 | 224.., ..]
            | [100, 64..=127, ..]
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 0, 0 | 2, _]
            | [192, 168, ..]
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
    )
}

fn global6(addr: Ipv6Addr) -> bool {
    match addr.segments() {
        // 2001::/23 is for protocols; Teredo, the one part of it with clients, is folded before.
        [0x2001, 0..=0x01ff | 0xdb8, ..] | [0x3fff, 0..=0x0fff, ..] => false,
        [first, ..] => (0x2000..=0x3fff).contains(&first),
    }
}
