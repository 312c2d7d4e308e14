//! Which addresses are clients', and the rooms of the other tests.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may")]

use super::mmdb as writer;
use super::*;
use crate::prefix::{Prefix, mask32, mask128};

mod atlas;
mod broken;
mod corrections;
mod cover;
mod form;
#[path = "../../../tests/support/mmdb.rs"]
pub(crate) mod mmdb;
mod shapes;
mod table;

/// Each block that is not global: neither end of it is, and both neighbours are.
#[test]
fn global_is_as_the_registries_say() {
    let v4 = "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 \
              192.0.2.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3";
    for block in v4.split_whitespace() {
        let prefix: Prefix = block.parse().unwrap();
        let IpAddr::V4(first) = prefix.addr() else {
            panic!()
        };
        let (first, last) = (u32::from(first), u32::from(first) | !mask32(prefix.len()));
        let is_global = |bits: u32| global(Ipv4Addr::from(bits).into());
        assert!(!is_global(first) && !is_global(last), "{block}");
        assert!(first.checked_sub(1).is_none_or(is_global), "{block}");
        assert!(last.checked_add(1).is_none_or(is_global), "{block}");
    }
    for block in "::/3 2001::/23 2001:db8::/32 3fff::/20 4000::/2 8000::/1".split_whitespace() {
        let prefix: Prefix = block.parse().unwrap();
        let IpAddr::V6(first) = prefix.addr() else {
            panic!()
        };
        let (first, last) = (
            u128::from(first),
            u128::from(first) | !mask128(prefix.len()),
        );
        let is_global = |bits: u128| global(Ipv6Addr::from(bits).into());
        assert!(!is_global(first) && !is_global(last), "{block}");
        let inside = |bits: &u128| bits >> 125 == 1;
        assert!(
            first.checked_sub(1).filter(inside).is_none_or(is_global),
            "{block}"
        );
        assert!(
            last.checked_add(1).filter(inside).is_none_or(is_global),
            "{block}"
        );
    }
    for addr in [
        "2000::",
        "3fff:1000::",
        "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "1.0.0.0",
    ] {
        assert!(global(addr.parse().unwrap()), "{addr}");
    }
}
