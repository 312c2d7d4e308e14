//! IPv4 addresses that are written as IPv6: where they stand in it, and how far they reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::prefix::{Prefix, mask128};

/// A network of IPv6 all of whose addresses hold one of IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// Its first address.
    pub(super) start: u128,
    /// Its length.
    pub(super) length: u8,
    /// How many bits stand before those of IPv4.
    before: u8,
    /// Turns the bits of IPv4 around, where the form has them inverted.
    turn: u32,
}

/// ::ffff:0:0/96, mapped (RFC 4291 §2.5.5.2).
const MAPPED: Form = Form::new(0xffff << 32, 96, 96, 0);
/// 64:ff9b::/96, translated by NAT64 (RFC 6052 §2.1).
const NAT64: Form = Form::new(0x0064_ff9b << 96, 96, 96, 0);
/// 2001::/32, Teredo: the client's address stands last, inverted (RFC 4380 §4).
const TEREDO: Form = Form::new(0x2001 << 112, 32, 96, u32::MAX);
/// 2002::/16, 6to4 (RFC 3056 §2).
const SIX_TO_FOUR: Form = Form::new(0x2002 << 112, 16, 16, 0);

/// All of them, ascending.
pub(super) const FORMS: [Form; 4] = [MAPPED, NAT64, TEREDO, SIX_TO_FOUR];

/// The first sixteen bits of each.
const FIRSTS: [u16; 4] = [0, 0x0064, 0x2001, 0x2002];

/// Whether the first sixteen bits alone say that an address has none of the forms.
#[inline(always)]
fn is_far(addr: Ipv6Addr) -> bool {
    let [mapped, nat64, teredo, six_to_four] = FIRSTS;
    let first = addr.segments()[0];
    first != mapped && first != nat64 && first != teredo && first != six_to_four
}

impl Form {
    const fn new(start: u128, length: u8, before: u8, turn: u32) -> Form {
        Form {
            start,
            length,
            before,
            turn,
        }
    }

    /// The form that an address has, if it has one.
    #[inline(always)]
    fn of(addr: Ipv6Addr) -> Option<&'static Form> {
        if is_far(addr) {
            return None;
        }
        let bits = u128::from(addr);
        FORMS
            .iter()
            .find(|form| bits & mask128(form.length) == form.start)
    }

    /// The address behind the last of the network.
    pub(super) fn end(&self) -> u128 {
        (self.start | !mask128(self.length)).saturating_add(1)
    }
}

/// The IPv4 address within an IPv6 one, and how many bits stand before it: a prefix of `n` bits around the one is a prefix
/// of so many more around the other.
#[inline(always)]
pub fn embedded(addr: Ipv6Addr) -> Option<(Ipv4Addr, u8)> {
    let form = Form::of(addr)?;
    let bits = (u128::from(addr) >> (96 - form.before)) as u32 ^ form.turn;
    Some((Ipv4Addr::from(bits), form.before))
}

/// The network of IPv6 around an address whose addresses all hold one of IPv4.
pub fn around(addr: Ipv6Addr) -> Option<Prefix> {
    Form::of(addr).map(|form| Prefix::around(addr.into(), form.length))
}

/// An IPv4 address that came as IPv6 (mapped, NAT64, 6to4, Teredo), as IPv4; any other as it is.
#[inline]
pub fn fold(addr: IpAddr) -> IpAddr {
    match addr {
        IpAddr::V6(six) => embedded(six).map_or(addr, |(four, _)| IpAddr::V4(four)),
        IpAddr::V4(_) => addr,
    }
}

/// The length that a prefix around `addr` needs at the least to hold no address of any form; for one that has none itself.
#[inline(always)]
pub(super) fn apart(addr: Ipv6Addr) -> u8 {
    if is_far(addr) {
        // Whoever is nearest differs latest, and here that is within the first sixteen bits.
        let first = addr.segments()[0];
        let nearest = FIRSTS.iter().map(|form| first ^ form).min().unwrap_or(0);
        return nearest.leading_zeros() as u8 + 1;
    }
    let bits = u128::from(addr);
    let common = |form: &Form| (bits ^ form.start).leading_zeros();
    // An address outside of a form shares fewer bits with its start than the form is long.
    FORMS.iter().map(common).max().unwrap_or(0).min(127) as u8 + 1
}
