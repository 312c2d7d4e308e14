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
#[inline]
pub fn global(addr: IpAddr) -> bool {
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
